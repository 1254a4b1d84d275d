use std::{fmt, net::IpAddr};

use keyarc_auth::{FeedToken, WEBHOOK_SECRET_LEN, WebhookSecret};
use keyarc_store::{ChannelChange, MailRow, ReminderRow};
use keyarc_wire::{
    AccountId, MailService, NewWebhook, ReminderChannel, ReminderEntry, ReminderId, ReminderStep,
    ReminderStepResponse, limits,
};
use url::{Host, Url};

use super::{
    day_of,
    deliver::{ReminderCall, ReminderMail, token_text},
};
use crate::{Context, ServiceError, Services, proof, rate};

/// How long a code that was sent by mail is good, in milliseconds.
const CODE_MS: u64 = 3_600_000;
/// A code has eight digits.
const CODES: u32 = 100_000_000;
/// How many webhooks are encrypted anew between two looks at the database.
const RESEALED_AT_A_TIME: u32 = 100;

/// What is left to do of a step.
#[derive(Debug)]
pub enum StepOutcome {
    /// Nothing.
    Done(ReminderStepResponse),
    /// To send a code.
    SendCode {
        /// The account's address.
        to: String,
        /// Eight digits.
        code: MailedCode,
    },
    /// To send a mail.
    TestMail(ReminderMail),
    /// To call a webhook.
    TestCall(ReminderCall),
}

/// Eight digits that prove that somebody reads an address.
#[derive(PartialEq, Eq)]
pub struct MailedCode([u8; 8]);

impl MailedCode {
    /// The digits.
    pub fn as_str(&self) -> &str {
        // Digits are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for MailedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailedCode(redacted)")
    }
}

/// Switches a way to be reminded on or off, or tries it. `address` is the client's, and `language`
/// the tag (BCP 47) of the language in which what is switched on speaks from now on. What discloses
/// something takes a proof of the password.
pub async fn step(
    context: &Context,
    address: IpAddr,
    language: &str,
    step: &ReminderStep,
) -> Result<StepOutcome, ServiceError> {
    match step {
        ReminderStep::TurnMailOn(fresh) => {
            proof::confirm(context, address, fresh).await?;
            send_code(context, language).await
        }
        ReminderStep::ConfirmMail(code) => confirm_mail(context, &code.code).await,
        ReminderStep::SetWebhook(wish) => {
            check_url(&context.services, &wish.url)?;
            proof::confirm(context, address, &wish.fresh).await?;
            set_webhook(context, wish).await
        }
        ReminderStep::MakeFeed(fresh) => {
            proof::confirm(context, address, fresh).await?;
            make_feed(context, language).await
        }
        ReminderStep::TurnOff(channel) => {
            let change = match channel {
                ReminderChannel::Mail => ChannelChange::MailOff,
                ReminderChannel::Webhook => ChannelChange::WebhookOff,
                ReminderChannel::Feed => ChannelChange::FeedOff,
            };
            apply(context, &change).await?;
            Ok(StepOutcome::Done(ReminderStepResponse::Done))
        }
        ReminderStep::Test(channel) => test(context, *channel).await,
    }
}

/// No more mails, for whoever has one of them.
pub async fn unsubscribe(services: &Services, token: &str) -> Result<(), ServiceError> {
    let token: ReminderId = token.parse().map_err(|_| ServiceError::NotFound)?;
    match services.store().unsubscribe(&token.0).await? {
        true => Ok(()),
        false => Err(ServiceError::NotFound),
    }
}

/// Moves webhooks that are encrypted under a previous secret to the present one.
pub async fn reseal(services: &Services) -> Result<u64, ServiceError> {
    let Some(previous) = services.keys().previous_webhook_key_id() else {
        return Ok(0);
    };
    let mut resealed = 0;
    let mut after = AccountId([0; 16]);
    loop {
        let page = services
            .store()
            .webhooks_under(&previous, after, RESEALED_AT_A_TIME)
            .await?;
        let Some((last, _)) = page.last() else {
            return Ok(resealed);
        };
        after = *last;
        for (account, before) in page {
            // One that is damaged stays for whoever looks into it.
            let opened = services.keys().open_webhook(account.as_bytes(), &before);
            let Some((secret, url)) = opened else {
                continue;
            };
            let sealed = services
                .keys()
                .seal_webhook(account.as_bytes(), services.random()?, &secret, &url)
                .ok_or_else(|| ServiceError::internal("the webhook could not be encrypted"))?;
            services
                .store()
                .replace_webhook(account, &before, &sealed.key_id, &sealed.bytes)
                .await?;
            resealed += 1;
        }
    }
}

async fn send_code(context: &Context, language: &str) -> Result<StepOutcome, ServiceError> {
    let services = &context.services;
    let account = context.actor.account_id;
    if services.policy().mail == MailService::None {
        return Err(ServiceError::invalid(
            "turn_mail_on",
            "cannot be done: this server sends no mail",
        ));
    }
    let to = row(context).await?.email.ok_or_else(no_address)?;
    rate::mail_code(services, account, &to).await?;
    let code = make_code(services)?;
    let change = ChannelChange::MailCode {
        tag: services.keys().mail_code_tag(account.as_bytes(), &code.0),
        until_ms: services.now_ms() + CODE_MS,
        language: language.to_owned(),
    };
    apply(context, &change).await?;
    Ok(StepOutcome::SendCode { to, code })
}

