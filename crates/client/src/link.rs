//! Linking a new device from an unlocked one, both ends of it.
//!
//! The server passes messages on and is not believed in any of them: what it could do is stand in
//! the middle, and then the two screens show different words.

use std::cell::RefCell;

use keyarc_crypto::{
    KnownDeviceLink, LINK_WORDS, Link, LinkCode, LinkContext, NewDeviceLink, SetupCode,
};
use keyarc_wire::{
    Bytes, Fixed, JoinLinkRequest, KnownDeviceStep, LinkNews, NewDeviceStep, OpenLinkRequest,
    Sealed,
};
use rand_core::Rng as _;

use crate::{Api, ApiFailure, ClientError, Host, Session, Transport};

/// How often the server is asked for news, in milliseconds.
const LOOK_EVERY_MS: u32 = 1_000;
/// A PIN has 20 bits.
const PIN_BITS: u32 = 20;

/// What two people, or one with two screens, compare.
pub type LinkWords = [&'static str; LINK_WORDS];

/// A device that has nothing yet, and waits for another.
pub struct NewDevice<T, H> {
    api: Api<T>,
    host: H,
    origin: String,
    half: NewDeviceLink,
    mailbox: Fixed<16>,
    code: LinkCode,
    expires_at_ms: u64,
    link: RefCell<Option<Link>>,
}

/// A link that an unlocked device has joined.
pub struct JoinedLink {
    place: u32,
    link: Link,
}

impl<T: Transport, H: Host> NewDevice<T, H> {
    /// Begins to wait at a server.
    pub async fn open(transport: T, host: H, origin: &str) -> Result<Self, ClientError> {
        let api = Api::new(transport);
        let half = NewDeviceLink::make(&mut host.rng());
        let pin = host.rng().next_u32() >> (u32::BITS - PIN_BITS);
        let request = OpenLinkRequest {
            offer: Bytes(half.offer()),
            pin,
        };
        let opened = api.open_link(&request).await?;
        let code = LinkCode::new(opened.place, pin).ok_or(ClientError::Tampered)?;
        Ok(Self {
            api,
            host,
            origin: origin.to_owned(),
            half,
            mailbox: opened.mailbox,
            code,
            expires_at_ms: opened.expires_at_ms,
            link: RefCell::new(None),
        })
    }

    /// What the other device is told.
    pub fn code(&self) -> LinkCode {
        self.code
    }

    /// Until when it can be told, Unix milliseconds of the server's clock.
    pub fn expires_at_ms(&self) -> u64 {
        self.expires_at_ms
    }

    /// Waits until another device has joined, and gives the words to be compared.
    /// [`ClientError::LinkEnded`] when nobody came in time.
    pub async fn joined(&self) -> Result<LinkWords, ClientError> {
        let answer = self.wait(|news| news.answer).await?;
        let context = LinkContext {
            origin: &self.origin,
            code: self.code,
        };
        let link = self.half.answered(&context, &answer.0);
        let link = link.map_err(|_| ClientError::Tampered)?;
        let words = link.words();
        *self.link.borrow_mut() = Some(link);
        let mut step = self.step();
        step.reveal = Some(Bytes(self.half.reveal()));
        self.api.step_of_new(&step).await.map_err(ended)?;
        Ok(words)
    }

    /// Waits for the setup code. Only after a person has said that the words are the same.
    pub async fn receive(&self) -> Result<SetupCode, ClientError> {
        let sealed = self.wait(|news| news.sealed).await?;
        let code = match &*self.link.borrow() {
            Some(link) => link.open(&sealed.0).map_err(|_| ClientError::Tampered)?,
            None => return Err(ClientError::Tampered),
        };
        // It runs out by itself when this does not arrive.
        let _ = self.close().await;
        Ok(code)
    }

    /// Gives it up.
    pub async fn close(&self) -> Result<(), ClientError> {
        let mut step = self.step();
        step.close = true;
        self.api.step_of_new(&step).await.map_err(ended)?;
        Ok(())
    }

    async fn wait<P>(&self, part: impl Fn(LinkNews) -> Option<P>) -> Result<P, ClientError> {
        loop {
            match self.api.step_of_new(&self.step()).await {
                Ok(news) => {
                    if let Some(part) = part(news) {
                        return Ok(part);
                    }
                }
                // The server may be back before the time is over.
                Err(ApiFailure::NoAnswer) if self.host.now_ms() < self.expires_at_ms => {}
                Err(failure) => return Err(ended(failure)),
            }
            self.host.sleep(LOOK_EVERY_MS).await;
        }
    }

    fn step(&self) -> NewDeviceStep {
        NewDeviceStep {
            mailbox: self.mailbox,
            reveal: None,
            close: false,
        }
    }
}

impl JoinedLink {
    /// What is to be compared with the other screen.
    pub fn words(&self) -> LinkWords {
        self.link.words()
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Joins the device that shows this code. [`ClientError::NotFound`] when none does, or not any
    /// more.
    pub async fn join_link(&self, origin: &str, code: LinkCode) -> Result<JoinedLink, ClientError> {
        let request = JoinLinkRequest {
            place: code.place,
            pin: code.pin,
        };
        let now_ms = self.host().now_ms();
        let joined = self.api().join_link(&request, now_ms).await;
        let offer = self.noted(joined)?.offer;
        // Made after the other side has committed to its own.
        let half = KnownDeviceLink::make(&offer.0, &mut self.host().rng());
        let half = half.map_err(|_| ClientError::Tampered)?;
        let mut step = step(code.place);
        step.answer = Some(Bytes(half.answer()));
        let mut news = self.say(&step).await?;
        step.answer = None;
        let reveal = loop {
            if let Some(reveal) = news.reveal {
                break reveal;
            }
            self.host().sleep(LOOK_EVERY_MS).await;
            news = self.say(&step).await?;
        };
        let context = LinkContext { origin, code };
        let link = half.revealed(&context, &reveal.0);
        Ok(JoinedLink {
            place: code.place,
            link: link.map_err(|_| ClientError::Tampered)?,
        })
    }

    /// Sends the setup code to the other device. Only after a person has said that the words are
    /// the same.
    pub async fn send_setup_code(&self, joined: &JoinedLink) -> Result<(), ClientError> {
        let code = self.setup_code(self.suite());
        let sealed = joined.link.seal(&code, &mut self.host().rng());
        let mut step = step(joined.place);
        step.sealed = Some(Sealed(sealed.map_err(|_| ClientError::Sealing)?));
        self.say(&step).await.map(drop)
    }

    /// Gives a link up, because the words are not the same.
    pub async fn refuse_link(&self, joined: &JoinedLink) -> Result<(), ClientError> {
        let mut step = step(joined.place);
        step.close = true;
        self.say(&step).await.map(drop)
    }

    async fn say(&self, step: &KnownDeviceStep) -> Result<LinkNews, ClientError> {
        let now_ms = self.host().now_ms();
        let said = self.api().step_of_known(step, now_ms).await;
        self.noted(said).map_err(ended)
    }
}

fn step(place: u32) -> KnownDeviceStep {
    KnownDeviceStep {
        place,
        answer: None,
        sealed: None,
        close: false,
    }
}

/// A link that is not there was there.
fn ended(failure: ApiFailure) -> ClientError {
    match failure.into() {
        ClientError::NotFound => ClientError::LinkEnded,
        other => other,
    }
}
