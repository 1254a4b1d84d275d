//! What items were before comes out of an archive as it went in.

use keyarc_crypto::{SetupCode, Suite};
use keyarc_vault::{
    Change, Content, Day, DetailsError, Earlier, EarlierChain, FilePassword, ImportPlan,
    ImportWish, ItemDraft, OldVersion, OverviewChange, Past, Version, VersionRow,
    archive::{ArchiveLock, ArchiveRefused, ArchiveWriter},
    export::Exported,
    import::{Import, preview},
};
use keyarc_wire::{ItemId, ItemWrite, Sealed, SealedVersion, WriteItemsRequest, limits};
use proptest::prelude::*;

use crate::common::{Fixture, NOW, TODAY, TestRng, cases, fixture, import_all, key, seeded};

fn code() -> SetupCode {
    SetupCode::make(Suite::Pbkdf2Sha256, &mut TestRng(7))
}

fn wish() -> ImportWish {
    wish_of(&code().to_text())
}

fn wish_of(code: &str) -> ImportWish {
    ImportWish {
        password: Some(FilePassword(code.to_owned())),
        ..ImportWish::default()
    }
}

/// An item, with all that was written of it, oldest first.
pub struct Life {
    pub this: Fixture,
    pub id: ItemId,
    writes: Vec<ItemWrite>,
}

impl Life {
    pub fn begin(draft: &ItemDraft) -> Self {
        let mut this = fixture();
        let write = this.seal(draft);
        this.accept(write.clone());
        Self {
            this,
            id: write.item_id,
            writes: vec![write],
        }
    }

    pub fn save(&mut self, draft: ItemDraft) {
        self.this.now += 1_000;
        let draft = ItemDraft {
            id: Some(self.id),
            base_version: self.writes.len() as u64,
            ..draft
        };
        let write = self.this.seal(&draft);
        self.this.accept(write.clone());
        self.writes.push(write);
    }

    pub fn change(&mut self, change: OverviewChange) {
        self.this.now += 1_000;
        let Fixture {
            vault, rng, now, ..
        } = &mut self.this;
        let write = vault.seal_overview_change(self.id, change, *now, rng);
        let write = write.unwrap();
        self.this.accept(write.clone());
        self.writes.push(write);
    }

    /// What a server keeps, oldest first.
    pub fn kept(&self) -> Vec<SealedVersion> {
        kept_of(&self.writes)
    }

    /// The details that a version had.
    fn details(&self, version: u64) -> Sealed {
        let until = self.writes.iter().take(version as usize).rev();
        until
            .clone()
            .find_map(|write| write.details.clone())
            .unwrap()
    }

    fn past(&self, kept: &[SealedVersion]) -> Result<(Vec<Past>, u32), DetailsError> {
        let now = self.this.vault.summary(self.id).unwrap().version;
        let past = self.this.vault.past(self.id, now, kept)?;
        Ok((past.versions, past.missing))
    }

    /// What goes into an archive.
    pub fn earlier(&self, kept: &[SealedVersion]) -> Vec<Earlier> {
        let mut chain = EarlierChain::default();
        for past in self.past(kept).unwrap().0 {
            let item = (!past.shares()).then(|| {
                let details = self.details(past.place().version);
                let vault = &self.this.vault;
                vault.open_version_details(past.old(), &details).unwrap()
            });
            assert!(chain.push(Some(past.earlier(item.as_ref()))));
        }
        chain.finish()
    }

    pub fn exported(&self) -> Exported {
        let now = self.this.vault.summary(self.id).unwrap().version;
        let details = keyarc_wire::SealedDetails {
            item_id: self.id,
            version: now,
            details_version: now,
            details: self.details(now),
        };
        let item = self.this.vault.open_details(&details).unwrap();
        self.this.vault.exported(item).unwrap()
    }

    fn archive(&self, kept: &[SealedVersion]) -> Vec<u8> {
        archive(&[(self.exported(), self.earlier(kept))]).unwrap()
    }
}

