//! 1Password's CSV: `Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes`, by its
//! titles and in whatever order; older versions have other columns beside these.

use super::{
    Reading, Role, Unreadable,
    csv::{have, read_product},
    shape::Sheet,
};

/// What each column is. Whether something is archived becomes a tag.
const COLUMNS: [(&str, Role); 9] = [
    ("title", Role::Name),
    ("url", Role::Url),
    ("website", Role::Url),
    ("username", Role::Username),
    ("password", Role::Secret),
    ("otpauth", Role::Totp),
    ("favorite", Role::Favourite),
    ("tags", Role::Tags),
    ("notes", Role::Notes),
];

pub(super) fn fits(titles: &[String]) -> bool {
    have(
        titles,
        &["title", "username", "password", "otpauth", "archived"],
    ) || have(
        titles,
        &["title", "username", "password", "otpauth", "tags"],
    )
}

/// Reads 1Password's CSV.
pub(super) fn read_one_password_csv(text: &str) -> Result<Reading, Unreadable> {
    let mut known: Vec<&str> = COLUMNS.iter().map(|(title, _)| *title).collect();
    known.push("archived");
    read_product(text, fits, |reading, cells| {
        let mut sheet = Sheet::default();
        for (title, role) in COLUMNS {
            sheet.put(role, title, cells.get(title));
        }
        if cells.get("archived").eq_ignore_ascii_case("true") {
            sheet.tags.push("archived".to_owned());
        }
        for (title, value) in cells.others(&known) {
            sheet.put(Role::Field, title, value);
        }
        reading.add(cells.line(), sheet.guess(), None);
    })
}
