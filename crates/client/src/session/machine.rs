//! Machine tokens, as their owner sees them: making and revoking them, and keeping the copies that
//! they open as the vault is.
//!
//! A copy is compared by the versions that it holds, so that what is brought up to date is what
//! differs, in one write for each token. What a token reads stands in a note that is sealed for the
//! account and names token and copy: a server can neither widen what a token reads nor put the note of
//! one to another.

mod copies;
mod taking;

use std::collections::{HashMap, HashSet};

use keyarc_crypto::{MachineGrant, MachineToken, StateContext};
use keyarc_signature::VaultManifest;
use keyarc_vault::{DraftError, MachineCopy, MachineNote, MachineScope};
use keyarc_wire::{
    Fixed, MachineChangeName, MachineTokenId, MachineTokenInfo, MachineUse, MachineUseMark,
    MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest, NewVault, Sealed, VaultId,
    WriteItemsRequest,
};
use rand_core::Rng as _;
use zeroize::Zeroizing;

use super::{Session, belief::first_manifest};
use crate::{ClientError, Host, Transport};
use copies::HeldCopy;

pub use taking::{TakenChange, TakenChanges, WaitingRow, WaitsBecause};

/// Where the notes are bound to: this account and nothing else.
const LABEL: &str = "machine-token";
/// How often something is tried that somebody else was faster with.
const TRIES: usize = 4;
/// So long a list of tokens is good for, in milliseconds: others make and revoke some, too.
const LISTED_FOR_MS: u64 = 60_000;

/// What this session knows of the account's tokens.
#[derive(Default)]
pub(super) struct Tokens {
    known: Vec<Known>,
    /// When they were listed, Unix milliseconds; `None` before the first time.
    listed_at_ms: Option<u64>,
    /// The vault's revision that all copies were brought up to.
    level: Option<u64>,
    /// Revoked by this session. What a server says of them later does not count.
    revoked: HashSet<MachineTokenId>,
    /// Changes that a person looked at: no other one is taken under their names.
    looked_at: HashMap<MachineChangeName, Sealed>,
}

struct Known {
    info: MachineTokenInfo,
    /// `None` when it does not open: it is not of this account's keys, or of another token.
    note: Option<MachineNote>,
    /// What the copy holds; `None` before it was asked for, and when it may be another by now.
    copy: Option<HeldCopy>,
    /// Why it could not be brought up to date the last time, if it could not.
    behind: Option<ClientError>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// What its owner calls it. No other one in force may be called so.
    pub name: &'a str,
    /// What it reads.
    pub scope: &'a MachineScope,
    /// When it ends, Unix milliseconds; `None` for never.
    pub expires_at_ms: Option<u64>,
    /// Where it may be used, as `10.0.0.0/8`; anywhere without any.
    pub networks: &'a [String],
    /// Whether its holder may hand in changes of what it reads.
    pub writes: bool,
}

/// A token that was made. Its text exists nowhere else.
#[derive(Debug)]
pub struct MadeToken {
    /// Names it.
    pub id: MachineTokenId,
    /// The token, to be shown once.
    pub text: Zeroizing<String>,
    /// How many items it reads.
    pub items: u32,
}

/// Why a token was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Name, folder or environment break a rule.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// No item is in what it should read.
    #[error("no item is in what the token should read")]
    NoItem,
    /// Anything else.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A token in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Names it.
    pub id: MachineTokenId,
    /// What its owner calls it, and what it reads; `None` when that cannot be opened.
    pub note: Option<MachineNote>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds; `None` for never.
    pub expires_at_ms: Option<u64>,
    /// Where it may be used; anywhere without any.
    pub networks: Vec<String>,
    /// The last time that somebody used it, or tried to.
    pub last_use: Option<MachineUse>,
    /// How many changes wait that were handed in with it, as the server says.
    pub waiting: u32,
    /// How its copy stands to the vault.
    pub state: TokenState,
}

/// How the copy of a token stands to the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenState {
    /// It holds so many items, as they are now.
    Current {
        /// How many.
        items: u32,
    },
    /// It has older values, or could not be looked at.
    Behind(ClientError),
    /// The token has ended.
    Expired,
    /// The token was revoked, and the copy is gone.
    Revoked {
        /// Unix milliseconds.
        at_ms: u64,
    },
}

/// A token whose copy has older values than the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBehind {
    /// Names it.
    pub id: MachineTokenId,
    /// What its owner calls it, if that can be opened.
    pub name: Option<String>,
    /// Why.
    pub why: ClientError,
}

impl Known {
    fn is_in_force(&self, now_ms: u64) -> bool {
        let ended = self.info.expires_at_ms.is_some_and(|end| end <= now_ms);
        self.info.revoked_at_ms.is_none() && !ended
    }

