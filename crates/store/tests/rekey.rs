//! Change of all keys: wholly old or wholly new.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures::TryStreamExt as _;
use keyarc_store::{
    ChannelChange, HandInOutcome, MakeMachineTokenOutcome, NewAccountKeys, NewAttachment,
    NewMachineToken, NewRecovery, RekeyOutcome, Store,
};
use keyarc_testkit::{
    FixedClock,
    build::{
        account, attachment_id, auth_key, change, handle, id, item_id, items_of, login_key,
        new_keyset, new_vault, nonce, purge, recovery_key, sealed, session, signed_up, vault_id,
        write, write_next, write_with,
    },
    count_queries, on_both,
};
use keyarc_wire::{
    Bytes, ItemChange, MachineChangeId, MachineTokenId, NewMachineChange, Sealed, StagedItem,
    WriteItemsRequest,
};

const REKEY: [u8; 16] = [9; 16];
const NOW: u64 = FixedClock::START_MS;

/// The items 1 to `count` in the vault of person 1, as versions 1.
async fn with_items(store: &Store, count: u64) {
    signed_up(store, 1).await;
    signed_up(store, 2).await;
    let writes = (1..=count).map(|number| write(number, 0)).collect();
    let request = WriteItemsRequest {
        writes,
        ..WriteItemsRequest::default()
    };
    write_next(store, vault_id(1), request).await.unwrap();
}

fn staged(number: u64, version: u64) -> StagedItem {
    StagedItem {
        item_id: item_id(number),
        version,
        overview: sealed(number as u8 ^ 0x55, 350),
        details: sealed(number as u8 ^ 0xaa, 606),
        attachments: Vec::new(),
    }
}

async fn stage(store: &Store, rekey: [u8; 16], items: Vec<StagedItem>) {
    store
        .stage_items(account(1).id, &rekey, items, NOW)
        .await
        .unwrap();
}

fn keys(head: u64) -> NewAccountKeys {
    NewAccountKeys {
        rekey: REKEY,
        keys: new_keyset(2, 11),
        rotations: Bytes(vec![7; 247]),
        vault: vault_id(1),
        head,
        key_epoch: 2,
        wrapped_vault_key: sealed(0x33, 350),
        manifest: Bytes(vec![8; 203]),
        recovery: NewRecovery {
            version: 2,
            key: Some(recovery_key(1, 2)),
            changed_at_ms: NOW,
        },
    }
}

async fn rekey(store: &Store, new: &NewAccountKeys, number: u64) -> RekeyOutcome {
    store
        .rekey(&login_key(1), session(1).id, new, &nonce(number))
        .await
        .unwrap()
}

async fn items(store: &Store) -> Vec<ItemChange> {
    let rows = store.changes(vault_id(1), 0, None).await.unwrap();
    let chunks: Vec<_> = rows.try_collect().await.unwrap();
    let mut items = items_of(chunks.into_iter().flatten());
    items.sort_by_key(|item| item.item_id);
    items
}

async fn details(store: &Store, number: u64) -> Option<(u64, Sealed)> {
    let found = store
        .details(vault_id(1), &[item_id(number)], usize::MAX)
        .await
        .unwrap();
    let keyarc_store::DetailsOutcome::Found(found) = found else {
        return None;
    };
    found
        .into_iter()
        .next()
        .map(|details| (details.details_version, details.details))
}

/// Nothing of a change of keys is to be seen.
async fn is_old(store: &Store) {
    let row = store.account(account(1).id).await.unwrap().unwrap();
    assert_eq!(row.keyset, account(1).keyset);
    assert_eq!(
        (row.vaults[0].key_epoch, &row.vaults[0].wrapped_key),
        (1, &account(1).vault.wrapped_key)
    );
    assert!(row.rotations.0.is_empty());
    assert_eq!(row.recovery.unwrap().version, 1);
    assert_eq!(
        store.login_key(handle(1)).await.unwrap(),
        Some(login_key(1))
    );
    for item in items(store).await {
        if let Some((version, overview)) = item.live {
            assert!(version <= item.version && !overview.0.contains(&(item.item_id.0[7] ^ 0x55)));
        }
    }
}

