//! What the page and the vault worker say to each other.
//!
//! Commands go in, one reply comes back for each, and events come on their own. All travel as
//! bytes over `postMessage` (see [`super::write_message`]). Passwords and setup codes pass from
//! the page to the worker and never back, except in a recovery kit: that of a new account, and
//! that of a new setup code.

use keyarc_client::Trust;
use keyarc_vault::{
    Facets, Item, ItemDraft, ListQuery, ListView, Recognition, SetupKey, Version,
    generate::{Generated, KeyPair, KeyPairRecipe, Recipe},
};
use keyarc_wire::{
    Bytes, Fixed, FreshProof, ItemId, Notice, PasskeyAssertion, PasskeyAttestation, RecoveryCodes,
};
use serde::{Deserialize, Serialize};

mod change;
mod failure;

pub use failure::Failure;

use super::{
    arrange::{ArrangeCommand, ArrangeReply},
    attachment::{AttachmentCommand, AttachmentReply},
    check::{CheckCommand, CheckReply},
    export::{ExportCommand, ExportReply},
    health::{HealthCommand, HealthReply},
    import::{ImportCommand, ImportReply},
    kit::{RecoveryKit, RecoveryView},
    material::{Inspected, MaterialSource},
    moment::{MomentCommand, MomentReply},
    passkey::{PasskeyAsked, PasskeyWish, PrfOutput},
    reminders::{ReminderCommand, ReminderReply},
    tokens::{TakenView, TokenCommand, TokenReply},
    versions::CompareVersion,
};
use crate::compare::Difference;

/// A numbered command from the page.
#[derive(Serialize, Deserialize)]
pub struct Request {
    /// Comes back with the reply.
    pub id: u32,
    /// What to do.
    pub command: Command,
}

/// Anything from the worker.
#[derive(Serialize, Deserialize)]
pub enum Message {
    /// The worker runs and takes commands.
    Ready,
    /// The answer to the request of that number.
    Reply(u32, Box<Result<Reply, Failure>>),
    /// Something happened.
    Event(Event),
    /// The worker met a fault in the program and takes no more commands.
    Died,
}