    fn row(&self, now_ms: u64) -> TokenRow {
        let state = match (&self.info.revoked_at_ms, &self.behind, &self.copy) {
            (Some(at_ms), ..) => TokenState::Revoked { at_ms: *at_ms },
            _ if !self.is_in_force(now_ms) => TokenState::Expired,
            (None, Some(why), _) => TokenState::Behind(why.clone()),
            (None, None, Some(held)) => TokenState::Current {
                items: held.copy.count() as u32,
            },
            (None, None, None) => TokenState::Behind(ClientError::Unreachable),
        };
        TokenRow {
            id: self.info.id,
            note: self.note.clone(),
            created_at_ms: self.info.created_at_ms,
            expires_at_ms: self.info.expires_at_ms,
            networks: self.info.networks.clone(),
            last_use: self.info.last_use.clone(),
            waiting: self.info.waiting,
            state,
        }
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Makes a token for what a scope covers now, and for what it covers later.
    pub async fn make_token(&self, new: &NewToken<'_>) -> Result<MadeToken, TokenError> {
        self.check_current()?;
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly.into());
        }
        let mut tokens = self.tokens.lock().await;
        self.list_tokens(&mut tokens).await?;
        let mut rng = self.host.rng();
        let token = MachineToken::make(&mut rng);
        let id = MachineTokenId(token.id());
        let mut vault = [0; 16];
        rng.fill_bytes(&mut vault);
        let vault = VaultId(vault);
        let note = MachineNote::new(id, vault, new.name, new.scope, new.writes)?;
        let now_ms = self.host.now_ms();
        let mut in_force = tokens.known.iter().filter(|one| one.is_in_force(now_ms));
        let is_named = |other: &MachineNote| other.name == note.name;
        if in_force.any(|one| one.note.as_ref().is_some_and(is_named)) {
            return Err(DraftError {
                field: "name".to_owned(),
                rule: "is that of another token".to_owned(),
            }
            .into());
        }
        let (mut copy, wrapped_key) = MachineCopy::make(self.account, vault, &self.root, &mut rng)
            .map_err(ClientError::from)?;
        let writes = self.seal_first(&copy, &note.scope).await?;
        let signer = self.keyring.signing_key();
        let empty = first_manifest(vault.0, now_ms, signer);
        let before = VaultManifest::decode(&empty.0).map_err(|_| ClientError::Sealing)?;
        let mut first = WriteItemsRequest {
            writes,
            ..WriteItemsRequest::default()
        };
        let head = self.sign_copy(&mut copy, &before, &mut first);
        let grant = MachineGrant {
            account: self.account.0,
            identity: signer.public_key(),
            vault: vault.0,
            epoch: copy.key_epoch(),
            floor_version: head.body().version,
            floor_hash: head.hash(),
            writes: new.writes,
            expires_at_ms: new.expires_at_ms,
        };
        let keys = token.derive_keys();
        let grant = grant
            .seal(copy.key(), &keys, token.id(), &mut rng)
            .map_err(ClientError::from)?;
        let request = MakeMachineTokenRequest {
            token_id: id,
            auth_public_key: Fixed(keys.auth().public_key()),
            grant: Sealed(grant),
            note: self.seal_note(&note)?,
            vault: NewVault {
                id: vault,
                wrapped_key,
                manifest: empty,
            },
            first,
            expires_at_ms: new.expires_at_ms,
            networks: new.networks.to_vec(),
            writes: new.writes,
        };
        let made = self.api.make_machine_token(&request, now_ms).await;
        self.noted(made).map_err(ClientError::from)?;
        self.has_tokens.set(true);
        if new.writes {
            self.has_writing_tokens.set(true);
        }
        copy.accept(&request.first, head.body().version);
        // What else there is of it the server says.
        tokens.listed_at_ms = None;
        tokens.level = None;
        Ok(MadeToken {
            id,
            text: token.to_text(),
            items: copy.count() as u32,
        })
    }

    /// The account's tokens, with their copies brought up to date.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, ClientError> {
        let mut tokens = self.tokens.lock().await;
        tokens.listed_at_ms = None;
        tokens.level = None;
        self.update_in_turn(&mut tokens).await?;
        let now_ms = self.host.now_ms();
        Ok(tokens.known.iter().map(|one| one.row(now_ms)).collect())
    }

    /// The tokens in force by name, as far as those can be opened.
    pub async fn token_names(&self) -> Result<Vec<(MachineTokenId, Option<String>)>, ClientError> {
        let mut tokens = self.tokens.lock().await;
        tokens.listed_at_ms = None;
        self.list_tokens(&mut tokens).await?;
        let in_force = tokens.known.iter();
        let in_force = in_force.filter(|known| known.info.revoked_at_ms.is_none());
        let named = |known: &Known| known.note.as_ref().map(|note| note.name.clone());
        Ok(in_force
            .map(|known| (known.info.id, named(known)))
            .collect())
    }

    /// Whether [`Self::update_tokens`] may have something to do when the vault changes.
    pub fn has_tokens(&self) -> bool {
        self.has_tokens.get()
    }

    /// Whether [`Self::take_changes`] may find something.
    pub fn has_writing_tokens(&self) -> bool {
        self.has_writing_tokens.get()
    }

    /// Brings the copies that tokens open to what the vault holds now, in one write for each that
    /// differs, and tells which ones still have older values.
    ///
    /// To be called after the vault changed. Nothing is asked of the server while the vault is the
    /// one that all copies were brought up to; otherwise the tokens are listed once a minute at
    /// most, and what copies hold is asked for once.
    pub async fn update_tokens(&self) -> Result<Vec<TokenBehind>, ClientError> {
        let mut tokens = self.tokens.lock().await;
        self.update_in_turn(&mut tokens).await?;
        let behind = |known: &Known| {
            Some(TokenBehind {
                id: known.info.id,
                name: known.note.as_ref().map(|note| note.name.clone()),
                why: known.behind.clone()?,
            })
        };
        Ok(tokens.known.iter().filter_map(behind).collect())
    }

    /// Revokes a token. From then on this session seals nothing for it, whatever the server says.
    pub async fn revoke_token(&self, token: MachineTokenId) -> Result<(), ClientError> {
        let mut tokens = self.tokens.lock().await;
        tokens.revoked.insert(token);
        tokens.known.retain(|known| known.info.id != token);
        tokens.listed_at_ms = None;
        let now_ms = self.host.now_ms();
        let revoked = self.api.revoke_machine_token(token, now_ms).await;
        Ok(self.noted(revoked)?)
    }

    /// Who used a token, newest first.
    pub async fn token_uses(
        &self,
        token: MachineTokenId,
        before: Option<MachineUseMark>,
    ) -> Result<MachineUsesResponse, ClientError> {
        let request = MachineUsesRequest { before };
        let now_ms = self.host.now_ms();
        let uses = self.api.machine_uses(token, &request, now_ms).await;
        Ok(self.noted(uses)?)
    }

    async fn list_tokens(&self, tokens: &mut Tokens) -> Result<(), ClientError> {
        let now_ms = self.host.now_ms();
        let good = |at_ms: u64| now_ms.saturating_sub(at_ms) < LISTED_FOR_MS;
        if tokens.listed_at_ms.is_some_and(good) {
            return Ok(());
        }
        let listed = self.noted(self.api.machine_tokens(now_ms).await)?.tokens;
        let mut before = std::mem::take(&mut tokens.known);
        for mut info in listed {
            if tokens.revoked.contains(&info.id) {
                info.revoked_at_ms.get_or_insert(now_ms);
            }
            let at = before.iter().position(|known| known.info.id == info.id);
            let known = at.map(|at| before.swap_remove(at));
            let known = match known {
                // What it is does not change: what the server says of it now, it said before.
                Some(known) if known.info.vault.id == info.vault.id => Known { info, ..known },
                _ => Known {
                    note: self.open_note(&info),
                    info,
                    copy: None,
                    behind: None,
                },
            };
            tokens.known.push(known);
        }
        tokens.listed_at_ms = Some(now_ms);
        let writes = |known: &Known| known.note.as_ref().is_some_and(MachineNote::writes);
        let mut in_force = tokens
            .known
            .iter()
            .filter(|one| one.info.revoked_at_ms.is_none());
        self.has_writing_tokens.set(in_force.any(writes));
        Ok(())
    }

    async fn update_in_turn(&self, tokens: &mut Tokens) -> Result<(), ClientError> {
        self.check_current()?;
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly);
        }
        let revision = self.look(|vault| vault.revision());
        if tokens.level == Some(revision) {
            return Ok(());
        }
        self.list_tokens(tokens).await?;
        let now_ms = self.host.now_ms();
        let mut all = true;
        for known in &mut tokens.known {
            if !known.is_in_force(now_ms) {
                (known.copy, known.behind) = (None, None);
                continue;
            }
            known.behind = match self.update_one(known).await {
                // It was revoked elsewhere since the tokens were listed.
                Err(ClientError::NotFound) => {
                    known.info.revoked_at_ms = Some(now_ms);
                    known.copy = None;
                    None
                }
                outcome => outcome.err(),
            };
            all &= known.behind.is_none();
        }
        tokens.level = all.then_some(revision);
        Ok(())
    }

    fn open_note(&self, info: &MachineTokenInfo) -> Option<MachineNote> {
        let plain = self.root.open_state(&self.note_context(), &info.note.0);
        MachineNote::decode(&plain.ok()?, info.id, info.vault.id)
    }

    fn seal_note(&self, note: &MachineNote) -> Result<Sealed, ClientError> {
        self.root
            .seal_state(&self.note_context(), &note.encode(), &mut self.host.rng())
            .map(Sealed)
            .map_err(ClientError::from)
    }

    fn note_context(&self) -> StateContext {
        StateContext {
            owner: self.account.0,
            label: LABEL,
        }
    }
}
