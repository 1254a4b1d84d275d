//! Change of all keys: whatever goes wrong, the account is wholly old or wholly new and readable,
//! and what the client says of it is true.

use keyarc_client::{
    ChangeAllKeys, ClientError, PasswordError, Recover, Recovering, Rekey, Session, Trust,
};
use keyarc_crypto::{Kit, RecoveryKey, SetupCode, Suite};
use keyarc_wire::{ErrorCode, paths};

use crate::common::{
    Fault, Line, ORIGIN, PASSWORD, TestHost, TestSession, World, draft, edit, log_in, run, value,
};

const NEW: &str = "copper violin thunder meadow";

const WRONG: Option<ClientError> = Some(ClientError::WrongPassword);

fn wish() -> ChangeAllKeys<'static> {
    ChangeAllKeys {
        current: PASSWORD,
        new: NEW,
        suite: Suite::Pbkdf2Sha256,
    }
}

/// An account with three items, one of them in the trash, and one deleted for good.
async fn world() -> World {
    let world = World::new().await;
    let mut items = Vec::new();
    for name in ["A", "B", "C", "D"] {
        let item = world
            .session
            .save(&draft(name, &format!("value of {name}")))
            .await;
        items.push(item.expect("saves").summary.id);
    }
    world.session.trash(&items[2..]).await.expect("trashes");
    world.session.purge(&items[3..]).await.expect("purges");
    world
}

async fn begin(world: &World) -> Rekey {
    world.session.begin_rekey(&wish()).await.expect("begins")
}

async fn rekey(world: &World, rekey: &mut Rekey) -> Result<TestSession, PasswordError> {
    world.session.rekey(rekey, ORIGIN, PASSWORD).await
}

async fn all_is_there(session: &TestSession) {
    assert!(session.trust().may_write(), "{:?}", session.trust());
    assert_eq!(session.unlocked().unreadable, 0);
    let ids = session.look(|vault| vault.item_ids());
    let mut values = Vec::new();
    for id in ids {
        values.push(value(&session.reveal(id).await.expect("reveals")).to_owned());
    }
    values.sort_unstable();
    assert_eq!(values, ["value of A", "value of B", "value of C"]);
}

async fn recovers(world: &World, code: &SetupCode, key: &RecoveryKey) -> bool {
    let kit = Kit {
        setup_code: SetupCode::parse(&code.to_text()).expect("reads back"),
        recovery_key: RecoveryKey::parse(&key.to_text()).expect("reads back"),
        checkpoint: None,
    };
    let wish = Recover {
        origin: ORIGIN,
        kit: &kit,
        pins: None,
    };
    let line = Line::to(&world.server);
    let begun = Session::begin_recovery(line, TestHost::default(), &wish).await;
    matches!(begun, Ok(Recovering::Ready(_)))
}

/// The old password, setup code and kit open the account and all in it, and the new ones nothing.
async fn is_old(world: &World, rekey: &Rekey) {
    all_is_there(&world.device().await).await;
    assert_eq!(
        log_in(&world.server, rekey.setup_code(), NEW).await.err(),
        WRONG
    );
    assert!(recovers(world, &world.code, &world.recovery_key).await);
    assert!(!recovers(world, rekey.setup_code(), rekey.recovery_key()).await);
}

/// And the other way round.
async fn is_new(world: &World, rekey: &Rekey) {
    let session = log_in(&world.server, rekey.setup_code(), NEW).await;
    all_is_there(&session.expect("opens")).await;
    for (code, password) in [
        (&world.code, PASSWORD),
        (&world.code, NEW),
        (rekey.setup_code(), PASSWORD),
    ] {
        assert_eq!(log_in(&world.server, code, password).await.err(), WRONG);
    }
    assert!(recovers(world, rekey.setup_code(), rekey.recovery_key()).await);
    assert!(!recovers(world, &world.code, &world.recovery_key).await);
}