fn machine_token(number: u64) -> NewMachineToken {
    NewMachineToken {
        id: MachineTokenId(id(number)),
        auth_public_key: auth_key(number).public_key(),
        grant: sealed(1, 350),
        note: sealed(2, 350),
        vault: new_vault(number),
        first: WriteItemsRequest {
            manifest: Bytes(vec![1; 203]),
            ..change([write(1, 0)], [])
        },
        networks: Vec::new(),
        created_at_ms: NOW,
        expires_at_ms: None,
        writes: true,
    }
}

fn handed_in() -> NewMachineChange {
    NewMachineChange {
        change_id: MachineChangeId(id(1)),
        item_id: item_id(1),
        base_version: 1,
        replaces: None,
        change: sealed(1, 350),
    }
}

on_both! {
    async fn machine_tokens_are_revoked_with_the_keys_and_go_with_their_account(db) {
        let store = db.store();
        with_items(store, 1).await;
        for (owner, token) in [(1, 100), (1, 101), (2, 102)] {
            let made = store.make_machine_token(account(owner).id, machine_token(token)).await;
            assert_eq!(made.unwrap(), MakeMachineTokenOutcome::Made);
        }
        let again = store.make_machine_token(account(1).id, machine_token(100)).await;
        assert_eq!(again.unwrap(), MakeMachineTokenOutcome::Exists);
        for token in [100, 102] {
            let handed_in = store.hand_in(MachineTokenId(id(token)), vec![handed_in()], NOW).await;
            assert_eq!(handed_in.unwrap(), HandInOutcome::HandedIn);
        }
        let waiting = "SELECT COUNT(*) FROM machine_changes";
        let in_force = "SELECT COUNT(*) FROM machine_tokens WHERE revoked_at_ms IS NULL";
        let items = "SELECT COUNT(*) FROM machine_items";
        stage(store, REKEY, vec![staged(1, 2)]).await;
        // One that comes to nothing takes nothing away.
        assert_eq!(rekey(store, &keys(7), 50).await, RekeyOutcome::Stale);
        assert_eq!((store.count(in_force).await.unwrap(), store.count(items).await.unwrap()), (3, 3));
        assert_eq!(rekey(store, &keys(1), 51).await, RekeyOutcome::Changed);
        assert_eq!((store.count(in_force).await.unwrap(), store.count(items).await.unwrap()), (1, 1));
        assert_eq!(store.count(waiting).await.unwrap(), 1);
        let late = store.hand_in(MachineTokenId(id(100)), vec![handed_in()], NOW).await;
        assert_eq!(late.unwrap(), HandInOutcome::NoToken);
        let told = store.machine_tokens(account(1).id).await.unwrap();
        assert!(told.iter().all(|one| one.revoked_at_ms == Some(NOW + 1)), "{told:?}");
        assert_eq!(store.machine_head(account(1).id, told[0].id).await.unwrap(), None);
        store.sabotage("DELETE FROM accounts").await.unwrap();
        for table in [
            "SELECT COUNT(*) FROM machine_tokens",
            "SELECT COUNT(*) FROM machine_manifests",
            items,
            waiting,
        ] {
            assert_eq!(store.count(table).await.unwrap(), 0, "{table}");
        }
    }

    async fn everything_changes_in_as_many_statements_for_any_number_of_items(db) {
        let store = db.store();
        with_items(store, 3).await;
        let gone = WriteItemsRequest { purges: vec![purge(3, 1)], ..WriteItemsRequest::default() };
        write_next(store, vault_id(1), gone).await.unwrap();
        store.keep_pins(account(1).id, &[1; 16], &sealed(1, 350), NOW).await.unwrap();
        let ((), queries) = count_queries(stage(store, REKEY, vec![staged(1, 2)])).await;
        assert_eq!(queries, 3);
        // Of the vault of somebody else, gone, and nowhere: passed over.
        let ((), queries) = count_queries(
            stage(store, REKEY, vec![staged(2, 2), staged(3, 3), staged(77, 2)])
        ).await;
        assert_eq!(queries, 3);
        assert_eq!(store.count("SELECT COUNT(*) FROM rekey_items").await.unwrap(), 2);
        let begun = store.account(account(1).id).await.unwrap().unwrap().rekey_begun_at_ms;
        assert_eq!(begun, Some(NOW));
        is_old(store).await;

        let webhook = ChannelChange::Webhook { sealed: vec![5; 60], key_id: [1; 8], since_ms: NOW };
        store.change_channel(account(1).id, &webhook).await.unwrap();
        let (outcome, queries) = count_queries(rekey(store, &keys(2), 5)).await;
        assert_eq!((outcome, queries), (RekeyOutcome::Changed, 22));
        // Whoever had the old keys may have switched it on.
        assert_eq!(store.count("SELECT COUNT(*) FROM reminder_settings").await.unwrap(), 0);
        let row = store.account(account(1).id).await.unwrap().unwrap();
        assert_eq!(row.keyset, keys(2).keys.keyset);
        assert_eq!(row.rotations, keys(2).rotations);
        assert_eq!((row.vaults[0].key_epoch, row.vaults[0].revision), (2, 3));
        assert_eq!(row.vaults[0].wrapped_key, keys(2).wrapped_vault_key);
        assert_eq!(row.recovery.unwrap().version, 2);
        assert!(row.pins.is_empty() && row.rekey_begun_at_ms.is_none());
        let key = store.login_key(handle(1)).await.unwrap().unwrap();
        assert_eq!(key.auth_public_key, auth_key(11).public_key());
        let all = items(store).await;
        assert_eq!(all.len(), 3);
        for (item, number) in all.iter().zip([1, 2]) {
            assert_eq!((item.version, item.revision), (2, 3));
            assert_eq!(item.live, Some((2, staged(number, 2).overview)));
            assert_eq!(details(store, number).await, Some((2, staged(number, 2).details)));
        }
        // A tombstone has nothing to be sealed.
        assert_eq!((all[2].version, all[2].revision, &all[2].live), (2, 2, &None));
        assert_eq!(store.count("SELECT COUNT(*) FROM rekey_items").await.unwrap(), 0);
        let head = store.vault_head(vault_id(1)).await.unwrap().unwrap();
        assert_eq!((head.manifest, head.rotations, head.key_epoch), (keys(2).manifest, keys(2).rotations, 2));
    }

    async fn the_versions_of_before_end_with_the_keys_and_not_sooner(db) {
        let store = db.store();
        with_items(store, 1).await;
        for vault in [vault_id(1), vault_id(2)] {
            let base = u64::from(vault == vault_id(1));
            for base in base..2 {
                let writes = vec![write(1, base)];
                let request = WriteItemsRequest { writes, ..WriteItemsRequest::default() };
                write_next(store, vault, request).await.unwrap();
            }
        }
        let count = async || store.count("SELECT COUNT(*) FROM item_versions").await.unwrap();
        stage(store, REKEY, vec![staged(1, 2)]).await;
        assert_eq!(rekey(store, &keys(2), 5).await, RekeyOutcome::Stale);
        assert_eq!(count().await, 2);
        stage(store, REKEY, vec![staged(1, 3)]).await;
        assert_eq!(rekey(store, &keys(2), 6).await, RekeyOutcome::Changed);
        // That of the other account.
        assert_eq!(count().await, 1);
        let kept = store.item_versions(vault_id(1), item_id(1), None, 9).await.unwrap().unwrap();
        assert!(kept.versions.is_empty());
        // From here on there is a history again, of the new keys.
        let request = WriteItemsRequest { writes: vec![write(1, 3)], ..WriteItemsRequest::default() };
        store.write_items(vault_id(1), 3, request, NOW).await.unwrap();
        let kept = store.item_versions(vault_id(1), item_id(1), None, 9).await.unwrap().unwrap();
        assert_eq!(kept.versions.iter().map(|kept| kept.version).collect::<Vec<_>>(), [3]);
    }

    async fn attachments_go_with_their_items_to_the_next_keys(db) {
        let store = db.store();
        with_items(store, 1).await;
        for number in [1, 2] {
            let new = NewAttachment {
                vault: vault_id(1),
                attachment: attachment_id(number),
                bytes: 350,
                chunks: 1,
            };
            store.begin_attachment(&new, u64::MAX / 4, NOW).await.unwrap();
            store.put_chunk(vault_id(1), attachment_id(number), 0, &sealed(1, 350)).await.unwrap();
        }
        // The first is named by a version of before only, the second by the item.
        for (base, number) in [(1, 1), (2, 2)] {
            let request = change([write_with(1, base, &[number])], []);
            write_next(store, vault_id(1), request).await.unwrap();
        }
        stage(store, REKEY, vec![staged(1, 4)]).await;
        assert_eq!(rekey(store, &keys(3), 5).await, RekeyOutcome::Changed);
        for hours in [1, 26] {
            store.clean_up(NOW + hours * 3_600_000, u64::MAX / 4).await.unwrap();
        }
        let is_there = async |number| {
            let known = store.attachment(vault_id(1), attachment_id(number)).await;
            known.unwrap().is_some()
        };
        assert!(!is_there(1).await && is_there(2).await);
    }

    async fn other_sessions_end_and_other_accounts_notice_nothing(db) {
        let store = db.store();
        with_items(store, 1).await;
        let begun = store.begin_session(&login_key(1), &session(3), &nonce(3), None, None).await;
        assert_eq!(begun.unwrap(), keyarc_store::BeginOutcome::Begun);
        stage(store, REKEY, vec![staged(1, 2)]).await;
        assert_eq!(rekey(store, &keys(1), 5).await, RekeyOutcome::Changed);
        let sessions = store.sessions(account(1).id).await.unwrap();
        assert_eq!(sessions.iter().map(|s| s.id).collect::<Vec<_>>(), [session(1).id]);
        assert_eq!(store.sessions(account(2).id).await.unwrap().len(), 1);
        let other = store.account(account(2).id).await.unwrap().unwrap();
        assert_eq!((other.keyset, other.vaults[0].key_epoch), (account(2).keyset, 1));
    }

    async fn nothing_changes_while_anything_is_missing_or_has_moved_on(db) {
        let store = db.store();
        with_items(store, 2).await;
        let mut number = 10;
        let mut refused = async |new: &NewAccountKeys, expected| {
            number += 1;
            assert_eq!(rekey(store, new, number).await, expected, "{number}");
            is_old(store).await;
        };
        // An item is missing, is of another version, or is of another change of keys.
        refused(&keys(1), RekeyOutcome::Stale).await;
        stage(store, REKEY, vec![staged(1, 2)]).await;
        refused(&keys(1), RekeyOutcome::Stale).await;
        stage(store, REKEY, vec![staged(2, 3)]).await;
        refused(&keys(1), RekeyOutcome::Stale).await;
        stage(store, REKEY, vec![staged(2, 2)]).await;
        refused(&NewAccountKeys { rekey: [8; 16], ..keys(1) }, RekeyOutcome::Stale).await;
        // The vault, its key, the keyset, the recovery key are others by now.
        refused(&keys(0), RekeyOutcome::Stale).await;
        refused(&keys(2), RekeyOutcome::Stale).await;
        refused(&NewAccountKeys { key_epoch: 3, ..keys(1) }, RekeyOutcome::Stale).await;
        refused(&NewAccountKeys { vault: vault_id(2), ..keys(0) }, RekeyOutcome::Stale).await;
        refused(&NewAccountKeys { keys: new_keyset(3, 11), ..keys(1) }, RekeyOutcome::Conflict).await;
        let recovery = NewRecovery { version: 3, ..keys(1).recovery };
        refused(&NewAccountKeys { recovery, ..keys(1) }, RekeyOutcome::Conflict).await;
        store.use_nonce(&nonce(50)).await.unwrap();
        assert_eq!(rekey(store, &keys(1), 50).await, RekeyOutcome::NonceUsed);
        is_old(store).await;
        // Somebody wrote: the item that is staged is not the one that is there.
        let request = WriteItemsRequest { writes: vec![write(1, 1)], ..WriteItemsRequest::default() };
        write_next(store, vault_id(1), request).await.unwrap();
        refused(&keys(2), RekeyOutcome::Stale).await;
        stage(store, REKEY, vec![staged(1, 3)]).await;
        assert_eq!(rekey(store, &keys(2), 60).await, RekeyOutcome::Changed);
        // And it happens once.
        assert_eq!(rekey(store, &keys(2), 61).await, RekeyOutcome::Conflict);
    }

    async fn another_change_of_keys_drops_what_was_staged_and_so_does_giving_up(db) {
        let store = db.store();
        with_items(store, 2).await;
        let count = async || store.count("SELECT COUNT(*) FROM rekey_items").await.unwrap();
        stage(store, REKEY, vec![staged(1, 2), staged(2, 2)]).await;
        stage(store, REKEY, vec![staged(1, 2)]).await;
        assert_eq!(count().await, 2);
        stage(store, [8; 16], vec![staged(1, 2)]).await;
        assert_eq!(count().await, 1);
        store.discard_rekey(account(1).id).await.unwrap();
        assert_eq!(count().await, 0);
        stage(store, REKEY, vec![staged(1, 2)]).await;
        let cleaned = store.clean_up(NOW + 24 * 3_600_000, u64::MAX / 4).await.unwrap();
        assert_eq!(cleaned.rekeys, 0);
        let cleaned = store.clean_up(NOW + 24 * 3_600_000 + 1, u64::MAX / 4).await.unwrap();
        assert_eq!((cleaned.rekeys, count().await), (1, 0));
        is_old(store).await;
    }

    async fn a_write_and_a_change_of_keys_at_once_leave_a_whole_vault(db) {
        let store = db.store();
        with_items(store, 2).await;
        stage(store, REKEY, vec![staged(1, 2), staged(2, 2)]).await;
        let request = WriteItemsRequest { writes: vec![write(1, 1)], ..WriteItemsRequest::default() };
        let (new, used) = (keys(1), nonce(5));
        let key = login_key(1);
        let (changed, written) = futures::join!(
            store.rekey(&key, session(1).id, &new, &used),
            store.write_items(vault_id(1), 1, request, NOW)
        );
        let changed = changed.unwrap() == RekeyOutcome::Changed;
        let written = matches!(written.unwrap(), keyarc_store::WriteOutcome::Written { .. });
        assert!(changed != written, "{changed} {written}");
        if written {
            is_old(store).await;
        }
        assert_eq!(store.account(account(1).id).await.unwrap().unwrap().vaults[0].revision, 2);
    }
}

