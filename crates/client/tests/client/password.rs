//! Change of password: whatever goes wrong, the account is wholly old or wholly new, and what the
//! client says of it is true.

use std::{cell::RefCell, future::Future as _, pin::pin, rc::Rc, task::Poll};

use keyarc_client::{ChangePassword, ClientError, PasswordError};
use keyarc_crypto::{SetupCode, Suite};
use keyarc_wire::{ErrorCode, paths};
use serde_json::Value;

use crate::common::{Fault, PASSWORD, World, change, draft, log_in, run, value};

const NEW: &str = "copper violin thunder meadow";

const WRONG: Option<ClientError> = Some(ClientError::WrongPassword);

/// Of both passwords exactly this one opens the account and everything in it.
async fn opens(world: &World, code: &SetupCode, password: &str) {
    for other in [PASSWORD, NEW] {
        let entered = log_in(&world.server, code, other).await;
        if other == password {
            let session = entered.expect("the password in force opens");
            let items = session.look(|vault| vault.live_items());
            assert_eq!(items, world.session.unlocked().items);
        } else {
            assert_eq!(entered.err(), WRONG, "{other}");
        }
    }
}

fn sent(world: &World, path: &str) -> usize {
    let seen = &world.server.borrow().seen;
    seen.iter().filter(|seen| *seen == path).count()
}

#[test]
fn the_new_password_opens_what_the_old_one_did() {
    run(async {
        let world = World::new().await;
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        let wish = change(PASSWORD, NEW);
        world.session.change_password(&wish).await.expect("changes");
        opens(&world, &world.code, NEW).await;
        // This session goes on, and another change begins from the new password.
        let revealed = world
            .session
            .reveal(item.summary.id)
            .await
            .expect("reveals");
        assert_eq!(value(&revealed), "one");
        let stale = world.session.change_password(&wish).await;
        assert_eq!(stale, Err(ClientError::WrongPassword.into()));
        assert_eq!(world.session.check_password(PASSWORD).await.err(), WRONG);
        assert_eq!(world.session.check_password(NEW).await, Ok(()));
        let back = world.session.change_password(&change(NEW, PASSWORD)).await;
        assert_eq!(back, Ok(()));
        opens(&world, &world.code, PASSWORD).await;
        assert_eq!(world.server.borrow().keyset_version(), 3);
    });
}

#[test]
fn another_suite_makes_another_setup_code() {
    run(async {
        let world = World::new().await;
        world.session.save(&draft("A", "one")).await.expect("saves");
        let code = world.session.setup_code(Suite::Argon2id);
        assert_eq!(world.session.suite(), Suite::Pbkdf2Sha256);
        let wish = ChangePassword {
            suite: Suite::Argon2id,
            ..change(PASSWORD, PASSWORD)
        };
        world.session.change_password(&wish).await.expect("changes");
        assert_eq!(world.session.suite(), Suite::Argon2id);
        opens(&world, &code, PASSWORD).await;
        assert_eq!(world.log_in(PASSWORD).await.err(), WRONG);
        // The next change is proven under the new suite.
        let wish = ChangePassword { new: NEW, ..wish };
        world.session.change_password(&wish).await.expect("changes");
        opens(&world, &code, NEW).await;
    });
}

#[test]
fn a_wrong_current_password_is_told_without_asking_for_a_change() {
    run(async {
        let world = World::new().await;
        for wrong in ["", "not the password", NEW] {
            let refused = world.session.change_password(&change(wrong, NEW)).await;
            assert_eq!(refused, Err(ClientError::WrongPassword.into()));
            assert_eq!(world.session.check_password(wrong).await.err(), WRONG);
        }
        assert_eq!(sent(&world, paths::PASSWORD), 0);
        opens(&world, &world.code, PASSWORD).await;
    });
}

#[test]
fn a_change_that_is_lost_on_the_way_or_back_is_made_once() {
    for faults in [
        vec![Fault::RequestLost],
        vec![Fault::AnswerLost],
        vec![Fault::BadGateway],
        vec![Fault::Twice],
        vec![Fault::FailAfter],
        vec![Fault::Garbage],
        vec![Fault::RequestLost, Fault::BadGateway, Fault::AnswerLost],
        vec![Fault::RequestLost, Fault::Refuse(ErrorCode::RateLimited)],
        vec![Fault::RequestLost, Fault::Refuse(ErrorCode::Internal)],
    ] {
        run(async {
            let world = World::new().await;
            world.faults(faults.clone());
            let changed = world.session.change_password(&change(PASSWORD, NEW)).await;
            assert_eq!(changed, Ok(()), "{faults:?}");
            assert_eq!(world.server.borrow().keyset_version(), 2, "{faults:?}");
            opens(&world, &world.code, NEW).await;
        });
    }
}

