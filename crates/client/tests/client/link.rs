//! Linking a device, with servers that pass messages on and servers in the middle.

use futures::future::join;
use keyarc_client::{ClientError, NewDevice};
use keyarc_crypto::{KnownDeviceLink, LinkCode, NewDeviceLink};
use keyarc_wire::{Bytes, paths};
use serde_json::json;

use crate::common::{Line, ORIGIN, PASSWORD, TestHost, World, log_in, run};

async fn waiting(world: &World) -> NewDevice<Line, TestHost> {
    let line = Line::to(&world.server);
    NewDevice::open(line, TestHost::default(), ORIGIN)
        .await
        .expect("waits")
}

fn rng() -> impl rand_core::CryptoRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

#[test]
fn the_setup_code_reaches_the_new_device_and_opens_the_vault() {
    run(async {
        let world = World::new().await;
        let new = waiting(&world).await;
        let (words, joined) = join(new.joined(), world.session.join_link(ORIGIN, new.code())).await;
        let joined = joined.expect("joins");
        assert_eq!(words.expect("joined"), joined.words());
        let (received, sent) = join(new.receive(), world.session.send_setup_code(&joined)).await;
        sent.expect("sends");
        let code = received.expect("arrives");
        assert_eq!(code.to_text(), world.code.to_text());
        log_in(&world.server, &code, PASSWORD).await.expect("opens");
        // The link is gone.
        let again = world.session.join_link(ORIGIN, new.code()).await;
        assert_eq!(again.err(), Some(ClientError::NotFound));
    });
}

#[test]
fn a_wrong_code_joins_nobody() {
    run(async {
        let world = World::new().await;
        let new = waiting(&world).await;
        let code = new.code();
        for wrong in [(code.place, code.pin ^ 1), (code.place ^ 1, code.pin)] {
            let wrong = LinkCode::new(wrong.0, wrong.1).expect("20 bits");
            let refused = world.session.join_link(ORIGIN, wrong).await.err();
            assert_eq!(refused, Some(ClientError::NotFound));
        }
    });
}

#[test]
fn a_server_in_the_middle_shows_each_side_other_words() {
    run(async {
        let world = World::new().await;
        let new = waiting(&world).await;
        let code = new.code();
        // It takes the part of the new device against the unlocked one, and the other way round.
        let for_known = NewDeviceLink::make(&mut rng());
        let for_new = KnownDeviceLink::make(&for_known.offer(), &mut rng()).expect("an offer");
        let (offer, reveal) = (Bytes(for_known.offer()), Bytes(for_known.reveal()));
        let answer = Bytes(for_new.answer());
        world.server.borrow_mut().twist = Some(Box::new(move |path, message| match path {
            paths::LINK_JOIN => message["offer"] = json!(offer),
            paths::LINK_KNOWN => message["reveal"] = json!(reveal),
            paths::LINK_NEW => message["answer"] = json!(answer),
            _ => {}
        }));
        let (words, joined) = join(new.joined(), world.session.join_link(ORIGIN, code)).await;
        let joined = joined.expect("joins somebody");
        assert_ne!(words.expect("somebody joins"), joined.words());
        // Whoever sees that says no, and nothing was sent.
        world.session.refuse_link(&joined).await.expect("ends");
        world.server.borrow_mut().twist = None;
        assert_eq!(new.receive().await.err(), Some(ClientError::LinkEnded));
    });
}

#[test]
fn a_server_cannot_choose_after_it_has_seen() {
    run(async {
        let world = World::new().await;
        let new = waiting(&world).await;
        let code = new.code();
        // The offer is passed on, and something else is revealed.
        let other = Bytes(NewDeviceLink::make(&mut rng()).reveal());
        world.server.borrow_mut().twist = Some(Box::new(move |path, message| {
            if path == paths::LINK_KNOWN {
                message["reveal"] = json!(other);
            }
        }));
        let joined = world.session.join_link(ORIGIN, code).await;
        assert_eq!(joined.err(), Some(ClientError::Tampered));
    });
}

#[test]
fn what_is_not_of_this_link_is_tampering() {
    run(async {
        for (path, field) in [
            (paths::LINK_JOIN, "offer"),
            (paths::LINK_KNOWN, "reveal"),
            (paths::LINK_NEW, "answer"),
        ] {
            let world = World::new().await;
            let new = waiting(&world).await;
            world.server.borrow_mut().twist = Some(Box::new(move |at, message| {
                if at == path {
                    message[field] = json!(Bytes(vec![0; 68]));
                }
            }));
            let refused = if path == paths::LINK_NEW {
                new.joined().await.err()
            } else {
                world.session.join_link(ORIGIN, new.code()).await.err()
            };
            assert_eq!(refused, Some(ClientError::Tampered), "{path}");
        }
        // A setup code that was sealed by somebody else, or before anything was agreed.
        let world = World::new().await;
        let new = waiting(&world).await;
        let (words, joined) = join(new.joined(), world.session.join_link(ORIGIN, new.code())).await;
        assert!(words.is_ok() && joined.is_ok());
        world.server.borrow_mut().twist = Some(Box::new(|path, message| {
            if path == paths::LINK_NEW {
                message["sealed"] = json!(Bytes(vec![0; 350]));
            }
        }));
        assert_eq!(new.receive().await.err(), Some(ClientError::Tampered));
        let other = waiting(&world).await;
        assert_eq!(other.receive().await.err(), Some(ClientError::Tampered));
    });
}

#[test]
fn time_runs_out_and_an_outage_passes() {
    run(async {
        let world = World::new().await;
        let new = waiting(&world).await;
        world.server.borrow_mut().down = true;
        let back = async {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            world.server.borrow_mut().down = false;
            world.session.join_link(ORIGIN, new.code()).await
        };
        let (words, joined) = join(new.joined(), back).await;
        assert_eq!(words.expect("joined"), joined.expect("joins").words());
        world.server.borrow_mut().end_link();
        assert_eq!(new.receive().await.err(), Some(ClientError::LinkEnded));
        let late = waiting(&world).await;
        world.server.borrow_mut().end_link();
        assert_eq!(late.joined().await.err(), Some(ClientError::LinkEnded));
        world.server.borrow_mut().down = true;
        let away = world.session.join_link(ORIGIN, late.code()).await.err();
        assert_eq!(away, Some(ClientError::Unreachable));
    });
}
