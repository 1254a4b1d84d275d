//! What a column or a name of a file stands for, by the words that products use.

use serde::{Deserialize, Serialize};

/// What becomes of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The item's name.
    Name,
    /// The user name.
    Username,
    /// The password, or the value of a key.
    Secret,
    /// Where to log in.
    Url,
    /// The notes.
    Notes,
    /// The folder, its parts between `/`.
    Folder,
    /// Tags, between commas or semicolons.
    Tags,
    /// The setup key of one-time codes.
    Totp,
    /// The day it expires, as `YYYY-MM-DD`.
    Expiry,
    /// Whether it is a favourite.
    Favourite,
    /// A field of its own, under the column's title.
    #[default]
    Field,
    /// Nothing: it is left out.
    Ignore,
}

impl Role {
    /// Every role, in the order a person chooses from.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::Username,
        Self::Secret,
        Self::Url,
        Self::Notes,
        Self::Folder,
        Self::Tags,
        Self::Totp,
        Self::Expiry,
        Self::Favourite,
        Self::Field,
        Self::Ignore,
    ];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Username => "User name",
            Self::Secret => "Password or value",
            Self::Url => "Address",
            Self::Notes => "Notes",
            Self::Folder => "Folder",
            Self::Tags => "Tags",
            Self::Totp => "One-time code",
            Self::Expiry => "Expiry date",
            Self::Favourite => "Favourite",
            Self::Field => "A field of its own",
            Self::Ignore => "Leave out",
        }
    }
}

/// Titles less what is not a letter or digit, in small letters.
const TITLES: [(Role, &[&str]); 10] = [
    (
        Role::Name,
        &[
            "name",
            "title",
            "key",
            "variable",
            "item",
            "itemname",
            "entry",
            "service",
            "site",
            "account",
            "accountname",
            "label",
        ],
    ),
    (
        Role::Username,
        &[
            "username",
            "user",
            "login",
            "loginname",
            "loginusername",
            "email",
            "mail",
            "userid",
            "emailaddress",
            "useremail",
        ],
    ),
    (
        Role::Secret,
        &[
            "password",
            "pass",
            "pwd",
            "secret",
            "value",
            "token",
            "apikey",
            "loginpassword",
            "secretkey",
            "secretvalue",
            "accesstoken",
            "passphrase",
        ],
    ),
    (
        Role::Url,
        &[
            "url",
            "uri",
            "website",
            "webaddress",
            "address",
            "link",
            "loginuri",
            "loginurl",
            "weburl",
            "hostname",
            "host",
        ],
    ),
    (
        Role::Notes,
        &[
            "notes",
            "note",
            "comment",
            "comments",
            "extra",
            "description",
            "remarks",
        ],
    ),
    (
        Role::Folder,
        &[
            "folder",
            "group",
            "grouping",
            "path",
            "category",
            "collection",
            "collections",
            "vault",
        ],
    ),
    (Role::Tags, &["tags", "tag", "labels"]),
    (
        Role::Totp,
        &[
            "totp",
            "otp",
            "otpauth",
            "logintotp",
            "onetimepassword",
            "onetimecode",
            "2fa",
            "twofactor",
            "otpsecret",
            "otpurl",
            "authenticator",
            "otpauthurl",
        ],
    ),
    (
        Role::Expiry,
        &[
            "expires",
            "expiry",
            "expireson",
            "expiresat",
            "expirydate",
            "expiration",
            "expirationdate",
            "validuntil",
        ],
    ),
    (
        Role::Favourite,
        &["favourite", "favorite", "fav", "starred"],
    ),
];

/// What a title stands for, when it is one of those that products use.
pub(super) fn known(title: &str) -> Option<Role> {
    let letters = title.chars().filter(|c| c.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    let found = TITLES
        .iter()
        .find(|(_, titles)| titles.contains(&plain.as_str()));
    found.map(|(role, _)| *role)
}

/// What the titles of a table stand for. A role that only one column can have goes to the first.
pub(super) fn guess<'a>(titles: impl Iterator<Item = &'a str>) -> Vec<Role> {
    let mut taken = Vec::new();
    titles
        .map(|title| {
            let role = known(title).unwrap_or_default();
            let is_single = !matches!(role, Role::Notes | Role::Tags | Role::Field);
            if is_single && taken.contains(&role) {
                return Role::Field;
            }
            taken.push(role);
            role
        })
        .collect()
}
