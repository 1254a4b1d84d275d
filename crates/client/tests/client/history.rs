//! A server that shows another past: what a client notices, and what it does then.

use keyarc_client::{ClientError, SaveError, Trust};
use keyarc_wire::ErrorCode;

use crate::common::{Fault, PASSWORD, Snapshot, TestSession, World, draft, edit, run, value};

/// Two items; the snapshot is from when there was one.
async fn two_items(world: &World) -> Snapshot {
    world.session.save(&draft("A", "one")).await.expect("saves");
    let early = world.server.borrow_mut().snapshot();
    world.session.save(&draft("B", "two")).await.expect("saves");
    early
}

fn names(session: &TestSession) -> u32 {
    session.unlocked().items
}

#[test]
fn a_device_that_saw_nothing_cannot_know_what_is_newest() {
    run(async {
        let world = World::new().await;
        assert_eq!(world.session.trust(), Trust::Fresh);
        two_items(&world).await;
        world.server.borrow_mut().forget_pins();
        let device = world.device().await;
        assert_eq!(device.trust(), Trust::FreshnessUnverified);
        // It writes all the same, and what it writes is believed on the other device.
        device.save(&draft("C", "three")).await.expect("saves");
        assert_eq!(world.session.sync().await, Ok(true));
        assert_eq!(
            (world.session.trust(), names(&world.session)),
            (Trust::Fresh, 3)
        );
    });
}

#[test]
fn what_this_device_saw_makes_the_next_visit_fresh() {
    run(async {
        let world = World::new().await;
        two_items(&world).await;
        world.server.borrow_mut().forget_pins();
        let back = world.come_back().await.expect("logs in");
        assert_eq!((back.trust(), names(&back)), (Trust::Fresh, 2));
    });
}

#[test]
fn what_was_seen_is_kept_when_it_is_new_and_else_now_and_then() {
    run(async {
        let world = World::new().await;
        let kept = || world.host.told.borrow_mut().pins.take().is_some();
        two_items(&world).await;
        assert!(kept());
        world.session.sync().await.expect("syncs");
        assert!(!kept(), "it is kept already");
        let device = world.device().await;
        device.save(&draft("C", "three")).await.expect("saves");
        kept();
        world.session.sync().await.expect("syncs");
        assert!(kept());
        // The device may have failed to.
        world.host.pass(60_000);
        world.session.sync().await.expect("syncs");
        assert!(kept());
    });
}

#[test]
fn an_older_state_is_shown_for_reading_with_an_alarm() {
    run(async {
        let world = World::new().await;
        let early = two_items(&world).await;
        world.server.borrow_mut().restore(early);
        world.server.borrow_mut().forget_pins();
        let pins = world.host.told.borrow().pins.clone();
        let back = world.come_back().await.expect("logs in");
        assert!(
            matches!(
                back.trust(),
                Trust::RolledBack {
                    seen: 2,
                    shown: 1,
                    ..
                }
            ),
            "{:?}",
            back.trust()
        );
        assert_eq!(names(&back), 1, "it can be read");
        let refused = back.save(&draft("C", "three")).await;
        assert_eq!(
            refused.err(),
            Some(SaveError::Client(ClientError::ReadOnly))
        );
        assert_eq!(world.host.told.borrow().pins, pins, "what was seen stays");
        assert_eq!(world.revision(), 1, "nothing was written");
    });
}

#[test]
fn what_one_device_tells_protects_another_without_a_memory() {
    run(async {
        let world = World::new().await;
        let early = two_items(&world).await;
        let _told = world.device().await;
        world.server.borrow_mut().restore(early);
        let device = world.device().await;
        assert!(
            matches!(device.trust(), Trust::RolledBack { .. }),
            "{:?}",
            device.trust()
        );
    });
}

#[test]
fn a_rollback_within_a_session_changes_nothing_on_screen() {
    run(async {
        let world = World::new().await;
        let early = two_items(&world).await;
        world.server.borrow_mut().restore(early);
        assert_eq!(world.session.sync().await, Err(ClientError::Tampered));
        assert!(matches!(world.session.trust(), Trust::RolledBack { .. }));
        assert_eq!(names(&world.session), 2);
        assert_eq!(
            world.host.told.borrow().trust.len(),
            1,
            "the host hears of it once"
        );
    });
}

#[test]
fn two_histories_are_told_apart_at_the_first_gossip() {
    run(async {
        let world = World::new().await;
        world.session.save(&draft("A", "one")).await.expect("saves");
        let fork_at = world.server.borrow_mut().snapshot();
        world
            .session
            .save(&draft("B", "ours"))
            .await
            .expect("saves");
        let _told = world.device().await;
        // The server shows somebody else's devices another version 2.
        world.server.borrow_mut().restore(fork_at);
        let kept = world.host.told.borrow().pins.clone();
        let other = crate::common::log_in(&world.server, &world.code, PASSWORD).await;
        // The gossip names version 2, which the server does not show: older than what was seen.
        assert!(matches!(
            other.expect("reads").trust(),
            Trust::RolledBack { .. }
        ));
        world.server.borrow_mut().forget_pins();
        let fooled = world.device().await;
        fooled.save(&draft("B", "theirs")).await.expect("saves");
        world.host.told.borrow_mut().pins = kept;
        let back = world.come_back().await.expect("reads");
        assert_eq!(back.trust(), Trust::Forked { version: 2 });
        let refused = back.save(&draft("C", "three")).await;
        assert_eq!(
            refused.err(),
            Some(SaveError::Client(ClientError::ReadOnly))
        );
    });
}

