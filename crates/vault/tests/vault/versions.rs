//! The versions of an item that were replaced.

use crate::common::{Fixture, NOW, fixture, key};
use keyarc_vault::{
    Change, Content, Day, DetailsError, Field, FieldType, Item, ItemDraft, OverviewChange, Version,
    VersionRow,
};
use keyarc_wire::{ItemId, ItemWrite, Sealed, SealedVersion};

/// An item, and what a server keeps of it, oldest first.
struct Story {
    fixture: Fixture,
    id: ItemId,
    writes: Vec<ItemWrite>,
}

impl Story {
    fn begin(draft: &ItemDraft) -> Self {
        let mut fixture = fixture();
        let write = fixture.seal(draft);
        fixture.accept(write.clone());
        Self {
            fixture,
            id: write.item_id,
            writes: vec![write],
        }
    }

    fn version(&self) -> u64 {
        self.writes.len() as u64
    }

    fn save(&mut self, draft: ItemDraft) {
        let draft = ItemDraft {
            id: Some(self.id),
            base_version: self.version(),
            ..draft
        };
        let write = self.fixture.seal(&draft);
        self.fixture.accept(write.clone());
        self.writes.push(write);
    }

    fn change(&mut self, change: OverviewChange) {
        self.fixture.now += 1_000;
        let Fixture {
            vault, rng, now, ..
        } = &mut self.fixture;
        let write = vault.seal_overview_change(self.id, change, *now, rng);
        let write = write.unwrap();
        self.fixture.accept(write.clone());
        self.writes.push(write);
    }

    /// What was replaced, newest first.
    fn kept(&self) -> Vec<SealedVersion> {
        let replaced = self.writes.iter().take(self.writes.len() - 1);
        let version = |write: &ItemWrite| SealedVersion {
            version: write.base_version + 1,
            replaced_at_ms: 5_000 + write.base_version,
            overview: write.overview.clone(),
        };
        replaced.map(version).rev().collect()
    }

    /// The details that a version had.
    fn details(&self, version: u64) -> Sealed {
        let until = self.writes.iter().take(version as usize).rev();
        let mut theirs = until.filter_map(|write| write.details.clone());
        theirs.next().unwrap()
    }

    fn history(&self, kept: &[SealedVersion]) -> Result<Vec<Version>, DetailsError> {
        self.fixture.vault.history(self.id, kept)
    }

    fn open(&self, sealed: &SealedVersion, details: &Sealed) -> Result<Item, DetailsError> {
        let old = self.fixture.vault.open_version(self.id, sealed)?;
        self.fixture.vault.open_version_details(&old, details)
    }
}

fn row(version: &Version) -> &VersionRow {
    match version {
        Version::Read(row) => row,
        other => panic!("{other:?}"),
    }
}

/// A life of an item: every kind of change, one after the other.
fn life() -> Story {
    let mut story = Story::begin(&key("A", "one"));
    story.save(key("B", "one"));
    story.save(key("B", "two"));
    story.change(OverviewChange::Favourite(true));
    let starred = ItemDraft {
        favourite: true,
        ..key("B", "two")
    };
    let field = Field {
        name: "PIN".into(),
        field_type: FieldType::Secret,
        value: "80 64".into(),
    };
    story.save(ItemDraft {
        folder: "Shop".into(),
        tags: vec!["x".into()],
        environment: Some("production".into()),
        expires_on: Some(Day(21_000)),
        ..starred.clone()
    });
    story.save(ItemDraft {
        fields: vec![field.clone()],
        ..starred.clone()
    });
    story.save(ItemDraft {
        fields: vec![field],
        notes: "new".into(),
        ..starred
    });
    story.change(OverviewChange::Favourite(false));
    story.change(OverviewChange::Trash);
    story.change(OverviewChange::Restore);
    story.save(ItemDraft::new("B", Content::Note { text: "two".into() }));
    story
}

#[test]
fn every_change_is_told_as_what_it_was() {
    let story = life();
    let lines = story.history(&story.kept()).unwrap();
    let told: Vec<_> = lines
        .iter()
        .rev()
        .map(|line| row(line).changes.clone().unwrap())
        .collect();
    let arranged = vec![
        Change::Folder,
        Change::Tags,
        Change::Environment,
        Change::Expiry,
        Change::Rotation,
    ];
    let back = vec![
        Change::Fields,
        Change::Folder,
        Change::Tags,
        Change::Environment,
        Change::Expiry,
    ];
    let wanted = [
        vec![Change::Created],
        vec![Change::Name],
        vec![Change::Content],
        vec![Change::Starred],
        arranged,
        back,
        vec![Change::Saved],
        vec![Change::Unstarred],
        vec![Change::Trashed],
        vec![Change::Restored],
        vec![Change::Content, Change::Fields],
    ];
    assert_eq!(told, wanted);
    let trashed: Vec<u64> = lines
        .iter()
        .map(row)
        .filter(|row| row.trashed)
        .map(|row| row.version)
        .collect();
    assert_eq!(trashed, [9]);
    // What writes the details, or moves to the trash, seals its own time.
    let second = |count: u64| Some(NOW + count * 1_000);
    let times: Vec<_> = lines
        .iter()
        .rev()
        .map(|line| (row(line).written_at_ms, row(line).time_is_servers))
        .collect();
    assert_eq!(times[0], (second(1), false));
    assert_eq!(times[3], (Some(5_002), true));
    assert_eq!(times[8], (second(9), false));
    assert_eq!(times[9], (Some(5_008), true));
    assert_eq!(times[10], (second(11), false));
}

