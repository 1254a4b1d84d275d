//! Linking a device, with somebody who guesses and with a server that knows.

use futures::future::join;
use keyarc_client::{ClientError, NativeTransport, NewDevice};
use keyarc_crypto::{KnownDeviceLink, LinkCode, NewDeviceLink};
use keyarc_wire::{Bytes, paths};
use serde_json::json;

use crate::{
    device::Device,
    world::{Open, World, line},
};

async fn waiting(world: &World) -> NewDevice<NativeTransport, Device> {
    let origin = world.proxy.origin();
    let new = NewDevice::open(line(&world.proxy), world.stranger().that_waits(), &origin).await;
    new.expect("waits")
}

/// An unlocked device that waits for the other.
async fn patient(world: &World) -> Open {
    let device = world.stranger().that_waits();
    let open = world.log_in_as(&device, &world.code, None).await;
    open.expect("an honest server")
}

#[tokio::test]
async fn guessed_codes_join_nobody() {
    let world = World::new("link::guessed_codes_join_nobody").await;
    let session = patient(&world).await;
    let origin = world.proxy.origin();
    let new = waiting(&world).await;
    let code = new.code();
    let join_by = async |code| session.join_link(&origin, code).await.err();
    for wrong in 1..=5 {
        let guess = LinkCode::new(code.place, code.pin ^ wrong).expect("20 bits");
        assert_eq!(join_by(guess).await, Some(ClientError::NotFound));
    }
    // By then the right one is worth nothing either, and it is told alike.
    assert_eq!(join_by(code).await, Some(ClientError::NotFound));
    // A place where nobody waits.
    let elsewhere = LinkCode::new(code.place ^ 1, code.pin).expect("20 bits");
    assert_eq!(join_by(elsewhere).await, Some(ClientError::NotFound));
    // With the next code it goes its way.
    let new = waiting(&world).await;
    let joining = session.join_link(&origin, new.code());
    let (words, joined) = join(new.joined(), joining).await;
    let joined = joined.expect("joins");
    assert_eq!(words.expect("somebody joined"), joined.words());
    let (code, sent) = join(new.receive(), session.send_setup_code(&joined)).await;
    sent.expect("sends");
    assert_eq!(code.expect("arrives").to_text(), world.code.to_text());
    world.end().await;
}

#[tokio::test]
async fn a_server_that_knows_the_code_cannot_show_the_same_words() {
    let test = "link::a_server_that_knows_the_code_cannot_show_the_same_words";
    let world = World::new(test).await;
    let session = patient(&world).await;
    let origin = world.proxy.origin();
    let new = waiting(&world).await;
    // It takes the part of the new device against the unlocked one, and the other way round.
    let mut rng = keyarc_client::Host::rng(&Device::new(5, crate::device::Derives::Quickly));
    let for_known = NewDeviceLink::make(&mut rng);
    let for_new = KnownDeviceLink::make(&for_known.offer(), &mut rng).expect("an offer");
    let (offer, reveal) = (Bytes(for_known.offer()), Bytes(for_known.reveal()));
    let answer = Bytes(for_new.answer());
    world.proxy.lie(move |asked, said| {
        let Some(mut value) = said.value() else {
            return;
        };
        let (part, own) = match asked.path.as_str() {
            paths::LINK_JOIN => ("offer", &offer),
            paths::LINK_KNOWN => ("reveal", &reveal),
            paths::LINK_NEW => ("answer", &answer),
            _ => return,
        };
        // Each in the place of what the other side has said by then.
        if !value[part].is_null() {
            value[part] = json!(own);
        }
        said.body = value.to_string().into_bytes();
    });
    let joining = session.join_link(&origin, new.code());
    let (words, joined) = join(new.joined(), joining).await;
    let joined = joined.expect("joins somebody");
    assert_ne!(words.expect("somebody joins"), joined.words());
    // Whoever sees that says no.
    session.refuse_link(&joined).await.expect("ends");
    world.proxy.tell_the_truth();
    assert_eq!(new.receive().await.err(), Some(ClientError::LinkEnded));
    let sealed = |asked: &keyarc_testkit::Asked| {
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        !body["sealed"].is_null()
    };
    assert!(!world.proxy.asked().iter().any(sealed), "nothing was sent");
    // One that passes the first message on and reveals something else is found out at once.
    let new = waiting(&world).await;
    let other = Bytes(NewDeviceLink::make(&mut rng).reveal());
    world.lie(paths::LINK_KNOWN, move |said| said["reveal"] = json!(other));
    let joined = session.join_link(&origin, new.code()).await;
    assert_eq!(joined.err(), Some(ClientError::Tampered));
    world.end().await;
}