async fn confirm_mail(context: &Context, typed: &str) -> Result<StepOutcome, ServiceError> {
    let services = &context.services;
    let account = context.actor.account_id;
    let wrong = || {
        ServiceError::invalid(
            "code",
            "must be the eight digits of the last mail, no older than an hour",
        )
    };
    rate::try_mail_code(services, account).await?;
    let digits: Vec<u8> = typed
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(9)
        .collect();
    let code: [u8; 8] = digits.try_into().map_err(|_| wrong())?;
    let tag = services.keys().mail_code_tag(account.as_bytes(), &code);
    let confirmed = services
        .store()
        .confirm_mail(account, &tag, &services.random()?, services.now_ms())
        .await?;
    if !confirmed {
        return Err(wrong());
    }
    Ok(StepOutcome::Done(ReminderStepResponse::Done))
}

async fn set_webhook(context: &Context, wish: &NewWebhook) -> Result<StepOutcome, ServiceError> {
    let services = &context.services;
    let account = context.actor.account_id;
    let secret = WebhookSecret::make(services.random::<WEBHOOK_SECRET_LEN>()?);
    let sealed = services
        .keys()
        .seal_webhook(account.as_bytes(), services.random()?, &secret, &wish.url)
        .ok_or_else(|| ServiceError::internal("the webhook could not be encrypted"))?;
    let change = ChannelChange::Webhook {
        sealed: sealed.bytes,
        key_id: sealed.key_id,
        since_ms: services.now_ms(),
    };
    apply(context, &change).await?;
    let text = secret.to_text().to_string();
    Ok(StepOutcome::Done(ReminderStepResponse::Webhook(text)))
}

async fn make_feed(context: &Context, language: &str) -> Result<StepOutcome, ServiceError> {
    let services = &context.services;
    let token = FeedToken::make(services.random()?);
    let change = ChannelChange::Feed {
        hash: token.hash(),
        since_ms: services.now_ms(),
        language: language.to_owned(),
    };
    apply(context, &change).await?;
    let text = token.to_text().to_string();
    Ok(StepOutcome::Done(ReminderStepResponse::Feed(text)))
}

async fn test(context: &Context, channel: ReminderChannel) -> Result<StepOutcome, ServiceError> {
    let services = &context.services;
    let account = context.actor.account_id;
    let off = || ServiceError::invalid("test", "must name something that is on");
    let row = row(context).await?;
    let outcome = match channel {
        ReminderChannel::Feed => return Err(off()),
        ReminderChannel::Mail => {
            let token = row.mail_token.filter(|_| row.mail == MailRow::On);
            StepOutcome::TestMail(ReminderMail {
                to: row.email.ok_or_else(no_address)?,
                unsubscribe: token_text(&token.ok_or_else(off)?),
                language: row.mail_language,
                entries: next_entry(context).await?.into_iter().collect(),
                more: 0,
            })
        }
        ReminderChannel::Webhook => {
            let (sealed, _) = row.webhook.ok_or_else(off)?;
            let opened = services.keys().open_webhook(account.as_bytes(), &sealed);
            let (secret, url) = opened.ok_or_else(off)?;
            let id: [u8; 16] = services.random()?;
            StepOutcome::TestCall(ReminderCall {
                url,
                secret,
                delivery: format!("test_{}", token_text(&id)),
                entry: next_entry(context).await?.unwrap_or(ReminderEntry {
                    id: ReminderId([0; 16]),
                    on: day_of(services.now_ms()),
                }),
                sent_at_s: services.now_ms() / 1000,
                is_test: true,
            })
        }
    };
    rate::test_delivery(services, account).await?;
    Ok(outcome)
}

/// What comes next.
async fn next_entry(context: &Context) -> Result<Option<ReminderEntry>, ServiceError> {
    let services = &context.services;
    let today = day_of(services.now_ms());
    let store = services.store();
    let next = store
        .reminder_entries(context.actor.account_id, today, 1)
        .await?;
    Ok(next.first().copied())
}

async fn row(context: &Context) -> Result<ReminderRow, ServiceError> {
    let store = context.services.store();
    let row = store.reminders(context.actor.account_id).await?;
    row.ok_or(ServiceError::Unauthenticated)
}

async fn apply(context: &Context, change: &ChannelChange) -> Result<(), ServiceError> {
    let store = context.services.store();
    Ok(store
        .change_channel(context.actor.account_id, change)
        .await?)
}

fn no_address() -> ServiceError {
    ServiceError::invalid("turn_mail_on", "needs an account with an e-mail address")
}

/// Eight digits, each code as likely as any other.
fn make_code(services: &Services) -> Result<MailedCode, ServiceError> {
    // What is above the last multiple would make small codes likelier.
    let fair = u32::MAX - u32::MAX % CODES;
    loop {
        let number = u32::from_be_bytes(services.random()?);
        if number < fair {
            let mut code = [b'0'; 8];
            let text = format!("{:08}", number % CODES);
            code.copy_from_slice(text.as_bytes());
            return Ok(MailedCode(code));
        }
    }
}

/// What a webhook's address may be. Where its name leads is looked at with each call.
fn check_url(services: &Services, text: &str) -> Result<(), ServiceError> {
    let wrong = |rule: &'static str| Err(ServiceError::invalid("set_webhook.url", rule));
    if text.len() > limits::WEBHOOK_URL {
        return wrong("must have at most 1000 bytes");
    }
    let Ok(url) = Url::parse(text) else {
        return wrong("must be an address as browsers write it");
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return wrong("must have no name, password or fragment");
    }
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return wrong("must name a host"),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_local && services.policy().local_webhooks => Ok(()),
        _ => wrong("must begin with https://"),
    }
}
