//! What an export says to people.

use keyarc_vault::{
    Kind,
    export::{LeftOut, PlainFormat},
};

use crate::words::{counted, kinds, number};

/// The archive among the formats that can be chosen.
pub(super) const ARCHIVE: &str = "archive";

/// What a format is for.
pub(super) fn about(format: Option<PlainFormat>) -> &'static str {
    match format {
        None => {
            "Everything an item has, for keeping, and for another account of KeyArc. Restore it under Import."
        }
        Some(PlainFormat::Json) => {
            "Everything an item has, for scripts of your own. KeyArc imports it again."
        }
        Some(PlainFormat::Csv) => {
            "A table for spreadsheets, and for products that read nothing else."
        }
        Some(PlainFormat::Dotenv) => "Names and values for programs: keys and environment sets.",
        Some(PlainFormat::BitwardenJson) => "What Bitwarden and many others import.",
    }
}

/// What a file has no place for, in a sentence.
pub(super) fn left_out(what: LeftOut, count: u32) -> String {
    let of = |part: &str| format!("{part} of {}.", counted(count, "item"));
    match what {
        LeftOut::Items(kind) => format!(
            "{}: the format has no place for {}.",
            counted(count, "item"),
            lowered(kind)
        ),
        LeftOut::Kind(kind) => format!(
            "The kind of {}: {} stand there as what comes nearest.",
            counted(count, "item"),
            lowered(kind)
        ),
        LeftOut::Values => format!(
            "{} with a character that the format cannot write.",
            counted(count, "value")
        ),
        LeftOut::Numbered => format!(
            "The exact names of {}: each stood there already, and has a number behind it.",
            counted(count, "variable")
        ),
        LeftOut::Name => of("The names for people"),
        LeftOut::Folder => of("The folders"),
        LeftOut::Tags => of("The tags"),
        LeftOut::Environment => of("The environments"),
        LeftOut::Provider => of("The providers"),
        LeftOut::Variable => of("The names of variables"),
        LeftOut::Favourite => of("The stars"),
        LeftOut::Expiry => of("The expiry dates"),
        LeftOut::Rotation => of("The rotations"),
        LeftOut::Notes => of("The notes"),
        LeftOut::Fields => of("Fields that you added"),
        LeftOut::FieldTypes => of("What some fields are, addresses and codes,"),
        LeftOut::Places => of("Where the secrets are used,"),
        LeftOut::Check => of("How keys are tested,"),
        LeftOut::CheckResults => of("What tests found,"),
        LeftOut::Dates => of("When they were made and changed,"),
    }
}

/// Kinds of items, in the midst of a sentence.
fn lowered(kind: Kind) -> String {
    match kind {
        Kind::ApiKey | Kind::SshKey => kinds(kind).to_owned(),
        _ => kinds(kind).to_lowercase(),
    }
}

/// A length of a file.
pub(super) fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    match bytes {
        0..=9_999 => format!("{} bytes", number(bytes as u32)),
        10_000..=9_999_999 => format!("{} KB", number((bytes / KB) as u32)),
        _ => format!("{} MB", number((bytes / KB / KB) as u32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_read_well() {
        assert_eq!(left_out(LeftOut::Notes, 1), "The notes of 1 item.");
        assert_eq!(left_out(LeftOut::Tags, 1_200), "The tags of 1,200 items.");
        let one = left_out(LeftOut::Items(Kind::Login), 1);
        assert_eq!(one, "1 item: the format has no place for logins.");
        let kind = left_out(LeftOut::Kind(Kind::ApiKey), 2);
        assert!(kind.contains(": API keys stand"), "{kind}");
    }

    #[test]
    fn sizes_are_told_in_what_fits() {
        assert_eq!(size(74), "74 bytes");
        assert_eq!(size(34 * 1024), "34 KB");
        assert_eq!(size(50 * 1024 * 1024), "50 MB");
    }
}