/// What the page may ask for.
#[derive(Serialize, Deserialize)]
pub enum Command {
    /// Is this a known device? → [`Reply::Device`].
    DeviceStatus,
    /// Rates a password; `inputs` are words that must not help it (e-mail, product name).
    /// → [`Reply::Strength`].
    Strength {
        /// The password as typed.
        password: String,
        /// Words known about the person.
        inputs: Vec<String>,
    },
    /// Makes an account and unlocks it → [`Reply::SignedUp`].
    SignUp {
        /// For display and notices; may be absent.
        email: Option<String>,
        /// The master password.
        password: String,
        /// The KDF suite: 1 PBKDF2, 2 Argon2id.
        suite: u8,
        /// The version of the terms that were agreed to.
        terms_version: String,
        /// What the owner will see in the list of sessions.
        device_name: String,
    },
    /// Unlocks on a known device → [`Reply::Unlocked`].
    Unlock {
        /// The master password.
        password: String,
    },
    /// Unlocks on a new device → [`Reply::Unlocked`].
    LogIn {
        /// As printed in the recovery kit; spaces and case do not matter.
        setup_code: String,
        /// The master password.
        password: String,
        /// Keep the setup code, sealed, so that the password alone suffices next time.
        remember: bool,
        /// What the owner will see in the list of sessions.
        device_name: String,
    },
    /// Ends the session at the server; the device stays known → [`Reply::Done`].
    LogOut,
    /// Ends the session and forgets everything kept on this device → [`Reply::Done`].
    ForgetDevice,
    /// A window of the list → [`Reply::List`].
    List(ListQuery),
    /// Counts for the navigation → [`Reply::Facets`].
    Facets,
    /// One item with its secret → [`Reply::Item`].
    Reveal(ItemId),
    /// Creates or replaces an item → [`Reply::Saved`], or [`Failure::Conflict`].
    Save(Box<ItemDraft>),
    /// Stars or unstars → [`Reply::Done`].
    SetFavourite {
        /// The item.
        item: ItemId,
        /// Whether it is starred.
        favourite: bool,
    },
    /// Moves items to the trash → [`Reply::Done`].
    Trash(Vec<ItemId>),
    /// Takes items out of the trash → [`Reply::Done`].
    Restore(Vec<ItemId>),
    /// Deletes items in the trash for good → [`Reply::Done`].
    Purge(Vec<ItemId>),
    /// Names what a value seems to be → [`Reply::Recognised`].
    Recognise(String),
    /// Whatever an import needs → [`Reply::Import`].
    Import(ImportCommand),
    /// Keeps a half-written form, sealed, on this device; `None` forgets it → [`Reply::Done`].
    KeepDraft(Option<Box<ItemDraft>>),
    /// The form kept before a lock, if there is one → [`Reply::Draft`].
    TakeDraft,
    /// Fetches what changed elsewhere → [`Reply::Done`]; changes come as [`Event::Changed`].
    Sync,
    /// Forgets the notices shown → [`Reply::Done`].
    DismissNotices,
    /// Opens whatever verifies by itself in a vault that is blocked → [`Reply::Salvaged`].
    Salvage,
    /// Checks what [`Command::ChangePassword`] would, changes nothing, and makes the recovery kit
    /// that will be in force after it → [`Reply::NewKit`].
    MakeKit(NewPassword),
    /// Puts a password in force and ends all other sessions → [`Reply::Unlocked`]. With another
    /// suite the person must have the kit of [`Command::MakeKit`] before.
    ChangePassword(NewPassword),
    /// Measures how long each suite takes on this device → [`Reply::Measured`].
    MeasureSuites,
    /// Goes on with a log-in that gave [`Failure::SecondFactorRequired`] → [`Reply::Unlocked`].
    SecondFactor {
        /// The code of an authenticator app, or a recovery code.
        code: String,
    },
    /// Gives such a log-in up, and wipes the keys that it holds → [`Reply::Done`].
    CancelLogIn,
    /// Shows the recovery key of a kit to the server → [`Reply::Done`], and then
    /// [`Command::FinishRecovery`]; or [`Failure::SecondFactorRequired`].
    BeginRecovery {
        /// The codes, in any order and with anything around them.
        kit: String,
    },
    /// Goes on with a recovery that gave [`Failure::SecondFactorRequired`] → [`Reply::Done`].
    RecoveryCode {
        /// The code of an authenticator app, or a recovery code.
        code: String,
    },
    /// Puts a new password in force and opens the vault → [`Reply::Unlocked`].
    FinishRecovery {
        /// The password to be.
        password: String,
        /// Keep the setup code, sealed, so that the password alone suffices next time.
        remember: bool,
        /// What the owner will see in the list of sessions.
        device_name: String,
    },
    /// Gives a recovery up, and wipes the keys that it holds → [`Reply::Done`].
    CancelRecovery,
    /// How the account stands to recovery → [`Reply::Recovery`].
    Recovery,
    /// Makes a recovery key that [`Command::PutRecoveryKey`] can put in force
    /// → [`Reply::NewKit`].
    MakeRecoveryKey {
        /// The master password.
        password: String,
    },
    /// Puts the key made last in force; the one before opens nothing any more
    /// → [`Reply::Recovery`].
    PutRecoveryKey {
        /// The master password.
        password: String,
    },
    /// Revokes the recovery key → [`Reply::Recovery`].
    RevokeRecoveryKey {
        /// The master password.
        password: String,
    },
    /// Are these the last two groups of the recovery key? → [`Reply::Proven`]. They go nowhere.
    ProveRecoveryKey {
        /// As typed.
        typed: String,
    },
    /// Asks for the kit again much later → [`Reply::Done`].
    PutRecoveryOff,
    /// Makes new keys throughout that [`Command::Rekey`] can put in force → [`Reply::NewKit`].
    MakeKeys(NewPassword),
    /// Seals everything anew and puts the keys made last in force → [`Reply::Unlocked`].
    Rekey {
        /// The master password in force.
        current: String,
    },
    /// Gives a change of keys up, here or wherever it was begun → [`Reply::Done`].
    DropRekey,
    /// Proves the password once more, for what a session alone must not do → [`Reply::Proof`].
    ProvePassword {
        /// The master password.
        password: String,
    },
    /// How a passkey is to be made; takes the password → [`Reply::PasskeyWish`].
    BeginPasskey {
        /// The master password.
        password: String,
    },
    /// Puts a passkey in force that was made → [`Reply::PasskeyAdded`].
    AddPasskey {
        /// From [`PasskeyWish`].
        token: Fixed<32>,
        /// What the owner calls it.
        name: String,
        /// What was made.
        attestation: PasskeyAttestation,
        /// What it gives for [`PasskeyWish::prf_input`]; absent when it gives nothing.
        prf: Option<PrfOutput>,
    },
    /// Begins to unlock by a passkey on a known device → [`Reply::PasskeyAsked`].
    BeginPasskeyUnlock,
    /// Goes on with it → [`Reply::Unlocked`].
    PasskeyUnlock {
        /// What the passkey signed.
        assertion: PasskeyAssertion,
        /// What it gave.
        prf: PrfOutput,
    },
    /// What the log-in that gave [`Failure::SecondFactorRequired`] waits for
    /// → [`Reply::Factors`].
    Factors,
    /// Goes on with it by a passkey → [`Reply::Unlocked`].
    PasskeyFactor(PasskeyAssertion),
    /// A passkey was removed from the account: it is no longer offered here → [`Reply::Done`].
    PasskeyRemoved(Bytes),
    /// Waits, on a new device, for an unlocked one to join → [`Reply::LinkOpened`].
    OpenLink,
    /// Waits until one has → [`Reply::LinkWords`].
    AwaitLink,
    /// Takes the setup code that it sends, once a person has said that the words are the same; the
    /// worker keeps it for [`Command::LogInLinked`] → [`Reply::Done`].
    ReceiveLink,
    /// Gives the waiting up → [`Reply::Done`].
    CloseLink,
    /// Unlocks on a new device with the setup code that came → [`Reply::Unlocked`].
    LogInLinked {
        /// The master password.
        password: String,
        /// Keep the setup code, sealed, so that the password alone suffices next time.
        remember: bool,
        /// What the owner will see in the list of sessions.
        device_name: String,
    },
    /// Joins, on an unlocked device, a new one by the code that it shows → [`Reply::LinkWords`].
    JoinLink {
        /// Spaces and case do not matter.
        code: String,
    },
    /// Sends the setup code to it, or gives it up → [`Reply::Done`].
    FinishLink {
        /// A person has said that the words are the same.
        same: bool,
    },
    /// Goes on from the older or other state that the server shows → [`Reply::Done`]; the trust
    /// comes as an [`Event`].
    AcceptShown,
    /// Makes a secret → [`Reply::Generated`].
    Generate(Recipe),
    /// Looks at the health of the vault → [`Reply::Health`].
    Health(HealthCommand),
    /// Tests whether keys still work → [`Reply::Check`].
    Check(CheckCommand),
    /// Reads a certificate or an SSH key → [`Reply::Inspected`], or [`Failure::Material`].
    InspectKeyMaterial(Box<MaterialSource>),
    /// Reads the QR code of a picture, the bytes of its file → [`Reply::SetupKey`], or
    /// [`Failure::Qr`].
    ReadQr(Vec<u8>),
    /// Makes a key pair → [`Reply::KeyPair`].
    MakeKeyPair(KeyPairRecipe),
    /// What an item was → [`Reply::Versions`].
    Versions(ItemId),
    /// A version of it, and what it is now → [`Reply::Compared`].
    CompareVersion(CompareVersion),
    /// Saves a version of before as the next one → [`Reply::VersionRestored`].
    RestoreVersion {
        /// The item.
        item: ItemId,
        /// Which version of it.
        version: u64,
    },
    /// Adds the sample items → [`Reply::Done`].
    AddSample,
    /// Deletes for good what has been in the trash for long enough → [`Reply::TrashEmptied`].
    EmptyOldTrash,
    /// Selects and arranges items, and keeps lists under names → [`Reply::Arrange`].
    Arrange(ArrangeCommand),
    /// Whatever an export needs → [`Reply::Export`].
    Export(ExportCommand),
    /// The vault as it was at a moment → [`Reply::Moment`].
    Moment(MomentCommand),
    /// Files that are attached to items → [`Reply::Attachment`].
    Attachment(AttachmentCommand),
    /// What is due, and how one is reminded of it → [`Reply::Reminders`].
    Reminders(ReminderCommand),
    /// Machine tokens → [`Reply::Tokens`].
    Tokens(TokenCommand),
}