/// A step of the swap that breaks: how to break it on either database, and how to mend it.
struct Step {
    sqlite: &'static str,
    postgres: &'static str,
    mend_sqlite: &'static str,
    mend_postgres: &'static str,
}

macro_rules! steps {
    ($($event:literal $table:literal),* $(,)?) => {
        [$(Step {
            sqlite: concat!("CREATE TRIGGER broken BEFORE ", $event, " ON ", $table,
                " BEGIN SELECT RAISE(ABORT, 'broken'); END"),
            postgres: concat!("CREATE TRIGGER broken BEFORE ", $event, " ON ", $table,
                " EXECUTE FUNCTION broken()"),
            mend_sqlite: "DROP TRIGGER broken",
            mend_postgres: concat!("DROP TRIGGER broken ON ", $table),
        }),*]
    };
}

on_both! {
    async fn whichever_step_breaks_nothing_has_happened(db) {
        let store = db.store();
        with_items(store, 2).await;
        store.begin_session(&login_key(1), &session(3), &nonce(3), None, None).await.unwrap();
        store.keep_pins(account(1).id, &[1; 16], &sealed(1, 350), NOW).await.unwrap();
        stage(store, REKEY, vec![staged(1, 2), staged(2, 2)]).await;
        let is_sqlite = store.kind() == keyarc_store::DbKind::Sqlite;
        if !is_sqlite {
            let function = "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'broken'; END $$";
            store.sabotage(function).await.unwrap();
        }
        let steps = steps![
            "INSERT" "used_nonces",
            "UPDATE" "keysets",
            "UPDATE" "recovery_keys",
            "UPDATE" "vaults",
            "UPDATE" "items",
            "UPDATE" "item_details",
            "INSERT" "manifests",
            "UPDATE" "accounts",
            "DELETE" "pins",
            "DELETE" "rekeys",
            "DELETE" "sessions",
        ];
        for (at, step) in steps.iter().enumerate() {
            store.sabotage(if is_sqlite { step.sqlite } else { step.postgres }).await.unwrap();
            let broken = store.rekey(&login_key(1), session(1).id, &keys(1), &nonce(70)).await;
            assert!(broken.is_err(), "step {at}");
            is_old(store).await;
            assert_eq!(store.sessions(account(1).id).await.unwrap().len(), 2, "step {at}");
            let row = store.account(account(1).id).await.unwrap().unwrap();
            assert_eq!((row.pins.len(), row.vaults[0].revision), (1, 1), "step {at}");
            store.sabotage(if is_sqlite { step.mend_sqlite } else { step.mend_postgres }).await.unwrap();
        }
        // Once nothing is broken it happens, with the same nonce.
        assert_eq!(rekey(store, &keys(1), 70).await, RekeyOutcome::Changed);
    }
}