#[test]
fn everything_is_another_and_all_is_there() {
    run(async {
        let world = world().await;
        let mut new = begin(&world).await;
        is_old(&world, &new).await;
        let session = rekey(&world, &mut new).await.expect("changes");
        is_new(&world, &new).await;
        all_is_there(&session).await;
        assert_eq!(session.trust(), Trust::Fresh);
        assert_eq!(session.rekey_begun_at_ms(), None);
        // The kit's checkpoint is a floor of the new account.
        assert_eq!(new.checkpoint().keyset_version, 2);
        // The new session goes on writing; the one before is of no use, and says so.
        session
            .save(&draft("E", "value of A"))
            .await
            .expect("saves");
        let refused = world.session.save(&draft("F", "six")).await;
        assert!(matches!(
            refused,
            Err(keyarc_client::SaveError::Client(
                ClientError::Refused { .. }
            ))
        ));
        assert!(matches!(
            world.session.sync().await,
            Err(ClientError::Refused { .. })
        ));
        assert!(world.session.trust().may_write(), "no false alarm");
        // And once more from there.
        let next = ChangeAllKeys {
            current: NEW,
            new: PASSWORD,
            suite: Suite::Argon2id,
        };
        let mut again = session.begin_rekey(&next).await.expect("begins");
        let session = session
            .rekey(&mut again, ORIGIN, NEW)
            .await
            .expect("changes");
        assert_eq!(session.unlocked().items, 3);
        let there = log_in(&world.server, again.setup_code(), PASSWORD)
            .await
            .expect("opens");
        assert_eq!(
            (there.unlocked().items, there.suite()),
            (3, Suite::Argon2id)
        );
    });
}

#[test]
fn nothing_of_the_old_keys_stays() {
    run(async {
        let world = world().await;
        let before = world.server.borrow_mut().snapshot();
        let mut new = begin(&world).await;
        rekey(&world, &mut new).await.expect("changes");
        let after = world.server.borrow_mut().snapshot();
        for (old, new) in before.live().iter().zip(after.live()) {
            assert_eq!(old.0, new.0);
            assert_ne!((&old.1, &old.2), (&new.1, &new.2));
        }
        assert_ne!(new.setup_code().to_text(), world.code.to_text());
        assert_eq!(new.setup_code().handle(), world.code.handle());
    });
}

#[test]
fn an_empty_vault_changes_its_keys_too() {
    run(async {
        let world = World::new().await;
        let mut new = begin(&world).await;
        let session = rekey(&world, &mut new).await.expect("changes");
        assert_eq!(
            (session.unlocked().items, session.trust()),
            (0, Trust::Fresh)
        );
        session.save(&draft("A", "one")).await.expect("saves");
    });
}

#[test]
fn a_wrong_password_begins_nothing() {
    run(async {
        let world = world().await;
        let wrong = ChangeAllKeys {
            current: NEW,
            ..wish()
        };
        assert_eq!(world.session.begin_rekey(&wrong).await.err(), WRONG);
        let mut new = begin(&world).await;
        let refused = world.session.rekey(&mut new, ORIGIN, NEW).await;
        assert_eq!(refused.err(), Some(ClientError::WrongPassword.into()));
        assert_eq!(world.server.borrow().staged(), 0);
        is_old(&world, &new).await;
    });
}

/// Staging is the first request that meets a fault, the swap the second.
#[test]
fn every_step_that_is_lost_fails_or_comes_twice_ends_in_the_new_state() {
    let ok = Fault::Twice;
    for faults in [
        vec![Fault::RequestLost],
        vec![Fault::AnswerLost],
        vec![Fault::BadGateway],
        vec![Fault::Twice],
        vec![Fault::RequestLost, Fault::AnswerLost, Fault::BadGateway],
        vec![ok, Fault::RequestLost],
        vec![ok, Fault::AnswerLost],
        vec![ok, Fault::BadGateway],
        vec![ok, Fault::Twice],
        vec![ok, Fault::FailAfter],
        vec![ok, Fault::Garbage],
        vec![ok, Fault::RequestLost, Fault::BadGateway, Fault::AnswerLost],
        vec![
            ok,
            Fault::RequestLost,
            Fault::Refuse(ErrorCode::RateLimited),
        ],
        vec![ok, Fault::RequestLost, Fault::Refuse(ErrorCode::Internal)],
        vec![ok, Fault::Refuse(ErrorCode::ManifestStale)],
    ] {
        run(async {
            let world = world().await;
            let mut new = begin(&world).await;
            world.faults(faults.clone());
            let changed = rekey(&world, &mut new).await;
            assert!(changed.is_ok(), "{faults:?}: {:?}", changed.err());
            assert_eq!(world.server.borrow().keyset_version(), 2, "{faults:?}");
            is_new(&world, &new).await;
        });
    }
}

