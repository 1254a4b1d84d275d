//! An account that is logged in and unlocked.

mod attachments;
mod belief;
mod bulk;
mod earlier;
mod enter;
mod items;
mod kept;
mod kept_unlock;
mod kit;
mod machine;
mod moment;
mod new_account;
mod passkey;
mod password;
mod proof;
pub(crate) mod read;
mod recover;
mod recovery;
mod rekey;
mod reminders;
mod salvage;
mod second_factor;
mod trash;
mod versions;
mod views;
mod write;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use futures::lock::Mutex;
use keyarc_crypto::{Checkpoint, Keyring, RootKey, SealError, SetupCode, StateContext, Suite};
use keyarc_signature::{UserBundle, VaultManifest};
use keyarc_vault::{ItemDraft, UnlockedVault};
use keyarc_wire::{AccountId, Bytes, Handle, ItemId, Keyset, Notice, RecoveryInfo, SealedDetails};
use zeroize::Zeroizing;

use crate::{Api, ApiFailure, ClientError, Host, Pin, Transport, Trust};
use machine::Tokens;
use reminders::Reminding;
use write::Waiting;

pub use attachments::Stoppable;
pub use bulk::{Bulk, BulkUndo, Undone};
pub use earlier::Histories;
pub use enter::{LogIn, LoggingIn, SignUp};
pub use kept_unlock::KeptLogIn;
pub use kit::NewKit;
pub use machine::{
    MadeToken, NewToken, TakenChange, TakenChanges, TokenBehind, TokenError, TokenRow, TokenState,
    WaitingRow, WaitsBecause,
};
pub use moment::{ReturnUndo, Returned};
pub use passkey::{AddedPasskey, NewPasskey, PasskeyLogIn, PendingPasskey};
pub use password::ChangePassword;
pub use recover::{PendingRecovery, Recover, Recovering, Recovery, RecoveryRefused};
pub use recovery::{MadeRecoveryKey, RecoveryState};
pub use rekey::{ChangeAllKeys, Rekey};
pub use reminders::ReminderChannels;
pub use salvage::Salvage;
pub use second_factor::{PendingLogIn, Refused};

/// The keys of an account, its open vault, and the way to its server.
///
/// All methods take `&self` and may run side by side; lists and searches work while a write
/// waits for the server. Dropping it wipes the keys.
pub struct Session<T, H> {
    api: Api<T>,
    host: H,
    account: AccountId,
    handle: Handle,
    email: Option<String>,
    root: RootKey,
    keyring: Keyring,
    /// The bundle of the keyring's public halves.
    bundle: UserBundle,
    key_epoch: u32,
    /// A change of password needs its secret, and not every device keeps it.
    code: RefCell<SetupCode>,
    /// The newest that this session has seen in force.
    keyset: RefCell<Keyset>,
    /// One that was sent, and may be in force.
    unsettled: RefCell<Option<Keyset>>,
    /// The recovery key, as far as this session knows.
    recovery: RefCell<Option<RecoveryInfo>>,
    /// When a change of all keys was begun that is not finished.
    rekey_begun_at_ms: Cell<Option<u64>>,
    /// A change of all keys is in force or may be: what is sealed with these is of no use.
    retired: Cell<bool>,
    /// Those that open the vault, by their ids.
    passkeys: RefCell<Vec<Bytes>>,
    vault: RefCell<UnlockedVault>,
    /// Sealed details.
    kept: RefCell<HashMap<ItemId, SealedDetails>>,
    /// Items are read of what is kept.
    reads_kept: Cell<bool>,
    /// How many bytes of what is read are kept; none when it is not to be remembered.
    remembers: Cell<u64>,
    belief: RefCell<Belief>,
    notices: RefCell<Vec<Notice>>,
    reminding: RefCell<Reminding>,
    /// There are machine tokens, as far as this session knows.
    has_tokens: Cell<bool>,
    /// One of them writes, as far as this session knows.
    has_writing_tokens: Cell<bool>,
    /// Held by whoever looks after the copies that machine tokens open.
    tokens: Mutex<Tokens>,
    /// Held by whoever fetches changes or writes: of two syncs that overtake each other the
    /// older would look like an attempt to roll the vault back.
    turn: Mutex<()>,
    waiting: RefCell<Vec<Waiting>>,
    offline: Cell<bool>,
}

/// What is known of the vault's history.
struct Belief {
    /// The newest manifest that was believed; `None` before the first sync.
    head: Option<VaultManifest>,
    /// Versions seen before this session, on this device and others.
    seen: Vec<Pin>,
    /// The state that a recovery kit knows.
    floor: Option<Checkpoint>,
    trust: Trust,
    /// What `trust` was when the head was believed. An alarm of later ends when the server shows
    /// again what continues the head.
    trust_of_head: Trust,
    device: [u8; 16],
    /// When the other devices were last told, Unix milliseconds.
    told_at_ms: u64,
    /// What the host was last given to keep, encoded, and when, Unix milliseconds.
    kept: Option<(Vec<u8>, u64)>,
}