/// A password to be.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewPassword {
    /// The master password in force.
    pub current: String,
    /// The one to be.
    pub new: String,
    /// The KDF suite: 1 PBKDF2, 2 Argon2id.
    pub suite: u8,
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
pub enum Reply {
    /// It is done.
    Done,
    /// What is known about this device.
    Device(Option<KnownDevice>),
    /// How good a password is.
    Strength(Strength),
    /// The account exists and is unlocked. The kit is shown once.
    SignedUp {
        /// To be saved by the person.
        kit: RecoveryKit,
        /// The unlocked vault.
        unlocked: Unlocked,
    },
    /// The vault is open.
    Unlocked(Unlocked),
    /// A window of the list.
    List(ListView),
    /// Counts for the navigation.
    Facets(Facets),
    /// One item with its secret.
    Item(Box<Item>),
    /// The item as saved.
    Saved(Box<Item>),
    /// What a value seems to be.
    Recognised(Option<Recognition>),
    /// What an import says.
    Import(ImportReply),
    /// The form kept before a lock.
    Draft(Option<Box<ItemDraft>>),
    /// What could be saved.
    Salvaged {
        /// Items that verify, each by itself.
        items: Vec<Item>,
        /// Items that do not.
        refused: u32,
    },
    /// To be saved by the person before the password is changed.
    NewKit(RecoveryKit),
    /// How long each suite takes.
    Measured(Vec<SuiteTime>),
    /// How the account stands to recovery.
    Recovery(RecoveryView),
    /// Whether what was typed is of the recovery key.
    Proven(bool),
    /// The password, proven for one request.
    Proof(FreshProof),
    /// How a passkey is to be made.
    PasskeyWish(PasskeyWish),
    /// The passkey is in force.
    PasskeyAdded {
        /// Whether it opens the vault. If not, it is a second factor only.
        unlocks: bool,
        /// For when it is lost, if the account had no second factor before. Shown once.
        codes: Option<RecoveryCodes>,
    },
    /// What a passkey is to sign.
    PasskeyAsked(PasskeyAsked),
    /// What a log-in waits for, beside a recovery code.
    Factors {
        /// A passkey, offered first.
        passkey: Option<PasskeyAsked>,
        /// A code of an authenticator app.
        totp: bool,
    },
    /// A new device waits.
    LinkOpened {
        /// To be typed at the other device, `XXXX-XXXX`.
        code: String,
        /// The same as an address of this KeyArc, to be scanned there. The code is in its
        /// fragment, which no server is sent.
        address: String,
    },
    /// To be compared with those on the other screen.
    LinkWords(Vec<String>),
    /// A secret that was made.
    Generated(Generated),
    /// What the health of the vault is.
    Health(Box<HealthReply>),
    /// About a test of a key.
    Check(CheckReply),
    /// What a certificate or an SSH key is.
    Inspected(Box<Inspected>),
    /// What a QR code for authenticator apps said.
    SetupKey(SetupKey),
    /// A key pair that was made.
    KeyPair(Box<KeyPair>),
    /// What an item was, newest first, beginning with what it is now.
    Versions(Vec<Version>),
    /// What a version was, and what the item is now; without secrets unless they were asked for.
    Compared(Vec<Difference>),
    /// A version of before is the one now.
    VersionRestored {
        /// The version that it replaced. Restoring that takes it back.
        replaced: u64,
    },
    /// So many items were deleted for good.
    TrashEmptied(u32),
    /// About selected and arranged items, and lists under names.
    Arrange(ArrangeReply),
    /// What an export says.
    Export(ExportReply),
    /// About the vault as it was at a moment.
    Moment(MomentReply),
    /// About files that are attached.
    Attachment(AttachmentReply),
    /// About reminders.
    Reminders(ReminderReply),
    /// Of machine tokens.
    Tokens(TokenReply),
}

