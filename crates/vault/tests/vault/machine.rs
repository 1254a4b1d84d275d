//! The copy of some items that a machine token opens.

use keyarc_crypto::RootKey;
use keyarc_vault::{
    Attachment, Content, CopyDifference, DetailsError, ItemDraft, MachineCopy, MachineNote,
    MachineScope, OverviewChange, ResealError, Tree, UnlockedVault,
};
use keyarc_wire::{
    AttachmentId, ItemPurge, ItemWrite, MachineTokenId, VaultId, VaultInfo, WriteItemsRequest,
};

use crate::common::{Fixture, TestRng, change_of, details_of, fixture, key};

const COPY: VaultId = VaultId([0x77; 16]);
const TOKEN: MachineTokenId = MachineTokenId([0x55; 16]);

fn of(folder: &str, name: &str) -> ItemDraft {
    ItemDraft {
        folder: folder.to_owned(),
        ..key(name, &format!("value of {name}"))
    }
}

fn payments() -> MachineScope {
    MachineScope {
        folders: vec!["Payments".to_owned()],
        environments: Vec::new(),
    }
}

fn copy(this: &mut Fixture) -> MachineCopy {
    let made = MachineCopy::make(this.owner, COPY, &this.root, &mut this.rng);
    made.unwrap().0
}

/// Seals what differs, and takes it.
fn update(
    this: &mut Fixture,
    copy: &mut MachineCopy,
    writes: &[ItemWrite],
    revision: u64,
) -> WriteItemsRequest {
    let CopyDifference { put, gone } = copy.difference(&this.vault, &payments());
    let sealed = put.iter().map(|item| {
        let write = writes.iter().rfind(|write| write.item_id == *item).unwrap();
        copy.seal(&this.vault, &details_of(write), &mut this.rng)
            .unwrap()
    });
    let request = WriteItemsRequest {
        writes: sealed.collect(),
        purges: gone,
        ..WriteItemsRequest::default()
    };
    let expected = copy.tree_after(&request);
    copy.accept(&request, revision);
    assert_eq!(copy.tree(), expected);
    assert!(copy.difference(&this.vault, &payments()).is_none());
    request
}

#[test]
fn a_copied_item_is_what_it_was_without_its_files_and_opens_nowhere_else() {
    let mut this = fixture();
    let mut draft = of("Payments", "Stripe");
    draft.notes = "a note".to_owned();
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
    let mut copy = copy(&mut this);
    let request = update(&mut this, &mut copy, std::slice::from_ref(&write), 1);
    let sealed = &request.writes[0];
    assert_eq!((sealed.item_id, sealed.base_version), (write.item_id, 0));
    assert!(sealed.attachments.is_empty());
    // Whoever has the copy's key and nothing else.
    let (_, wrapped) = MachineCopy::make(this.owner, COPY, &this.root, &mut TestRng(9)).unwrap();
    let info = VaultInfo {
        id: COPY,
        key_epoch: 1,
        wrapped_key: wrapped,
        revision: 0,
    };
    let other = keyarc_vault::LockedVault::new(info, this.owner);
    let mut other = other.unlock(&this.root).unwrap();
    let changes = || request.writes.iter().map(|write| change_of(write, 1));
    assert_eq!(other.apply(changes()).unreadable, 1, "under another key");
    let mut granted = opened(&this, &copy);
    let tree = copy.tree();
    assert_eq!(granted.expect(changes(), tree), Ok(()));
    assert_eq!(granted.apply(changes()).changed, 1);
    let item = granted.open_details(&details_of(sealed)).unwrap();
    assert!(matches!(&item.content, Content::ApiKey { value } if value == "value of Stripe"));
    assert_eq!(
        (item.notes.as_str(), item.summary.folder.as_str()),
        ("a note", "Payments")
    );
    assert!(item.attachments.is_empty() && item.summary.files.is_empty());
    // The vault does not take it for its own.
    assert_eq!(this.vault.apply(changes()).unreadable, 1);
    let details = granted.open_details(&details_of(&write));
    assert_eq!(details.err(), Some(DetailsError::Tampered));
}

/// The copy, by its key alone.
fn opened(this: &Fixture, copy: &MachineCopy) -> UnlockedVault {
    use keyarc_crypto::{MachineGrant, MachineToken};
    let mut rng = TestRng(3);
    let token = MachineToken::make(&mut rng);
    let grant = MachineGrant {
        account: this.owner.0,
        identity: [0; 32],
        vault: copy.id().0,
        epoch: copy.key_epoch(),
        floor_version: 1,
        floor_hash: [0; 32],
        writes: false,
        expires_at_ms: None,
    };
    let keys = token.derive_keys();
    let sealed = grant.seal(copy.key(), &keys, token.id(), &mut rng).unwrap();
    let (grant, key) = MachineGrant::open(&sealed, &keys, token.id()).unwrap();
    UnlockedVault::granted(this.owner, VaultId(grant.vault), grant.epoch, key)
}