fn kept_of(writes: &[ItemWrite]) -> Vec<SealedVersion> {
    let replaced = writes.iter().take(writes.len() - 1);
    let version = |write: &ItemWrite| SealedVersion {
        version: write.base_version + 1,
        replaced_at_ms: 5_000 + write.base_version,
        overview: write.overview.clone(),
    };
    replaced.map(version).collect()
}

fn archive(items: &[(Exported, Vec<Earlier>)]) -> Result<Vec<u8>, ArchiveRefused> {
    let (mut out, mut rng) = (Vec::new(), TestRng(5));
    let lock = ArchiveLock::Code(&code());
    let mut writer = ArchiveWriter::begin(lock, TODAY, &mut out, &mut rng)?;
    for (item, earlier) in items {
        writer.put_with(item, earlier, &mut out, &mut rng)?;
    }
    writer.finish(NOW, 42, &mut out, &mut rng)?;
    Ok(out)
}

fn look(this: &Fixture, file: &[u8]) -> Import {
    preview(file, None, &wish(), &this.vault).unwrap()
}

/// The one item that a request creates, with its history as the page gets it.
fn history(this: &Fixture, request: &WriteItemsRequest) -> Vec<VersionRow> {
    let id = request.writes[0].item_id;
    let kept: Vec<SealedVersion> = restored(request).into_iter().rev().collect();
    let versions = this.vault.history(id, &kept).unwrap();
    let row = |version| match version {
        Version::Read(row) => row,
        other => panic!("{other:?}"),
    };
    versions.into_iter().map(row).collect()
}

/// What a server keeps of an item that was created with a history, oldest first.
fn restored(request: &WriteItemsRequest) -> Vec<SealedVersion> {
    let of_first = request.earlier.iter();
    let of_first = of_first.filter(|one| one.item_id == request.writes[0].item_id);
    let version = |one: &keyarc_wire::EarlierWrite| SealedVersion {
        version: one.version,
        replaced_at_ms: 9_000_000,
        overview: one.overview.clone(),
    };
    of_first.map(version).collect()
}

fn secret(this: &Fixture, request: &WriteItemsRequest, version: usize) -> Content {
    let until = request.earlier.iter().take(version).rev();
    let details = until.clone().find_map(|one| one.details.clone()).unwrap();
    let sealed = &restored(request)[version - 1];
    let id = request.writes[0].item_id;
    let old: OldVersion = this.vault.open_version(id, sealed).unwrap();
    let item = this.vault.open_version_details(&old, &details).unwrap();
    item.content.clone()
}

fn value(text: &str) -> Content {
    Content::ApiKey {
        value: text.to_owned(),
    }
}

/// Two secrets, a star, the trash and back, another name.
fn lived() -> Life {
    let mut life = Life::begin(&key("A", "one"));
    life.save(key("A", "two"));
    life.change(OverviewChange::Favourite(true));
    life.change(OverviewChange::Trash);
    life.change(OverviewChange::Restore);
    life.save(ItemDraft {
        favourite: true,
        folder: "Shop".to_owned(),
        notes: "Ask Ada.".to_owned(),
        expires_on: Some(Day(21_000)),
        ..key("B", "three")
    });
    life
}

