//! Passkeys, with servers that work and servers that lie.

use crate::common::{
    Line, ORIGIN, PASSWORD, TestHost, TestSession, World, begin_log_in, change, draft, run,
};
use keyarc_client::{AddedPasskey, ClientError, NewPasskey, PasskeyLogIn, PendingPasskey, Session};
use keyarc_crypto::Suite;
use keyarc_wire::{Bytes, ClientKind, PasskeyAssertion, PasskeyAttestation, paths};
use serde_json::{Value, json};

const PRF: [u8; 32] = [0x42; 32];
const ID: [u8; 16] = [5; 16];

fn assertion(id: &[u8]) -> PasskeyAssertion {
    PasskeyAssertion {
        credential_id: Bytes(id.to_vec()),
        client_data: Bytes(b"{}".to_vec()),
        authenticator_data: Bytes(vec![0; 37]),
        signature: Bytes(b"signed".to_vec()),
    }
}

async fn add(
    session: &TestSession,
    id: &[u8],
    prf: Option<&[u8]>,
) -> Result<AddedPasskey, ClientError> {
    let token = session.begin_passkey(ORIGIN, PASSWORD).await?.token;
    let made = NewPasskey {
        token,
        name: "Laptop",
        attestation: PasskeyAttestation {
            credential_id: Bytes(id.to_vec()),
            client_data: Bytes(b"{}".to_vec()),
            attestation: Bytes(vec![1]),
        },
        prf,
    };
    session.add_passkey(ORIGIN, made).await
}

async fn begin(world: &World) -> Result<PendingPasskey<Line, TestHost>, ClientError> {
    let wish = PasskeyLogIn {
        origin: ORIGIN,
        code: &world.code,
        device_name: "Test",
        client: ClientKind::Browser,
        pins: None,
    };
    Session::begin_passkey_log_in(Line::to(&world.server), TestHost::default(), &wish).await
}

async fn unlock(world: &World, id: &[u8], prf: &[u8]) -> Result<TestSession, ClientError> {
    begin(world).await?.finish(assertion(id), prf).await
}

/// An account with one item and a passkey that opens it.
async fn world() -> World {
    let world = World::new().await;
    let saved = world.session.save(&draft("Stripe", "one")).await;
    saved.expect("saves");
    let added = add(&world.session, &ID, Some(&PRF)).await.expect("adds");
    assert!(added.unlocks && added.recovery_codes.is_some());
    world
}

fn twist(world: &World, of: &'static str, twist: impl Fn(&mut Value) + 'static) {
    world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
        if path == of {
            twist(answer);
        }
    }));
}

#[test]
fn a_passkey_opens_the_vault_without_the_password() {
    run(async {
        let world = world().await;
        world.server.borrow_mut().seen.clear();
        let pending = begin(&world).await.expect("begins");
        assert_eq!(
            world.server.borrow().seen,
            [paths::CHALLENGE],
            "nothing is fetched"
        );
        let session = pending.finish(assertion(&ID), &PRF).await.expect("opens");
        assert_eq!(session.unlocked().items, 1);
        assert_eq!(session.unlocking_passkeys(), [Bytes(ID.to_vec())]);
        // It is a session like any other: it can even prove the password.
        session
            .prove_password(ORIGIN, PASSWORD)
            .await
            .expect("knows it");
    });
}

#[test]
fn another_output_or_another_passkey_opens_nothing() {
    run(async {
        let world = world().await;
        for (id, prf) in [(ID, [0x43; 32]), ([6; 16], PRF)] {
            let refused = unlock(&world, &id, &prf).await.err();
            assert_eq!(refused, Some(ClientError::PasskeyRefused));
        }
    });
}

#[test]
fn an_output_that_is_no_key_is_never_used() {
    run(async {
        let world = world().await;
        for bad in [&[][..], &[0; 32], &[7; 31], &[7; 33], &[0; 64]] {
            world.server.borrow_mut().seen.clear();
            let refused = unlock(&world, &ID, bad).await.err();
            assert_eq!(refused, Some(ClientError::PasskeyRefused));
            assert_eq!(
                world.server.borrow().seen,
                [paths::CHALLENGE],
                "nothing is proven"
            );
            let added = add(&world.session, &[8; 16], Some(bad))
                .await
                .expect("adds");
            assert!(!added.unlocks, "a second factor only");
        }
        let added = add(&world.session, &[8; 16], None).await.expect("adds");
        assert!(!added.unlocks);
        assert_eq!(world.session.unlocking_passkeys().len(), 1);
    });
}

#[test]
fn turning_one_on_takes_the_password() {
    run(async {
        let world = World::new().await;
        world.server.borrow_mut().seen.clear();
        let refused = world.session.begin_passkey(ORIGIN, "wrong").await.err();
        assert_eq!(refused, Some(ClientError::WrongPassword));
        assert_eq!(
            world.server.borrow().seen,
            [paths::ACCOUNT],
            "nothing is proven"
        );
        let refused = world
            .session
            .begin_passkey("https://evil.example", PASSWORD)
            .await;
        assert_eq!(refused.err(), Some(ClientError::LogInExpired));
    });
}

