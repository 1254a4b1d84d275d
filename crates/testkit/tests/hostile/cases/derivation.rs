//! The server's say in how keys are made from a password: none.

use keyarc_client::{ChangePassword, ClientError, LogIn, Session};
use keyarc_crypto::{KdfError, KdfParams, Suite};
use keyarc_testkit::{Proxy, http_client};
use keyarc_wire::paths;
use serde_json::{Value, json};

use crate::{
    device::Derives,
    world::{PASSWORD, World, instead, line},
};

/// Puts an offer wherever a server could make one: beside and inside everything that it says.
fn offer(world: &World, offer: &Value) {
    let offer = offer.clone();
    world.proxy.lie(move |_, answer| {
        let Some(mut value) = answer.value() else {
            return;
        };
        everywhere(&mut value, &offer);
        answer.body = value.to_string().into_bytes();
    });
}

fn everywhere(value: &mut Value, offer: &Value) {
    match value {
        Value::Object(members) => {
            members
                .values_mut()
                .for_each(|member| everywhere(member, offer));
            // The shapes of these two are closed: they are tried by themselves.
            let closed = ["wrapped_root_key", "nonce"];
            if !closed.iter().any(|own| members.contains_key(*own)) {
                for (name, what) in offer.as_object().expect("an offer") {
                    members.insert(name.clone(), what.clone());
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|one| everywhere(one, offer)),
        _ => {}
    }
}

/// Whatever is offered, the same key is derived once, and the server's own check of the
/// signature shows that it is the right one.
async fn changes_nothing(test: &'static str, offers: &[Value]) {
    let world = World::with(test, Derives::Truly).await;
    for what in offers {
        offer(&world, what);
        let before = world.device.told.borrow().derived.len();
        let session = world.log_in().await.expect("opens with the key of old");
        assert!(!session.trust().is_alarm(), "{what}");
        let derived = world.device.told.borrow().derived[before..].to_vec();
        assert_eq!(derived, [(1, world.code.handle())], "{what}");
        // Within the places whose shape is closed an offer is refused.
        let more = what.clone();
        world.lie(paths::CHALLENGE, move |answer| {
            let challenge = answer.as_object_mut().expect("a challenge");
            challenge.extend(more.as_object().expect("an offer").clone());
        });
        world.refuses("a challenge with more in it").await;
        let more = what.clone();
        world.lie(paths::LOGIN, move |answer| {
            let keyset = answer["account"]["keyset"]
                .as_object_mut()
                .expect("a keyset");
            keyset.extend(more.as_object().expect("an offer").clone());
        });
        world.refuses("a keyset with more in it").await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_cheaper_derivation_is_not_taken() {
    let offers = [
        json!({ "kdf": "pbkdf2", "iterations": 1, "kdf_iterations": 1 }),
        json!({ "kdf": "pbkdf2", "iterations": 5_000, "kdfIterations": 5_000 }),
        json!({ "kdf": { "name": "pbkdf2", "iterations": 599_999 } }),
        json!({ "kdf": "argon2id", "memory_mib": 8, "passes": 1, "lanes": 1 }),
    ];
    changes_nothing("derivation::a_cheaper_derivation_is_not_taken", &offers).await;
}

#[tokio::test]
async fn an_endless_derivation_is_not_begun() {
    for params in [
        KdfParams::Pbkdf2Sha256 {
            iterations: 1 << 31,
        },
        KdfParams::Pbkdf2Sha256 { iterations: 5_000 },
        KdfParams::Argon2id {
            memory_kib: 64 << 20,
            passes: 3,
            lanes: 4,
        },
    ] {
        assert_eq!(params.check(), Err(KdfError::Parameters));
    }
    let offers = [
        json!({ "kdf": "pbkdf2", "iterations": 1_u64 << 31 }),
        json!({ "kdf": "argon2id", "memory_mib": 65_536, "passes": u64::MAX }),
        json!({ "kdf": "pbkdf2", "iterations": -1 }),
    ];
    changes_nothing("derivation::an_endless_derivation_is_not_begun", &offers).await;
}

#[tokio::test]
async fn the_derivation_cannot_be_skipped() {
    let offers = [
        json!({ "suite": 0 }),
        json!({ "suite": 255, "kdf": null }),
        json!({ "kdf": "none", "suite": "none", "password": true }),
    ];
    changes_nothing("derivation::the_derivation_cannot_be_skipped", &offers).await;
}

#[tokio::test]
async fn a_salt_from_the_server_is_ignored() {
    let offers = [
        json!({ "salt": "AAAAAAAAAAAAAAAAAAAAAA", "kdf_salt": "ada@example.com" }),
        json!({ "suite": 1, "salt": null }),
    ];
    changes_nothing("derivation::a_salt_from_the_server_is_ignored", &offers).await;
}

#[tokio::test]
async fn a_suite_of_before_does_not_come_back() {
    let test = "derivation::a_suite_of_before_does_not_come_back";
    let mut world = World::with(test, Derives::Truly).await;
    world.log_in().await.expect("logs in");
    let [old_login, old_account] = {
        let session = world.log_in().await.expect("logs in");
        session.check_password(PASSWORD).await.expect("is right");
        [paths::LOGIN, paths::ACCOUNT].map(|path| world.last_said(path))
    };
    let wish = ChangePassword {
        origin: &world.proxy.origin(),
        current: PASSWORD,
        new: PASSWORD,
        suite: Suite::Argon2id,
    };
    world.session.change_password(&wish).await.expect("changes");
    let new_code = world.session.setup_code(Suite::Argon2id);
    let old_code = std::mem::replace(&mut world.code, new_code);

    // The old keys, for the old code and for the new one.
    world.proxy.route(instead(paths::LOGIN, old_login));
    world.refuses("the old keys under the new code").await;
    let pins = world.device.pins();
    let kept = world.device.told.borrow().pins.len();
    let refused = world
        .log_in_as(&world.device, &old_code, pins.as_deref())
        .await;
    assert_eq!(refused.err(), Some(ClientError::Tampered));
    assert_eq!(world.device.told.borrow().pins.len(), kept);
    // And within a session.
    world.proxy.route(instead(paths::ACCOUNT, old_account));
    let checked = world.session.check_password(PASSWORD).await;
    assert_eq!(checked, Err(ClientError::Tampered));
    world.end().await;
}

#[tokio::test]
async fn a_log_in_cannot_be_relayed_or_repeated() {
    let world = World::new("derivation::a_log_in_cannot_be_relayed_or_repeated").await;
    world.log_in().await.expect("logs in");
    let used = world.last_said(paths::CHALLENGE);
    world.proxy.route(instead(paths::CHALLENGE, used));
    let refused = world.log_in().await.err();
    assert_eq!(
        refused,
        Some(ClientError::WrongPassword),
        "a nonce of before"
    );
    world.proxy.tell_the_truth();

    // The very log-in that was accepted, once more.
    let asked = world.proxy.asked();
    let login = asked.iter().rfind(|asked| asked.path == paths::LOGIN);
    let sent = http_client();
    let again = sent
        .post(world.server.url(paths::LOGIN))
        .header("content-type", "application/json")
        .body(login.expect("there was one").body.clone())
        .send();
    assert_eq!(again.await.expect("answers").status(), 401);

    // Another site, in front of the same server: what is signed names the site.
    let relay = Proxy::before(world.server.address()).await;
    let wish = LogIn {
        origin: &relay.origin(),
        code: &world.code,
        password: PASSWORD,
        device_name: "A device",
        client: keyarc_wire::ClientKind::Api,
        pins: None,
    };
    let refused = Session::log_in(line(&relay), world.stranger(), &wish).await;
    assert_eq!(
        refused.err(),
        Some(ClientError::WrongPassword),
        "another origin"
    );
    world.end().await;
}
