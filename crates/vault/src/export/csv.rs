//! A table with the columns that spreadsheets and other products know. Every value stands in
//! quotes (RFC 4180), so that commas, quotes and line breaks in it are its own.
//!
//! A value that begins with `=`, `+`, `-` or `@` is a formula to a spreadsheet. It is not altered:
//! with an apostrophe before it, a password would be another password. How many there are is told.

use super::{LeftOut, Told, out::Out};
use crate::{Content, Field, FieldType, Item, LABEL_MAX};

const TITLES: [&str; 10] = [
    "folder",
    "favourite",
    "name",
    "username",
    "password",
    "url",
    "totp",
    "expires",
    "tags",
    "notes",
];

/// The values of a row, in the order of [`TITLES`].
#[derive(Clone, Copy, Default)]
struct Row<'a> {
    folder: &'a str,
    favourite: &'a str,
    name: &'a str,
    username: &'a str,
    password: &'a str,
    url: &'a str,
    totp: &'a str,
    expires: &'a str,
    tags: &'a str,
    notes: &'a str,
}

pub(super) fn begin(out: &mut Out) {
    out.text(&TITLES.join(","));
    out.text("\r\n");
}

/// Whether tags can stand in one value, between commas.
pub(super) fn fits_tags(tags: &[String]) -> bool {
    !tags.iter().any(|tag| tag.contains([',', ';']))
}

/// Whether there is a column for the fields of an item: for one that gives codes.
pub(super) fn fits_fields(item: &Item) -> bool {
    matches!(item.content, Content::Login { .. } | Content::ApiKey { .. })
        && matches!(
            item.fields.as_slice(),
            [Field {
                field_type: FieldType::Totp,
                ..
            }]
        )
}

pub(super) fn put(item: &Item, out: &mut Out, told: &mut Told) {
    let summary = &item.summary;
    let expires = summary
        .expires_on
        .map(|day| day.to_string())
        .unwrap_or_default();
    let tags = match fits_tags(&summary.tags) {
        true => summary.tags.join(", "),
        false => String::new(),
    };
    let codes = item
        .fields
        .iter()
        .find(|field| field.field_type == FieldType::Totp);
    let row = Row {
        folder: &summary.folder,
        favourite: if summary.favourite { "yes" } else { "" },
        name: &summary.name,
        totp: codes.map_or("", |field| &field.value),
        expires: &expires,
        tags: &tags,
        notes: &item.notes,
        ..Row::default()
    };
    match &item.content {
        Content::ApiKey { value } => Row {
            password: value,
            ..row
        }
        .write(out, told),
        Content::Login {
            username,
            password,
            url,
        } => Row {
            username,
            password,
            url,
            ..row
        }
        .write(out, told),
        Content::Note { text } => {
            let notes = zeroize::Zeroizing::new(match item.notes.is_empty() {
                true => text.clone(),
                false => format!("{text}\n\n{}", item.notes),
            });
            Row {
                totp: "",
                notes: &notes,
                ..row
            }
            .write(out, told);
        }
        Content::Totp { key } => Row { totp: key, ..row }.write(out, told),
        Content::EnvironmentSet { variables } => {
            let folder = folder_of_set(&summary.folder, &summary.name);
            for variable in variables {
                Row {
                    folder: &folder,
                    name: &variable.name,
                    password: &variable.value,
                    totp: "",
                    ..row
                }
                .write(out, told);
            }
        }
        // The format takes no other kind.
        Content::Certificate { .. } | Content::SshKey { .. } => {}
    }
}

/// The variables of a set lie in a folder of its name.
fn folder_of_set(folder: &str, name: &str) -> String {
    let own: String = name.chars().take(LABEL_MAX).collect();
    let own = own.replace('/', "-");
    match folder.is_empty() {
        true => own,
        false => format!("{folder}/{own}"),
    }
}

impl Row<'_> {
    fn write(self, out: &mut Out, told: &mut Told) {
        let mut values = [
            self.folder,
            self.favourite,
            self.name,
            self.username,
            self.password,
            self.url,
            self.totp,
            self.expires,
            self.tags,
            self.notes,
        ];
        for (at, value) in values.iter_mut().enumerate() {
            // Readers take a file with such a character for one that is no text.
            if value.contains('\0') {
                told.tell(LeftOut::Values);
                *value = "";
            }
            told.formulas += u32::from(value.starts_with(['=', '+', '-', '@', '\t', '\r']));
            out.text(if at == 0 { "\"" } else { ",\"" });
            let mut parts = value.split('"');
            out.text(parts.next().unwrap_or_default());
            for part in parts {
                out.text("\"\"");
                out.text(part);
            }
            out.text("\"");
        }
        out.text("\r\n");
    }
}