#[test]
fn every_version_comes_back_with_what_it_changed_and_when() {
    let life = lived();
    let kept = life.kept();
    let (past, missing) = life.past(&kept).unwrap();
    let shares: Vec<bool> = past.iter().map(Past::shares).collect();
    assert_eq!((shares, missing), (vec![false, false, true, true, true], 0));
    let file = life.archive(&kept);
    let before = {
        let kept: Vec<_> = kept.iter().rev().cloned().collect();
        life.this.vault.history(life.id, &kept).unwrap()
    };
    let mut other = seeded(9);
    assert_eq!(look(&other, &file).preview().earlier, 5);
    assert_eq!(look(&other, &file).preview().broken, 0);
    other.now += 1_000_000;
    let request = import_all(&mut other, &file, &wish());
    assert_eq!(request.writes[0].base_version, 5);
    let details: Vec<bool> = request
        .earlier
        .iter()
        .map(|one| one.details.is_some())
        .collect();
    assert_eq!(details, [true, true, false, false, false]);
    let after = history(&other, &request);
    assert_eq!(after.len(), before.len());
    for (is, was) in after.iter().zip(&before) {
        let Version::Read(was) = was else { panic!() };
        let now = VersionRow {
            from_archive: is.version < 6,
            ..was.clone()
        };
        assert_eq!(*is, now);
    }
    for (version, text) in [(1, "one"), (2, "two"), (3, "two"), (5, "two")] {
        assert!(
            secret(&other, &request, version) == value(text),
            "{version}"
        );
    }
    // A vault that has it already is told so, and gets nothing.
    let again = look(&other, &file).preview();
    assert_eq!((again.new, again.duplicates, again.earlier), (0, 1, 0));
}

#[test]
fn what_is_made_of_a_version_of_an_archive_is_of_here() {
    let life = lived();
    let mut other = seeded(9);
    let request = import_all(&mut other, &life.archive(&life.kept()), &wish());
    let id = request.writes[0].item_id;
    // The star of version 3, with the secret of now: the overview alone is sealed anew.
    let sealed = &restored(&request)[2];
    let old = other.vault.open_version(id, sealed).unwrap();
    let item = {
        let details = request.earlier[1].details.clone().unwrap();
        other.vault.open_version_details(&old, &details).unwrap()
    };
    let now = (TODAY, other.now);
    let write = other
        .vault
        .seal_return(&old, Some(&item), now, &mut other.rng)
        .unwrap();
    other.accept(write.clone());
    let mut kept: Vec<SealedVersion> = restored(&request);
    kept.push(SealedVersion {
        version: 6,
        replaced_at_ms: 9_500_000,
        overview: request.writes[0].overview.clone(),
    });
    kept.reverse();
    let versions = other.vault.history(id, &kept).unwrap();
    let Version::Read(row) = &versions[0] else {
        panic!()
    };
    assert_eq!((row.version, row.from_archive), (7, false));
    // Exported once more, each says when it was written first.
    kept.reverse();
    let past = other.vault.past(id, 7, &kept).unwrap();
    assert_eq!((past.versions.len(), past.missing), (6, 0));
    // And a moment before the restore says that nothing is known of then.
    let shown = keyarc_wire::MomentVersion {
        item_id: id,
        since_ms: None,
        sealed: restored(&request).remove(0),
    };
    let then = other.vault.moment(8_000_000_000_000, &[]).unwrap();
    assert_eq!(then.len(), 1);
    let at = life.this.now;
    let shown = keyarc_wire::MomentVersion {
        sealed: SealedVersion {
            replaced_at_ms: at + 1,
            ..shown.sealed
        },
        ..shown
    };
    let then = other.vault.moment(at, &[shown]).unwrap();
    let row = other.vault.moment_row(&then[0]).unwrap();
    assert_eq!(row.then, keyarc_vault::ThenIs::NotKept);
}

#[test]
fn what_is_not_there_is_a_gap_and_counted() {
    let life = lived();
    let mut kept = life.kept();
    kept.remove(0);
    kept.remove(2);
    let (past, missing) = life.past(&kept).unwrap();
    assert_eq!((past.len(), missing), (3, 2));
    let mut other = seeded(9);
    let request = import_all(&mut other, &life.archive(&kept), &wish());
    let rows = history(&other, &request);
    let changes: Vec<_> = rows.iter().map(|row| row.changes.clone()).collect();
    // Of the oldest that is there it is not said that it made the item.
    assert_eq!(changes[3], None);
    assert_eq!(changes[2], Some(vec![Change::Starred]));
    assert_eq!(changes[1], None);
    // Older than the newest 50 it is not said to be missing.
    let mut long = Life::begin(&key("A", "0"));
    for number in 1..80 {
        long.save(key("A", &number.to_string()));
    }
    let kept = long.kept();
    assert_eq!(long.past(&kept[29..]).unwrap().1, 0);
    assert_eq!(long.past(&kept[30..]).unwrap().1, 1);
    assert!(
        matches!(long.past(&kept), Err(DetailsError::Tampered)),
        "more than any keeps"
    );
}

