//! Journeys of new devices and of passkeys.

use futures::future::join;
use keyarc_client::{
    ClientError, LinkWords, LoggingIn, NewDevice, NewPasskey, PasskeyLogIn, Session, Transport,
};
use keyarc_testkit::Authenticator;
use keyarc_wire::{ClientKind, Fixed};

use super::journeys::{End, Eyes, Given, Meanwhile, code_of, said, wish};
use crate::device::Device;

/// What the passkey gives for the vault's salt.
const PRF: [u8; 32] = [0x42; 32];

/// Somebody compares two screens. Where the other is not there to be looked at, they take it for
/// the same.
fn are_the_same(words: LinkWords, given: &Given, eyes: &Eyes) -> bool {
    eyes.words.set(Some(words));
    given.words.is_none_or(|other| other == words)
}

pub async fn new_device<T: Transport + Clone>(
    transport: T,
    device: Device,
    given: &Given,
    eyes: &Eyes,
    meanwhile: Meanwhile<'_>,
) -> Result<Session<T, Device>, String> {
    let new = NewDevice::open(transport.clone(), device.clone(), &given.origin).await;
    let new = new.map_err(said)?;
    eyes.link.set(Some(new.code()));
    let (words, ()) = join(new.joined(), meanwhile(0)).await;
    if !are_the_same(words.map_err(said)?, given, eyes) {
        new.close().await.map_err(said)?;
        return Err("other words".into());
    }
    let (code, ()) = join(new.receive(), meanwhile(1)).await;
    let code = code.map_err(said)?;
    eyes.hear("setup code", code.to_text().to_string());
    let wish = wish(given, &code, &given.password);
    Session::log_in(transport, device, &wish)
        .await
        .map_err(said)
}

pub async fn known_device<T: Transport>(
    session: &Session<T, Device>,
    given: &Given,
    eyes: &Eyes,
    meanwhile: Meanwhile<'_>,
) -> End {
    let code = given.link.expect("a new device waits");
    let joining = session.join_link(&given.origin, code);
    let (joined, ()) = join(joining, meanwhile(0)).await;
    let joined = joined.map_err(said)?;
    if !are_the_same(joined.words(), given, eyes) {
        session.refuse_link(&joined).await.map_err(said)?;
        return Err("other words".into());
    }
    let (sent, ()) = join(session.send_setup_code(&joined), meanwhile(1)).await;
    sent.map_err(said)
}

/// The page goes by a name, since addresses have no passkeys.
fn page(given: &Given) -> String {
    given.origin.replace("127.0.0.1", "localhost")
}

fn authenticator(given: &Given) -> Authenticator {
    Authenticator::new(7, &page(given))
}

pub async fn add_passkey<T: Transport>(
    session: &Session<T, Device>,
    given: &Given,
    eyes: &Eyes,
) -> End {
    let begun = session.begin_passkey(&page(given), &given.password).await;
    let token = begun.map_err(said)?.token;
    let made = NewPasskey {
        token,
        name: "Laptop",
        attestation: authenticator(given).create(token),
        prf: Some(&PRF),
    };
    let added = session.add_passkey(&page(given), made).await;
    let added = added.map_err(said)?;
    eyes.hear("unlocks", added.unlocks.to_string());
    Ok(())
}

pub async fn with_passkey_factor<T: Transport>(
    transport: T,
    device: Device,
    given: &Given,
) -> Result<Session<T, Device>, String> {
    let code = code_of(given);
    let wish = wish(given, &code, &given.password);
    let begun = Session::begin_log_in(transport, device, &wish).await;
    let pending = match begun.map_err(said)? {
        LoggingIn::SecondFactor(pending) => pending,
        LoggingIn::Open(session) => return Ok(*session),
    };
    let mut passkey = authenticator(given);
    passkey.counter = 2;
    let signed = passkey.get(Fixed(pending.token()));
    let opened = pending.finish_by_passkey(signed).await;
    opened.map_err(|refused| said(refused.error))
}

pub async fn by_passkey<T: Transport>(
    transport: T,
    device: Device,
    given: &Given,
) -> Result<Session<T, Device>, String> {
    let code = code_of(given);
    let page = page(given);
    let wish = PasskeyLogIn {
        origin: &page,
        code: &code,
        device_name: "A device",
        client: ClientKind::Api,
        pins: given.pins.as_deref(),
    };
    let pending = Session::begin_passkey_log_in(transport, device, &wish).await;
    let pending = pending.map_err(said)?;
    let mut passkey = authenticator(given);
    passkey.counter = 3;
    let signed = passkey.get(Fixed(pending.challenge()));
    let opened: Result<_, ClientError> = pending.finish(signed, &PRF).await;
    opened.map_err(said)
}