#[test]
fn a_refusal_is_told_and_changes_nothing() {
    let of = |code| match code {
        ErrorCode::RateLimited => ClientError::RateLimited { seconds: 60 },
        ErrorCode::StorageFull => ClientError::StorageFull,
        ErrorCode::Unavailable => ClientError::Unreachable,
        ErrorCode::LoginRefused => ClientError::Refused {
            message: "The server did not accept the change.".into(),
            action: "Nothing was changed. Try again.".into(),
        },
        _ => ClientError::Refused {
            message: "No.".into(),
            action: "Do something else.".into(),
        },
    };
    for code in [
        ErrorCode::RateLimited,
        ErrorCode::StorageFull,
        ErrorCode::Unavailable,
        ErrorCode::LoginRefused,
        ErrorCode::Conflict,
        ErrorCode::Internal,
    ] {
        run(async {
            let world = World::new().await;
            world.faults([Fault::Refuse(code)]);
            let refused = world.session.change_password(&change(PASSWORD, NEW)).await;
            assert_eq!(refused, Err(of(code).into()), "{code:?}");
            opens(&world, &world.code, PASSWORD).await;
            // And it can be tried again.
            let changed = world.session.change_password(&change(PASSWORD, NEW)).await;
            assert_eq!(changed, Ok(()), "{code:?}");
        });
    }
}

#[test]
fn without_a_server_nothing_is_changed() {
    run(async {
        let world = World::new().await;
        world.server.borrow_mut().down = true;
        let refused = world.session.change_password(&change(PASSWORD, NEW)).await;
        assert_eq!(refused, Err(ClientError::Unreachable.into()));
        world.server.borrow_mut().down = false;
        world.server.borrow_mut().sessions_ended = true;
        let refused = world.session.change_password(&change(PASSWORD, NEW)).await;
        assert_eq!(refused, Err(ClientError::SessionEnded.into()));
        world.server.borrow_mut().sessions_ended = false;
        opens(&world, &world.code, PASSWORD).await;
    });
}

/// The server goes away with the request, having made the change or not, and comes back later.
#[test]
fn an_outcome_that_is_not_known_is_said_to_be_and_found_out_later() {
    for made in [false, true] {
        run(async {
            let world = World::new().await;
            let fault = if made {
                Fault::AnswerLost
            } else {
                Fault::RequestLost
            };
            world.faults([fault]);
            world.server.borrow_mut().down_after = Some(paths::PASSWORD);
            let unknown = world.session.change_password(&change(PASSWORD, NEW)).await;
            assert_eq!(unknown, Err(PasswordError::Unknown), "{made}");
            assert_eq!(world.host.told.borrow().pauses.len(), 7);
            world.server.borrow_mut().down = false;
            assert_eq!(world.server.borrow().keyset_version(), 1 + u32::from(made));
            let sent_before = sent(&world, paths::PASSWORD);
            let again = world.session.change_password(&change(PASSWORD, NEW)).await;
            assert_eq!(again, Ok(()), "{made}");
            assert_eq!(
                sent(&world, paths::PASSWORD) - sent_before,
                usize::from(!made)
            );
            assert_eq!(world.server.borrow().keyset_version(), 2);
            opens(&world, &world.code, NEW).await;
        });
    }
}

#[test]
fn a_session_that_ends_with_the_answer_leaves_the_outcome_open() {
    run(async {
        let world = World::new().await;
        world.faults([Fault::AnswerLost]);
        world.server.borrow_mut().sessions_end_after = Some(paths::PASSWORD);
        let unknown = world.session.change_password(&change(PASSWORD, NEW)).await;
        assert_eq!(unknown, Err(PasswordError::Unknown));
        world.server.borrow_mut().sessions_ended = false;
        opens(&world, &world.code, NEW).await;
    });
}

