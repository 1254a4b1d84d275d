//! LastPass's CSV: `url,username,password,totp,extra,name,grouping,fav`, older ones without
//! `totp`. A secure note has the address `http://sn`, and one of a special kind tells its fields
//! line by line:
//!
//! ```text
//! NoteType:Server
//! Language:en-GB
//! Hostname:db.example.org
//! Notes:everything to the end, over several lines
//! ```

use super::{
    Reading, Role, Unreadable,
    csv::{Cells, have, read_product},
    shape::{Sheet, is_secret_title},
};
use crate::FieldType;

const NOTE_URL: &str = "http://sn";
const COLUMNS: [&str; 8] = [
    "url", "username", "password", "totp", "extra", "name", "grouping", "fav",
];

pub(super) fn fits(titles: &[String]) -> bool {
    have(
        titles,
        &[
            "url", "username", "password", "extra", "name", "grouping", "fav",
        ],
    )
}

/// Reads LastPass's CSV.
pub(super) fn read_last_pass_csv(text: &str) -> Result<Reading, Unreadable> {
    read_product(text, fits, |reading, cells| {
        let mut sheet = Sheet {
            // Folders below folders stand behind a backslash.
            folder: cells.get("grouping").replace('\\', "/"),
            ..Sheet::default()
        };
        // What it has no group for, it says so.
        if sheet.folder == "(none)" {
            sheet.folder.clear();
        }
        sheet.put(Role::Name, "name", cells.get("name"));
        sheet.put(Role::Favourite, "fav", cells.get("fav"));
        sheet.put(Role::Totp, "totp", cells.get("totp"));
        for (title, value) in cells.others(&COLUMNS) {
            sheet.put(Role::Field, title, value);
        }
        let draft = match cells.get("url") == NOTE_URL {
            true => note(sheet, cells),
            false => {
                sheet.put(Role::Url, "url", cells.get("url"));
                sheet.put(Role::Username, "username", cells.get("username"));
                sheet.put(Role::Secret, "password", cells.get("password"));
                sheet.put(Role::Notes, "extra", cells.get("extra"));
                sheet.guess()
            }
        };
        reading.add(cells.line(), draft, None);
    })
}

fn note(mut sheet: Sheet, cells: &Cells<'_>) -> crate::ItemDraft {
    sheet.filled("User name", FieldType::Text, cells.get("username"));
    sheet.filled("Password", FieldType::Secret, cells.get("password"));
    let extra = cells.get("extra");
    if !extra.starts_with("NoteType:") {
        sheet.note(extra);
        return sheet.text();
    }
    let mut rest = extra;
    let mut last: Option<(String, String)> = None;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        match line.trim_end_matches('\r').split_once(':') {
            Some(("Notes", _)) => {
                let (_, notes) = rest.split_once(':').unwrap_or_default();
                sheet.note(notes);
                break;
            }
            Some((name, value)) if !name.is_empty() => {
                add(
                    &mut sheet,
                    last.replace((name.to_owned(), value.to_owned())),
                );
            }
            // A private key goes on over several lines.
            _ => {
                let (_, value) = last.get_or_insert_with(|| ("Note".to_owned(), String::new()));
                value.push('\n');
                value.push_str(line.trim_end_matches('\r'));
            }
        }
        rest = after;
    }
    add(&mut sheet, last);
    sheet.text()
}

fn add(sheet: &mut Sheet, field: Option<(String, String)>) {
    let Some((name, value)) = field else { return };
    // The language of their form says nothing about the note.
    if name == "Language" || value.is_empty() {
        return;
    }
    let name = match name.as_str() {
        "NoteType" => "Type",
        name => name,
    };
    let field_type = match name == "Number" || is_secret_title(name) {
        true => FieldType::Secret,
        false => FieldType::Text,
    };
    sheet.field(name, field_type, &value);
}
