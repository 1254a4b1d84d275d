//! What an export says to people.

use keyarc_vault::{
    Kind,
    export::{LeftOut, PlainFormat},
};

use crate::{
    words::{listed, size},
    worker::ExportedPast,
};

/// The archive among the formats that can be chosen.
pub(super) const ARCHIVE: &str = "archive";

/// What a format is for.
pub(super) fn about(format: Option<PlainFormat>) -> &'static str {
    match format {
        None => {
            t!(
                "Everything an item has, for keeping, and for another account of KeyArc. Restore it under Import."
            )
        }
        Some(PlainFormat::Json) => {
            t!("Everything an item has, for scripts of your own. KeyArc imports it again.")
        }
        Some(PlainFormat::Csv) => {
            t!("A table for spreadsheets, and for products that read nothing else.")
        }
        Some(PlainFormat::Dotenv) => {
            t!("Names and values for programs: keys and environment sets.")
        }
        Some(PlainFormat::BitwardenJson) => t!("What Bitwarden and many others import."),
    }
}

/// What a file has no place for, in a sentence.
pub(super) fn left_out(what: LeftOut, count: u32) -> String {
    match what {
        LeftOut::Items(kind) => tn!(
            count,
            "{count} item: the format has no place for {kinds}.",
            "{count} items: the format has no place for {kinds}.",
            kinds = lowered(kind)
        ),
        LeftOut::Kind(kind) => tn!(
            count,
            "The kind of {count} item: {kinds} stand there as what comes nearest.",
            "The kind of {count} items: {kinds} stand there as what comes nearest.",
            kinds = lowered(kind)
        ),
        LeftOut::Values => tn!(
            count,
            "{count} value with a character that the format cannot write.",
            "{count} values with a character that the format cannot write."
        ),
        LeftOut::Numbered => tn!(
            count,
            "The exact names of {count} variable: each stood there already, and has a number behind it.",
            "The exact names of {count} variables: each stood there already, and has a number behind it."
        ),
        LeftOut::Name => tn!(
            count,
            "The names for people of {count} item.",
            "The names for people of {count} items."
        ),
        LeftOut::Folder => tn!(
            count,
            "The folders of {count} item.",
            "The folders of {count} items."
        ),
        LeftOut::Tags => tn!(
            count,
            "The tags of {count} item.",
            "The tags of {count} items."
        ),
        LeftOut::Environment => tn!(
            count,
            "The environments of {count} item.",
            "The environments of {count} items."
        ),
        LeftOut::Provider => tn!(
            count,
            "The providers of {count} item.",
            "The providers of {count} items."
        ),
        LeftOut::Variable => tn!(
            count,
            "The names of variables of {count} item.",
            "The names of variables of {count} items."
        ),
        LeftOut::Favourite => tn!(
            count,
            "The stars of {count} item.",
            "The stars of {count} items."
        ),
        LeftOut::Expiry => tn!(
            count,
            "The expiry dates of {count} item.",
            "The expiry dates of {count} items."
        ),
        LeftOut::Rotation => tn!(
            count,
            "The rotations of {count} item.",
            "The rotations of {count} items."
        ),
        LeftOut::Notes => tn!(
            count,
            "The notes of {count} item.",
            "The notes of {count} items."
        ),
        LeftOut::Fields => tn!(
            count,
            "Fields that you added of {count} item.",
            "Fields that you added of {count} items."
        ),
        LeftOut::FieldTypes => tn!(
            count,
            "What some fields are, addresses and codes, of {count} item.",
            "What some fields are, addresses and codes, of {count} items."
        ),
        LeftOut::Places => tn!(
            count,
            "Where the secrets are used, of {count} item.",
            "Where the secrets are used, of {count} items."
        ),
        LeftOut::Check => tn!(
            count,
            "How keys are tested, of {count} item.",
            "How keys are tested, of {count} items."
        ),
        LeftOut::CheckResults => tn!(
            count,
            "What tests found, of {count} item.",
            "What tests found, of {count} items."
        ),
        LeftOut::Attachments => tn!(
            count,
            "Attached files of {count} item.",
            "Attached files of {count} items."
        ),
        LeftOut::Dates => tn!(
            count,
            "When they were made and changed, of {count} item.",
            "When they were made and changed, of {count} items."
        ),
    }
}

/// What a file has no place for, or was not to hold, of what items were before.
pub(super) fn left_out_of_past(past: Option<ExportedPast>) -> Option<String> {
    match past {
        None => Some(t!("Earlier versions of items.").to_owned()),
        Some(ExportedPast { missing: 0, .. }) => None,
        Some(ExportedPast { missing, .. }) => Some(tn!(
            missing,
            "{count} earlier version that the server does not have: of before a change of all keys, lost, or kept back.",
            "{count} earlier versions that the server does not have: of before a change of all keys, lost, or kept back."
        )),
    }
}

/// Attached files that a file was to hold, and does not.
pub(super) fn missing_files(missing: u32) -> Option<String> {
    (missing > 0).then(|| {
        tn!(
            missing,
            "{count} attached file that the server does not have.",
            "{count} attached files that the server does not have."
        )
    })
}

/// How much stands in a file.
pub(super) fn stands_in_it(items: u32, versions: u32, files: u32, bytes: u64) -> String {
    let mut parts = vec![tn!(items, "{count} item", "{count} items")];
    if versions > 0 {
        parts.push(tn!(
            versions,
            "{count} earlier version",
            "{count} earlier versions"
        ));
    }
    if files > 0 {
        parts.push(tn!(
            files,
            "{count} attached file",
            "{count} attached files"
        ));
    }
    parts.push(size(bytes));
    format!("{}.", listed(&parts))
}

/// Kinds of items, in the midst of a sentence.
fn lowered(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => t!("API keys"),
        Kind::Login => t!("logins"),
        Kind::Note => t!("notes"),
        Kind::EnvironmentSet => t!("environment sets"),
        Kind::Totp => t!("one-time codes"),
        Kind::Certificate => t!("certificates"),
        Kind::SshKey => t!("SSH keys"),
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
    fn what_items_were_before_is_counted_on_both_sides() {
        let past = |versions, missing| Some(ExportedPast { versions, missing });
        assert_eq!(
            left_out_of_past(None).as_deref(),
            Some("Earlier versions of items.")
        );
        assert_eq!(left_out_of_past(past(3, 0)), None);
        let words = left_out_of_past(past(3, 1)).unwrap_or_default();
        assert!(words.starts_with("1 earlier version that the"), "{words}");
        assert_eq!(stands_in_it(1, 0, 0, 74), "1 item, 74 bytes.");
        let words = stands_in_it(4, 1_200, 1, 34 * 1024);
        assert_eq!(
            words,
            "4 items, 1,200 earlier versions, 1 attached file, 34 KB."
        );
        assert_eq!(missing_files(0), None);
        assert!(missing_files(2).is_some_and(|words| words.starts_with("2 attached files that")));
    }
}