#[test]
fn every_step_that_is_refused_leaves_the_old_state_and_may_be_tried_again() {
    let ok = Fault::Twice;
    for faults in [
        vec![Fault::Refuse(ErrorCode::StorageFull)],
        vec![Fault::Refuse(ErrorCode::RateLimited)],
        vec![Fault::Refuse(ErrorCode::Internal)],
        vec![Fault::FailAfter],
        vec![ok, Fault::Refuse(ErrorCode::StorageFull)],
        vec![ok, Fault::Refuse(ErrorCode::RateLimited)],
        vec![ok, Fault::Refuse(ErrorCode::LoginRefused)],
        vec![ok, Fault::Refuse(ErrorCode::Conflict)],
        vec![ok, Fault::Lie],
        vec![Fault::RequestLost; 8],
    ] {
        run(async {
            let world = world().await;
            let mut new = begin(&world).await;
            world.faults(faults.clone());
            let refused = rekey(&world, &mut new).await.err();
            assert!(
                matches!(refused, Some(PasswordError::Client(_))),
                "{faults:?}: {refused:?}"
            );
            is_old(&world, &new).await;
            // The old session goes on as if nothing had been.
            world.session.sync().await.expect("syncs");
            all_is_there(&world.session).await;
            let session = rekey(&world, &mut new).await.expect("changes");
            all_is_there(&session).await;
            is_new(&world, &new).await;
        });
    }
}

/// The server goes away with the swap, having made it or not, and comes back later.
#[test]
fn an_outcome_that_is_not_known_is_said_to_be_and_found_out_later() {
    for made in [false, true] {
        run(async {
            let world = world().await;
            let mut new = begin(&world).await;
            let fault = if made {
                Fault::AnswerLost
            } else {
                Fault::RequestLost
            };
            world.faults([Fault::Twice, fault]);
            world.server.borrow_mut().down_after = Some(paths::REKEY);
            let unknown = rekey(&world, &mut new).await;
            assert_eq!(unknown.err(), Some(PasswordError::Unknown), "{made}");
            world.server.borrow_mut().down = false;
            assert_eq!(world.server.borrow().keyset_version(), 1 + u32::from(made));
            // Until then nothing is read that would look like a forgery.
            assert!(matches!(
                world.session.sync().await,
                Err(ClientError::Refused { .. })
            ));
            if made {
                is_new(&world, &new).await;
            } else {
                is_old(&world, &new).await;
            }
            let session = rekey(&world, &mut new).await.expect("finds out");
            all_is_there(&session).await;
            is_new(&world, &new).await;
            assert_eq!(world.server.borrow().keyset_version(), 2);
        });
    }
}

#[test]
fn a_program_that_ends_in_the_middle_leaves_the_old_state_and_begins_anew() {
    run(async {
        let world = world().await;
        let mut cut_off = begin(&world).await;
        world.faults([Fault::Twice, Fault::Refuse(ErrorCode::StorageFull)]);
        assert!(rekey(&world, &mut cut_off).await.is_err());
        assert_eq!(world.server.borrow().staged(), 3);
        // Whoever comes back sees that it was begun, and that all is as it was.
        let back = world.come_back().await.expect("opens");
        assert!(back.rekey_begun_at_ms().is_some());
        all_is_there(&back).await;
        let mut new = back.begin_rekey(&wish()).await.expect("begins");
        assert_ne!(new.setup_code().to_text(), cut_off.setup_code().to_text());
        back.rekey(&mut new, ORIGIN, PASSWORD)
            .await
            .expect("changes");
        is_new(&world, &new).await;
        // The keys of the one that was cut off are nobody's.
        assert_eq!(
            log_in(&world.server, cut_off.setup_code(), NEW).await.err(),
            WRONG
        );
    });
}

#[test]
fn a_change_of_keys_that_was_begun_can_be_dropped() {
    run(async {
        let world = world().await;
        let mut given_up = begin(&world).await;
        world.faults([Fault::Twice, Fault::Refuse(ErrorCode::StorageFull)]);
        assert!(rekey(&world, &mut given_up).await.is_err());
        assert!(world.session.rekey_begun_at_ms().is_some());
        world.session.discard_rekey().await.expect("drops");
        assert_eq!(world.session.rekey_begun_at_ms(), None);
        assert_eq!(world.server.borrow().staged(), 0);
        is_old(&world, &given_up).await;
    });
}

