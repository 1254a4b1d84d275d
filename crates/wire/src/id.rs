use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The text given is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} lower-case hexadecimal digits")]
pub struct IdParseError {
    /// How many digits the identifier has.
    pub expected: usize,
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdParseError;

            fn from_str(text: &str) -> Result<Self, IdParseError> {
                let error = IdParseError { expected: 2 * $len };
                // One spelling only, so that an identifier can be compared as text.
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(error);
                }
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| error)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id!(
    /// An account: the first 16 bytes of the SHA-256 of its genesis user bundle.
    AccountId,
    16
);
id!(
    /// A vault, chosen at random by the client that makes it.
    VaultId,
    16
);
id!(
    /// An item, chosen at random by the client that makes it.
    ItemId,
    16
);
id!(
    /// A file that is attached to items, chosen at random by the client that makes it.
    AttachmentId,
    16
);
id!(
    /// A session as the owner sees it in a list. It is not the session's token.
    SessionId,
    16
);
id!(
    /// Something that is due, made by the account's devices from a key that the server does not
    /// have: it tells nothing of the item.
    ReminderId,
    16
);
id!(
    /// A machine token, chosen at random by the client that makes it. It is not its secret.
    MachineTokenId,
    16
);
id!(
    /// A change that is handed in with a machine token, chosen at random by whoever hands it in.
    MachineChangeId,
    16
);
id!(
    /// The part of a setup code that names the account to the server.
    Handle,
    6
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_accepted() {
        let id = ItemId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().to_uppercase().parse::<ItemId>().is_err());
        assert!("ab".parse::<ItemId>().is_err());
        assert!(format!("{id}00").parse::<ItemId>().is_err());
    }
}
