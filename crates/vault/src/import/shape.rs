//! Putting an item together out of the named values of a file, so that nothing of it is lost:
//! what does not fit where it belongs becomes a field, and what fits no field goes to the notes.

use std::collections::HashSet;

use super::{Found, ImportLineError, Reading, Role};
use crate::{
    Content, Day, FIELDS_MAX, Field, FieldType, ItemDraft, LABEL_MAX, NAME_MAX, Totp,
    draft::{URL_MAX, USERNAME_MAX, is_variable_name, single_line},
};

/// Most places told that could not be read. A file with more of them is something else.
const ERRORS_MAX: usize = 1_000;
/// The name of the field of a login that gives codes.
pub(super) const CODE: &str = "One-time code";

/// The parts of an item, as a file names them.
#[derive(Default)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) folder: String,
    pub(super) tags: Vec<String>,
    pub(super) favourite: bool,
    pub(super) expires_on: Option<Day>,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) url: String,
    pub(super) notes: String,
    /// The setup key of one-time codes.
    pub(super) totp: Option<String>,
    pub(super) fields: Vec<Field>,
    /// Those of the fields, in small letters.
    pub(super) names: HashSet<String>,
}

impl Sheet {
    /// Puts a value where its role says, or into a field of that title when the place is taken.
    pub(super) fn put(&mut self, role: Role, title: &str, value: &str) {
        if value.trim().is_empty() {
            return;
        }
        let field = match role {
            Role::Ignore => return,
            Role::Name if self.name.is_empty() => return value.trim().clone_into(&mut self.name),
            Role::Username if self.username.is_empty() => {
                return value.clone_into(&mut self.username);
            }
            Role::Secret if self.password.is_empty() => {
                return value.clone_into(&mut self.password);
            }
            Role::Url if self.url.is_empty() => return value.trim().clone_into(&mut self.url),
            Role::Notes => return self.note(value),
            Role::Folder if self.folder.is_empty() => return value.clone_into(&mut self.folder),
            Role::Tags => {
                let tags = value.split([',', ';']).map(str::trim);
                let tags = tags.filter(|tag| !tag.is_empty());
                return self.tags.extend(tags.map(str::to_owned));
            }
            Role::Totp if self.totp.is_none() => return self.totp = Some(value.trim().to_owned()),
            Role::Expiry if self.expires_on.is_none() => match day(value) {
                Some(day) => return self.expires_on = Some(day),
                None => FieldType::Text,
            },
            Role::Favourite if is_yes(value) => return self.favourite = true,
            Role::Favourite if is_no(value) => return,
            Role::Secret => FieldType::Secret,
            Role::Url => FieldType::Url,
            Role::Totp => FieldType::Totp,
            Role::Field if is_secret_title(title) => FieldType::Secret,
            _ => FieldType::Text,
        };
        self.field(title, field, value);
    }

    /// Adds text to the notes, after a blank line.
    pub(super) fn note(&mut self, text: &str) {
        if !self.notes.is_empty() && !text.is_empty() {
            self.notes.push_str("\n\n");
        }
        self.notes.push_str(text);
    }

    /// Adds a field, when its value says something.
    pub(super) fn filled(&mut self, name: &str, field_type: FieldType, value: &str) {
        if !value.is_empty() {
            self.field(name, field_type, value);
        }
    }

    /// Adds a field, of another type where its value does not fit this one, under a name that no
    /// other has. What has too long a name, or comes when there are as many as an item takes,
    /// becomes a line of the notes.
    pub(super) fn field(&mut self, name: &str, field_type: FieldType, value: &str) {
        let name = match one_line(name) {
            name if name.is_empty() => "Field".to_owned(),
            name => name,
        };
        let fits = single_line("", &name, LABEL_MAX - 6).is_ok();
        if !fits || self.fields.len() >= FIELDS_MAX {
            if !self.notes.is_empty() {
                self.notes.push('\n');
            }
            self.notes.push_str(&format!("{name}: {value}"));
            return;
        }
        let name = self.free_name(name);
        self.fields.push(Field {
            name,
            field_type: fitting(field_type, value),
            value: value.to_owned(),
        });
    }

