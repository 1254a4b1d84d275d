//! How a test that a person defined is sealed in details.

use std::borrow::Cow;

use minicbor::{CborLen, Decode, Decoder, Encode, Encoder, decode, encode, encode::Write};

use crate::{CheckDefinition, CheckHeader, CheckMethod, Placement};

/// See [`CheckDefinition`].
#[derive(Encode, Decode, CborLen)]
pub(crate) struct CheckRecord<'a> {
    #[n(0)]
    method: CheckMethod,
    #[b(1)]
    url: Cow<'a, str>,
    #[n(2)]
    placement: Placement,
    #[b(3)]
    name: Cow<'a, str>,
    #[b(4)]
    prefix: Cow<'a, str>,
    #[n(5)]
    status_from: u16,
    #[n(6)]
    status_to: u16,
    #[b(7)]
    pattern: Cow<'a, str>,
    #[b(8)]
    headers: Vec<HeaderRecord<'a>>,
}

/// See [`CheckHeader`].
#[derive(Encode, Decode, CborLen)]
struct HeaderRecord<'a> {
    #[b(0)]
    name: Cow<'a, str>,
    #[b(1)]
    value: Cow<'a, str>,
}

impl<'a> From<&'a CheckDefinition> for CheckRecord<'a> {
    fn from(check: &'a CheckDefinition) -> Self {
        let header = |header: &'a CheckHeader| HeaderRecord {
            name: header.name.as_str().into(),
            value: header.value.as_str().into(),
        };
        Self {
            method: check.method,
            url: check.url.as_str().into(),
            placement: check.placement,
            name: check.name.as_str().into(),
            prefix: check.prefix.as_str().into(),
            status_from: check.status_from,
            status_to: check.status_to,
            pattern: check.pattern.as_str().into(),
            headers: check.headers.iter().map(header).collect(),
        }
    }
}

impl From<CheckRecord<'_>> for CheckDefinition {
    fn from(record: CheckRecord<'_>) -> Self {
        let header = |header: HeaderRecord<'_>| CheckHeader {
            name: header.name.into(),
            value: header.value.into(),
        };
        Self {
            method: record.method,
            url: record.url.into(),
            placement: record.placement,
            name: record.name.into(),
            prefix: record.prefix.into(),
            status_from: record.status_from,
            status_to: record.status_to,
            pattern: record.pattern.into(),
            headers: record.headers.into_iter().map(header).collect(),
        }
    }
}

/// Sealed in details: a number, once given, keeps its meaning.
const fn method_code(method: CheckMethod) -> u8 {
    match method {
        CheckMethod::Get => 0,
        CheckMethod::Head => 1,
        CheckMethod::Post => 2,
    }
}

/// Sealed in details: a number, once given, keeps its meaning.
const fn placement_code(placement: Placement) -> u8 {
    match placement {
        Placement::Bearer => 0,
        Placement::Header => 1,
        Placement::Query => 2,
        Placement::Basic => 3,
    }
}

macro_rules! as_code {
    ($type:ident, $code:ident, $unknown:literal) => {
        impl<C> Encode<C> for $type {
            fn encode<W: Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                e.u8($code(*self))?.ok()
            }
        }

        impl<C> CborLen<C> for $type {
            fn cbor_len(&self, ctx: &mut C) -> usize {
                $code(*self).cbor_len(ctx)
            }
        }

        impl<'b, C> Decode<'b, C> for $type {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let code = d.u8()?;
                Self::ALL
                    .into_iter()
                    .find(|known| $code(*known) == code)
                    .ok_or_else(|| decode::Error::message($unknown))
            }
        }
    };
}

as_code!(CheckMethod, method_code, "unknown method");
as_code!(Placement, placement_code, "unknown placement");