#[test]
fn what_no_honest_server_says_is_refused() {
    let life = lived();
    let kept = life.kept();
    let with = |change: fn(&mut Vec<SealedVersion>)| {
        let mut lie = kept.clone();
        change(&mut lie);
        life.past(&lie).err()
    };
    assert_eq!(with(|_| {}), None);
    let tampered = Some(DetailsError::Tampered);
    assert_eq!(with(|lie| lie.reverse()), tampered);
    assert_eq!(with(|lie| lie[1] = lie[0].clone()), tampered);
    assert_eq!(with(|lie| lie[0].version = 0), tampered);
    assert_eq!(
        with(|lie| lie[1].overview = lie[0].overview.clone()),
        tampered
    );
    assert_eq!(with(|lie| lie[2].overview.0[100] ^= 1), tampered);
    // Which may be about a newer vault than the one that is known.
    assert_eq!(with(|lie| lie[4].version = 6), Some(DetailsError::Outdated));
    let nowhere = life.this.vault.past(ItemId([9; 16]), 2, &kept);
    assert_eq!(nowhere.err(), Some(DetailsError::Outdated));
}

#[test]
fn an_item_has_no_longer_history_than_a_server_keeps() {
    let life = lived();
    let one = life.earlier(&life.kept()).remove(0);
    let many = |count| vec![one.clone(); count];
    let most = limits::EARLIER_PER_ITEM;
    let file = archive(&[(life.exported(), many(most))]).unwrap();
    let other = seeded(9);
    assert_eq!(look(&other, &file).preview().earlier, most as u32);
    let refused = archive(&[(life.exported(), many(most + 1))]);
    assert_eq!(refused, Err(ArchiveRefused::TooMany));
}

#[test]
fn more_than_one_write_takes_is_refused_before_anything_is_sealed() {
    let life = lived();
    let earlier = life.earlier(&life.kept());
    let many = vec![earlier[0].clone(); 60];
    let items: Vec<_> = (0..334)
        .map(|number| {
            let mut item = life.exported();
            item.item.summary.name = format!("Item {number}");
            (item, many.clone())
        })
        .collect();
    let file = archive(&items).unwrap();
    let other = seeded(9);
    let import = look(&other, &file);
    assert_eq!(import.preview().earlier, 334 * 60);
    let refused = other.vault.plan_import(&import, &ImportPlan::default());
    let refused = refused.err().unwrap();
    assert!(
        refused.rule.contains("20040 earlier versions"),
        "{refused:?}"
    );
    let fewer = ImportPlan {
        except: vec![3],
        ..ImportPlan::default()
    };
    let planned = other.vault.plan_import(&import, &fewer).unwrap();
    assert_eq!(
        planned
            .iter()
            .map(|item| item.earlier().len())
            .sum::<usize>(),
        333 * 60
    );
    let without = ImportPlan {
        without_earlier: true,
        ..ImportPlan::default()
    };
    let planned = other.vault.plan_import(&import, &without).unwrap();
    assert!(planned.iter().all(|item| item.earlier().is_empty()));
}