/// How long keys take to derive on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteTime {
    /// The KDF suite.
    pub suite: u8,
    /// Milliseconds; `None` when this device cannot do it, for want of memory.
    pub millis: Option<u32>,
}

/// What happens without being asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Items changed; lists and counts are to be asked for again.
    Changed {
        /// The vault's revision now.
        revision: u64,
    },
    /// Long work goes on.
    Progress {
        /// What is going on.
        stage: Stage,
        /// Out of 100.
        percent: u8,
    },
    /// The server did not answer; saved work waits and is tried again.
    Offline {
        /// Writes that wait.
        pending: u32,
    },
    /// The server answers again and nothing waits.
    Online,
    /// The session was ended elsewhere; the vault must be locked.
    SessionEnded,
    /// How far the vault may be believed has changed.
    Trust(Trust),
    /// Changes that machine tokens handed in were taken, or others wait than before.
    Taken {
        /// What was taken.
        taken: Vec<TakenView>,
        /// How many wait for a person.
        waiting: u32,
        /// They are more than before.
        more: bool,
    },
}

/// A stage of long work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Deriving keys from the password.
    Deriving,
    /// Talking to the server.
    Fetching,
    /// Opening what came.
    Opening,
    /// Sealing what goes.
    Sealing,
    /// Sending.
    Sending,
    /// Checking what came against what was signed and what was seen before.
    Verifying,
    /// Reading a file and comparing it with the vault.
    Reading,
    /// Fetching or sending what is attached to items.
    Files,
}