#[test]
fn a_change_of_password_or_suite_leaves_it_good() {
    run(async {
        let world = world().await;
        let wish = change(PASSWORD, "another lantern of the harbour");
        world.session.change_password(&wish).await.expect("changes");
        assert!(unlock(&world, &ID, &PRF).await.is_ok());
        let mut wish = change("another lantern of the harbour", PASSWORD);
        wish.suite = Suite::Argon2id;
        world.session.change_password(&wish).await.expect("changes");
        // This device has the old code, whose secret is the same.
        assert!(unlock(&world, &ID, &PRF).await.is_ok());
    });
}

#[test]
fn wraps_that_are_swapped_missing_or_old_are_tampering() {
    run(async {
        let world = world().await;
        let other = add(&world.session, &[6; 16], Some(&[0x77; 32])).await;
        assert!(other.expect("adds").unlocks);
        let lies: [fn(&mut Value); 6] = [
            |passkeys| *passkeys = json!([]),
            |passkeys| *passkeys = Value::Null,
            |passkeys| passkeys[0]["wrapped_root_key"] = passkeys[1]["wrapped_root_key"].clone(),
            |passkeys| passkeys[0]["wrapped_root_key"] = json!(""),
            |passkeys| passkeys[0]["credential_id"] = passkeys[1]["credential_id"].clone(),
            |passkeys| {
                let (a, b) = (passkeys[0]["credential_id"].clone(), &passkeys[1]);
                let b = b["credential_id"].clone();
                passkeys[0]["credential_id"] = b;
                passkeys[1]["credential_id"] = a;
            },
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            twist(&world, paths::LOGIN_PASSKEY, move |answer| {
                lie(&mut answer["account"]["passkeys"]);
            });
            let refused = unlock(&world, &ID, &PRF).await.err();
            assert_eq!(refused, Some(ClientError::Tampered), "{number}");
        }
        // Nor does the password's wrap stand for it, nor another account's whole answer.
        twist(&world, paths::LOGIN_PASSKEY, |answer| {
            let wrapped = answer["account"]["keyset"]["wrapped_root_key"].clone();
            answer["account"]["passkeys"][0]["wrapped_root_key"] = wrapped;
        });
        let refused = unlock(&world, &ID, &PRF).await.err();
        assert_eq!(refused, Some(ClientError::Tampered));
        twist(&world, paths::LOGIN_PASSKEY, |answer| {
            answer["account"]["id"] = json!("00".repeat(16));
        });
        let refused = unlock(&world, &ID, &PRF).await.err();
        assert_eq!(refused, Some(ClientError::Tampered));
        // What the server says of passkeys does not matter to who comes with the password.
        twist(&world, paths::LOGIN, |answer| {
            answer["account"]["passkeys"] = json!([])
        });
        assert!(world.log_in(PASSWORD).await.is_ok());
    });
}

#[test]
fn every_bit_of_a_wrap_matters() {
    run(async {
        let world = world().await;
        for at in [0, 5, 22, 46, 78, 200, 349] {
            twist(&world, paths::LOGIN_PASSKEY, move |answer| {
                let slot = &mut answer["account"]["passkeys"][0]["wrapped_root_key"];
                let mut sealed: keyarc_wire::Sealed =
                    serde_json::from_value(slot.clone()).expect("sealed");
                sealed.0[at] ^= 1;
                *slot = json!(sealed);
            });
            let refused = unlock(&world, &ID, &PRF).await.err();
            assert_eq!(refused, Some(ClientError::Tampered), "{at}");
        }
    });
}

#[test]
fn a_passkey_is_the_second_half_of_a_log_in() {
    run(async {
        let world = world().await;
        world.server.borrow_mut().require_code("123 456");
        let pending = begin_log_in(&world).await;
        assert_eq!(pending.passkeys(), [Bytes(ID.to_vec())]);
        let mut wrong = assertion(&ID);
        wrong.signature = Bytes(b"forged".to_vec());
        let refused = pending
            .finish_by_passkey(wrong)
            .await
            .err()
            .expect("refused");
        assert_eq!(refused.error, ClientError::PasskeyRefused);
        // Another way is open still.
        let pending = refused.pending.expect("goes on");
        let session = pending.finish_by_passkey(assertion(&ID)).await;
        assert_eq!(session.ok().expect("opens").unlocked().items, 1);
        let pending = begin_log_in(&world).await;
        world.server.borrow_mut().let_log_in_expire();
        let refused = pending
            .finish_by_passkey(assertion(&ID))
            .await
            .err()
            .expect("refused");
        assert_eq!(refused.error, ClientError::LogInExpired);
    });
}
