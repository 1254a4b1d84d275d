//! The fields that items of each kind have, in one table. Form, item, copying, comparing and
//! exporting all go by it, so that a new kind is a few lines here.

use std::mem;

use crate::{Content, Field, FieldType, Kind};

/// A field that every item of a kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name in a [`DraftError`](crate::DraftError), for example `username`.
    pub key: &'static str,
    /// For people, for example `Username`.
    pub label: &'static str,
    /// How it is entered and shown.
    pub field_type: FieldType,
}

const fn part(key: &'static str, label: &'static str, field_type: FieldType) -> Part {
    Part {
        key,
        label,
        field_type,
    }
}

impl Kind {
    /// The fields of the kind, in the order they are entered. An environment set has its
    /// variables instead.
    pub fn parts(self) -> &'static [Part] {
        const API_KEY: &[Part] = &[part("value", "Secret", FieldType::Secret)];
        const LOGIN: &[Part] = &[
            part("username", "Username", FieldType::Text),
            part("password", "Password", FieldType::Secret),
            part("url", "Address", FieldType::Url),
        ];
        const NOTE: &[Part] = &[part("text", "Text", FieldType::Lines)];
        const TOTP: &[Part] = &[part("totp", "Setup key", FieldType::Totp)];
        const CERTIFICATE: &[Part] = &[
            part("chain", "Certificates", FieldType::Lines),
            part("certificate_key", "Private key", FieldType::ConcealedLines),
        ];
        const SSH_KEY: &[Part] = &[
            part("ssh_private_key", "Private key", FieldType::ConcealedLines),
            part("ssh_public_key", "Public key", FieldType::Lines),
        ];
        match self {
            Self::ApiKey => API_KEY,
            Self::Login => LOGIN,
            Self::Note => NOTE,
            Self::Totp => TOTP,
            Self::Certificate => CERTIFICATE,
            Self::SshKey => SSH_KEY,
            Self::EnvironmentSet => &[],
        }
    }
}

impl Content {
    /// A content of a kind with nothing in it.
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::ApiKey => Self::ApiKey {
                value: String::new(),
            },
            Kind::Login => Self::Login {
                username: String::new(),
                password: String::new(),
                url: String::new(),
            },
            Kind::Note => Self::Note {
                text: String::new(),
            },
            Kind::EnvironmentSet => Self::EnvironmentSet {
                variables: Vec::new(),
            },
            Kind::Totp => Self::Totp { key: String::new() },
            Kind::Certificate => Self::Certificate {
                chain: String::new(),
                private_key: String::new(),
            },
            Kind::SshKey => Self::SshKey {
                private_key: String::new(),
                public_key: String::new(),
            },
        }
    }

    /// The value of a [part](Kind::parts), by its key; `None` when the kind has no such part.
    pub fn part(&self, key: &str) -> Option<&str> {
        match (self, key) {
            (Self::ApiKey { value }, "value") => Some(value),
            (Self::Login { username, .. }, "username") => Some(username),
            (Self::Login { password, .. }, "password") => Some(password),
            (Self::Login { url, .. }, "url") => Some(url),
            (Self::Note { text }, "text") => Some(text),
            (Self::Totp { key }, "totp") => Some(key),
            (Self::Certificate { chain, .. }, "chain") => Some(chain),
            (Self::Certificate { private_key, .. }, "certificate_key") => Some(private_key),
            (Self::SshKey { private_key, .. }, "ssh_private_key") => Some(private_key),
            (Self::SshKey { public_key, .. }, "ssh_public_key") => Some(public_key),
            _ => None,
        }
    }

    /// Sets the value of a [part](Kind::parts). Returns whether the kind has it.
    pub fn set_part(&mut self, key: &str, to: String) -> bool {
        let place = match (self, key) {
            (Self::ApiKey { value }, "value") => value,
            (Self::Login { username, .. }, "username") => username,
            (Self::Login { password, .. }, "password") => password,
            (Self::Login { url, .. }, "url") => url,
            (Self::Note { text }, "text") => text,
            (Self::Totp { key }, "totp") => key,
            (Self::Certificate { chain, .. }, "chain") => chain,
            (Self::Certificate { private_key, .. }, "certificate_key") => private_key,
            (Self::SshKey { private_key, .. }, "ssh_private_key") => private_key,
            (Self::SshKey { public_key, .. }, "ssh_public_key") => public_key,
            _ => return false,
        };
        // The old value is wiped with what held it.
        drop(zeroize::Zeroizing::new(mem::replace(place, to)));
        true
    }
}

impl FieldType {
    /// Every type that a person may give a field, in the order they are offered.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Secret,
        Self::Url,
        Self::Lines,
        Self::ConcealedLines,
        Self::Totp,
    ];

    /// Whether its value is hidden until it is asked for.
    pub fn is_concealed(self) -> bool {
        matches!(self, Self::Secret | Self::Totp | Self::ConcealedLines)
    }

    /// Whether its value may have several lines.
    pub fn has_lines(self) -> bool {
        matches!(self, Self::Lines | Self::ConcealedLines)
    }
}

impl Field {
    /// A field with nothing in it.
    pub fn empty(name: impl Into<String>, field_type: FieldType) -> Self {
        Self {
            name: name.into(),
            field_type,
            value: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_where_the_table_says() {
        for kind in Kind::ALL {
            let mut content = Content::empty(kind);
            assert_eq!(content.kind(), kind);
            for part in kind.parts() {
                assert_eq!(content.part(part.key), Some(""));
                assert!(content.set_part(part.key, part.label.to_owned()));
            }
            for part in kind.parts() {
                assert_eq!(content.part(part.key), Some(part.label));
            }
            assert!(!content.set_part("nothing", String::new()));
            assert_eq!(content.part("nothing"), None);
        }
    }
}
