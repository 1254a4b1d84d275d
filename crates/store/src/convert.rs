//! Between the types of the wire and those of a column.

use crate::StoreError;

/// A counter or time as a column holds it. Nothing real comes near the limit.
pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A counter or time from a column, which is never negative.
pub(crate) fn to_u64(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|error| sqlx::Error::Decode(error.into()).into())
}

/// A small counter from a column.
pub(crate) fn to_u32(value: i64) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|error| sqlx::Error::Decode(error.into()).into())
}

/// Bytes of fixed length from a column.
pub(crate) fn to_array<const N: usize>(value: Vec<u8>) -> Result<[u8; N], StoreError> {
    value
        .try_into()
        .map_err(|_| sqlx::Error::Decode("unexpected length".into()).into())
}
