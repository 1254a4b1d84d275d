//! A server that lies. Whatever it changes, the client says so and uses nothing of it.

use crate::common::{PASSWORD, World, draft, edit, log_in, run};
use keyarc_client::{ClientError, Session, Trust};
use keyarc_wire::paths;
use serde_json::{Value, json};

/// Logs in against a server that changes its answer to a log-in, and expects a refusal.
fn refused_at_log_in(what: &str, twist: impl Fn(&mut Value) + 'static) {
    run(async {
        let world = World::new().await;
        world.session.save(&draft("A", "1")).await.expect("saves");
        world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
            if path == paths::LOGIN {
                twist(answer);
            }
        }));
        let refused = log_in(&world.server, &world.code, PASSWORD).await.err();
        assert_eq!(refused, Some(ClientError::Tampered), "{what}");
        // And nothing was sent to replace what seemed to be missing.
        let seen = &world.server.borrow().seen;
        assert_eq!(
            seen.last().map(String::as_str),
            Some(paths::LOGIN),
            "{what}"
        );
    });
}

fn flip(text: &mut Value) {
    let mut bytes = text.as_str().expect("text").as_bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    *text = String::from_utf8(bytes).expect("ASCII").into();
}

#[test]
fn an_account_with_anything_missing_or_altered_is_refused() {
    refused_at_log_in("root key", |answer| {
        flip(&mut answer["account"]["keyset"]["wrapped_root_key"]);
    });
    refused_at_log_in("keyring", |answer| {
        flip(&mut answer["account"]["keyset"]["keyring"])
    });
    refused_at_log_in("vault key", |answer| {
        flip(&mut answer["account"]["vaults"][0]["wrapped_key"]);
    });
    refused_at_log_in("bundle", |answer| flip(&mut answer["account"]["bundle"]));
    refused_at_log_in("account id", |answer| flip(&mut answer["account"]["id"]));
    refused_at_log_in("no vault", |answer| answer["account"]["vaults"] = json!([]));
    refused_at_log_in("two vaults", |answer| {
        let vault = answer["account"]["vaults"][0].clone();
        answer["account"]["vaults"] = json!([vault.clone(), vault]);
    });
    refused_at_log_in("another vault id", |answer| {
        answer["account"]["vaults"][0]["id"] = "00".repeat(16).into();
    });
    refused_at_log_in("another epoch", |answer| {
        answer["account"]["vaults"][0]["key_epoch"] = 2.into();
    });
    refused_at_log_in("keyset version", |answer| {
        answer["account"]["keyset"]["version"] = 2.into();
    });
    refused_at_log_in("null root key", |answer| {
        answer["account"]["keyset"]["wrapped_root_key"] = Value::Null;
    });
    refused_at_log_in("empty root key", |answer| {
        answer["account"]["keyset"]["wrapped_root_key"] = "".into();
    });
    refused_at_log_in("field swap", |answer| {
        let keyring = answer["account"]["keyset"]["keyring"].clone();
        answer["account"]["keyset"]["wrapped_root_key"] = keyring;
    });
    refused_at_log_in("a token for scripts", |answer| {
        answer["session_token"] = "kas1_x".into();
    });
}

#[test]
fn another_accounts_keys_are_refused() {
    run(async {
        let world = World::new().await;
        let other = World::new().await;
        let stolen = std::rc::Rc::new(std::cell::RefCell::new(Value::Null));
        let take = stolen.clone();
        other.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
            if path == paths::LOGIN {
                *take.borrow_mut() = answer.clone();
            }
        }));
        other.device().await;
        let whole = stolen.borrow().clone();
        world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
            if path == paths::LOGIN {
                *answer = whole.clone();
            }
        }));
        assert_eq!(
            world.log_in(PASSWORD).await.err(),
            Some(ClientError::Tampered)
        );
    });
}

#[test]
fn a_sign_up_that_comes_back_different_is_refused() {
    for (field, put) in [
        ("/account/keyset/version", json!(2)),
        ("/account/vaults/0/revision", json!(7)),
        ("/account/vaults", json!([])),
        ("/account/id", json!("00".repeat(16))),
        ("/session_token", json!("kas1_x")),
    ] {
        run(async {
            let world = World::new().await;
            world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
                if path == paths::SIGN_UP {
                    match answer.pointer_mut(field) {
                        Some(value) => *value = put.clone(),
                        None => answer["session_token"] = put.clone(),
                    }
                }
            }));
            let line = crate::common::Line::to(&world.server);
            let made = Session::sign_up(line, world.host.clone(), &crate::common::sign_up()).await;
            assert_eq!(made.err(), Some(ClientError::Tampered), "{field}");
        });
    }
}

