//! A vault sealed anew under its next key.

use crate::common::{Fixture, details_of, fixture, key};
use keyarc_crypto::RootKey;
use keyarc_vault::{
    Attachment, LockedVault, OverviewChange, ResealError, Resealing, UnlockedVault,
};
use keyarc_wire::{
    AttachmentId, ItemChange, ItemId, ItemWrite, Sealed, SealedDetails, StagedItem, VaultInfo,
    WriteItemsRequest,
};

/// A vault of these items, and its next key.
struct Story {
    fixture: Fixture,
    writes: Vec<ItemWrite>,
    root: RootKey,
    wrapped: Sealed,
    next: Resealing,
}

fn story(names: &[&str]) -> Story {
    let mut fixture = fixture();
    let mut writes = Vec::new();
    for name in names {
        let mut draft = key(name, &format!("value of {name}"));
        draft.attachments = vec![Attachment {
            id: AttachmentId([name.as_bytes()[0]; 16]),
            name: format!("{name}.txt"),
            media_type: String::new(),
            size: 5,
            key: [1; 32],
            digest: [2; 32],
        }];
        let write = fixture.seal(&draft);
        fixture.accept(write.clone());
        writes.push(write);
    }
    let root = RootKey::make(&mut fixture.rng);
    let begun = fixture
        .vault
        .begin_resealing(&root, &mut fixture.rng)
        .unwrap();
    let (next, wrapped) = begun.unwrap();
    Story {
        fixture,
        writes,
        root,
        wrapped,
        next,
    }
}

impl Story {
    fn reseal(&mut self, details: &SealedDetails) -> Result<StagedItem, ResealError> {
        self.next
            .reseal(&self.fixture.vault, details, &mut self.fixture.rng)
    }

    /// The vault as whoever has the next root key opens it.
    fn opened(&self, items: &[StagedItem], tombstones: &[(ItemId, u64)]) -> UnlockedVault {
        let info = VaultInfo {
            key_epoch: self.next.key_epoch(),
            wrapped_key: self.wrapped.clone(),
            ..self.fixture.info.clone()
        };
        let mut vault = LockedVault::new(info, self.fixture.owner)
            .unlock(&self.root)
            .unwrap();
        let live = items.iter().map(|item| ItemChange {
            item_id: item.item_id,
            version: item.version,
            revision: 9,
            live: Some((item.version, item.overview.clone())),
        });
        let gone = tombstones.iter().map(|(item_id, version)| ItemChange {
            item_id: *item_id,
            version: *version,
            revision: 8,
            live: None,
        });
        let changes: Vec<_> = live.chain(gone).collect();
        let tree = self.next.tree(&self.fixture.vault).unwrap();
        vault.expect(changes.clone(), tree).unwrap();
        let report = vault.apply(changes);
        assert_eq!((report.unreadable, report.refused), (0, 0));
        vault
    }
}

fn of(item: &StagedItem) -> SealedDetails {
    SealedDetails {
        item_id: item.item_id,
        version: item.version,
        details_version: item.version,
        details: item.details.clone(),
    }
}

#[test]
fn what_was_sealed_anew_opens_with_the_next_key_alone() {
    let mut story = story(&["A", "B"]);
    let details: Vec<_> = story.writes.iter().map(details_of).collect();
    let staged: Vec<_> = details
        .iter()
        .map(|details| story.reseal(details).unwrap())
        .collect();
    let vault = story.opened(&staged, &[]);
    for (before, item) in details.iter().zip(&staged) {
        let (old, new) = (
            story.fixture.vault.open_details(before).unwrap(),
            vault.open_details(&of(item)).unwrap(),
        );
        assert_eq!(
            (old.content, old.notes, old.fields, &old.attachments),
            (new.content, new.notes, new.fields, &new.attachments)
        );
        // The files stay what they are, and whoever keeps them is told.
        assert_eq!(item.attachments, [old.attachments[0].id]);
        assert_eq!(old.summary.name, new.summary.name);
        assert_eq!(new.summary.version, old.summary.version + 1);
        assert_eq!(new.summary.created_at_ms, old.summary.created_at_ms);
        assert_eq!(new.summary.updated_at_ms, old.summary.updated_at_ms);
    }
    // The key before opens none of it.
    let mut old = story.fixture.fresh();
    let report = old.apply(staged.iter().map(|item| ItemChange {
        item_id: item.item_id,
        version: item.version,
        revision: 9,
        live: Some((item.version, item.overview.clone())),
    }));
    assert_eq!((report.changed, report.unreadable), (0, 2));
}

#[test]
fn what_changes_meanwhile_is_pending_again_and_what_is_gone_leaves_its_tombstone() {
    let mut story = story(&["A", "B"]);
    let (a, b) = (details_of(&story.writes[0]), details_of(&story.writes[1]));
    assert_eq!(story.next.pending(&story.fixture.vault).len(), 2);
    assert!(story.next.tree(&story.fixture.vault).is_none());
    let first = story.reseal(&a).unwrap();
    assert_eq!(story.next.pending(&story.fixture.vault), [b.item_id]);
    story.reseal(&b).unwrap();
    assert!(story.next.pending(&story.fixture.vault).is_empty());

    // B goes to the trash and away, A gets a star.
    let trash = OverviewChange::Trash;
    let write = story
        .fixture
        .vault
        .seal_overview_change(b.item_id, trash, 5, &mut story.fixture.rng)
        .unwrap();
    story.fixture.accept(write);
    let purge = story.fixture.vault.purge(b.item_id).unwrap();
    let request = WriteItemsRequest {
        purges: vec![purge],
        ..WriteItemsRequest::default()
    };
    story.fixture.vault.accept(&request, 4);
    let star = OverviewChange::Favourite(true);
    let write = story
        .fixture
        .vault
        .seal_overview_change(a.item_id, star, 6, &mut story.fixture.rng)
        .unwrap();
    story.fixture.accept(write);
    assert_eq!(story.next.pending(&story.fixture.vault), [a.item_id]);
    // The details are those of before; the item's version is not.
    let a_now = SealedDetails { version: 2, ..a };
    let again = story.reseal(&a_now).unwrap();
    assert_eq!((first.version, again.version), (2, 3));
    let vault = story.opened(std::slice::from_ref(&again), &[(b.item_id, 3)]);
    assert!(vault.open_details(&of(&again)).unwrap().summary.favourite);

    story.next.forget(&[a_now.item_id]);
    assert_eq!(story.next.pending(&story.fixture.vault), [a_now.item_id]);
    story.reseal(&a_now).unwrap();
    story.next.forget_all();
    assert_eq!(story.next.pending(&story.fixture.vault), [a_now.item_id]);
}

#[test]
fn details_of_another_item_or_version_are_not_sealed_anew() {
    let mut story = story(&["A", "B"]);
    let (a, b) = (details_of(&story.writes[0]), details_of(&story.writes[1]));
    let swapped = SealedDetails {
        details: b.details,
        ..a.clone()
    };
    let newer = SealedDetails {
        version: 2,
        ..a.clone()
    };
    let nowhere = SealedDetails {
        item_id: ItemId([1; 16]),
        ..a
    };
    for wrong in [swapped, newer, nowhere] {
        assert!(matches!(story.reseal(&wrong), Err(ResealError::Details(_))));
    }
    assert_eq!(story.next.pending(&story.fixture.vault).len(), 2);
}
