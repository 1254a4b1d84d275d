//! Writes over a bad line: nothing lost, nothing twice, nobody overwritten.

use crate::common::{Fault, World, draft, edit, run, value};
use futures::future::join;
use keyarc_client::{ClientError, SaveError};
use keyarc_wire::ErrorCode;

#[test]
fn a_request_that_was_lost_is_sent_again() {
    run(async {
        let world = World::new().await;
        world.faults([
            Fault::RequestLost,
            Fault::BadGateway,
            Fault::Refuse(ErrorCode::Unavailable),
        ]);
        let saved = world
            .session
            .save(&draft("Stripe", "one"))
            .await
            .expect("saves");
        assert_eq!((saved.summary.version, world.revision()), (1, 1));
        let told = world.host.told.borrow();
        assert_eq!(told.pauses.len(), 3);
        assert!(
            told.pauses[0] <= 1_000 && told.pauses[2] > 2_000,
            "{:?}",
            told.pauses
        );
        assert_eq!(told.offline, [1, 1, 1]);
        assert!(told.online >= 1);
    });
}

#[test]
fn what_a_write_needs_of_a_server_that_is_away_is_waited_for_as_a_write() {
    run(async {
        let world = World::new().await;
        world.server.borrow_mut().down = true;
        let returns = async {
            while world.host.told.borrow().pauses.len() < 3 {
                tokio::task::yield_now().await;
            }
            world.server.borrow_mut().down = false;
        };
        let (answered, ()) = join(world.session.await_server(), returns).await;
        assert_eq!(answered, Ok(()));
        assert_eq!(world.host.told.borrow().offline, [1, 1, 1]);
        assert_eq!(world.host.told.borrow().online, 1);
        world.server.borrow_mut().sessions_ended = true;
        let ended = world.session.await_server().await;
        assert_eq!(ended, Err(ClientError::SessionEnded));
    });
}

#[test]
fn a_write_whose_answer_was_lost_is_not_done_twice() {
    for fault in [Fault::AnswerLost, Fault::FailAfter, Fault::Garbage] {
        run(async {
            let world = World::new().await;
            let first = world
                .session
                .save(&draft("Stripe", "one"))
                .await
                .expect("saves");
            world.faults([fault]);
            let saved = world
                .session
                .save(&edit(&first, "two"))
                .await
                .expect("saves");
            assert_eq!(
                (saved.summary.version, value(&saved)),
                (2, "two"),
                "{fault:?}"
            );
            assert_eq!(
                (world.revision(), world.server.borrow().items()),
                (2, 1),
                "{fault:?}"
            );
            let writes = world.server.borrow();
            let sent = writes
                .seen
                .iter()
                .filter(|path| path.ends_with("/items"))
                .count();
            assert_eq!(sent, 2, "{fault:?}");
        });
    }
}

#[test]
fn a_new_item_whose_answer_was_lost_is_there_once() {
    run(async {
        let world = World::new().await;
        world.faults([Fault::AnswerLost, Fault::AnswerLost]);
        world
            .session
            .save(&draft("Stripe", "one"))
            .await
            .expect("saves");
        world
            .session
            .save(&draft("GitHub", "two"))
            .await
            .expect("saves");
        assert_eq!((world.revision(), world.server.borrow().items()), (2, 2));
        assert_eq!(world.session.unlocked().items, 2);
    });
}

#[test]
fn of_two_edits_the_later_gets_the_earlier_to_look_at() {
    run(async {
        let world = World::new().await;
        let base = world
            .session
            .save(&draft("Stripe", "base"))
            .await
            .expect("saves");
        let other = world.device().await;
        other.save(&edit(&base, "theirs")).await.expect("saves");
        let mine = edit(&base, "mine");
        let Err(SaveError::Conflict {
            current: Some(current),
        }) = world.session.save(&mine).await
        else {
            panic!("a conflict")
        };
        assert_eq!((current.summary.version, value(&current)), (2, "theirs"));
        assert_eq!(world.revision(), 2);
        // On top of theirs it goes through.
        let saved = world
            .session
            .save(&edit(&current, "mine"))
            .await
            .expect("saves");
        assert_eq!((saved.summary.version, value(&saved)), (3, "mine"));
    });
}