#[test]
fn details_of_another_item_are_refused() {
    run(async {
        let world = World::new().await;
        let a = world
            .session
            .save(&draft("A", "1"))
            .await
            .expect("saves")
            .summary
            .id;
        let b = world
            .session
            .save(&draft("B", "2"))
            .await
            .expect("saves")
            .summary
            .id;
        world.server.borrow_mut().swap_details(a, b);
        assert_eq!(world.session.reveal(a).await, Err(ClientError::Tampered));
        assert_eq!(world.session.reveal(b).await, Err(ClientError::Tampered));
    });
}

#[test]
fn details_under_another_items_name_or_twice_are_refused() {
    for twice in [false, true] {
        run(async {
            let world = World::new().await;
            let a = world
                .session
                .save(&draft("A", "1"))
                .await
                .expect("saves")
                .summary
                .id;
            world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
                if path == "/details" {
                    let first = answer["details"][0].clone();
                    if twice {
                        answer["details"] = json!([first.clone(), first]);
                    } else {
                        answer["details"][0]["item_id"] = "00".repeat(16).into();
                    }
                }
            }));
            assert_eq!(world.session.reveal(a).await, Err(ClientError::Tampered));
        });
    }
}

#[test]
fn older_details_are_refused() {
    run(async {
        let world = World::new().await;
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        let old = std::rc::Rc::new(std::cell::RefCell::new(None));
        let keep = old.clone();
        world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
            if path == "/details" {
                keep.borrow_mut().get_or_insert_with(|| answer.clone());
                let mut old = keep.borrow().clone().expect("kept");
                // It lies about the version as well.
                old["details"][0]["version"] = answer["details"][0]["version"].clone();
                *answer = old;
            }
        }));
        world
            .session
            .reveal(item.summary.id)
            .await
            .expect("the first is true");
        world
            .session
            .save(&edit(&item, "two"))
            .await
            .expect("saves");
        assert_eq!(
            world.session.reveal(item.summary.id).await,
            Err(ClientError::Tampered)
        );
    });
}

#[test]
fn a_newer_version_that_no_sync_brings_is_refused() {
    run(async {
        let world = World::new().await;
        let item = world
            .session
            .save(&draft("A", "one"))
            .await
            .expect("saves")
            .summary
            .id;
        world.server.borrow_mut().twist = Some(Box::new(|path, answer| {
            if path == "/details" {
                answer["details"][0]["version"] = 9.into();
            }
        }));
        assert_eq!(world.session.reveal(item).await, Err(ClientError::Tampered));
    });
}

#[test]
fn a_sync_that_goes_back_is_refused_and_changes_nothing() {
    run(async {
        let world = World::new().await;
        let other = world.device().await;
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        let old = std::rc::Rc::new(std::cell::RefCell::new(None::<Vec<u8>>));
        let keep = old.clone();
        world.server.borrow_mut().twist_changes = Some(Box::new(move |stream| {
            *keep.borrow_mut() = Some(stream.clone());
            stream
        }));
        // What a sync from the beginning said at revision 1.
        other.sync().await.expect("syncs");
        let first = old.borrow().clone().expect("kept");
        world
            .session
            .save(&edit(&item, "two"))
            .await
            .expect("saves");
        world
            .session
            .save(&draft("B", "three"))
            .await
            .expect("saves");
        // The same stream again, its revisions raised so that it looks new.
        world.server.borrow_mut().twist_changes = Some(Box::new(move |_| {
            let mut stream = first.clone();
            let end = stream.len();
            stream[4 + 1 + 16 + 8 + 7] = 9;
            stream[end - 5] = 9;
            stream
        }));
        assert_eq!(world.session.sync().await, Err(ClientError::Tampered));
        let now = world
            .session
            .reveal(item.summary.id)
            .await
            .expect("reveals");
        assert_eq!(
            (now.summary.version, crate::common::value(&now)),
            (2, "two")
        );
    });
}

#[test]
fn a_sync_that_is_cut_off_or_malformed_is_not_used() {
    for (cut, expected) in [(5, ClientError::Unreachable), (0, ClientError::Tampered)] {
        run(async {
            let world = World::new().await;
            let other = world.device().await;
            world.session.save(&draft("A", "one")).await.expect("saves");
            world.server.borrow_mut().twist_changes = Some(Box::new(move |mut stream| {
                match cut {
                    0 => stream.push(0),
                    cut => stream.truncate(stream.len() - cut),
                }
                stream
            }));
            assert_eq!(other.sync().await, Err(expected));
            assert_eq!((other.unlocked().items, other.unlocked().revision), (0, 0));
        });
    }
}

#[test]
fn an_overview_that_was_altered_is_not_shown_and_nothing_else_is() {
    run(async {
        let world = World::new().await;
        world.session.save(&draft("A", "one")).await.expect("saves");
        world.session.save(&draft("B", "two")).await.expect("saves");
        world.server.borrow_mut().twist_changes = Some(Box::new(|mut stream| {
            stream[200] ^= 1;
            stream
        }));
        let blocked = world.log_in(PASSWORD).await.expect("the account opens");
        assert_eq!(
            (blocked.trust(), blocked.unlocked().items),
            (Trust::Broken, 0)
        );
    });
}
