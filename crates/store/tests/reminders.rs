//! Reminders: what an account keeps, what is due, and that each is sent once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use keyarc_store::{
    ChannelChange, ClaimedDelivery, DeliveryChannel, DeliveryFault, DeliveryState, MailRow,
    NewAccount, NewReminders, PutOutcome, SignUpOutcome, Store,
};
use keyarc_testkit::{
    FixedClock,
    build::{account, nonce, sealed, session, signed_up},
    count_queries, on_both,
};
use keyarc_wire::{AccountId, ReminderEntry, ReminderId};

const NOW: u64 = FixedClock::START_MS;
const DAY: u64 = 24 * 3_600_000;
const TODAY: u32 = (NOW / DAY) as u32;

fn entry(id: u8, days: i32) -> ReminderEntry {
    ReminderEntry {
        id: ReminderId([id; 16]),
        on: TODAY.checked_add_signed(days).unwrap(),
    }
}

/// Leads of 0, 7 and 30 days, handed over today.
fn set(entries: &[ReminderEntry]) -> NewReminders {
    NewReminders {
        digest: [entries.len() as u8; 32],
        lead_mask: 0b10_1001,
        entries: entries.to_vec(),
        today: TODAY,
    }
}

fn webhook() -> ChannelChange {
    ChannelChange::Webhook {
        sealed: vec![5; 60],
        key_id: [1; 8],
        since_ms: NOW,
    }
}

async fn put(store: &Store, id: AccountId, base: u64, entries: &[ReminderEntry]) -> PutOutcome {
    let set = set(entries);
    store
        .put_reminders(id, base, None, Some(&set), NOW)
        .await
        .unwrap()
}

async fn mail_on(store: &Store, id: AccountId) {
    let code = ChannelChange::MailCode {
        tag: [3; 32],
        until_ms: NOW + 1,
        language: "de".to_owned(),
    };
    store.change_channel(id, &code).await.unwrap();
    assert!(store.confirm_mail(id, &[3; 32], &id.0, NOW).await.unwrap());
}

async fn signed_up_with_email(store: &Store, number: u64, email: &str) {
    let account = NewAccount {
        email: Some(email.to_owned()),
        email_key: Some(email.to_owned()),
        ..account(number)
    };
    let made = store
        .sign_up(&account, &session(number), &nonce(number), None)
        .await;
    assert_eq!(made.unwrap(), SignUpOutcome::Made);
}

async fn claim(store: &Store, lease: u8, now_ms: u64) -> Vec<ClaimedDelivery> {
    store
        .claim_deliveries(&[lease; 16], now_ms, now_ms + 1_000, 10)
        .await
        .unwrap()
}

fn days_of(claimed: &[ClaimedDelivery]) -> Vec<(DeliveryChannel, Vec<u8>)> {
    claimed
        .iter()
        .map(|one| {
            let ids = one.entries.iter().map(|entry| entry.id.0[0]).collect();
            (one.key.channel, ids)
        })
        .collect()
}

