//! Rating secrets: which are looked at how, and what is known of them.

use std::collections::{HashMap, HashSet};

use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{Content, Item, UnlockedVault, entry::Entry, seal::secret_fingerprint};

/// An API key with fewer characters is short: 16 of Base64 hold 96 bits.
const KEY_MIN: usize = 16;
/// An API key with fewer different characters repeats itself.
const KEY_CHARACTERS_MIN: usize = 8;

/// How a secret can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// A password that zxcvbn gives less than 3 of 4.
    Guessable,
    /// An API key of fewer than 16 characters.
    Short,
    /// An API key of fewer than 8 different characters.
    Repetitive,
}

/// What is known of secrets that were looked at. It lives as long as the vault is open.
#[derive(Default)]
pub struct Ratings(HashMap<ItemId, Rating>);

pub(super) struct Rating {
    /// The details that were looked at.
    details_version: u64,
    pub(super) weakness: Option<Weakness>,
    pub(super) secret: Option<[u8; 8]>,
    pub(super) is_read: bool,
}

impl std::fmt::Debug for Ratings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ratings({})", self.0.len())
    }
}

impl Ratings {
    pub(super) fn of(&self, entry: &Entry) -> Option<&Rating> {
        let known = self.0.get(&entry.id)?;
        (known.details_version == entry.record.details_version).then_some(known)
    }
}

/// What has to be rated of a content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ToRate<'a> {
    /// A password that people chose or may have chosen: zxcvbn tells.
    Password(&'a str),
    /// It is known already.
    Known(Option<Weakness>),
}

impl std::fmt::Debug for ToRate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password(_) => f.write_str("Password(redacted)"),
            Self::Known(weakness) => write!(f, "Known({weakness:?})"),
        }
    }
}

/// What has to be rated: the password of a login, and that in a connection URL. Other API keys
/// are made by machines, in which zxcvbn finds words that nobody put there: they are rated by
/// their length and by how many different characters they have. Other kinds are not rated.
pub fn to_rate(content: &Content) -> ToRate<'_> {
    match content {
        Content::Login { password, .. } if !password.is_empty() => ToRate::Password(password),
        Content::ApiKey { value } => match password_of_url(value) {
            Some(password) => ToRate::Password(password),
            None => ToRate::Known(key_weakness(value)),
        },
        _ => ToRate::Known(None),
    }
}

/// `scheme://user:password@host…` → `password`.
fn password_of_url(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once("://")?;
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (scheme.chars().all(is_scheme) && !password.is_empty()).then_some(password)
}

fn key_weakness(value: &str) -> Option<Weakness> {
    let length = value.chars().count();
    let different: HashSet<char> = value.chars().take(4_096).collect();
    match length {
        0 => None,
        _ if length < KEY_MIN => Some(Weakness::Short),
        _ if different.len() < KEY_CHARACTERS_MIN => Some(Weakness::Repetitive),
        _ => None,
    }
}

impl UnlockedVault {
    /// Items whose secrets were not rated as they are now, in the order of their ids: all kinds,
    /// and those in the trash, so that nothing shows in what is fetched for it.
    pub fn unrated(&self, ratings: &Ratings) -> Vec<ItemId> {
        let unrated = self
            .items
            .iter()
            .filter(|entry| ratings.of(entry).is_none());
        let mut ids: Vec<ItemId> = unrated.map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Notes what came of rating an item.
    pub fn note_rating(&self, ratings: &mut Ratings, item: &Item, weakness: Option<Weakness>) {
        let secret = secret_fingerprint(&self.key, &item.content);
        self.note(ratings, item.summary.id, weakness, secret, true);
    }

    /// Notes that an item could not be read.
    pub fn note_unread(&self, ratings: &mut Ratings, id: ItemId) {
        self.note(ratings, id, None, None, false);
    }

    fn note(
        &self,
        ratings: &mut Ratings,
        id: ItemId,
        weakness: Option<Weakness>,
        secret: Option<[u8; 8]>,
        is_read: bool,
    ) {
        if let Some(entry) = self.items.get(id) {
            let rating = Rating {
                details_version: entry.record.details_version,
                weakness,
                secret,
                is_read,
            };
            ratings.0.insert(id, rating);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn key(value: &str) -> Content {
        Content::ApiKey {
            value: value.to_owned(),
        }
    }

    #[test]
    fn keys_are_rated_by_their_shape() {
        for (value, weakness) in [
            ("", None),
            ("abc-123", Some(Weakness::Short)),
            ("aaaaaaaabbbbbbbbcccc", Some(Weakness::Repetitive)),
            ("sk_live_51H8xQ2eZvKY", None),
        ] {
            assert_eq!(to_rate(&key(value)), ToRate::Known(weakness), "{value}");
        }
    }

    #[test]
    fn the_password_in_an_address_is_a_password() {
        let rated = |value: &str| to_rate(&key(value)) == ToRate::Password("s3cr:et");
        assert!(rated("postgres://ann:s3cr:et@db.example:5432/orders"));
        assert!(rated("redis://:s3cr:et@cache"));
        assert!(!rated("https://example.org/a:s3cr:et@b"));
        for value in [
            "https://example.org/hooks/T0/B0/x",
            "a b://c:d@e",
            "postgres://ann@db.example/x",
        ] {
            assert!(matches!(to_rate(&key(value)), ToRate::Known(_)), "{value}");
        }
    }

    #[test]
    fn what_is_no_secret_of_people_is_not_rated() {
        for kind in Kind::ALL {
            let content = Content::empty(kind);
            assert_eq!(to_rate(&content), ToRate::Known(None), "{kind:?}");
        }
    }
}
