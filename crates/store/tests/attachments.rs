//! Attachments: what is there, who names it, and when it goes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{BeginAttachmentOutcome, NewAttachment, Store, WriteOutcome};
use keyarc_testkit::{
    FixedClock,
    build::{
        attachment_id, change, earlier, purge, sealed, signed_up, vault_id, write, write_next,
        write_overview, write_with,
    },
    count_queries, on_both,
};
use keyarc_wire::{EarlierWrite, Sealed, VaultId, WriteItemsRequest};

const NOW: u64 = FixedClock::START_MS;
const DAY: u64 = 24 * 3_600_000;
const QUOTA: u64 = 10_000;

fn new(vault: VaultId, number: u64, bytes: u64) -> NewAttachment {
    NewAttachment {
        vault,
        attachment: attachment_id(number),
        bytes,
        chunks: 2,
    }
}

async fn begin(store: &Store, new: &NewAttachment) -> BeginAttachmentOutcome {
    store.begin_attachment(new, QUOTA, NOW).await.unwrap()
}

async fn put(store: &Store, vault: VaultId, number: u64, chunk: u32) {
    let envelope = sealed(chunk as u8 + 1, 350);
    let kept = store.put_chunk(vault, attachment_id(number), chunk, &envelope);
    kept.await.unwrap();
}

/// An attachment with both of its chunks.
async fn uploaded(store: &Store, vault: VaultId, number: u64) {
    begin(store, &new(vault, number, 700)).await;
    put(store, vault, number, 0).await;
    put(store, vault, number, 1).await;
}

async fn chunk(store: &Store, vault: VaultId, number: u64, chunk: u32) -> Option<Sealed> {
    let found = store.chunk(vault, attachment_id(number), chunk);
    found.await.unwrap()
}

async fn is_there(store: &Store, vault: VaultId, number: u64) -> bool {
    let known = store.attachment(vault, attachment_id(number));
    known.await.unwrap().is_some()
}

/// Cleans up so many hours after the start.
async fn clean(store: &Store, hours: u64) -> u64 {
    let now = NOW + hours * 3_600_000;
    store.clean_up(now, u64::MAX / 4).await.unwrap().attachments
}