#[test]
fn an_edit_of_a_version_that_is_known_to_be_old_is_not_even_signed() {
    run(async {
        let world = World::new().await;
        let other = world.device().await;
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        other.sync().await.expect("syncs");
        let theirs = other.save(&edit(&item, "theirs")).await.expect("saves");
        world.session.sync().await.expect("syncs");
        world.server.borrow_mut().seen.clear();
        let refused = world.session.save(&edit(&item, "ours")).await;
        let Err(SaveError::Conflict {
            current: Some(current),
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(*current, theirs);
        let seen = &world.server.borrow().seen;
        assert!(
            seen.iter().all(|path| !path.ends_with("/items")),
            "{seen:?}"
        );
    });
}

#[test]
fn an_edit_of_what_was_deleted_for_good_is_a_conflict_with_nothing() {
    run(async {
        let world = World::new().await;
        let base = world
            .session
            .save(&draft("Stripe", "base"))
            .await
            .expect("saves");
        let other = world.device().await;
        other.trash(&[base.summary.id]).await.expect("trashes");
        other.purge(&[base.summary.id]).await.expect("purges");
        let edited = edit(&base, "mine");
        for _ in 0..2 {
            let refused = world.session.save(&edited).await;
            assert_eq!(refused, Err(SaveError::Conflict { current: None }));
        }
    });
}

#[test]
fn a_lost_answer_and_then_another_edit_is_a_conflict_and_overwrites_nobody() {
    run(async {
        let world = World::new().await;
        let base = world
            .session
            .save(&draft("Stripe", "base"))
            .await
            .expect("saves");
        let other = world.device().await;
        world.faults([Fault::AnswerLost, Fault::RequestLost, Fault::RequestLost]);
        let theirs = async {
            // Mine is stored by the time that this sync has run, and theirs goes on top of it.
            loop {
                other.sync().await.expect("syncs");
                let seen = other.reveal(base.summary.id).await.expect("reveals");
                if seen.summary.version == 2 {
                    world.server.borrow_mut().faults.clear();
                    return other.save(&edit(&seen, "theirs")).await.expect("saves");
                }
            }
        };
        let (mine, theirs) = join(world.session.save(&edit(&base, "mine")), theirs).await;
        assert_eq!((theirs.summary.version, value(&theirs)), (3, "theirs"));
        // Whether mine was seen as done or as overtaken depends on who came first; in both cases
        // the later edit stands.
        match mine {
            Ok(_) => {}
            Err(SaveError::Conflict { current: Some(now) }) => assert_eq!(value(&now), "theirs"),
            other => panic!("{other:?}"),
        }
        world.session.sync().await.expect("syncs");
        let now = world
            .session
            .reveal(base.summary.id)
            .await
            .expect("reveals");
        assert_eq!((now.summary.version, value(&now)), (3, "theirs"));
    });
}

#[test]
fn two_saves_in_an_outage_both_arrive() {
    run(async {
        let world = World::new().await;
        world.faults([
            Fault::RequestLost,
            Fault::AnswerLost,
            Fault::RequestLost,
            Fault::BadGateway,
            Fault::AnswerLost,
        ]);
        let (one, two) = (draft("A", "1"), draft("B", "2"));
        let (a, b) = join(world.session.save(&one), world.session.save(&two)).await;
        let (a, b) = (a.expect("saves"), b.expect("saves"));
        assert_eq!((world.revision(), world.server.borrow().items()), (2, 2));
        assert!(world.host.told.borrow().offline.contains(&2));
        for (item, expected) in [(a, "1"), (b, "2")] {
            let seen = world
                .session
                .reveal(item.summary.id)
                .await
                .expect("reveals");
            assert_eq!(value(&seen), expected);
        }
    });
}

#[test]
fn lists_work_while_a_write_waits() {
    run(async {
        let world = World::new().await;
        world.session.save(&draft("A", "1")).await.expect("saves");
        world.faults([Fault::RequestLost; 3]);
        let waiting = draft("B", "2");
        let looks = async {
            while world.host.told.borrow().pauses.len() < 2 {
                assert_eq!(world.session.unlocked().items, 1);
                tokio::task::yield_now().await;
            }
        };
        let (saved, ()) = join(world.session.save(&waiting), looks).await;
        saved.expect("saves");
        assert_eq!(world.session.unlocked().items, 2);
    });
}

#[test]
fn what_the_server_refuses_is_not_tried_again() {
    for (code, expected) in [
        (ErrorCode::StorageFull, ClientError::StorageFull),
        (
            ErrorCode::RateLimited,
            ClientError::RateLimited { seconds: 60 },
        ),
        (ErrorCode::PayloadTooLarge, ClientError::TooLarge),
        (ErrorCode::Unauthenticated, ClientError::SessionEnded),
        (
            ErrorCode::Internal,
            ClientError::Refused {
                message: "No.".into(),
                action: "Do something else.".into(),
            },
        ),
    ] {
        run(async {
            let world = World::new().await;
            world.faults([Fault::Refuse(code)]);
            let refused = world.session.save(&draft("A", "1")).await;
            assert_eq!(refused, Err(SaveError::Client(expected)));
            assert_eq!((world.revision(), world.session.unlocked().items), (0, 0));
            assert!(world.host.told.borrow().pauses.is_empty());
            // Reading and the next write work.
            world.session.sync().await.expect("syncs");
            world.session.save(&draft("A", "1")).await.expect("saves");
        });
    }
}

#[test]
fn a_purge_whose_answer_was_lost_is_done() {
    run(async {
        let world = World::new().await;
        let item = world
            .session
            .save(&draft("A", "1"))
            .await
            .expect("saves")
            .summary
            .id;
        world.session.trash(&[item]).await.expect("trashes");
        world.faults([Fault::AnswerLost]);
        world.session.purge(&[item]).await.expect("purges");
        assert_eq!(world.revision(), 3);
        assert_eq!(world.session.reveal(item).await, Err(ClientError::NotFound));
    });
}

#[test]
fn a_save_by_another_device_in_between_is_fetched_too() {
    run(async {
        let world = World::new().await;
        let other = world.device().await;
        other.save(&draft("Theirs", "1")).await.expect("saves");
        // The answer names revision 2 while this device knows none.
        world
            .session
            .save(&draft("Mine", "2"))
            .await
            .expect("saves");
        assert_eq!(world.session.unlocked().items, 2);
        assert_eq!(world.session.unlocked().revision, 2);
    });
}

#[test]
fn while_the_server_is_down_reading_says_so() {
    run(async {
        let world = World::new().await;
        let item = world
            .session
            .save(&draft("A", "1"))
            .await
            .expect("saves")
            .summary
            .id;
        world.server.borrow_mut().down = true;
        assert_eq!(
            world.session.reveal(item).await,
            Err(ClientError::Unreachable)
        );
        assert_eq!(world.session.sync().await, Err(ClientError::Unreachable));
        assert_eq!(world.host.told.borrow().offline, [0, 0]);
        world.server.borrow_mut().down = false;
        world.session.sync().await.expect("syncs");
        assert_eq!(world.host.told.borrow().online, 1);
    });
}
