//! Recovery keys: coming back without the password, and keeping the kit in order.

use keyarc_client::{
    ClientError, PasswordError, PendingRecovery, Recover, Recovering, Recovery, RecoveryState,
    Session, Trust,
};
use keyarc_crypto::{Checkpoint, Kit, RecoveryKey, SetupCode};
use keyarc_wire::{ClientKind, ErrorCode, paths};

use crate::common::{
    Fault, Line, ORIGIN, PASSWORD, TestHost, TestSession, World, change, draft, log_in, run, value,
};

const NEW: &str = "copper violin thunder meadow";

const WRONG: Option<ClientError> = Some(ClientError::WrongPassword);

fn kit(code: &SetupCode, key: &RecoveryKey, checkpoint: Option<Checkpoint>) -> Kit {
    Kit {
        setup_code: SetupCode::parse(&code.to_text()).expect("reads back"),
        recovery_key: RecoveryKey::parse(&key.to_text()).expect("reads back"),
        checkpoint,
    }
}

fn kit_of(world: &World) -> Kit {
    kit(&world.code, &world.recovery_key, Some(world.checkpoint))
}

async fn begin(world: &World, kit: &Kit) -> Result<Recovering<Line, TestHost>, ClientError> {
    let wish = Recover {
        origin: ORIGIN,
        kit,
        pins: None,
    };
    Session::begin_recovery(Line::to(&world.server), TestHost::default(), &wish).await
}

async fn ready(world: &World, kit: &Kit) -> Box<Recovery<Line, TestHost>> {
    match begin(world, kit).await {
        Ok(Recovering::Ready(recovery)) => recovery,
        Ok(Recovering::SecondFactor(_)) => panic!("a code is asked for"),
        Err(error) => panic!("{error}"),
    }
}

async fn pending(world: &World) -> Box<PendingRecovery<Line, TestHost>> {
    match begin(world, &kit_of(world)).await {
        Ok(Recovering::SecondFactor(pending)) => pending,
        _ => panic!("no code is asked for"),
    }
}

async fn recover(world: &World, kit: &Kit) -> Result<TestSession, PasswordError> {
    ready(world, kit)
        .await
        .finish(NEW, "Test", ClientKind::Browser)
        .await
}

#[test]
fn the_kit_opens_the_vault_without_the_password_and_makes_another_one() {
    run(async {
        let world = World::new().await;
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        let session = recover(&world, &kit_of(&world)).await.expect("recovers");
        let revealed = session.reveal(item.summary.id).await.expect("reveals");
        assert_eq!(value(&revealed), "one");
        assert_eq!(session.trust(), Trust::Fresh);
        assert_eq!(
            log_in(&world.server, &world.code, PASSWORD).await.err(),
            WRONG
        );
        assert!(log_in(&world.server, &world.code, NEW).await.is_ok());
        // The kit stays what it is, and can be used again.
        let again = recover(&world, &kit_of(&world)).await.expect("recovers");
        again
            .change_password(&change(NEW, PASSWORD))
            .await
            .expect("changes");
        assert_eq!(world.server.borrow().keyset_version(), 4);
    });
}

#[test]
fn without_a_checkpoint_a_fresh_device_says_what_it_does_not_know() {
    run(async {
        let world = World::new().await;
        let without = Kit {
            checkpoint: None,
            ..kit_of(&world)
        };
        world.server.borrow_mut().forget_pins();
        let session = recover(&world, &without).await.expect("recovers");
        assert_eq!(session.trust(), Trust::FreshnessUnverified);
    });
}

#[test]
fn no_state_before_the_checkpoint_is_taken_for_the_newest() {
    run(async {
        let world = World::new().await;
        world.session.save(&draft("A", "one")).await.expect("saves");
        let old = world.server.borrow_mut().snapshot();
        world.session.save(&draft("B", "two")).await.expect("saves");
        let made = world
            .session
            .make_recovery_key(PASSWORD)
            .await
            .expect("makes");
        world
            .session
            .put_recovery_key(ORIGIN, PASSWORD, &made)
            .await
            .expect("puts");
        let kit = kit(&world.code, made.key(), Some(*made.checkpoint()));
        world.server.borrow_mut().restore(old);
        world.server.borrow_mut().forget_pins();
        let session = recover(&world, &kit).await.expect("recovers");
        assert!(matches!(
            session.trust(),
            Trust::RolledBack {
                seen: 2,
                shown: 1,
                ..
            }
        ));
        let refused = session.save(&draft("C", "three")).await;
        assert_eq!(refused.err(), Some(ClientError::ReadOnly.into()));
    });
}