#[test]
fn what_another_device_writes_meanwhile_is_not_lost() {
    run(async {
        let world = world().await;
        let there = world.device().await;
        let mut new = begin(&world).await;
        // Staged by now, and refused once.
        world.faults([Fault::Twice, Fault::Refuse(ErrorCode::StorageFull)]);
        assert!(rekey(&world, &mut new).await.is_err());
        let ids = there.look(|vault| vault.item_ids());
        let item = there.reveal(ids[0]).await.expect("reveals");
        let before = value(&item).to_owned();
        there
            .save(&edit(&item, "changed there"))
            .await
            .expect("saves");
        there.save(&draft("E", "new there")).await.expect("saves");
        let session = rekey(&world, &mut new).await.expect("changes");
        let mut values = Vec::new();
        for id in session.look(|vault| vault.item_ids()) {
            values.push(value(&session.reveal(id).await.expect("reveals")).to_owned());
        }
        assert_eq!(values.len(), 4);
        for wanted in ["changed there", "new there"] {
            assert!(values.iter().any(|value| value == wanted), "{wanted}");
        }
        assert!(!values.contains(&before));
        // What was changed there before it knew is refused, and nothing is lost by it.
        assert!(there.save(&draft("F", "too late")).await.is_err());
    });
}

#[test]
fn what_another_change_of_keys_dropped_is_staged_anew() {
    run(async {
        let world = world().await;
        let mut new = begin(&world).await;
        world.faults([Fault::Twice, Fault::Refuse(ErrorCode::StorageFull)]);
        assert!(rekey(&world, &mut new).await.is_err());
        world.server.borrow_mut().drop_staged();
        rekey(&world, &mut new).await.expect("changes");
        is_new(&world, &new).await;
    });
}

#[test]
fn of_two_changes_of_keys_one_happens() {
    run(async {
        let world = world().await;
        let there = world.device().await;
        let mut one = begin(&world).await;
        let mut other = there.begin_rekey(&wish()).await.expect("begins");
        there
            .rekey(&mut other, ORIGIN, PASSWORD)
            .await
            .expect("changes");
        let late = rekey(&world, &mut one).await.err();
        assert!(late.is_some());
        is_new(&world, &other).await;
        assert_eq!(
            log_in(&world.server, one.setup_code(), NEW).await.err(),
            WRONG
        );
    });
}

#[test]
fn a_server_that_hides_or_forges_the_rotation_gets_nothing() {
    run(async {
        let world = world().await;
        let mut new = begin(&world).await;
        rekey(&world, &mut new).await.expect("changes");
        type Twist = fn(&mut serde_json::Value);
        let twists: [Twist; 3] = [
            |v| v["account"]["rotations"] = "".into(),
            |v| v["account"]["rotations"] = v["account"]["bundle"].clone(),
            |v| {
                let twice = v["account"]["rotations"].as_str().unwrap_or_default();
                v["account"]["rotations"] = format!("{twice}{twice}").into();
            },
        ];
        for twist in twists {
            world.server.borrow_mut().twist = Some(Box::new(move |path, value| {
                if path == paths::LOGIN {
                    twist(value);
                }
            }));
            let refused = log_in(&world.server, new.setup_code(), NEW).await;
            assert!(matches!(refused.err(), Some(ClientError::Tampered)));
        }
    });
}

#[test]
fn a_server_that_puts_the_old_items_back_is_found_out() {
    run(async {
        let world = world().await;
        let old = world.server.borrow_mut().snapshot();
        let mut new = begin(&world).await;
        rekey(&world, &mut new).await.expect("changes");
        world.server.borrow_mut().restore(old);
        let there = log_in(&world.server, new.setup_code(), NEW)
            .await
            .expect("opens");
        assert_eq!(there.trust(), Trust::Broken);
        assert_eq!(there.unlocked().items, 0);
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "measuring needs the machine's clock"
)]
#[test]
fn ten_thousand_items_take_less_than_a_minute() {
    run(async {
        let world = World::new().await;
        let planned: Vec<_> = (0..10_000)
            .map(|number| keyarc_vault::import::PlannedItem {
                draft: draft(&format!("KEY_{number}"), &format!("secret-{number}")),
                variable: None,
                kept: None,
            })
            .collect();
        world.session.import(&planned).await.expect("imports");
        let began = std::time::Instant::now();
        let mut new = begin(&world).await;
        let session = rekey(&world, &mut new).await.expect("changes");
        assert_eq!(session.unlocked().items, 10_000);
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
        let progress = &world.host.told.borrow().progress;
        let sealing: Vec<u8> = progress
            .iter()
            .filter(|(stage, _)| *stage == keyarc_client::Stage::Sealing)
            .map(|(_, percent)| *percent)
            .collect();
        assert!(
            sealing.len() > 15 && sealing.last() == Some(&100),
            "{sealing:?}"
        );
    });
}