on_both! {
    async fn settings_are_kept_over_the_revision_that_was_read(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        let row = store.reminders(id).await.unwrap().unwrap();
        assert_eq!((row.revision, row.state, row.mail), (0, None, MailRow::Off));
        let state = sealed(1, 100);
        let (kept, queries) = count_queries(store.put_reminders(id, 0, Some(&state), None, NOW)).await;
        assert_eq!((kept.unwrap(), queries), (PutOutcome::Kept(1), 2));
        // Somebody else read the same.
        let late = store.put_reminders(id, 0, Some(&sealed(2, 100)), None, NOW).await.unwrap();
        assert_eq!(late, PutOutcome::Conflict);
        let row = store.reminders(id).await.unwrap().unwrap();
        assert_eq!((row.revision, row.state), (1, Some(state)));
        assert_eq!(store.reminders(account(2).id).await.unwrap(), None);
    }

    async fn dates_are_kept_only_while_something_needs_them(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        assert!(!store.account(id).await.unwrap().unwrap().reminders);
        assert_eq!(put(store, id, 0, &[entry(1, 7)]).await, PutOutcome::Conflict);
        store.change_channel(id, &webhook()).await.unwrap();
        let feed = ChannelChange::Feed { hash: [9; 32], since_ms: NOW, language: "de".to_owned() };
        store.change_channel(id, &feed).await.unwrap();
        assert!(store.account(id).await.unwrap().unwrap().reminders);
        assert_eq!(put(store, id, 0, &[entry(2, 9), entry(1, 7)]).await, PutOutcome::Kept(1));
        assert_eq!(store.reminder_entries(id, TODAY + 8, 5).await.unwrap(), [entry(2, 9)]);
        let shown = store.feed(&[9; 32]).await.unwrap().unwrap();
        assert_eq!((shown.revision, shown.changed_at_ms), (1, NOW));
        assert_eq!(shown.language.as_deref(), Some("de"));
        assert_eq!(shown.entries, [entry(1, 7), entry(2, 9)]);
        assert_eq!(store.feed(&[8; 32]).await.unwrap(), None);
        store.change_channel(id, &ChannelChange::FeedOff).await.unwrap();
        assert_eq!(store.feed(&[9; 32]).await.unwrap(), None);
        assert_eq!(store.reminder_entries(id, 0, 5).await.unwrap().len(), 2);
        // Of what was sent, day and id would tell as much.
        assert_eq!(store.plan_deliveries(TODAY, NOW).await.unwrap(), 1);
        let sent = claim(store, 1, NOW).await.remove(0);
        store.note_delivery(&[1; 16], &sent.key, DeliveryState::Delivered, NOW).await.unwrap();
        assert_eq!(store.count("SELECT COUNT(*) FROM reminder_deliveries").await.unwrap(), 1);
        store.change_channel(id, &ChannelChange::WebhookOff).await.unwrap();
        assert!(store.reminder_entries(id, 0, 5).await.unwrap().is_empty());
        assert_eq!(store.count("SELECT COUNT(*) FROM reminder_deliveries").await.unwrap(), 0);
        let row = store.reminders(id).await.unwrap().unwrap();
        assert_eq!((row.digest, row.webhook, row.feed_since_ms), (None, None, None));
        assert!(!store.account(id).await.unwrap().unwrap().reminders);
    }

    async fn a_set_takes_the_place_of_all_before_in_as_many_statements_whatever_its_size(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        store.change_channel(id, &webhook()).await.unwrap();
        let many: Vec<ReminderEntry> = (1..=200).map(|at| entry(at, i32::from(at))).collect();
        let whole = set(&many);
        let (kept, queries) = count_queries(store.put_reminders(id, 0, None, Some(&whole), NOW)).await;
        assert_eq!((kept.unwrap(), queries), (PutOutcome::Kept(1), 4));
        let few = set(&many[..2]);
        let (_, queries) = count_queries(store.put_reminders(id, 1, None, Some(&few), NOW)).await;
        assert_eq!(queries, 4);
        assert_eq!(store.reminder_entries(id, 0, 500).await.unwrap(), many[..2]);
        assert_eq!(put(store, id, 2, &[]).await, PutOutcome::Kept(3));
        assert!(store.reminder_entries(id, 0, 500).await.unwrap().is_empty());
    }

    async fn each_date_goes_out_once_for_each_lead_and_way(db) {
        let store = db.store();
        signed_up_with_email(store, 1, "ada@example.org").await;
        let id = account(1).id;
        store.change_channel(id, &webhook()).await.unwrap();
        mail_on(store, id).await;
        put(store, id, 0, &[entry(1, 7), entry(2, 7), entry(3, 8), entry(4, 200)]).await;
        let (planned, queries) = count_queries(store.plan_deliveries(TODAY, NOW)).await;
        assert_eq!((planned.unwrap(), queries), (3, 3));
        assert_eq!(store.plan_deliveries(TODAY, NOW).await.unwrap(), 0);
        let (claimed, queries) = count_queries(claim(store, 1, NOW)).await;
        assert_eq!(queries, 3);
        assert_eq!(days_of(&claimed), [
            (DeliveryChannel::Mail, vec![1, 2]),
            (DeliveryChannel::Webhook, vec![1]),
            (DeliveryChannel::Webhook, vec![2]),
        ]);
        assert_eq!(claimed[0].email.as_deref(), Some("ada@example.org"));
        assert_eq!((claimed[0].mail_token, claimed[1].webhook.as_deref()), (Some(id.0), Some(&[5; 60][..])));
        // Nobody else has them meanwhile.
        assert!(claim(store, 2, NOW).await.is_empty());
        for one in &claimed {
            store.note_delivery(&[1; 16], &one.key, DeliveryState::Delivered, NOW).await.unwrap();
        }
        assert!(claim(store, 2, NOW + 2_000).await.is_empty());
        assert_eq!(store.deliveries(id, 10).await.unwrap().len(), 3);
        // The next day the third is seven days away; the seventh day the first two are due.
        assert_eq!(store.plan_deliveries(TODAY + 1, NOW + DAY).await.unwrap(), 2);
        let claimed = claim(store, 3, NOW + DAY).await;
        assert_eq!(days_of(&claimed), [
            (DeliveryChannel::Mail, vec![3]),
            (DeliveryChannel::Webhook, vec![3]),
        ]);
        for one in &claimed {
            store.note_delivery(&[3; 16], &one.key, DeliveryState::Delivered, NOW + DAY).await.unwrap();
        }
        // A server that was away for days tells late, once.
        assert_eq!(store.plan_deliveries(TODAY + 9, NOW + 9 * DAY).await.unwrap(), 4);
        assert_eq!(days_of(&claim(store, 4, NOW + 9 * DAY).await)[0].1, [1, 2, 3]);
        assert_eq!(store.plan_deliveries(TODAY + 16, NOW + 16 * DAY).await.unwrap(), 0);
    }

    async fn a_delivery_that_fails_waits_and_one_whose_server_died_is_taken_over(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        store.change_channel(id, &webhook()).await.unwrap();
        put(store, id, 0, &[entry(1, 7)]).await;
        store.plan_deliveries(TODAY, NOW).await.unwrap();
        let first = claim(store, 1, NOW).await.remove(0);
        assert_eq!(first.attempts, 1);
        let second = claim(store, 2, NOW + 1_000).await.remove(0);
        assert_eq!((second.key, second.attempts), (first.key, 2));
        // The first one comes back to life: what it says counts no more.
        store.note_delivery(&[1; 16], &first.key, DeliveryState::Delivered, NOW).await.unwrap();
        let fault = DeliveryFault { problem: 5, status: Some(503) };
        let waiting = DeliveryState::Waiting(NOW + 60_000, fault);
        store.note_delivery(&[2; 16], &second.key, waiting, NOW + 1_500).await.unwrap();
        assert!(claim(store, 3, NOW + 59_999).await.is_empty());
        let shown = store.deliveries(id, 10).await.unwrap();
        assert_eq!((shown[0].attempts, shown[0].state), (2, DeliveryState::Waiting(0, fault)));
        let third = claim(store, 3, NOW + 60_000).await.remove(0);
        assert_eq!(third.attempts, 3);
        // The server stops before it tries.
        store.release_deliveries(&[3; 16]).await.unwrap();
        assert_eq!(claim(store, 4, NOW + 60_000).await[0].attempts, 3);
        store.note_delivery(&[4; 16], &third.key, DeliveryState::GivenUp(fault), NOW).await.unwrap();
        assert!(claim(store, 5, NOW + DAY).await.is_empty());
        assert_eq!(store.deliveries(id, 10).await.unwrap()[0].state, DeliveryState::GivenUp(fault));
    }

    async fn of_many_servers_one_sends(db) {
        let store = db.store();
        let id = account(1).id;
        signed_up(store, 1).await;
        store.change_channel(id, &webhook()).await.unwrap();
        let many: Vec<ReminderEntry> = (1..=40).map(|at| entry(at, 7)).collect();
        put(store, id, 0, &many).await;
        let stores = [db.another().await, db.another().await, store.clone()];
        let mut tasks = Vec::new();
        for lease in 1..=12_u8 {
            let store = stores[usize::from(lease) % 3].clone();
            tasks.push(tokio::spawn(async move {
                store.plan_deliveries(TODAY, NOW).await.unwrap();
                claim(&store, lease, NOW).await
            }));
        }
        let mut seen = Vec::new();
        for task in tasks {
            seen.extend(task.await.unwrap().into_iter().map(|one| one.key.entry));
        }
        // Few at a time, so that other accounts have their turn.
        for lease in 20..=40 {
            let claimed = claim(store, lease, NOW).await;
            assert!(claimed.len() <= 2, "{}", claimed.len());
            seen.extend(claimed.into_iter().map(|one| one.key.entry));
        }
        let once: BTreeSet<_> = seen.iter().copied().collect();
        assert_eq!((seen.len(), once.len()), (40, 40));
    }

    async fn a_webhook_is_not_called_without_end(db) {
        let store = db.store();
        let id = account(1).id;
        signed_up(store, 1).await;
        store.change_channel(id, &webhook()).await.unwrap();
        let many: Vec<ReminderEntry> = (1..=120).map(|at| entry(at, 7)).collect();
        put(store, id, 0, &many).await;
        assert_eq!(store.plan_deliveries(TODAY, NOW).await.unwrap(), 100);
        assert_eq!(store.plan_deliveries(TODAY, NOW).await.unwrap(), 0);
        // Ids are the client's own choice: others for the same day are no way around it.
        let others: Vec<ReminderEntry> = (121..=240).map(|at| entry(at, 7)).collect();
        put(store, id, 1, &others).await;
        assert_eq!(store.plan_deliveries(TODAY, NOW).await.unwrap(), 0);
    }

    async fn what_was_put_away_or_switched_off_is_not_sent(db) {
        let store = db.store();
        signed_up_with_email(store, 1, "ada@example.org").await;
        let id = account(1).id;
        store.change_channel(id, &webhook()).await.unwrap();
        mail_on(store, id).await;
        put(store, id, 0, &[entry(1, 7), entry(2, 7)]).await;
        store.plan_deliveries(TODAY, NOW).await.unwrap();
        put(store, id, 1, &[entry(2, 7)]).await;
        assert!(store.unsubscribe(&id.0).await.unwrap());
        assert!(!store.unsubscribe(&id.0).await.unwrap());
        let claimed = claim(store, 1, NOW).await;
        assert_eq!(days_of(&claimed), [
            (DeliveryChannel::Webhook, vec![]),
            (DeliveryChannel::Webhook, vec![2]),
        ]);
        for one in &claimed {
            store.note_delivery(&[1; 16], &one.key, DeliveryState::NotNeeded, NOW).await.unwrap();
        }
        assert!(store.deliveries(id, 10).await.unwrap().is_empty());
        assert_eq!(store.reminders(id).await.unwrap().unwrap().mail, MailRow::Off);
    }

    async fn a_code_is_good_once_in_time_and_for_its_account(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        let code = ChannelChange::MailCode { tag: [3; 32], until_ms: NOW + 1_000, language: "fr".to_owned() };
        store.change_channel(id, &code).await.unwrap();
        assert_eq!(store.reminders(id).await.unwrap().unwrap().mail, MailRow::Unconfirmed);
        assert!(!store.confirm_mail(id, &[4; 32], &[1; 16], NOW).await.unwrap());
        assert!(!store.confirm_mail(id, &[3; 32], &[1; 16], NOW + 1_000).await.unwrap());
        assert!(!store.confirm_mail(account(2).id, &[3; 32], &[1; 16], NOW).await.unwrap());
        assert!(store.confirm_mail(id, &[3; 32], &[1; 16], NOW + 999).await.unwrap());
        assert!(!store.confirm_mail(id, &[3; 32], &[1; 16], NOW).await.unwrap());
        let on = store.reminders(id).await.unwrap().unwrap();
        assert_eq!((on.mail, on.mail_language.as_deref()), (MailRow::On, Some("fr")));
        store.change_channel(id, &ChannelChange::MailOff).await.unwrap();
        assert_eq!(store.reminders(id).await.unwrap().unwrap().mail_language, None);
    }

    async fn webhooks_move_to_another_key_page_by_page(db) {
        let store = db.store();
        let mut ids = Vec::new();
        for number in 1..=3 {
            signed_up(store, number).await;
            ids.push(account(number).id);
            store.change_channel(account(number).id, &webhook()).await.unwrap();
        }
        ids.sort_unstable();
        let page = store.webhooks_under(&[1; 8], AccountId([0; 16]), 2).await.unwrap();
        assert_eq!(page.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[..2]);
        store.replace_webhook(ids[0], &[5; 60], &[2; 8], &[6; 60]).await.unwrap();
        store.replace_webhook(ids[1], &[9; 60], &[2; 8], &[6; 60]).await.unwrap();
        let left = store.webhooks_under(&[1; 8], AccountId([0; 16]), 9).await.unwrap();
        assert_eq!(left.len(), 2);
        let (moved, _) = store.reminders(ids[0]).await.unwrap().unwrap().webhook.unwrap();
        assert_eq!(moved, [6; 60]);
    }

    async fn old_deliveries_are_forgotten(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        store.change_channel(id, &webhook()).await.unwrap();
        put(store, id, 0, &[entry(1, 7)]).await;
        store.plan_deliveries(TODAY, NOW).await.unwrap();
        let at = |days: u64| NOW + days * DAY;
        assert_eq!(store.clean_up(at(90), u64::MAX / 4).await.unwrap().deliveries, 0);
        assert_eq!(store.clean_up(at(91), u64::MAX / 4).await.unwrap().deliveries, 1);
    }
}