#[test]
fn an_older_keyset_than_the_kit_knows_is_refused_before_anything_is_sent() {
    run(async {
        let world = World::new().await;
        let newer = Checkpoint {
            keyset_version: 2,
            ..world.checkpoint
        };
        let kit = Kit {
            checkpoint: Some(newer),
            ..kit_of(&world)
        };
        assert_eq!(begin(&world, &kit).await.err(), Some(ClientError::Tampered));
        assert_eq!(world.server.borrow().keyset_version(), 1);
    });
}

#[test]
fn a_wrong_a_replaced_and_a_revoked_key_are_refused_alike() {
    run(async {
        let world = World::new().await;
        let other = RecoveryKey::make(&mut keyarc_client::Host::rng(&world.host));
        let wrong = kit(&world.code, &other, None);
        assert_eq!(begin(&world, &wrong).await.err(), WRONG);
        let stranger = SetupCode::make(
            world.code.suite(),
            &mut keyarc_client::Host::rng(&world.host),
        );
        let nobody = kit(&stranger, &world.recovery_key, None);
        assert_eq!(begin(&world, &nobody).await.err(), WRONG);

        let made = world
            .session
            .make_recovery_key(PASSWORD)
            .await
            .expect("makes");
        // Made is not in force.
        assert!(begin(&world, &kit_of(&world)).await.is_ok());
        let put = world
            .session
            .put_recovery_key(ORIGIN, PASSWORD, &made)
            .await;
        assert_eq!(put, Ok(()));
        assert_eq!(begin(&world, &kit_of(&world)).await.err(), WRONG);
        let new = kit(&world.code, made.key(), Some(*made.checkpoint()));
        assert!(begin(&world, &new).await.is_ok());
        assert_eq!(
            world.session.revoke_recovery_key(ORIGIN, PASSWORD).await,
            Ok(())
        );
        assert_eq!(world.session.recovery(), RecoveryState::Revoked);
        assert_eq!(begin(&world, &new).await.err(), WRONG);
        // And a new one can be made after that.
        let made = world
            .session
            .make_recovery_key(PASSWORD)
            .await
            .expect("makes");
        world
            .session
            .put_recovery_key(ORIGIN, PASSWORD, &made)
            .await
            .expect("puts");
        let newest = kit(&world.code, made.key(), None);
        assert!(begin(&world, &newest).await.is_ok());
    });
}

#[test]
fn the_recovery_key_is_not_changed_without_the_password() {
    run(async {
        let world = World::new().await;
        let wrong = world.session.make_recovery_key(NEW).await;
        assert_eq!(wrong.err(), WRONG);
        let made = world
            .session
            .make_recovery_key(PASSWORD)
            .await
            .expect("makes");
        for outcome in [
            world.session.put_recovery_key(ORIGIN, NEW, &made).await,
            world.session.revoke_recovery_key(ORIGIN, NEW).await,
        ] {
            assert_eq!(outcome.err(), WRONG);
        }
        assert!(begin(&world, &kit_of(&world)).await.is_ok());
        assert!(
            !world
                .server
                .borrow()
                .seen
                .iter()
                .any(|path| path == paths::RECOVERY)
        );
    });
}

#[test]
fn a_change_of_the_recovery_key_is_looked_up() {
    for (fault, expected) in [
        (Fault::AnswerLost, Ok(())),
        (Fault::FailAfter, Ok(())),
        (Fault::Garbage, Ok(())),
        (Fault::Twice, Ok(())),
        (Fault::RequestLost, Err(ClientError::Unreachable)),
        (
            Fault::Refuse(ErrorCode::StorageFull),
            Err(ClientError::StorageFull),
        ),
        (Fault::Lie, Err(ClientError::Tampered)),
    ] {
        run(async {
            let world = World::new().await;
            let made = world
                .session
                .make_recovery_key(PASSWORD)
                .await
                .expect("makes");
            world.faults([fault]);
            let put = world
                .session
                .put_recovery_key(ORIGIN, PASSWORD, &made)
                .await;
            assert_eq!(put, expected, "{fault:?}");
            let new = kit(&world.code, made.key(), None);
            assert_eq!(
                begin(&world, &new).await.is_ok(),
                expected.is_ok(),
                "{fault:?}"
            );
            assert_eq!(
                begin(&world, &kit_of(&world)).await.is_ok(),
                expected.is_err()
            );
        });
    }
}

#[test]
fn the_second_factor_stands_between() {
    run(async {
        let world = World::new().await;
        world.server.borrow_mut().require_code("123456");
        let refused = pending(&world).await.finish("000000").await;
        let refused = refused.err().expect("refused");
        assert_eq!(refused.error, ClientError::WrongCode);
        let pending = refused.pending.expect("may be tried again");
        let recovery = pending.finish("123456").await.ok().expect("goes on");
        let session = recovery.finish(NEW, "Test", ClientKind::Browser).await;
        assert!(session.is_ok());
    });
}