/// An open vault, at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlocked {
    /// The account's e-mail address, or the beginning of its setup code.
    pub label: String,
    /// The vault's revision.
    pub revision: u64,
    /// Items outside the trash.
    pub items: u32,
    /// Items that do not open.
    pub unreadable: u32,
    /// Notices for the owner.
    pub notices: Vec<Notice>,
    /// How far the vault may be believed.
    pub trust: Trust,
    /// How keys are derived from the password in force.
    pub suite: Suite,
}

/// How much of a setup code may be shown as a name. It is a part of the handle, which the server
/// knows, and nothing of the secret.
const LABEL_LEN: usize = "KA1-XXXXX".len();
/// Where a half-written form is bound to: this account and nothing else.
const DRAFT: &str = "draft";
/// Raised with every change of what a form holds: one of another build is forgotten rather than
/// misread.
const FORM_SCHEMA: u8 = 2;

impl<T: Transport, H: Host> Session<T, H> {
    /// The vault at a glance.
    pub fn unlocked(&self) -> Unlocked {
        let vault = self.vault.borrow();
        Unlocked {
            label: self.label(),
            suite: self.suite(),
            revision: vault.revision(),
            items: vault.live_items(),
            unreadable: vault.unreadable(),
            notices: self.notices.borrow().clone(),
            trust: self.trust(),
        }
    }

    /// The handle that names the account to its server.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// How far the vault may be believed.
    pub fn trust(&self) -> Trust {
        self.belief.borrow().trust
    }

    /// The account's e-mail address, if it has one.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Looks into the vault: lists, counts, previews. Must not keep what it is given.
    pub fn look<R>(&self, look: impl FnOnce(&UnlockedVault) -> R) -> R {
        look(&self.vault.borrow())
    }

    /// Seals a half-written form for keeping on this device.
    pub fn seal_form(&self, form: &ItemDraft) -> Result<Vec<u8>, ClientError> {
        let written = postcard::to_extend(form, vec![FORM_SCHEMA]);
        let plaintext = Zeroizing::new(written.map_err(|_| ClientError::TooLarge)?);
        self.root
            .seal_state(&self.form_context(), &plaintext, &mut self.host.rng())
            .map_err(|error| match error {
                SealError::TooLong => ClientError::TooLarge,
                SealError::Randomness => ClientError::Sealing,
            })
    }

    /// Opens a form sealed by [`Self::seal_form`]; `None` when it is not one of this account's.
    pub fn open_form(&self, sealed: &[u8]) -> Option<ItemDraft> {
        let plaintext = self.root.open_state(&self.form_context(), sealed).ok()?;
        let (schema, form) = plaintext.split_first()?;
        (*schema == FORM_SCHEMA).then(|| postcard::from_bytes(form).ok())?
    }

    /// Forgets the notices, here and at the server.
    pub async fn dismiss_notices(&self) -> Result<(), ClientError> {
        self.noted(self.api.dismiss_notices(self.host.now_ms()).await)?;
        self.notices.borrow_mut().clear();
        Ok(())
    }

    /// Ends the session at the server. The keys stay until the session is dropped.
    pub async fn log_out(&self) -> Result<(), ClientError> {
        match self.noted(self.api.log_out(self.host.now_ms()).await) {
            // It was ended already.
            Err(failure) if ClientError::from(failure.clone()) == ClientError::SessionEnded => {
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// The way to the server.
    pub fn transport(&self) -> &T {
        self.api.transport()
    }

    pub(crate) fn api(&self) -> &Api<T> {
        &self.api
    }

    pub(crate) fn host(&self) -> &H {
        &self.host
    }

    fn label(&self) -> String {
        match &self.email {
            Some(email) => email.clone(),
            None => {
                let code = self.code.borrow().to_text();
                code.chars().take(LABEL_LEN).collect()
            }
        }
    }

    fn form_context(&self) -> StateContext {
        StateContext {
            owner: self.account.0,
            label: DRAFT,
        }
    }

    /// Tells the host when the server goes away and when it is back.
    pub(crate) fn noted<R>(&self, result: Result<R, ApiFailure>) -> Result<R, ApiFailure> {
        let away = match &result {
            Err(failure) => ClientError::from(failure.clone()) == ClientError::Unreachable,
            Ok(_) => false,
        };
        if away {
            self.offline.set(true);
            self.host.offline(self.waiting.borrow().len() as u32);
        } else if self.offline.replace(false) {
            self.host.online();
        }
        result
    }
}
