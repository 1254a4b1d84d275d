//! What is said of the versions of an item.

use keyarc_vault::{Change, VersionRow};

use crate::words::listed;

/// So many versions before the one now are kept whatever they changed.
const KEPT_ALWAYS: u64 = 50;

/// What is said of versions that are not there.
pub(super) fn missing(newest: u64, oldest: u64, current: u64) -> String {
    let is_old = newest.saturating_add(KEPT_ALWAYS) < current;
    match (is_old, oldest, newest == oldest) {
        (true, _, true) => t!(
            "Version {version} is not kept: of versions so old only those of another secret are.",
            version = newest
        ),
        (true, _, false) => t!(
            "Versions {oldest} to {newest} are not kept: of versions so old only those of another secret are.",
            oldest,
            newest
        ),
        (false, 1, true) => t!(
            "Version {version} is not there. Nothing is kept from before a change of all keys, and from before KeyArc had histories; otherwise the server has lost it or keeps it back.",
            version = newest
        ),
        (false, 1, false) => t!(
            "Versions {oldest} to {newest} are not there. Nothing is kept from before a change of all keys, and from before KeyArc had histories; otherwise the server has lost it or keeps it back.",
            oldest,
            newest
        ),
        (false, _, true) => t!(
            "Version {version} is missing: the server never had it, or keeps it back.",
            version = newest
        ),
        (false, _, false) => t!(
            "Versions {oldest} to {newest} are missing: the server never had it, or keeps it back.",
            oldest,
            newest
        ),
    }
}

/// Whose word the time of a version is, and where it was written: stands behind the time.
pub(super) fn beside_its_time(row: &VersionRow) -> Option<&'static str> {
    match (row.from_archive, row.written_at_ms, row.time_is_servers) {
        (false, Some(_), true) => Some(t!(" by the server’s clock")),
        (false, ..) => None,
        (true, None, _) => Some(t!(", from an archive")),
        (true, Some(_), false) => Some(t!(" originally, from an archive")),
        (true, Some(_), true) => Some(t!(" originally, by a server’s clock, from an archive")),
    }
}

/// What a version changed, in words.
pub(in crate::pages::vault) fn said(changes: Option<&[Change]>) -> String {
    let Some(changes) = changes else {
        return t!("the version before is missing, so what it changed is not known").to_owned();
    };
    let words: Vec<&str> = changes.iter().map(|change| word(*change)).collect();
    listed(&words)
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Created => tc!("what a version changed", "created"),
        Change::Trashed => t!("moved to the trash"),
        Change::Restored => t!("taken out of the trash"),
        Change::Name => tc!("what a version changed", "name"),
        Change::Content => tc!("what a version changed", "secret"),
        Change::Fields => tc!("what a version changed", "fields"),
        Change::Attachments => tc!("what a version changed", "files"),
        Change::Saved => t!("notes or values of fields, if anything"),
        Change::Folder => tc!("what a version changed", "folder"),
        Change::Tags => tc!("what a version changed", "tags"),
        Change::Environment => tc!("what a version changed", "environment"),
        Change::Provider => tc!("what a version changed", "provider"),
        Change::Expiry => tc!("what a version changed", "expiry"),
        Change::Rotation => tc!("what a version changed", "rotation"),
        Change::Tested => tc!("what a version changed", "tested"),
        Change::Starred => tc!("what a version changed", "starred"),
        Change::Unstarred => t!("star taken away"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_what_it_changed() {
        assert_eq!(said(Some(&[Change::Name, Change::Content])), "name, secret");
        assert_eq!(said(Some(&[Change::Created])), "created");
        assert!(said(None).starts_with("the version before is missing"));
    }

    #[test]
    fn a_version_of_an_archive_says_so() {
        let row = |from_archive, written_at_ms, time_is_servers| VersionRow {
            version: 1,
            name: "A".to_owned(),
            trashed: false,
            written_at_ms,
            time_is_servers,
            from_archive,
            changes: None,
        };
        let words = |from_archive, written_at_ms, time_is_servers| {
            beside_its_time(&row(from_archive, written_at_ms, time_is_servers))
        };
        assert_eq!(words(false, Some(1), false), None);
        assert_eq!(words(false, None, true), None);
        assert_eq!(words(false, Some(1), true), Some(" by the server’s clock"));
        for (at_ms, by_server) in [(None, true), (Some(1), false), (Some(1), true)] {
            let words = words(true, at_ms, by_server).unwrap_or_default();
            assert!(words.ends_with("from an archive"), "{words}");
        }
    }

    #[test]
    fn a_gap_says_whether_it_is_to_be_expected() {
        assert!(missing(3, 1, 9).starts_with("Versions 1 to 3 are not there"));
        assert!(missing(1, 1, 9).starts_with("Version 1 is not there"));
        assert!(missing(4, 4, 9).starts_with("Version 4 is missing"));
        assert!(missing(5, 4, 9).starts_with("Versions 4 to 5 are missing"));
        assert!(missing(10, 4, 61).starts_with("Versions 4 to 10 are not kept"));
        assert!(missing(10, 4, 60).starts_with("Versions 4 to 10 are missing"));
    }
}