#[test]
fn a_dropped_an_older_and_a_returned_item_block_the_vault() {
    run(async {
        let world = World::new().await;
        let before = world.server.borrow_mut().snapshot();
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        let id = item.summary.id;
        let first = world.server.borrow_mut().snapshot();
        let item = world
            .session
            .save(&edit(&item, "two"))
            .await
            .expect("saves");
        assert_eq!(value(&item), "two");
        let edited = world.server.borrow_mut().snapshot();
        world.session.trash(&[id]).await.expect("moves");
        world.session.purge(&[id]).await.expect("purges");
        let purged = world.server.borrow_mut().snapshot();
        for (whole, lie) in [
            // Dropped, an old valid version, and back from the dead.
            (&edited, &before),
            (&edited, &first),
            (&purged, &edited),
            (&purged, &before),
        ] {
            world.server.borrow_mut().restore(whole.clone());
            world.server.borrow_mut().restore_item(lie, id);
            let blocked = world.log_in(PASSWORD).await.expect("the account opens");
            assert_eq!((blocked.trust(), names(&blocked)), (Trust::Broken, 0));
            let refused = blocked.save(&draft("C", "x")).await;
            assert_eq!(
                refused.err(),
                Some(SaveError::Client(ClientError::ReadOnly))
            );
        }
        world.server.borrow_mut().restore(purged);
        let whole = world.log_in(PASSWORD).await.expect("logs in");
        assert!(!whole.trust().is_alarm());
    });
}

#[test]
fn writers_of_different_items_follow_each_other() {
    run(async {
        let world = World::new().await;
        let device = world.device().await;
        for round in 0..5 {
            let ours = draft(&format!("Ours {round}"), "x");
            let theirs = draft(&format!("Theirs {round}"), "x");
            let (ours, theirs) = futures::join!(world.session.save(&ours), device.save(&theirs));
            ours.expect("saves");
            theirs.expect("saves");
        }
        world.session.sync().await.expect("syncs");
        assert_eq!((names(&world.session), world.revision()), (10, 10));
        let fresh = world.come_back().await.expect("logs in");
        assert_eq!((fresh.trust(), names(&fresh)), (Trust::Fresh, 10));
    });
}

#[test]
fn a_server_that_calls_every_write_late_is_not_asked_for_ever() {
    run(async {
        let world = World::new().await;
        world.faults([Fault::Refuse(ErrorCode::ManifestStale); 50]);
        let refused = world.session.save(&draft("A", "one")).await;
        assert_eq!(
            refused.err(),
            Some(SaveError::Client(ClientError::Tampered))
        );
        let left = world.server.borrow().faults.len();
        assert_eq!((left, world.revision()), (49, 0), "it was asked once");
    });
}

#[test]
fn history_that_is_kept_back_blocks_the_vault() {
    run(async {
        let world = World::new().await;
        two_items(&world).await;
        let pinned = world.host.told.borrow().pins.clone();
        for name in ["C", "D"] {
            world.session.save(&draft(name, "x")).await.expect("saves");
        }
        world.host.told.borrow_mut().pins = pinned;
        world.server.borrow_mut().hides_history = true;
        let blocked = world.come_back().await.expect("the account opens");
        assert_eq!(blocked.trust(), Trust::Broken);
        world.server.borrow_mut().hides_history = false;
        let back = world.come_back().await.expect("logs in");
        assert_eq!(back.trust(), Trust::Fresh);
    });
}

#[test]
fn what_verifies_by_itself_can_be_saved_from_a_blocked_vault() {
    run(async {
        let world = World::new().await;
        let before = world.server.borrow_mut().snapshot();
        let mut ids = Vec::new();
        for (name, secret) in [("A", "one"), ("B", "two"), ("C", "three")] {
            let item = world
                .session
                .save(&draft(name, secret))
                .await
                .expect("saves");
            ids.push(item.summary.id);
        }
        world.server.borrow_mut().restore_item(&before, ids[0]);
        world.server.borrow_mut().swap_details(ids[1], ids[1]);
        let blocked = world.log_in(PASSWORD).await.expect("the account opens");
        assert_eq!(blocked.trust(), Trust::Broken);
        let salvage = blocked.salvage().await.expect("is shown something");
        let mut saved: Vec<_> = salvage.items.iter().map(value).collect();
        saved.sort_unstable();
        assert_eq!((saved, salvage.refused), (vec!["three", "two"], 0));
        // Another item's secret under an item's name is not saved.
        world.server.borrow_mut().swap_details(ids[1], ids[2]);
        let salvage = blocked.salvage().await.expect("is shown something");
        assert_eq!((salvage.items.len(), salvage.refused), (0, 2));
        assert_eq!(names(&blocked), 0, "the vault stays closed");
    });
}

#[test]
fn an_alarm_within_a_session_ends_when_the_server_is_honest_again() {
    run(async {
        let world = World::new().await;
        let early = two_items(&world).await;
        let whole = world.server.borrow_mut().snapshot();
        world.server.borrow_mut().restore(early);
        assert_eq!(world.session.sync().await, Err(ClientError::Tampered));
        let refused = world.session.save(&draft("C", "three")).await;
        assert_eq!(
            refused.err(),
            Some(SaveError::Client(ClientError::ReadOnly))
        );
        world.server.borrow_mut().restore(whole);
        assert_eq!(world.session.sync().await, Ok(false));
        assert_eq!(world.session.trust(), Trust::Fresh);
        world
            .session
            .save(&draft("C", "three"))
            .await
            .expect("saves");
        assert_eq!(names(&world.session), 3);
    });
}