#[test]
fn what_differs_is_what_is_written() {
    let mut this = fixture();
    let mut writes = Vec::new();
    for (folder, name) in [("Payments", "a"), ("Payments/EU", "b"), ("Private", "c")] {
        let write = this.seal(&of(folder, name));
        this.accept(write.clone());
        writes.push(write);
    }
    let id = |number: usize, writes: &[ItemWrite]| writes[number].item_id;
    let mut copy = copy(&mut this);
    let first = update(&mut this, &mut copy, &writes, 1);
    assert_eq!((first.writes.len(), copy.count()), (2, 2));
    // A star is a version, too, and the trash is in no scope.
    let mut rng = TestRng(5);
    let star = this
        .vault
        .seal_overview_change(id(0, &writes), OverviewChange::Trash, this.now, &mut rng)
        .unwrap();
    this.accept(star);
    let gone = update(&mut this, &mut copy, &writes, 2);
    let purge = ItemPurge {
        item_id: id(0, &writes),
        base_version: 1,
    };
    assert_eq!((gone.writes.len(), gone.purges), (0, vec![purge]));
    assert_eq!(copy.count(), 1);
    // Out of the trash it comes back, on top of its tombstone.
    let back = this
        .vault
        .seal_overview_change(id(0, &writes), OverviewChange::Restore, this.now, &mut rng)
        .unwrap();
    this.accept(back.clone());
    let difference = copy.difference(&this.vault, &payments());
    assert_eq!(difference.put, [id(0, &writes)]);
    let mut details = details_of(&writes[0]);
    details.version = back.base_version + 1;
    let sealed = copy.seal(&this.vault, &details, &mut rng).unwrap();
    assert_eq!(sealed.base_version, 2);
    // Details of before are not taken for those of now, nor those of another item.
    let mut foreign = details_of(&writes[1]);
    foreign.item_id = id(0, &writes);
    foreign.version = details.version;
    let refused = copy.seal(&this.vault, &foreign, &mut rng).err();
    assert_eq!(refused, Some(ResealError::Details(DetailsError::Tampered)));
}

#[test]
fn what_a_server_says_of_a_copy_is_taken_if_it_was_signed() {
    let mut this = fixture();
    let write = this.seal(&of("Payments", "a"));
    this.accept(write.clone());
    let made = MachineCopy::make(this.owner, COPY, &this.root, &mut this.rng);
    let (mut ours, wrapped) = made.unwrap();
    let request = update(&mut this, &mut ours, &[write], 1);
    let info = VaultInfo {
        id: COPY,
        key_epoch: 1,
        wrapped_key: wrapped,
        revision: 1,
    };
    let mut theirs = MachineCopy::open(this.owner, &info, &this.root).unwrap();
    let changes: Vec<_> = request.writes.iter().map(|one| change_of(one, 1)).collect();
    let signed = ours.tree();
    assert!(theirs.take(&[], signed, 1).is_err());
    let other = Tree {
        root: [1; 32],
        ..signed
    };
    assert!(theirs.take(&changes, other, 1).is_err());
    assert_eq!(theirs.revision(), 0);
    assert_eq!(theirs.take(&changes, signed, 1), Ok(()));
    assert!(theirs.difference(&this.vault, &payments()).is_none());
    // An older version of an item never comes back, whatever was signed.
    let next = WriteItemsRequest {
        purges: vec![ItemPurge {
            item_id: changes[0].item_id,
            base_version: 1,
        }],
        ..WriteItemsRequest::default()
    };
    theirs.accept(&next, 2);
    assert!(theirs.take(&changes, signed, 3).is_err());
    // The key is that of this copy, of this account.
    for wrong in [
        VaultInfo {
            id: VaultId([1; 16]),
            ..info.clone()
        },
        VaultInfo {
            key_epoch: 2,
            ..info.clone()
        },
    ] {
        assert!(MachineCopy::open(this.owner, &wrong, &this.root).is_err());
    }
    let root = RootKey::make(&mut this.rng);
    assert!(MachineCopy::open(this.owner, &info, &root).is_err());
}

#[test]
fn a_note_is_about_one_token_and_one_copy() {
    let note = MachineNote::new(TOKEN, COPY, " ci ", &payments(), false).unwrap();
    assert_eq!(note.name, "ci");
    let bytes = note.encode();
    assert_eq!(MachineNote::decode(&bytes, TOKEN, COPY), Some(note.clone()));
    assert_eq!(
        MachineNote::decode(&bytes, MachineTokenId([1; 16]), COPY),
        None
    );
    assert_eq!(MachineNote::decode(&bytes, TOKEN, VaultId([1; 16])), None);
    for cut in 0..bytes.len() {
        assert_eq!(MachineNote::decode(&bytes[..cut], TOKEN, COPY), None);
    }
    assert!(!format!("{note:?}").contains("ci"));
    // One that says nothing of writing is as it was before tokens wrote, and reads.
    assert_eq!(bytes[0], 0x84);
    assert!(!note.writes());
    let writes = MachineNote::new(TOKEN, COPY, "ci", &payments(), true).unwrap();
    let bytes = writes.encode();
    let read = MachineNote::decode(&bytes, TOKEN, COPY).unwrap();
    assert!(read.writes() && read == writes);
    for other in [0, 1, 3] {
        let mut spoilt = bytes.clone();
        *spoilt.last_mut().unwrap() = other;
        assert_eq!(MachineNote::decode(&spoilt, TOKEN, COPY), None, "{other}");
    }
    let many = MachineScope {
        folders: (0..51).map(|number| format!("f{number}")).collect(),
        environments: Vec::new(),
    };
    for (name, scope, field) in [
        ("", payments(), "name"),
        ("a\u{202e}b", payments(), "name"),
        ("x", many, "folder"),
        (
            "x",
            MachineScope {
                environments: vec![" ".to_owned()],
                ..payments()
            },
            "environment",
        ),
    ] {
        let refused = MachineNote::new(TOKEN, COPY, name, &scope, true);
        assert_eq!(refused.unwrap_err().field, field);
    }
    let untidy = MachineScope {
        folders: vec![" b/ ".to_owned(), "a".to_owned(), "/b".to_owned()],
        environments: vec!["PRODUCTION".to_owned()],
    };
    let tidy = untidy.checked().unwrap();
    assert_eq!(tidy.folders, ["a", "b"]);
    assert_eq!(tidy.environments, ["production"]);
}