on_both! {
    async fn chunks_come_in_any_order_and_more_than_once(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let file = new(vault, 1, 700);
        assert_eq!(begin(store, &file).await, BeginAttachmentOutcome::Begun(vec![]));
        put(store, vault, 1, 1).await;
        assert_eq!(begin(store, &file).await, BeginAttachmentOutcome::Begun(vec![1]));
        // What is there stays as it is, whatever comes later.
        let other = sealed(0x99, 350);
        store.put_chunk(vault, attachment_id(1), 1, &other).await.unwrap();
        assert_eq!(chunk(store, vault, 1, 1).await, Some(sealed(2, 350)));
        put(store, vault, 1, 0).await;
        let (outcome, queries) = count_queries(begin(store, &file)).await;
        assert_eq!((outcome, queries), (BeginAttachmentOutcome::Begun(vec![0, 1]), 3));
        // Beyond its end, of another file, of another vault: nothing.
        put(store, vault, 1, 2).await;
        put(store, vault, 7, 0).await;
        put(store, vault_id(2), 1, 0).await;
        assert_eq!(store.count("SELECT COUNT(*) FROM attachment_chunks").await.unwrap(), 2);
        assert_eq!(chunk(store, vault, 1, 2).await, None);
        assert_eq!(chunk(store, vault_id(2), 1, 0).await, None);
    }

    async fn a_name_is_taken_once_and_the_room_is_the_accounts(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let other = signed_up(store, 2).await;
        begin(store, &new(vault, 1, 6_000)).await;
        assert_eq!(begin(store, &new(vault, 1, 6_001)).await, BeginAttachmentOutcome::Taken);
        let full = BeginAttachmentOutcome::Full { room: 4_000 };
        assert_eq!(begin(store, &new(vault, 2, 4_001)).await, full);
        assert!(!is_there(store, vault, 2).await);
        // Somebody else has room of their own, and the same name says nothing there.
        assert_eq!(begin(store, &new(other, 1, 9_000)).await, BeginAttachmentOutcome::Begun(vec![]));
        assert_eq!(begin(store, &new(vault, 2, 4_000)).await, BeginAttachmentOutcome::Begun(vec![]));
        // What was given up takes no room, and its name does not come back.
        store.drop_attachment(vault, attachment_id(2), NOW).await.unwrap();
        assert!(!is_there(store, vault, 2).await);
        assert_eq!(begin(store, &new(vault, 2, 4_000)).await, BeginAttachmentOutcome::Taken);
        assert_eq!(begin(store, &new(vault, 3, 4_000)).await, BeginAttachmentOutcome::Begun(vec![]));
        let nowhere = begin(store, &new(vault_id(77), 1, 700)).await;
        assert_eq!(nowhere, BeginAttachmentOutcome::NoVault);
    }

    async fn an_item_names_whole_attachments_only(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        uploaded(store, vault, 1).await;
        begin(store, &new(vault, 2, 700)).await;
        put(store, vault, 2, 0).await;
        for missing in [2, 3] {
            let request = change([write(5, 0), write_with(1, 0, &[1, missing])], []);
            let outcome = write_next(store, vault, request).await.unwrap();
            assert_eq!(outcome, WriteOutcome::NoAttachment);
        }
        // All or nothing: the other item was not written either.
        assert_eq!(store.count("SELECT COUNT(*) FROM items").await.unwrap(), 0);
        assert_eq!(store.count("SELECT COUNT(*) FROM attachment_refs").await.unwrap(), 0);
        put(store, vault, 2, 1).await;
        let request = change([write_with(1, 0, &[1, 2]), write_with(2, 0, &[1])], []);
        assert_eq!(write_next(store, vault, request).await.unwrap(), WriteOutcome::Written { revision: 1 });
        assert_eq!(store.count("SELECT COUNT(*) FROM attachment_refs").await.unwrap(), 3);
        // What an item names cannot be given up.
        store.drop_attachment(vault, attachment_id(1), NOW).await.unwrap();
        assert!(is_there(store, vault, 1).await);
    }

    async fn what_no_item_names_goes_after_a_day(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        for number in [1, 2, 3] {
            uploaded(store, vault, number).await;
        }
        let request = change([write_with(1, 0, &[1])], []);
        write_next(store, vault, request).await.unwrap();
        clean(store, 24).await;
        assert!(is_there(store, vault, 2).await, "a day is not over");
        clean(store, 25).await;
        assert!(is_there(store, vault, 1).await);
        assert!(!is_there(store, vault, 2).await && !is_there(store, vault, 3).await);
        assert_eq!(chunk(store, vault, 2, 0).await, None);
        assert_eq!(store.count("SELECT COUNT(*) FROM attachment_chunks").await.unwrap(), 2);
        // Too late to be named.
        let request = change([write_with(2, 0, &[2])], []);
        assert_eq!(write_next(store, vault, request).await.unwrap(), WriteOutcome::NoAttachment);
        assert_eq!(clean(store, 50).await, 2);
        assert_eq!(store.count("SELECT COUNT(*) FROM attachments").await.unwrap(), 1);
    }

    async fn the_versions_of_an_item_keep_what_they_name(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        uploaded(store, vault, 1).await;
        write_next(store, vault, change([write_with(1, 0, &[1])], [])).await.unwrap();
        // A star, and then the file is removed: the version before has it.
        write_next(store, vault, change([write_overview(1, 1)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 2)], [])).await.unwrap();
        clean(store, 1).await;
        clean(store, 100).await;
        assert!(is_there(store, vault, 1).await);
        // It comes back as a file of the next version.
        write_next(store, vault, change([write_with(1, 3, &[1])], [])).await.unwrap();
        write_next(store, vault, change([write(2, 0)], [])).await.unwrap();
        write_next(store, vault, change([], [purge(1, 4)])).await.unwrap();
        clean(store, 200).await;
        assert!(is_there(store, vault, 1).await, "a day is not over");
        clean(store, 225).await;
        assert!(!is_there(store, vault, 1).await);
        assert_eq!(store.count("SELECT COUNT(*) FROM attachment_chunks").await.unwrap(), 0);
    }

    async fn versions_that_come_along_keep_what_they_name(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let naming = |version: u64, own: bool, names: &[u64]| EarlierWrite {
            attachments: names.iter().copied().map(attachment_id).collect(),
            ..earlier(1, version, own)
        };
        let request = |history: Vec<EarlierWrite>| WriteItemsRequest {
            earlier: history,
            ..change([write_with(1, 3, &[2])], [])
        };
        let history = vec![naming(1, true, &[1]), naming(2, false, &[]), naming(3, true, &[1, 2])];
        uploaded(store, vault, 2).await;
        let outcome = write_next(store, vault, request(history.clone())).await.unwrap();
        assert_eq!(outcome, WriteOutcome::NoAttachment, "the first file is not there");
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 0);
        uploaded(store, vault, 1).await;
        let outcome = write_next(store, vault, request(history)).await.unwrap();
        assert_eq!(outcome, WriteOutcome::Written { revision: 1 });
        clean(store, 1).await;
        clean(store, 100).await;
        assert!(is_there(store, vault, 1).await && is_there(store, vault, 2).await);
        // They go with the item.
        write_next(store, vault, change([], [purge(1, 4)])).await.unwrap();
        clean(store, 101).await;
        clean(store, 130).await;
        assert!(!is_there(store, vault, 1).await && !is_there(store, vault, 2).await);
    }

    async fn a_version_that_is_not_kept_keeps_nothing(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        uploaded(store, vault, 1).await;
        write_next(store, vault, change([write_with(1, 0, &[1])], [])).await.unwrap();
        for base in 1..=u64::from(keyarc_store::VERSIONS_KEPT) + 2 {
            assert!(is_there(store, vault, 1).await);
            write_next(store, vault, change([write(1, base)], [])).await.unwrap();
        }
        clean(store, 1).await;
        clean(store, 26).await;
        assert!(!is_there(store, vault, 1).await);
    }

    async fn thousands_of_writes_name_attachments_in_two_statements(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        uploaded(store, vault, 1).await;
        let one = change([write_with(1, 0, &[1])], []);
        let (_, few) = count_queries(write_next(store, vault, one)).await;
        let many = change((2..300).map(|item| write_with(item, 0, &[1])), []);
        let (outcome, more) = count_queries(write_next(store, vault, many)).await;
        assert_eq!(outcome.unwrap(), WriteOutcome::Written { revision: 2 });
        assert_eq!(few, more);
    }

    async fn cleaning_up_ends_with_many_chunks(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let file = NewAttachment { chunks: 50, ..new(vault, 1, 9_000) };
        begin(store, &file).await;
        for number in 0..50 {
            put(store, vault, 1, number).await;
        }
        uploaded(store, vault, 2).await;
        write_next(store, vault, change([write_with(1, 0, &[2])], [])).await.unwrap();
        store.clean_up(NOW + DAY + 1, u64::MAX / 4).await.unwrap();
        assert_eq!(store.count("SELECT COUNT(*) FROM attachment_chunks").await.unwrap(), 2);
        assert_eq!(chunk(store, vault, 2, 1).await, Some(sealed(2, 350)));
    }
}