    /// A login.
    pub(super) fn login(mut self) -> ItemDraft {
        for (title, longest, wanted) in [
            ("User name", USERNAME_MAX, FieldType::Text),
            ("Address", URL_MAX, FieldType::Url),
        ] {
            let text = match wanted {
                FieldType::Url => &mut self.url,
                _ => &mut self.username,
            };
            if single_line("", text, longest).is_err() {
                let text = std::mem::take(text);
                self.field(title, wanted, &text);
            }
        }
        if self.password.contains(['\n', '\r']) {
            let password = std::mem::take(&mut self.password);
            self.field("Password", FieldType::ConcealedLines, &password);
        }
        self.code();
        let content = Content::Login {
            username: std::mem::take(&mut self.username),
            password: std::mem::take(&mut self.password),
            url: std::mem::take(&mut self.url),
        };
        self.draft(content)
    }

    /// One secret: its value is the password.
    pub(super) fn secret(mut self) -> ItemDraft {
        self.code();
        let value = std::mem::take(&mut self.password);
        self.draft(Content::ApiKey { value })
    }

    /// A key for SSH: its private half is the password.
    pub(super) fn ssh_key(mut self, public_key: &str) -> ItemDraft {
        self.code();
        let private_key = std::mem::take(&mut self.password);
        self.draft(Content::SshKey {
            private_key,
            public_key: public_key.to_owned(),
        })
    }

    /// A note: its text is the notes.
    pub(super) fn text(mut self) -> ItemDraft {
        self.code();
        let text = std::mem::take(&mut self.notes);
        self.draft(Content::Note { text })
    }

    /// Whatever kind fits what was filled in.
    pub(super) fn guess(mut self) -> ItemDraft {
        let is_login = !self.username.is_empty() || !self.url.is_empty();
        match (is_login, self.password.is_empty(), self.totp.take()) {
            (false, true, Some(key)) if Totp::parse(&key).is_ok() => {
                self.draft(Content::Totp { key })
            }
            (is_login, without, totp) => {
                self.totp = totp;
                match (is_login, without) {
                    (true, _) => self.login(),
                    (false, false) => self.secret(),
                    (false, true) => self.text(),
                }
            }
        }
    }

    fn code(&mut self) {
        if let Some(key) = self.totp.take() {
            self.field(CODE, FieldType::Totp, &key);
        }
    }

    fn draft(mut self, content: Content) -> ItemDraft {
        let mut name = one_line(&self.name);
        if name.is_empty() {
            name = unnamed(&content);
        }
        if let Some((at, _)) = name.char_indices().nth(NAME_MAX) {
            let end = name[..at]
                .char_indices()
                .next_back()
                .map_or(0, |(at, _)| at);
            let whole = name.clone();
            name.truncate(end);
            name.push('…');
            self.note(&whole);
        }
        ItemDraft {
            folder: self.folder,
            tags: self.tags,
            favourite: self.favourite,
            expires_on: self.expires_on,
            notes: self.notes,
            fields: self.fields,
            ..ItemDraft::new(name, content)
        }
    }

    fn free_name(&mut self, name: String) -> String {
        if self.names.insert(name.to_lowercase()) {
            return name;
        }
        // At most as many as an item has fields.
        let numbered = (2..).map(|number| format!("{name} {number}"));
        let free = numbered
            .into_iter()
            .find(|name| self.names.insert(name.to_lowercase()));
        free.unwrap_or(name)
    }
}

impl Reading {
    /// Adds an item.
    pub(super) fn add(&mut self, place: u32, draft: ItemDraft, variable: Option<String>) {
        self.found.push(Found {
            place,
            draft,
            variable,
            kept: None,
        });
    }

