//! Answers that are kept for requests with an idempotency key.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{BegunRequest, KeptAnswer, KeyOutcome, KeyedRequest};
use keyarc_testkit::{
    FixedClock,
    build::{account, signed_up},
    count_queries, on_both,
};

const NOW: u64 = FixedClock::START_MS;
const MINUTE: u64 = 60_000;
const MOST: u32 = 1_000;

fn keyed(owner: u64, key: u8, request: u8) -> KeyedRequest {
    KeyedRequest {
        account: account(owner).id,
        key: [key; 32],
        request: [request; 32],
    }
}

fn answer() -> KeptAnswer {
    KeptAnswer {
        status: 200,
        body: b"{\"revision\":1}".to_vec(),
    }
}

/// The request that is to be carried out.
fn begun(outcome: KeyOutcome) -> BegunRequest {
    let begun = match outcome {
        KeyOutcome::Begun(begun) => Some(begun),
        _ => None,
    };
    begun.unwrap()
}

on_both! {
    async fn a_request_is_carried_out_once_for_each_key(db) {
        let store = db.store();
        for owner in [1, 2] {
            signed_up(store, owner).await;
        }
        let begin = async |of| store.begin_keyed(of, MOST, (NOW, NOW - MINUTE)).await.unwrap();
        let first = keyed(1, 1, 1);
        let (outcome, queries) = count_queries(store.begin_keyed(first, MOST, (NOW, NOW - MINUTE))).await;
        let of_first = begun(outcome.unwrap());
        assert_eq!(queries, 2);
        assert_eq!(begin(first).await, KeyOutcome::UnderWay);
        assert_eq!(begin(keyed(1, 1, 2)).await, KeyOutcome::OtherRequest);
        // The same key of somebody else, and another key, are nothing to it.
        begun(begin(keyed(2, 1, 2)).await);
        let of_other = begun(begin(keyed(1, 2, 1)).await);
        store.end_keyed(of_first, &answer()).await.unwrap();
        assert_eq!(begin(first).await, KeyOutcome::Done(answer()));
        assert_eq!(begin(keyed(1, 1, 2)).await, KeyOutcome::OtherRequest);
        assert_eq!(begin(keyed(2, 1, 2)).await, KeyOutcome::UnderWay);
        // What was answered is not given up by anybody who comes late.
        store.give_up_keyed(of_first).await.unwrap();
        assert_eq!(begin(first).await, KeyOutcome::Done(answer()));

        let empty = KeptAnswer { status: 204, body: Vec::new() };
        store.end_keyed(of_other, &empty).await.unwrap();
        assert_eq!(begin(keyed(1, 2, 1)).await, KeyOutcome::Done(empty));
    }

    async fn what_was_given_up_is_begun_anew(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let begin = async |of, now_ms: u64| {
            store.begin_keyed(of, MOST, (now_ms, now_ms - MINUTE)).await.unwrap()
        };
        let (first, other) = (keyed(1, 1, 1), keyed(1, 1, 2));
        let lost = begun(begin(first, NOW).await);
        store.give_up_keyed(lost).await.unwrap();
        let slow = begun(begin(other, NOW).await);
        // Nobody ended it: after its time the same request may try again, and another may not.
        assert_eq!(begin(other, NOW + MINUTE).await, KeyOutcome::UnderWay);
        assert_eq!(begin(first, NOW + MINUTE + 1).await, KeyOutcome::OtherRequest);
        let second = begun(begin(other, NOW + MINUTE + 1).await);
        assert_eq!(begin(other, NOW + MINUTE + 2).await, KeyOutcome::UnderWay);
        // Who comes late ends nothing of the attempt that took over.
        store.give_up_keyed(slow).await.unwrap();
        let late = KeptAnswer { status: 204, body: Vec::new() };
        store.end_keyed(slow, &late).await.unwrap();
        assert_eq!(begin(other, NOW + MINUTE + 3).await, KeyOutcome::UnderWay);
        store.end_keyed(second, &answer()).await.unwrap();
        store.end_keyed(slow, &late).await.unwrap();
        // An answer stays for as long as it is kept.
        assert_eq!(begin(other, NOW + 9 * MINUTE).await, KeyOutcome::Done(answer()));
    }

    async fn the_newest_keys_of_an_account_are_kept_for_a_day(db) {
        let store = db.store();
        for owner in [1, 2] {
            signed_up(store, owner).await;
        }
        let begin = async |of, now_ms: u64| {
            store.begin_keyed(of, 3, (now_ms, now_ms - MINUTE)).await.unwrap()
        };
        let carry_out = async |of, now_ms| {
            store.end_keyed(begun(begin(of, now_ms).await), &answer()).await.unwrap();
        };
        carry_out(keyed(2, 1, 1), NOW).await;
        let slow = begun(begin(keyed(1, 99, 1), NOW).await);
        for key in 1..=5 {
            carry_out(keyed(1, key, 1), NOW + u64::from(key)).await;
        }
        for key in 3..=5 {
            assert_eq!(begin(keyed(1, key, 1), NOW + 10).await, KeyOutcome::Done(answer()));
        }
        // What is under way is not forgotten for it.
        assert_eq!(begin(keyed(1, 99, 1), NOW + 10).await, KeyOutcome::UnderWay);
        store.give_up_keyed(slow).await.unwrap();
        carry_out(keyed(1, 2, 1), NOW + 10).await;
        assert_eq!(begin(keyed(2, 1, 1), NOW + 10).await, KeyOutcome::Done(answer()));

        const DAY: u64 = 24 * 60 * MINUTE;
        let clean = async |now_ms| store.clean_up(now_ms, u64::MAX / 4).await.unwrap().answers;
        assert_eq!(clean(NOW + DAY).await, 0);
        assert_eq!(clean(NOW + DAY + 1).await, 1);
        assert_eq!(clean(NOW + DAY + 11).await, 3);
        assert_eq!(clean(NOW + DAY + 11).await, 0);
    }

    async fn of_many_at_a_time_one_is_begun(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let tries = (0..8).map(|_| store.begin_keyed(keyed(1, 1, 1), MOST, (NOW, NOW - MINUTE)));
        let outcomes = futures::future::join_all(tries).await;
        let begun = outcomes.into_iter().filter(|one| matches!(one, Ok(KeyOutcome::Begun(_))));
        assert_eq!(begun.count(), 1);
    }
}
