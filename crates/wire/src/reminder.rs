use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fixed, FreshProof, ReminderId, Sealed};

/// All that a server is told of something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReminderEntry {
    /// Names it to the account's own devices, and to nobody else.
    pub id: ReminderId,
    /// When: days since 1970-01-01.
    pub on: u32,
}

/// Everything that a server is to remind of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReminderSet {
    /// Tells the account's devices whether anything differs; the server does not look into it.
    pub digest: Fixed<32>,
    /// How many days before to remind: some of [`crate::limits::REMINDER_LEADS`].
    pub lead_days: Vec<u16>,
    /// At most [`crate::limits::REMINDERS`], none of them twice.
    pub entries: Vec<ReminderEntry>,
}

/// Keeps an account's settings of reminders, what a server is to remind of, or both. What is absent
/// stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PutRemindersRequest {
    /// What was read; 0 when nothing was kept.
    pub base_revision: u64,
    /// Sealed by the account for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Sealed>,
    /// In the place of all that was there. Only while something is switched on that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<ReminderSet>,
}

/// It is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PutRemindersResponse {
    /// The revision now.
    pub revision: u64,
}

/// How an account is reminded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RemindersResponse {
    /// Counts the changes; 0 when nothing is kept.
    pub revision: u64,
    /// As it was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Sealed>,
    /// Of the set that is kept; absent when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Fixed<32>>,
    /// By e-mail.
    pub mail: MailReminders,
    /// By webhook; absent when that is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookReminders>,
    /// Since when there is a calendar feed, Unix milliseconds; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_since_ms: Option<u64>,
    /// What was sent last, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<ReminderDelivery>,
}

/// Whether and how a server sends mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailService {
    /// Over SMTP.
    Smtp,
    /// Into a folder of the operator, in development.
    Outbox,
    /// Not at all.
    None,
}

/// Reminders by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MailReminders {
    /// What the server can do.
    pub service: MailService,
    /// The account's address, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether they are on.
    pub state: MailState,
}

/// Whether mails are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// No.
    Off,
    /// A code was sent to the address, and is awaited.
    Unconfirmed,
    /// Yes.
    On,
}

/// Reminders by webhook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WebhookReminders {
    /// Where they go.
    pub url: String,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
}

/// What a reminder can go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReminderChannel {
    /// E-mail to the account's address.
    Mail,
    /// A signed request to an address of the owner's choice.
    Webhook,
    /// A calendar that is fetched.
    Feed,
}

/// Something that was sent, or was tried to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReminderDelivery {
    /// By what.
    pub channel: ReminderChannel,
    /// When it was tried last, Unix milliseconds.
    pub at_ms: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// How it went.
    pub outcome: DeliveryOutcome,
}

/// How a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The other side took it.
    Delivered,
    /// It did not, and will be asked again.
    Retrying(DeliveryProblem),
    /// It did not, and will not be asked again.
    GivenUp(DeliveryProblem),
}

/// Why a delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryProblem {
    /// The name does not resolve, or nothing answers there.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// The address is one that the server does not call: its own network, or this machine.
    Forbidden,
    /// The connection could not be encrypted.
    NotSecure,
    /// The other side refused, with this status if it is a webhook.
    Refused(Option<u16>),
    /// The operator's mail server or disk did not take it.
    Operator,
}

/// Switches a way to be reminded on or off, or tries it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReminderStep {
    /// Sends a code to the account's address → [`ReminderStepResponse::CodeSent`].
    TurnMailOn(FreshProof),
    /// The code that came → [`ReminderStepResponse::Done`].
    ConfirmMail(MailCode),
    /// Calls a webhook from now on, with a new secret → [`ReminderStepResponse::Webhook`].
    SetWebhook(NewWebhook),
    /// Serves a calendar from now on, at a new address → [`ReminderStepResponse::Feed`].
    MakeFeed(FreshProof),
    /// Ends one → [`ReminderStepResponse::Done`]. With the last of them the server forgets all
    /// dates.
    TurnOff(ReminderChannel),
    /// Sends something now → [`ReminderStepResponse::Tested`]. Not for feeds, which are fetched.
    Test(ReminderChannel),
}

/// A code that was sent by e-mail.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MailCode {
    /// Eight digits. White space does not matter.
    pub code: String,
}

/// A webhook to be.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// The password, proven.
    pub fresh: FreshProof,
    /// `https`, and in development also `http` on this machine; at most
    /// [`crate::limits::WEBHOOK_URL`] bytes.
    pub url: String,
}

/// What came of a step.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReminderStepResponse {
    /// It is done.
    Done,
    /// A code is on its way to the account's address.
    CodeSent,
    /// The webhook's secret, `whsec_…`. Shown once.
    Webhook(String),
    /// The feed's token, which its address is made of. Shown once.
    Feed(String),
    /// How it went; null when it went well.
    Tested(Option<DeliveryProblem>),
}

impl fmt::Debug for WebhookReminders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookReminders(redacted)")
    }
}

impl fmt::Debug for MailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailCode(redacted)")
    }
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewWebhook(redacted)")
    }
}

impl fmt::Debug for ReminderStepResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "Done",
            Self::CodeSent => "CodeSent",
            Self::Webhook(_) => "Webhook(redacted)",
            Self::Feed(_) => "Feed(redacted)",
            Self::Tested(_) => "Tested",
        })
    }
}