    /// Tells of a place that cannot be read. Whether the rest is still worth reading.
    pub(super) fn miss(&mut self, place: u32, reason: impl Into<String>) -> bool {
        let reason = match self.errors.len() {
            ..ERRORS_MAX => reason.into(),
            ERRORS_MAX => "cannot be read, like many before it; the rest was left out".to_owned(),
            _ => return false,
        };
        self.errors.push(ImportLineError {
            line: place,
            reason,
        });
        self.errors.len() <= ERRORS_MAX
    }

    /// Tells something of an entry while the others are read on. What comes after many of its
    /// like is not listed any more.
    pub(crate) fn tell(&mut self, place: u32, reason: impl Into<String>) {
        let reason = match self.errors.len() {
            ERRORS_MAX => "is one of more such entries than are listed".to_owned(),
            listed if listed > ERRORS_MAX => return,
            _ => reason.into(),
        };
        self.errors.push(ImportLineError {
            line: place,
            reason,
        });
    }

    /// It holds more than an import takes: what follows need not be read.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() > super::ROWS_MAX
    }
}

/// The name as that of a variable, when programs would know it by that.
pub(super) fn variable(name: &str) -> Option<String> {
    is_variable_name(name).then(|| name.to_owned())
}

/// A day in ISO 8601, with or without a time after it.
pub(super) fn day(text: &str) -> Option<Day> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(10)?;
    let day: Day = day.replace('/', "-").parse().ok()?;
    let is_alone = rest.is_empty() || rest.starts_with(['T', 't', ' ']);
    (is_alone && (Day::FIRST..=Day::LAST).contains(&day)).then_some(day)
}

fn is_yes(text: &str) -> bool {
    matches!(
        text.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "y" | "x" | "★"
    )
}

fn is_no(text: &str) -> bool {
    matches!(
        text.trim().to_ascii_lowercase().as_str(),
        "0" | "false" | "no" | "n"
    )
}

/// Whether what stands under a title should not be seen over a shoulder.
pub(super) fn is_secret_title(title: &str) -> bool {
    const WORDS: [&str; 12] = [
        "password",
        "passphrase",
        "secret",
        "token",
        "key",
        "pin",
        "cvv",
        "cvc",
        "private",
        "security",
        "answer",
        "ssn",
    ];
    let title = title.to_ascii_lowercase();
    let mut words = title.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| WORDS.contains(&word)) || title.ends_with("password")
}

/// The type asked for, or the one that takes the value as it is.
fn fitting(wanted: FieldType, value: &str) -> FieldType {
    let fits = match wanted {
        FieldType::Text => single_line("", value, USERNAME_MAX).is_ok(),
        FieldType::Url => single_line("", value, URL_MAX).is_ok(),
        FieldType::Secret => !value.contains(['\n', '\r']),
        FieldType::Totp => {
            return match Totp::parse(value) {
                Ok(_) => FieldType::Totp,
                Err(_) => fitting(FieldType::Secret, value),
            };
        }
        FieldType::Lines | FieldType::ConcealedLines => true,
    };
    match fits {
        true => wanted,
        false if wanted.is_concealed() => FieldType::ConcealedLines,
        false => FieldType::Lines,
    }
}

/// Without control characters and space around it.
fn one_line(text: &str) -> String {
    let spaced = text.replace(
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
        " ",
    );
    spaced.trim().to_owned()
}

/// What an item without a name is called.
fn unnamed(content: &Content) -> String {
    let name = match content {
        Content::Login { username, url, .. } => {
            let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let host = host.split(['/', '?', '#']).next().unwrap_or_default();
            match host.is_empty() {
                true => one_line(username),
                false => one_line(host),
            }
        }
        _ => String::new(),
    };
    match name.is_empty() {
        true => "Without a name".to_owned(),
        false => name,
    }
}
