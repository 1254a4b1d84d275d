//! Linking a new device from an unlocked one.
//!
//! The server is where the two meet, and passes their messages on. It could put messages of its
//! own in their place: that is what people compare words for. What it sees to is that nobody who
//! merely guesses codes joins.

use std::net::IpAddr;

use keyarc_store::{JoinOutcome, LinkPart, LinkSide, NewLink};
use keyarc_wire::{
    Bytes, Fixed, JoinLinkRequest, JoinLinkResponse, KnownDeviceStep, LinkNews, NewDeviceStep,
    OpenLinkRequest, OpenLinkResponse, limits,
};

use crate::{Context, ServiceError, Services, rate, validate};

/// How long a new device waits for another to join.
const OPEN_MS: u64 = 2 * 60_000;
/// How long the two then have.
const JOINED_MS: u64 = 5 * 60_000;
/// How often joining may be tried, the right time included.
const TRIES: u32 = 5;
/// Places and PINs have 20 bits.
const CODE_BITS: u32 = 20;
/// A place that is taken is rare: so many in a row are no accident.
const PLACES_TRIED: u32 = 8;

/// A new device begins to wait. It has no session: what it gets names a place and gives nothing.
pub async fn open(
    services: &Services,
    address: IpAddr,
    request: &OpenLinkRequest,
) -> Result<OpenLinkResponse, ServiceError> {
    rate::link(services, address, None).await?;
    check_message(&request.offer, "offer")?;
    check_code(request.pin, "pin")?;
    let now_ms = services.now_ms();
    let expires_at_ms = now_ms.saturating_add(OPEN_MS);
    for _ in 0..PLACES_TRIED {
        let link = NewLink {
            mailbox: services.random()?,
            place: u32::from_be_bytes(services.random()?) >> (u32::BITS - CODE_BITS),
            pin: request.pin,
            offer: request.offer.clone(),
            expires_at_ms,
        };
        if services.store().open_link(&link, now_ms).await? {
            return Ok(OpenLinkResponse {
                mailbox: Fixed(link.mailbox),
                place: link.place,
                expires_at_ms,
            });
        }
    }
    Err(ServiceError::internal("no free place for a device link"))
}

/// What the new device says and hears. Once it has heard everything the link is over.
pub async fn step_of_new(
    services: &Services,
    step: &NewDeviceStep,
) -> Result<LinkNews, ServiceError> {
    let side = LinkSide::New(step.mailbox.0);
    if let Some(reveal) = &step.reveal {
        check_message(reveal, "reveal")?;
        say(services, side, LinkPart::Reveal(&reveal.0)).await?;
    }
    hear(services, side, step.close).await
}

/// An unlocked device joins. Whatever is wrong with a code is told alike, and counted: against
/// the link, the account and the address.
pub async fn join(
    context: &Context,
    address: IpAddr,
    request: &JoinLinkRequest,
) -> Result<JoinLinkResponse, ServiceError> {
    let services = &context.services;
    let account_id = context.actor.account_id;
    check_code(request.place, "place")?;
    check_code(request.pin, "pin")?;
    rate::link(services, address, Some(account_id)).await?;
    let now_ms = services.now_ms();
    let times = (now_ms, now_ms.saturating_add(JOINED_MS));
    let code = (request.place, request.pin);
    match services
        .store()
        .join_link(code, account_id, TRIES, times)
        .await?
    {
        JoinOutcome::Joined(offer) => Ok(JoinLinkResponse { offer }),
        JoinOutcome::Refused => Err(ServiceError::NotFound),
    }
}

/// What the unlocked device says and hears.
pub async fn step_of_known(
    context: &Context,
    step: &KnownDeviceStep,
) -> Result<LinkNews, ServiceError> {
    let services = &context.services;
    let side = LinkSide::Known(step.place, context.actor.account_id);
    if let Some(answer) = &step.answer {
        check_message(answer, "answer")?;
        say(services, side, LinkPart::Answer(&answer.0)).await?;
    }
    if let Some(sealed) = &step.sealed {
        validate::envelope(sealed, limits::WRAPPED_KEY, || "sealed".into())?;
        say(services, side, LinkPart::Sealed(&sealed.0)).await?;
    }
    hear(services, side, step.close).await
}

async fn say(services: &Services, side: LinkSide, part: LinkPart<'_>) -> Result<(), ServiceError> {
    let now_ms = services.now_ms();
    if services.store().say_on_link(side, part, now_ms).await? {
        Ok(())
    } else {
        Err(ServiceError::NotFound)
    }
}

async fn hear(services: &Services, side: LinkSide, close: bool) -> Result<LinkNews, ServiceError> {
    let now_ms = services.now_ms();
    let news = services.store().link_news(side, now_ms).await?;
    let news = news.ok_or(ServiceError::NotFound)?;
    if close {
        services.store().close_link(side, now_ms).await?;
    }
    Ok(news)
}

fn check_message(message: &Bytes, field: &'static str) -> Result<(), ServiceError> {
    if message.0.is_empty() || message.0.len() > limits::LINK_MESSAGE {
        let rule = format!("must have 1 to {} bytes", limits::LINK_MESSAGE);
        return Err(ServiceError::invalid(field, rule));
    }
    Ok(())
}

fn check_code(number: u32, field: &'static str) -> Result<(), ServiceError> {
    if number >> CODE_BITS != 0 {
        return Err(ServiceError::invalid(field, "must have at most 20 bits"));
    }
    Ok(())
}