/// A tab is closed, a machine loses power: at every step of the way.
#[test]
fn a_client_that_dies_leaves_the_account_wholly_old_or_wholly_new() {
    let mut outcomes = Vec::new();
    for steps in 0..40 {
        let outcome = Rc::new(RefCell::new(None));
        let seen = outcome.clone();
        run(async move {
            let world = World::new().await;
            world.session.save(&draft("A", "one")).await.expect("saves");
            {
                let wish = change(PASSWORD, NEW);
                let mut changing = pin!(world.session.change_password(&wish));
                for _ in 0..steps {
                    let polled = std::future::poll_fn(|context| {
                        Poll::Ready(changing.as_mut().poll(context))
                    });
                    if polled.await.is_ready() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            let version = world.server.borrow().keyset_version();
            let password = if version == 1 { PASSWORD } else { NEW };
            opens(&world, &world.code, password).await;
            *seen.borrow_mut() = Some(version);
        });
        outcomes.extend(outcome.take());
    }
    assert!(outcomes.is_sorted());
    assert_eq!((outcomes[0], outcomes[39]), (1, 2));
}

#[test]
fn of_two_tabs_that_change_it_at_once_one_is_told() {
    run(async {
        let world = World::new().await;
        let other = world.device().await;
        let mine = change(PASSWORD, NEW);
        let theirs = change(PASSWORD, "another one entirely");
        let (one, two) = tokio::join!(
            world.session.change_password(&mine),
            other.change_password(&theirs)
        );
        let told = [&one, &two].map(|outcome| outcome == &Err(PasswordError::ChangedElsewhere));
        assert_ne!(told[0], told[1], "{one:?} {two:?}");
        assert_ne!(one.is_ok(), two.is_ok());
        // Whoever lost goes on from what is in force.
        let (loser, current) = if one.is_ok() {
            (&other, NEW)
        } else {
            (&world.session, "another one entirely")
        };
        assert_eq!(loser.change_password(&change(current, NEW)).await, Ok(()));
        opens(&world, &world.code, NEW).await;
    });
}

#[test]
fn a_server_that_says_it_was_done_and_did_not_is_found_out() {
    run(async {
        let world = World::new().await;
        world.faults([Fault::Lie]);
        let refused = world.session.change_password(&change(PASSWORD, NEW)).await;
        assert_eq!(refused, Err(ClientError::Tampered.into()));
        assert_eq!(world.session.check_password(PASSWORD).await, Ok(()));
        opens(&world, &world.code, PASSWORD).await;
    });
}

/// Changes what the account endpoint answers, from some request to change the password on.
fn refused_after_the_change(what: &str, twist: impl Fn(&mut Value) + 'static) {
    run(async {
        let world = World::new().await;
        let before = world.session.setup_code(world.session.suite());
        let asked = RefCell::new(0);
        world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
            if path == paths::ACCOUNT {
                *asked.borrow_mut() += 1;
                if *asked.borrow() > 1 {
                    twist(answer);
                }
            }
        }));
        let wish = ChangePassword {
            suite: Suite::Argon2id,
            ..change(PASSWORD, NEW)
        };
        let refused = world.session.change_password(&wish).await;
        assert_eq!(refused, Err(ClientError::Tampered.into()), "{what}");
        // Nothing of it was taken over.
        assert_eq!(world.session.suite(), Suite::Pbkdf2Sha256);
        let now = world.session.setup_code(world.session.suite());
        assert_eq!(*now.to_text(), *before.to_text(), "{what}");
    });
}

#[test]
fn another_keyset_than_the_one_that_was_sent_is_refused() {
    fn flip(text: &mut Value) {
        let mut bytes = text.as_str().expect("text").as_bytes().to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
        *text = String::from_utf8(bytes).expect("ASCII").into();
    }
    refused_after_the_change("root key", |answer| {
        flip(&mut answer["keyset"]["wrapped_root_key"]);
    });
    refused_after_the_change("keyring", |answer| flip(&mut answer["keyset"]["keyring"]));
    refused_after_the_change("later version", |answer| {
        answer["keyset"]["version"] = 3.into();
    });
    refused_after_the_change("earlier version", |answer| {
        answer["keyset"]["version"] = 1.into();
    });
    refused_after_the_change("version 0", |answer| {
        answer["keyset"]["version"] = 0.into();
    });
    refused_after_the_change("nothing", |answer| answer["keyset"] = Value::Null);
    refused_after_the_change("swapped", |answer| {
        answer["keyset"]["keyring"] = answer["keyset"]["wrapped_root_key"].clone();
    });
}

#[test]
fn a_keyset_that_is_not_ours_is_refused_before_anything_is_sent() {
    for version in [0, 1, 2, 9] {
        run(async {
            let world = World::new().await;
            world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
                if path == paths::ACCOUNT {
                    answer["keyset"]["version"] = version.into();
                    answer["keyset"]["wrapped_root_key"] = answer["keyset"]["keyring"].clone();
                }
            }));
            let refused = world.session.change_password(&change(PASSWORD, NEW)).await;
            assert_eq!(refused, Err(ClientError::Tampered.into()), "{version}");
            let refused = world.session.check_password(PASSWORD).await;
            assert_eq!(refused, Err(ClientError::Tampered), "{version}");
            assert_eq!(sent(&world, paths::PASSWORD), 0);
        });
    }
}
