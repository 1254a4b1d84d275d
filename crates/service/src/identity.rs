//! The user bundle in force.

use keyarc_signature::{ROTATED_LEN, SignatureError, UserBundle};
use keyarc_wire::Bytes;

use crate::ServiceError;

/// The last of an account's bundles: the genesis bundle, unless others replaced it. They were
/// verified when they were taken.
pub(crate) fn in_force(genesis: &Bytes, rotations: &Bytes) -> Result<UserBundle, ServiceError> {
    let last = rotations.as_ref().rchunks_exact(ROTATED_LEN).next();
    UserBundle::decode(last.unwrap_or(genesis.as_ref()))
        .map_err(|error: SignatureError| ServiceError::internal(error))
}
