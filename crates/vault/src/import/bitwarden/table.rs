//! Bitwarden's CSV: `folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,
//! login_password,login_totp`; that of an organisation begins with `collections,type`. Several
//! addresses stand in one value, between commas; fields stand as `name: value`, one a line.

use super::{
    super::{
        Reading, Role, Unreadable,
        csv::{have, read_product},
        shape::Sheet,
    },
    item::code,
};
use crate::FieldType;

const COLUMNS: [&str; 12] = [
    "folder",
    "collections",
    "favorite",
    "type",
    "name",
    "notes",
    "fields",
    "reprompt",
    "login_uri",
    "login_username",
    "login_password",
    "login_totp",
];

pub(in super::super) fn fits_csv(titles: &[String]) -> bool {
    have(
        titles,
        &[
            "type",
            "name",
            "notes",
            "fields",
            "login_uri",
            "login_username",
            "login_password",
        ],
    )
}

/// Reads Bitwarden's CSV.
pub(in super::super) fn read_bitwarden_csv(text: &str) -> Result<Reading, Unreadable> {
    read_product(text, fits_csv, |reading, cells| {
        let mut collections = cells.get("collections").split(',').map(str::trim);
        let mut sheet = Sheet {
            name: cells.get("name").to_owned(),
            folder: cells.get("folder").to_owned(),
            notes: cells.get("notes").to_owned(),
            ..Sheet::default()
        };
        if sheet.folder.is_empty() {
            sheet.folder = collections.next().unwrap_or_default().to_owned();
        }
        let more = collections.filter(|name| !name.is_empty());
        sheet.tags.extend(more.map(str::to_owned));
        sheet.put(Role::Favourite, "favorite", cells.get("favorite"));
        cells.get("login_username").clone_into(&mut sheet.username);
        cells.get("login_password").clone_into(&mut sheet.password);
        for uri in addresses(cells.get("login_uri")) {
            match sheet.url.is_empty() {
                true => uri.clone_into(&mut sheet.url),
                false => sheet.filled("Address", FieldType::Url, uri),
            }
        }
        code(&mut sheet, cells.get("login_totp"));
        fields(&mut sheet, cells.get("fields"));
        for (title, value) in cells.others(&COLUMNS) {
            match title {
                "archiveddate" if !value.is_empty() => sheet.tags.push("archived".to_owned()),
                _ => sheet.put(Role::Field, title, value),
            }
        }
        let draft = match cells.get("type") {
            "note" => sheet.text(),
            _ => sheet.login(),
        };
        reading.add(cells.line(), draft, None);
    })
}

/// Addresses between commas. A comma inside an address does not begin another one.
fn addresses(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    for (at, _) in text.match_indices(',') {
        let scheme = text[at + 1..].split("://").next().unwrap_or_default();
        let begins = !scheme.is_empty()
            && scheme.len() < text.len() - at - 1
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'+');
        if begins {
            starts.push(at + 1);
        }
    }
    let ends = starts[1..].iter().map(|start| start - 1);
    let ends = ends.chain([text.len()]);
    let parts = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &text[*start..end]);
    parts.filter(|part| !part.is_empty()).collect()
}

/// A line without a colon goes on with the value before it.
fn fields(sheet: &mut Sheet, text: &str) {
    let mut last: Option<(&str, String)> = None;
    for line in text.lines() {
        match (line.split_once(": "), line.strip_suffix(':'), &mut last) {
            (Some((name, value)), ..) => {
                add(sheet, last.replace((name, value.to_owned())));
            }
            (None, Some(name), _) => add(sheet, last.replace((name, String::new()))),
            (None, None, Some((_, value))) => {
                value.push('\n');
                value.push_str(line);
            }
            (None, None, None) => sheet.filled("Field", FieldType::Text, line),
        }
    }
    add(sheet, last);
}

fn add(sheet: &mut Sheet, field: Option<(&str, String)>) {
    if let Some((name, value)) = field {
        sheet.put(Role::Field, name, &value);
    }
}
