//! How identifiers and bytes look as JSON, for the description of the API.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    AccountId, AttachmentId, Bytes, Fixed, Handle, ItemId, MachineChangeId, MachineTokenId,
    ReminderId, Sealed, SessionId, VaultId,
};

/// Base64url without padding. Of its last character, bits that stand for nothing are zero.
const BASE64URL: &str =
    "^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$";

macro_rules! id_schema {
    ($($name:ident: $what:literal),+ $(,)?) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": concat!($what, " Lower-case hexadecimal."),
                    "pattern": format!("^[0-9a-f]{{{}}}$", 2 * Self::LEN),
                })
            }
        }
    )+};
}

id_schema! {
    AccountId: "An account: the first 16 bytes of the SHA-256 of its genesis user bundle.",
    VaultId: "A vault, chosen at random by the client that makes it.",
    ItemId: "An item, chosen at random by the client that makes it.",
    AttachmentId: "A file that items name, chosen at random by the client that makes it.",
    SessionId: "A session as its owner sees it in a list. It is not the session's token.",
    MachineTokenId: "A machine token, chosen at random by the client that makes it. It is not its secret.",
    MachineChangeId: "A change that is handed in with a machine token, chosen at random by whoever hands it in.",
    ReminderId: "Something that is due, as the account's own devices name it.",
    Handle: "The part of a setup code that names the account to the server.",
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Public bytes, base64url without padding.",
            "contentEncoding": "base64url",
            "pattern": BASE64URL,
        })
    }
}

impl JsonSchema for Sealed {
    fn schema_name() -> Cow<'static, str> {
        "Sealed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A KAE1 envelope, which only the account's own clients open. Base64url without padding.",
            "contentEncoding": "base64url",
            "pattern": BASE64URL,
        })
    }
}

impl<const N: usize> JsonSchema for Fixed<N> {
    fn schema_name() -> Cow<'static, str> {
        format!("Bytes{N}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let whole = N / 3 * 4;
        let pattern = match N % 3 {
            0 => format!("^[A-Za-z0-9_-]{{{whole}}}$"),
            1 => format!("^[A-Za-z0-9_-]{{{}}}[AQgw]$", whole + 1),
            _ => format!("^[A-Za-z0-9_-]{{{}}}[AEIMQUYcgkosw048]$", whole + 2),
        };
        json_schema!({
            "type": "string",
            "description": format!("{N} bytes, base64url without padding."),
            "contentEncoding": "base64url",
            "pattern": pattern,
        })
    }
}
