//! What is handed in with a machine token that writes: sealed, read, shown, judged and taken.

use keyarc_crypto::VaultKey;
use keyarc_vault::{
    Attachment, ChangeVerdict, Content, Day, Field, FieldType, Item, ItemDraft, MachineChange,
    MachineCopy, MachineNote, MachineScope, OverviewChange, Rotation, UnlockedVault, WriteError,
};
use keyarc_wire::{
    AttachmentId, ItemId, ItemPurge, MachineChangeId, MachineTokenId, Sealed, SealedChange,
    VaultId, WriteItemsRequest,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::attachments::hex;
use crate::common::{
    Fixture, NOW, TODAY, TestRng, cases, change_of, details_of, fixture, key, seeded,
};

const COPY: VaultId = VaultId([0x77; 16]);
const TOKEN: MachineTokenId = MachineTokenId([0x55; 16]);
const CHANGE: MachineChangeId = MachineChangeId([0x33; 16]);

/// Yields the bytes of a vector.
struct Tape(Vec<u8>);

impl rand_core::TryRng for Tape {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!("a key is bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!("a key is bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Tape {}

fn payments() -> MachineScope {
    MachineScope {
        folders: vec!["Payments".to_owned()],
        environments: Vec::new(),
    }
}

fn note(writes: bool) -> MachineNote {
    MachineNote::new(TOKEN, COPY, "ci", &payments(), writes).unwrap()
}

fn of(folder: &str, name: &str, value: &str) -> ItemDraft {
    ItemDraft {
        folder: folder.to_owned(),
        ..key(name, value)
    }
}

/// A vault with one item in the scope, and its copy as a machine opens it.
struct Story {
    this: Fixture,
    copy: MachineCopy,
    opened: UnlockedVault,
    item: Item,
    rng: TestRng,
}

fn story() -> Story {
    let mut this = fixture();
    let mut draft = of("Payments", "Stripe", "one");
    draft.favourite = true;
    draft.rotation.every_days = Some(90);
    draft.attachments = vec![Attachment {
        id: AttachmentId([1; 16]),
        name: "a.txt".to_owned(),
        media_type: String::new(),
        size: 5,
        key: [1; 32],
        digest: [2; 32],
    }];
    let write = this.seal(&draft);
    this.accept(write.clone());
    let item = this.open(&write).unwrap();
    let mut rng = TestRng(8);
    let key = || VaultKey::make(&mut TestRng(7));
    // The first that this generator makes is the key.
    let made = MachineCopy::make(this.owner, COPY, &this.root, &mut TestRng(7));
    let copy = made.unwrap().0;
    let sealed = copy
        .seal(&this.vault, &details_of(&write), &mut rng)
        .unwrap();
    let mut opened = UnlockedVault::granted(this.owner, COPY, 1, key());
    assert_eq!(opened.apply([change_of(&sealed, 1)]).changed, 1);
    Story {
        this,
        copy,
        opened,
        item,
        rng,
    }
}

impl Story {
    fn id(&self) -> ItemId {
        self.item.summary.id
    }

    fn put(&self, draft: ItemDraft) -> MachineChange {
        MachineChange {
            made_at_ms: NOW + 5,
            put: Some(Box::new(draft)),
        }
    }

    fn hand_in(
        &mut self,
        item: ItemId,
        change: &MachineChange,
    ) -> Result<SealedChange, WriteError> {
        self.opened
            .seal_change(TOKEN, (CHANGE, item), change, &mut self.rng)
    }

    fn verdict(&self, item: ItemId, base: u64, change: &MachineChange) -> ChangeVerdict {
        self.this
            .vault
            .judge_change(&note(true), (item, base), change)
    }

    fn now(&self) -> (Day, u64) {
        (TODAY, NOW + 10_000)
    }
}

#[test]
fn a_change_is_taken_as_a_write_and_leaves_what_is_the_vaults() {
    let mut story = story();
    let id = story.id();
    assert_eq!(story.opened.base_of(id), Ok(1));
    let mut wish = of("Payments/EU", "Stripe", "two");
    wish.notes = "by a machine".to_owned();
    wish.tags = vec!["b".to_owned(), "a".to_owned()];
    wish.environment = Some("Production".to_owned());
    wish.expires_on = Some(Day(20_900));
    wish.places = vec![" CI ".to_owned()];
    wish.fields = vec![Field {
        name: "Account".to_owned(),
        field_type: FieldType::Text,
        value: "7".to_owned(),
    }];
    let change = story.put(wish);
    let sealed = story.hand_in(id, &change).unwrap();
    assert_eq!((sealed.item_id, sealed.base_version), (id, 1));
    let read = story.copy.open_change(TOKEN, &sealed).unwrap();
    assert_eq!(story.opened.open_change(TOKEN, &sealed), Some(read.clone()));
    assert_eq!(read.made_at_ms, NOW + 5);
    // Whoever hands it in sees it, and so does another holder of the token.
    let shown = story.opened.overlay(id, &read).unwrap();
    assert_eq!(Some(&shown.summary), story.opened.summary(id).as_ref());
    assert_eq!(shown.summary.folder, "Payments/EU");
    assert_eq!(
        story.opened.base_of(id),
        Ok(1),
        "another one is made on the same version"
    );
    // The owner takes it.
    assert_eq!(story.verdict(id, 1, &read), ChangeVerdict::Fits);
    let write = story
        .this
        .vault
        .seal_taken(id, &read, Some(&story.item), story.now(), &mut story.rng)
        .unwrap();
    assert_eq!((write.base_version, write.attachments.len()), (1, 1));
    story.this.accept(write.clone());
    let item = story.this.open(&write).unwrap();
    assert!(matches!(&item.content, Content::ApiKey { value } if value == "two"));
    assert_eq!(
        (item.notes.as_str(), item.places.as_slice()),
        ("by a machine", &["CI".to_owned()][..])
    );
    assert_eq!(item.summary.tags, ["a", "b"]);
    assert_eq!(item.summary.environment.as_deref(), Some("production"));
    assert_eq!(item.attachments, story.item.attachments);
    assert!(item.summary.favourite);
    let planned = Rotation {
        rotated_on: Some(TODAY),
        every_days: Some(90),
    };
    assert_eq!(
        item.summary.rotation, planned,
        "another secret is a rotation"
    );
    assert_eq!(item.summary.updated_at_ms, NOW + 10_000);
    // Shown once more it is outdated, and taken all the same it is the newest version.
    assert_eq!(story.verdict(id, 1, &read), ChangeVerdict::Outdated);
    let stale =
        story
            .this
            .vault
            .seal_taken(id, &read, Some(&story.item), story.now(), &mut story.rng);
    assert_eq!(
        stale.err(),
        Some(WriteError::NotFound),
        "the item is another by now"
    );
    let again = story
        .this
        .vault
        .seal_taken(id, &read, Some(&item), story.now(), &mut story.rng)
        .unwrap();
    assert_eq!(again.base_version, 2);
}

#[test]
fn a_new_item_keeps_its_id_and_comes_once() {
    let mut story = story();
    let id = ItemId([0x44; 16]);
    let change = story.put(of("Payments", "Adyen", "new"));
    let sealed = story.hand_in(id, &change).unwrap();
    assert_eq!(sealed.base_version, 0);
    story.opened.overlay(id, &change).unwrap();
    assert_eq!(
        story.opened.base_of(id),
        Ok(0),
        "it can be handed in once more"
    );
    assert_eq!(story.verdict(id, 0, &change), ChangeVerdict::Fits);
    let write = story
        .this
        .vault
        .seal_taken(id, &change, None, story.now(), &mut story.rng)
        .unwrap();
    assert_eq!((write.item_id, write.base_version), (id, 0));
    story.this.accept(write.clone());
    assert_eq!(story.verdict(id, 0, &change), ChangeVerdict::Outdated);
    // In the trash it is in no scope, and deleted for good it does not come back.
    let trash = story
        .this
        .vault
        .seal_overview_change(id, OverviewChange::Trash, NOW, &mut story.rng)
        .unwrap();
    story.this.accept(trash);
    assert_eq!(story.verdict(id, 0, &change), ChangeVerdict::OutOfScope);
    let request = WriteItemsRequest {
        purges: vec![ItemPurge {
            item_id: id,
            base_version: 2,
        }],
        ..WriteItemsRequest::default()
    };
    story.this.accept_all(&request);
    assert_eq!(story.verdict(id, 0, &change), ChangeVerdict::Gone);
    let secretless = story.put(of("Payments", "x", ""));
    assert!(matches!(
        story.hand_in(ItemId([1; 16]), &secretless),
        Err(WriteError::Draft(_))
    ));
}

#[test]
fn to_remove_is_to_move_to_the_trash() {
    let mut story = story();
    let id = story.id();
    let change = MachineChange {
        made_at_ms: NOW,
        put: None,
    };
    let sealed = story.hand_in(id, &change).unwrap();
    assert_eq!(story.copy.open_change(TOKEN, &sealed), Some(change.clone()));
    assert_eq!(story.verdict(id, 1, &change), ChangeVerdict::Fits);
    let write = story
        .this
        .vault
        .seal_taken(id, &change, None, story.now(), &mut story.rng)
        .unwrap();
    assert!(write.details.is_none());
    story.this.accept(write);
    let row = story.this.vault.summary(id).unwrap();
    assert_eq!(row.trashed_at_ms, Some(NOW + 10_000));
    assert_eq!(story.verdict(id, 2, &change), ChangeVerdict::OutOfScope);
    assert_eq!(story.opened.overlay(id, &change), None);
    assert_eq!(story.opened.summary(id), None);
    let absent = story.hand_in(id, &change);
    assert_eq!(absent.err(), Some(WriteError::NotFound));
}

#[test]
fn a_machine_is_believed_about_nothing_but_what_it_writes() {
    let mut story = story();
    let id = story.id();
    let private = story.this.add(&of("Private", "Diary", "canary"));
    let fits = story.put(of("Payments", "Stripe", "two"));
    let of_reading = story.this.vault.judge_change(&note(false), (id, 1), &fits);
    assert_eq!(of_reading, ChangeVerdict::OutOfScope, "a token that reads");
    assert_eq!(story.verdict(private, 1, &fits), ChangeVerdict::OutOfScope);
    let elsewhere = story.put(of("Private", "Stripe", "two"));
    assert_eq!(story.verdict(id, 1, &elsewhere), ChangeVerdict::OutOfScope);
    assert_eq!(
        story.verdict(ItemId([1; 16]), 0, &elsewhere),
        ChangeVerdict::OutOfScope
    );
    assert_eq!(
        story.verdict(id, 7, &fits),
        ChangeVerdict::Outdated,
        "a version to come"
    );
    assert_eq!(
        story.verdict(ItemId([1; 16]), 3, &fits),
        ChangeVerdict::Gone
    );
    let secret = Content::Note {
        text: "x".to_owned(),
    };
    let kind = story.put(ItemDraft {
        folder: "Payments".to_owned(),
        ..ItemDraft::new("Stripe", secret)
    });
    assert!(
        matches!(story.verdict(id, 1, &kind), ChangeVerdict::Broken(error) if error.field == "kind")
    );
    assert!(matches!(
        story.hand_in(id, &kind),
        Err(WriteError::Draft(_))
    ));
    let nameless = story.put(of("Payments", " ", "two"));
    assert!(
        matches!(story.verdict(id, 1, &nameless), ChangeVerdict::Broken(error) if error.field == "name")
    );
    // What opens under another name is nothing.
    let sealed = story.hand_in(id, &fits).unwrap();
    let edits: [fn(&mut SealedChange); 4] = [
        |one| one.change_id.0[0] ^= 1,
        |one| one.item_id.0[0] ^= 1,
        |one| one.base_version += 1,
        |one| one.change.0[100] ^= 1,
    ];
    for edit in edits {
        let mut other = sealed.clone();
        edit(&mut other);
        assert_eq!(story.copy.open_change(TOKEN, &other), None);
    }
    assert_eq!(
        story.copy.open_change(MachineTokenId([1; 16]), &sealed),
        None
    );
}

#[test]
fn changes_are_written_as_documented() {
    let file: Value =
        serde_json::from_str(include_str!("../../vectors/machine-changes.json")).unwrap();
    let id = |value: &Value| <[u8; 16]>::try_from(hex(value)).unwrap();
    let of_copy = VaultKey::make(&mut Tape(hex(&file["key"])));
    let vault = UnlockedVault::granted(fixture().owner, COPY, 1, of_copy);
    let opened = |place: &Value, envelope: &Value| {
        let sealed = SealedChange {
            change_id: MachineChangeId(id(&place["change"])),
            item_id: ItemId(id(&place["item"])),
            base_version: place["base"].as_u64().unwrap(),
            change: Sealed(hex(envelope)),
        };
        vault.open_change(MachineTokenId(id(&place["token"])), &sealed)
    };
    let cases = file["changes"].as_array().unwrap();
    let read: Vec<MachineChange> = cases
        .iter()
        .map(|case| opened(case, &case["envelope"]).unwrap())
        .collect();
    let draft = |number: usize| (**read[number].put.as_ref().unwrap()).clone();
    assert_eq!(draft(0), key("Stripe", "sk_live_1"));
    let all = draft(1);
    assert_eq!(
        (all.name.as_str(), all.folder.as_str()),
        ("Shop", "Payments/EU")
    );
    assert_eq!(
        (all.id, all.base_version),
        (Some(ItemId(id(&cases[1]["item"]))), 1)
    );
    assert_eq!(all.tags, ["a", "b"]);
    assert_eq!(all.environment.as_deref(), Some("production"));
    assert_eq!(
        (all.provider.as_deref(), all.expires_on),
        (Some("stripe"), Some(Day(20_800)))
    );
    assert!(matches!(&all.content, Content::Login { password, .. } if password == "pässword"));
    assert_eq!(
        (all.fields[0].value.as_str(), all.places[0].as_str()),
        ("1234", "CI")
    );
    assert_eq!(draft(2).environment.as_deref(), Some("preview"));
    assert_eq!(
        (read[3].made_at_ms, &read[3].put),
        (1_795_262_400_000, &None)
    );
    let refused = &file["refused"];
    for case in refused["cases"].as_array().unwrap() {
        assert_eq!(opened(refused, &case["envelope"]), None, "{}", case["what"]);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_is_handed_in_is_what_is_taken(
        seed: u64, name in "[a-zA-Z][a-z ]{0,20}", value in ".{1,80}", notes in ".{0,80}",
        folder in prop_oneof![Just("Payments".to_owned()), "Payments/[a-z]{1,8}"],
        tags in proptest::collection::vec("[a-z]{1,6}", 0..4),
    ) {
        let mut this = seeded(seed);
        let mut rng = TestRng(seed ^ 1);
        let key = VaultKey::make(&mut rng);
        let mut opened = UnlockedVault::granted(this.owner, COPY, 1, key);
        let wish = ItemDraft { notes, tags, ..of(&folder, &name, &value) };
        let change = MachineChange { made_at_ms: NOW, put: Some(Box::new(wish)) };
        let item = ItemId([0x44; 16]);
        let sealed = opened.seal_change(TOKEN, (CHANGE, item), &change, &mut rng).unwrap();
        let read = opened.open_change(TOKEN, &sealed).unwrap();
        let shown = opened.overlay(item, &read).unwrap();
        prop_assert_eq!(this.vault.judge_change(&note(true), (item, 0), &read), ChangeVerdict::Fits);
        let write = this.vault.seal_taken(item, &read, None, (TODAY, NOW), &mut rng).unwrap();
        this.accept(write.clone());
        let taken = this.open(&write).unwrap();
        prop_assert_eq!(&taken.content, &shown.content);
        prop_assert_eq!(&taken.notes, &shown.notes);
        prop_assert_eq!(&taken.summary.tags, &shown.summary.tags);
        prop_assert_eq!(&taken.summary.name, &shown.summary.name);
        prop_assert_eq!(&taken.summary.folder, &shown.summary.folder);
    }
}