/// A device that keeps a sealed setup code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDevice {
    /// The account's e-mail address, or the beginning of its handle.
    pub label: String,
    /// A form was kept when the vault was locked.
    pub has_draft: bool,
    /// A passkey that opens the vault is known here.
    pub passkey: bool,
}

/// The least score, of 4, that a master password must have to open an account.
pub const LEAST_SCORE: u8 = 3;

/// How good a password is (zxcvbn).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// 0 (worst) to 4.
    pub score: u8,
    /// Base-10 logarithm of the guesses needed.
    pub guesses_log10: f64,
    /// What is wrong with it, one sentence; empty when nothing is.
    pub warning: String,
    /// What would make it better.
    pub suggestions: Vec<String>,
}

/// An open vault, at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlocked {
    /// The account's e-mail address, or the beginning of its handle.
    pub label: String,
    /// The vault's revision.
    pub revision: u64,
    /// Items outside the trash.
    pub items: u32,
    /// Notices for the owner.
    pub notices: Vec<Notice>,
    /// Items that could not be opened; their names are not known. Never shown as if they were
    /// not there.
    pub unreadable: u32,
    /// A form was kept when the vault was locked.
    pub has_draft: bool,
    /// How far the vault may be believed.
    pub trust: Trust,
    /// The KDF suite in force.
    pub suite: u8,
    /// It is time to ask whether the recovery kit still exists.
    pub ask_for_kit: bool,
    /// When a change of keys was begun that is not finished, Unix milliseconds.
    pub rekey_begun_at_ms: Option<u64>,
}

#[cfg(test)]
mod tests;