#[test]
fn a_version_that_cannot_be_taken_leaves_a_gap() {
    let life = lived();
    let earlier = life.earlier(&life.kept());
    let [first, second, third, ..] = &earlier[..] else {
        panic!()
    };
    let mut chain = EarlierChain::default();
    assert!(
        !chain.push(Some(third.clone())),
        "it has no secret of its own"
    );
    assert!(chain.push(Some(first.clone())));
    assert!(!chain.push(None));
    assert!(
        !chain.push(Some(third.clone())),
        "nor is it known whose it has"
    );
    assert!(chain.push(Some(second.clone())));
    assert!(chain.push(Some(third.clone())));
    let chain = chain.finish();
    assert_eq!(chain.len(), 3);
    let file = archive(&[(life.exported(), chain)]).unwrap();
    let mut other = seeded(9);
    let request = import_all(&mut other, &file, &wish());
    let rows = history(&other, &request);
    let known: Vec<bool> = rows.iter().map(|row| row.changes.is_some()).collect();
    assert_eq!(known, [true, true, false, false]);
    assert!(!format!("{:?}", first).contains("one"));
}

#[test]
fn the_checked_in_archive_with_a_history_opens() {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/archive-history.json")).unwrap();
    let file = include_bytes!("../../vectors/archive-history.keyarc");
    let wish = wish_of(all["archives"][0]["secret"].as_str().unwrap());
    let mut this = fixture();
    let found = preview(file, None, &wish, &this.vault).unwrap().preview();
    assert_eq!((found.new, found.broken, found.earlier), (2, 0, 3));
    assert_eq!(found.archive.map(|facts| facts.revision), Some(43));
    let request = import_all(&mut this, file, &wish);
    assert_eq!(request.earlier.len(), 3);
    let rows = history(&this, &request);
    let start = 1_760_000_000_000;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.written_at_ms,
                row.time_is_servers,
                row.trashed,
                row.changes.clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                Some(start + 3_000),
                false,
                false,
                Some(vec![
                    Change::Restored,
                    Change::Content,
                    Change::Expiry,
                    Change::Tested
                ])
            ),
            (None, true, true, None),
            (
                Some(start + 1_000),
                true,
                false,
                Some(vec![Change::Starred])
            ),
            (Some(start), false, false, Some(vec![Change::Created])),
        ]
    );
    for (version, text) in [(1, "first"), (2, "first"), (3, "second")] {
        let wanted = value(&format!("sk_live_{text}"));
        assert!(secret(&this, &request, version) == wanted, "{version}");
    }
}

fn any_change() -> impl Strategy<Value = Option<(String, String)>> {
    prop::option::of(("[A-Z][a-zא ]{0,10}[a-z]", r"[\PC\n]{1,300}"))
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn whatever_an_item_was_comes_back(
        changes in prop::collection::vec(any_change(), 1..12),
        lost in prop::collection::vec(any::<bool>(), 12),
    ) {
        let mut life = Life::begin(&key("First", "one"));
        let mut starred = false;
        for change in &changes {
            match change {
                Some((name, secret)) => life.save(ItemDraft { favourite: starred, ..key(name, secret) }),
                None => {
                    starred = !starred;
                    life.change(OverviewChange::Favourite(starred));
                }
            }
        }
        // So that the item has details of its own version.
        life.save(ItemDraft { favourite: starred, ..key("Last", "last") });
        let kept: Vec<_> = life.kept().into_iter().zip(&lost).filter(|(_, lost)| !**lost).map(|(one, _)| one).collect();
        let earlier = life.earlier(&kept);
        let mut other = seeded(3);
        let request = import_all(&mut other, &life.archive(&kept), &wish());
        prop_assert_eq!(request.earlier.len(), kept.len());
        for (at, was) in kept.iter().enumerate() {
            let old = life.this.vault.open_version(life.id, was).unwrap();
            let then = life.this.vault.open_version_details(&old, &life.details(was.version)).unwrap();
            prop_assert!(secret(&other, &request, at + 1) == then.content);
        }
        // And out of that vault again, the same goes on.
        let id = request.writes[0].item_id;
        let again = other.vault.past(id, kept.len() as u64 + 1, &restored(&request)).unwrap();
        prop_assert_eq!(again.versions.len(), earlier.len());
        prop_assert_eq!(again.missing, 0);
        for (past, was) in again.versions.iter().zip(&earlier) {
            prop_assert_eq!(format!("{:?}", past.earlier(None)), format!("{was:?}"));
        }
    }
}