#[test]
fn every_version_opens_with_the_details_that_it_had() {
    let story = life();
    for sealed in story.kept() {
        let item = story.open(&sealed, &story.details(sealed.version)).unwrap();
        assert_eq!(item.summary.version, sealed.version);
        let wanted = if sealed.version < 3 { "one" } else { "two" };
        assert!(
            item.content
                == Content::ApiKey {
                    value: wanted.into()
                },
            "{}",
            sealed.version
        );
        assert_eq!(
            item.notes.is_empty(),
            sealed.version < 7,
            "{}",
            sealed.version
        );
    }
}

#[test]
fn a_version_is_nothing_but_itself() {
    let story = life();
    let kept = story.kept();
    // Under every other number, and with everything else's details.
    for sealed in &kept {
        for version in 1..=story.version() {
            let renamed = SealedVersion {
                version,
                ..sealed.clone()
            };
            let opened = story.fixture.vault.open_version(story.id, &renamed);
            assert_eq!(opened.is_ok(), version == sealed.version, "{version}");
            let theirs = story.details(version);
            let is_own = theirs == story.details(sealed.version);
            let opened = story.open(sealed, &theirs);
            assert_eq!(opened.is_ok(), is_own, "{version} for {}", sealed.version);
        }
        let other = story.fixture.vault.open_version(ItemId([3; 16]), sealed);
        assert!(matches!(other, Err(DetailsError::Tampered)));
        let opened = story.open(sealed, &sealed.overview);
        assert_eq!(opened, Err(DetailsError::Tampered));
    }
}

#[test]
fn what_does_not_open_and_what_is_missing_stand_in_their_places() {
    let story = life();
    let mut kept = story.kept();
    kept.retain(|sealed| ![2, 5, 6].contains(&sealed.version));
    let spoilt = kept.iter_mut().find(|sealed| sealed.version == 8).unwrap();
    spoilt.overview.0[100] ^= 1;
    let lines = story.history(&kept).unwrap();
    let numbers: Vec<(u64, u64)> = lines
        .iter()
        .map(|line| match line {
            Version::Read(row) => (row.version, row.version),
            Version::Unreadable { version } => (0, *version),
            Version::Missing { newest, oldest } => (*newest, *oldest),
        })
        .collect();
    let wanted = [
        (11, 11),
        (10, 10),
        (9, 9),
        (0, 8),
        (7, 7),
        (6, 5),
        (4, 4),
        (3, 3),
        (2, 2),
        (1, 1),
    ];
    assert_eq!(numbers, wanted);
    assert_eq!(
        lines[5],
        Version::Missing {
            newest: 6,
            oldest: 5
        }
    );
    assert_eq!(
        lines[8],
        Version::Missing {
            newest: 2,
            oldest: 2
        }
    );
    for at in [2, 4, 7] {
        assert_eq!(row(&lines[at]).changes, None, "{at}");
    }
    // It was in the trash whatever was before, but nothing says since when.
    assert!(row(&lines[2]).trashed && row(&lines[2]).time_is_servers);
    // Nothing is there at all.
    let lines = story.history(&[]).unwrap();
    assert_eq!(
        lines[1..],
        [Version::Missing {
            newest: 10,
            oldest: 1
        }]
    );
}

#[test]
fn a_list_that_no_server_has_is_tampering() {
    let story = life();
    let kept = story.kept();
    let mut reversed = kept.clone();
    reversed.reverse();
    let mut twice = kept.clone();
    twice.insert(1, twice[0].clone());
    let numbered = |version: u64| {
        let mut kept = kept.clone();
        kept[0].version = version;
        kept
    };
    for list in [
        reversed,
        twice,
        numbered(11),
        numbered(12),
        numbered(u64::MAX),
        numbered(0),
    ] {
        assert_eq!(story.history(&list), Err(DetailsError::Tampered));
    }
    let nowhere = story.fixture.vault.history(ItemId([3; 16]), &[]);
    assert_eq!(nowhere, Err(DetailsError::NotFound));
}

#[test]
fn what_lay_in_the_trash_long_enough_is_found() {
    let mut story = Story::begin(&key("A", "one"));
    story.fixture.add(&key("B", "two"));
    story.change(OverviewChange::Trash);
    let at = story.fixture.now;
    assert!(story.fixture.vault.trashed_until(at - 1).is_empty());
    assert_eq!(story.fixture.vault.trashed_until(at), [story.id]);
    story.change(OverviewChange::Restore);
    assert!(story.fixture.vault.trashed_until(u64::MAX).is_empty());
    // A clock that is far behind does not make it look old.
    story.fixture.now = 7;
    story.change(OverviewChange::Trash);
    assert!(story.fixture.vault.trashed_until(NOW).is_empty());
}
