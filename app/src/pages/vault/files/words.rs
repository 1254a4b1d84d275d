//! What is said of files.

use keyarc_vault::{ATTACHMENT_MAX, ATTACHMENTS_MAX, FILE_NAMES_MAX, clean_file_name};

use crate::{language::known, words::size, worker::Failure};

/// What a file is, by the ending of its name: `PDF`, and nothing where that says nothing.
pub(super) fn sort_of(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let is_ending =
        (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_ending && !stem.is_empty()).then(|| ending.to_ascii_uppercase())
}

/// The files that an item has, and those on their way to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Others {
    /// How many they are.
    pub(super) count: usize,
    /// Bytes of their names together.
    pub(super) names: usize,
}

impl Others {
    /// As many as these names.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        names.fold(Self::default(), Self::and)
    }

    /// With one more.
    pub(super) fn and(self, name: &str) -> Self {
        Self {
            count: self.count + 1,
            names: self.names + clean_file_name(name).len(),
        }
    }
}

/// Why a file is not even begun.
pub(super) fn refused(name: &str, bytes: f64, others: Others) -> Option<String> {
    if bytes > ATTACHMENT_MAX as f64 {
        let size = size(bytes as u64);
        return Some(t!(
            "“{name}” has {size}. A file can have 100 MB. Nothing was attached.",
            name,
            size
        ));
    }
    if others.count >= ATTACHMENTS_MAX {
        return Some(t!(
            "An item can have {most} files. “{name}” was not attached.",
            most = ATTACHMENTS_MAX,
            name
        ));
    }
    (others.and(name).names > FILE_NAMES_MAX).then(|| {
        t!(
            "The names of this item's files are too long together. “{name}” was not attached. Give it a shorter name, or rename another one.",
            name
        )
    })
}

/// Why an upload did not go on, and what to do.
pub(super) fn upload_problem(failure: &Failure) -> String {
    match failure {
        Failure::StorageFull => t!(
            "The server has no space left. Nothing was attached. Tell whoever runs it, and try again later."
        )
        .to_owned(),
        Failure::Offline => t!(
            "The server cannot be reached. What was sent is kept for a day. Try again when it answers."
        )
        .to_owned(),
        Failure::Draft(error) => {
            let rule = known(&error.rule);
            t!("The item cannot take it: its files {rule}.", rule)
        }
        other => other.to_string(),
    }
}

/// Why a file was not read.
pub(super) fn download_problem(name: &str, failure: &Failure) -> String {
    match failure {
        Failure::Tampered => t!(
            "What the server sent is not “{name}”, or not all of it. Nothing was saved. The file may be damaged there; look at the item's history, or restore a backup of the server.",
            name
        ),
        Failure::NotFound => t!("“{name}” was removed elsewhere. Nothing was saved.", name),
        other => t!("“{name}” was not saved. {why}", name, why = other),
    }
}

/// Said of a file that is not the one that an upload began with.
pub(super) fn another_file() -> &'static str {
    t!(
        "This is not the file that the upload began with, or it was changed since. Choose the same file again, or discard the upload and attach this one."
    )
}

/// Said of a file that the browser cannot read any more.
pub(super) fn unread() -> &'static str {
    t!(
        "The browser could not read the file: it was moved or changed. What was sent is kept for a day. Choose the file again to go on."
    )
}

/// Said of a file that the browser does not take.
pub(super) fn not_taken() -> &'static str {
    t!("The browser did not take the file. Nothing was saved.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_says_what_a_file_is() {
        assert_eq!(sort_of("contract.pdf").as_deref(), Some("PDF"));
        assert_eq!(sort_of("a.tar.gz").as_deref(), Some("GZ"));
        for none in ["README", ".env", "a.", "a.b c", "a.toolong"] {
            assert_eq!(sort_of(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_too_large_or_too_much_is_told_by_name() {
        let short = |count| Others::of(std::iter::repeat_n("x", count));
        assert_eq!(refused("a.bin", 100.0, short(19)), None);
        assert_eq!(refused("a.bin", ATTACHMENT_MAX as f64, short(0)), None);
        let large = refused("a.bin", ATTACHMENT_MAX as f64 + 1.0, short(0));
        assert!(large.is_some_and(|words| words.contains("a.bin") && words.contains("100.1 MB")));
        let many = refused("a.bin", 1.0, short(20));
        assert!(many.is_some_and(|words| words.contains("20 files")));
        // In bytes, of the names as the item will have them.
        let long = "鍵".repeat(100);
        let names = |count| Others::of(std::iter::repeat_n(long.as_str(), count));
        assert_eq!(refused(&long, 1.0, names(5)), None);
        let too_long = refused(&long, 1.0, names(6));
        assert!(too_long.is_some_and(|words| words.contains("too long together")));
        assert_eq!(refused(&"x".repeat(3_000), 1.0, names(6)), None);
    }
}