#[test]
fn an_answer_that_is_lost_leaves_the_outcome_open_and_a_log_in_tells() {
    for (fault, made) in [
        (Fault::RequestLost, false),
        (Fault::BadGateway, false),
        (Fault::AnswerLost, true),
        (Fault::FailAfter, true),
        (Fault::Garbage, true),
    ] {
        run(async {
            let world = World::new().await;
            world.faults([fault]);
            let unknown = recover(&world, &kit_of(&world)).await;
            assert_eq!(unknown.err(), Some(PasswordError::Unknown), "{fault:?}");
            let in_force = if made { NEW } else { PASSWORD };
            assert!(
                log_in(&world.server, &world.code, in_force).await.is_ok(),
                "{fault:?}"
            );
            // And the kit opens it in any case.
            assert!(recover(&world, &kit_of(&world)).await.is_ok());
        });
    }
    run(async {
        let world = World::new().await;
        world.faults([Fault::Refuse(ErrorCode::LoginRefused)]);
        let late = recover(&world, &kit_of(&world)).await;
        assert_eq!(late.err(), Some(ClientError::LogInExpired.into()));
        world.faults([Fault::Lie]);
        let lie = recover(&world, &kit_of(&world)).await;
        assert!(lie.is_err() && world.server.borrow().keyset_version() == 1);
    });
}

#[test]
fn a_server_that_gives_something_else_gets_nothing() {
    type Twist = fn(&mut serde_json::Value);
    let twists: [(&str, Twist); 6] = [
        ("account", |v| {
            v["account"] = serde_json::json!("00000000000000000000000000000001")
        }),
        ("version", |v| v["version"] = 9.into()),
        ("wrap", |v| {
            v["wrapped_root_key"] = v["keyset"]["wrapped_root_key"].clone()
        }),
        ("keyring", |v| {
            v["keyset"]["keyring"] = v["wrapped_root_key"].clone()
        }),
        ("keyset", |v| v["keyset"]["version"] = 5.into()),
        ("rotations", |v| v["rotations"] = serde_json::json!("AAAA")),
    ];
    for (what, twist) in twists {
        run(async {
            let world = World::new().await;
            world.server.borrow_mut().twist = Some(Box::new(move |path, value| {
                if path == paths::RECOVER {
                    twist(value);
                }
            }));
            let refused = begin(&world, &kit_of(&world)).await;
            assert_eq!(refused.err(), Some(ClientError::Tampered), "{what}");
            assert_eq!(world.server.borrow().keyset_version(), 1);
            let seen = &world.server.borrow().seen;
            assert!(
                !seen.iter().any(|path| path == paths::RECOVER_FINISH),
                "{what}"
            );
        });
    }
}

#[test]
fn whoever_has_the_kit_before_them_can_prove_it_and_nothing_is_sent_of_it() {
    run(async {
        let world = World::new().await;
        let state = |session: &TestSession| match session.recovery() {
            RecoveryState::InForce {
                proven_at_ms, ask, ..
            } => (proven_at_ms, ask),
            other => panic!("{other:?}"),
        };
        assert_eq!(state(&world.session), (None, false));
        let text = world.recovery_key.to_text();
        let ending = &text[text.len() - 9..];
        for wrong in ["", "0000-0000", &text[4..13]] {
            assert_eq!(
                world.session.prove_recovery_key(wrong).await,
                Ok(false),
                "{wrong}"
            );
        }
        assert!(
            !world
                .server
                .borrow()
                .seen
                .iter()
                .any(|path| path == paths::RECOVERY_NOTE)
        );
        assert_eq!(
            world
                .session
                .prove_recovery_key(&ending.to_lowercase())
                .await,
            Ok(true)
        );
        assert_eq!(world.session.prove_recovery_key(&text).await, Ok(true));
        assert!(state(&world.session).0.is_some());
        // Other devices know of it.
        let there = world.device().await;
        assert!(state(&there).0.is_some());
        there.put_recovery_off().await.expect("puts it off");
        assert_eq!(there.prove_recovery_key(ending).await, Ok(true));
    });
}

#[test]
fn a_recovery_key_that_somebody_else_put_there_is_told() {
    run(async {
        let world = World::new().await;
        world.server.borrow_mut().twist = Some(Box::new(|path, value| {
            if path == paths::LOGIN {
                value["account"]["recovery"]["version"] = 2.into();
            }
        }));
        let there = world.device().await;
        assert_eq!(there.recovery(), RecoveryState::Unknown);
        assert_eq!(
            there.prove_recovery_key("0000-0000").await,
            Err(ClientError::NotFound)
        );
    });
}
