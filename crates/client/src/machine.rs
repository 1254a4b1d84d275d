//! Reading with a machine token, and handing changes in: no account and no password. Nothing is kept
//! here; what a machine may keep of it is [`KeptCopy`].

use std::{cell::RefCell, collections::HashMap};

use keyarc_auth::MachineStatement;
use keyarc_crypto::{MachineGrant, MachineKeys, MachineToken, VaultKey};
use keyarc_signature::{VaultManifest, VerifyingKey};
use keyarc_vault::{DetailsError, Item, Tree, UnlockedVault};
use keyarc_wire::{
    AccountId, ErrorCode, Fixed, ItemId, MachineRequest, MachineTokenId, SealedDetails, VaultId,
    limits,
};
use rand_core::Rng as _;

use crate::{
    Api, ApiFailure, Changes, ClientError, Host, KeptCopy, KeptError, KeptFloor, Pin, Transport,
    Trust, changes::CopyBody, history, session::read::batch_of,
};

mod overlay;
mod writing;

pub use writing::{HandInError, MachineWish};

use overlay::Overlay;

/// How often a copy that changes while it is read is opened anew.
const TRIES: u32 = 3;

/// Why nothing could be read with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// The server knows no such token, or another secret belongs to it.
    #[error("the token was not accepted")]
    Refused,
    /// The token has ended.
    #[error("the token has ended")]
    Expired,
    /// The token was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// The token may not be used from this address.
    #[error("the token may not be used from this address")]
    AddressRefused,
    /// This machine's clock is too far from the server's.
    #[error("this machine's clock is {} the server's", skew_words(*ahead_ms))]
    ClockSkew {
        /// By how much this machine is ahead, in milliseconds; negative when it is behind.
        ahead_ms: i64,
    },
    /// Anything else.
    #[error(transparent)]
    Client(#[from] ClientError),
}

fn skew_words(ahead_ms: i64) -> String {
    let seconds = ahead_ms.unsigned_abs() / 1_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let by = match (hours / 24, hours) {
        (0, 0) => format!("{minutes} min {} s", seconds % 60),
        (0, _) => format!("{hours} h {minutes} min"),
        (days, _) => format!("{days} days {} h", hours % 24),
    };
    let side = if ahead_ms < 0 { "behind" } else { "ahead of" };
    format!("{by} {side}")
}

/// What a token opens. With one that writes changes can be [handed in](Self::hand_in), which are seen
/// here as they are to be.
///
/// The copy is believed as a vault is: its manifests continue the one that the grant names, the
/// newest is signed by the account that made the token, and the items are those that were signed.
/// Anything else is [`ClientError::Tampered`], and nothing of it is given out.
pub struct Machine<T, H> {
    /// `None` where nothing is asked of anybody: all that there is was kept.
    api: Option<Api<T>>,
    host: H,
    origin: String,
    token: MachineTokenId,
    keys: MachineKeys,
    opened: RefCell<Opened>,
}

struct Opened {
    vault: UnlockedVault,
    /// Details that came along.
    details: HashMap<ItemId, SealedDetails>,
    head: VaultManifest,
    expires_at_ms: Option<u64>,
    /// When it was asked for, Unix milliseconds.
    fetched_at_ms: u64,
    /// What came, as it came.
    changes: Changes,
    /// What was handed in, over the same items; `None` with a token that reads.
    overlay: Option<Overlay>,
}

impl<T: Transport, H: Host> Machine<T, H> {
    /// Fetches and opens what a token is good for at the server of an origin.
    pub async fn open(
        transport: T,
        host: H,
        origin: &str,
        token: &MachineToken,
    ) -> Result<Self, MachineError> {
        Self::open_after(transport, host, origin, token, None).await
    }

    /// The same on a machine that has seen a state of the copy before: what is older, or another
    /// history, is [`ClientError::Tampered`].
    pub async fn open_after(
        transport: T,
        host: H,
        origin: &str,
        token: &MachineToken,
        floor: Option<&KeptFloor>,
    ) -> Result<Self, MachineError> {
        let api = Api::new(transport);
        let keys = token.derive_keys();
        let id = MachineTokenId(token.id());
        let asking = Asking {
            origin,
            token: id,
            keys: &keys,
        };
        let seen = floor.map(|KeptFloor(seen)| *seen);
        let opened = fetch(&api, &host, &asking, seen).await?;
        Ok(Self {
            api: Some(api),
            host,
            origin: origin.to_owned(),
            token: id,
            keys,
            opened: opened.into(),
        })
    }

    /// Opens what was kept, and asks nobody. It is believed as an answer of the server is, with the
    /// floor as what was seen before; and it must be whole. How old it may be is the caller's to say
    /// ([`KeptCopy::age_ms`]).
    pub fn open_kept(
        host: H,
        token: &MachineToken,
        kept: &KeptCopy,
        KeptFloor(floor): &KeptFloor,
    ) -> Result<Self, KeptError> {
        if kept.version < floor.version {
            return Err(KeptError::RolledBack);
        }
        let keys = token.derive_keys();
        let id = MachineTokenId(token.id());
        let body = Changes::check_copy(kept.stream.clone()).map_err(|_| KeptError::Damaged)?;
        let opened = opened(
            body,
            &keys,
            id,
            Some(*floor),
            host.now_ms(),
            kept.fetched_at_ms,
        );
        let opened = opened.map_err(|error| match error {
            MachineError::Expired => KeptError::Ended,
            _ => KeptError::Damaged,
        })?;
        if opened.head.body().version != kept.version || !opened.lacking().is_empty() {
            return Err(KeptError::Damaged);
        }
        Ok(Self {
            api: None,
            host,
            origin: kept.origin.clone(),
            token: id,
            keys,
            opened: opened.into(),
        })
    }

    /// The copy for keeping, with the details of all items. Those that did not come along are taken
    /// of what was kept `before`, where they are the same, and fetched otherwise. All of them are
    /// opened once: what does not verify is [`ClientError::Tampered`], and not for keeping.
    pub async fn keep(&self, before: Option<&KeptCopy>) -> Result<KeptCopy, MachineError> {
        for _ in 0..TRIES {
            if let Some(kept) = self.try_keep(before).await? {
                return Ok(kept);
            }
            self.sync().await?;
        }
        Err(ClientError::Tampered.into())
    }

    /// `None` when the copy is another one by now.
    async fn try_keep(&self, before: Option<&KeptCopy>) -> Result<Option<KeptCopy>, MachineError> {
        let mut more = HashMap::new();
        let lacking = self.opened.borrow().lacking();
        if !lacking.is_empty() {
            let kept = before.and_then(|kept| Changes::check_copy(kept.stream.clone()).ok());
            let kept = kept.map(|body| body.details).unwrap_or_default();
            let same = kept
                .into_iter()
                .filter(|one| lacking.contains(&one.item_id) && self.is_of_copy(one));
            more.extend(same.map(|one| (one.item_id, one)));
            let is_missing = |item: &ItemId| !more.contains_key(item);
            let missing: Vec<ItemId> = lacking.into_iter().filter(is_missing).collect();
            more.extend(self.fetch_details(&missing).await?);
        }
        let mut opened = self.opened.borrow_mut();
        let stream = opened.changes.with_details(more.values());
        opened.details.extend(more);
        if !opened.lacking().is_empty() {
            return Ok(None);
        }
        for details in opened.details.values() {
            match opened.vault.open_details(details) {
                Ok(_) => {}
                Err(DetailsError::Outdated | DetailsError::NotFound) => return Ok(None),
                Err(DetailsError::Tampered) => return Err(ClientError::Tampered.into()),
            }
        }
        Ok(Some(KeptCopy {
            origin: self.origin.clone(),
            fetched_at_ms: opened.fetched_at_ms,
            version: opened.head.body().version,
            stream,
        }))
    }

    /// What was seen of the copy.
    pub fn floor(&self) -> KeptFloor {
        KeptFloor(Pin::of(&self.opened.borrow().head))
    }

    /// The token's id, which is no secret.
    pub fn id(&self) -> MachineTokenId {
        self.token
    }

    /// The origin of the server that the copy is of.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// When the token ends, Unix milliseconds; `None` for never.
    pub fn expires_at_ms(&self) -> Option<u64> {
        self.opened.borrow().expires_at_ms
    }

    /// Whether details are those of an item of the copy, as it was signed.
    fn is_of_copy(&self, details: &SealedDetails) -> bool {
        self.opened.borrow().vault.open_details(details).is_ok()
    }

    /// Looks into the copy, with what was handed in. Must not keep what it is given.
    pub fn look<R>(&self, look: impl FnOnce(&UnlockedVault) -> R) -> R {
        let opened = self.opened.borrow();
        let overlay = opened.overlay.as_ref().map(Overlay::vault);
        look(overlay.unwrap_or(&opened.vault))
    }

    /// One item with its secret.
    pub async fn reveal(&self, item: ItemId) -> Result<Item, MachineError> {
        let mut read = self.read_many(&[item]).await?;
        Ok(read.pop().ok_or(ClientError::NotFound)?)
    }

    /// Many items with their secrets. Most need no request: their details came with the copy. What
    /// left the copy meanwhile is left out.
    pub async fn read_many(&self, items: &[ItemId]) -> Result<Vec<Item>, MachineError> {
        for _ in 0..TRIES {
            if let Some(read) = self.try_read(items).await? {
                return Ok(read);
            }
            // Somebody changes the copy this moment.
            self.sync().await?;
        }
        Err(ClientError::Tampered.into())
    }

    /// Fetches the copy anew. One that is older than what was seen is refused, and then, as after any
    /// failure, what was there before stays.
    pub async fn sync(&self) -> Result<(), MachineError> {
        let KeptFloor(seen) = self.floor();
        let opened = fetch(self.api()?, &self.host, &self.asking(), Some(seen)).await?;
        *self.opened.borrow_mut() = opened;
        Ok(())
    }

    /// `None` when the copy is another one by now.
    async fn try_read(&self, items: &[ItemId]) -> Result<Option<Vec<Item>>, MachineError> {
        let there = |item: &&ItemId| self.look(|vault| vault.summary(**item).is_some());
        let items: Vec<ItemId> = items.iter().filter(there).copied().collect();
        let lacking: Vec<ItemId> = {
            let opened = self.opened.borrow();
            let lacks = |item: &&ItemId| {
                opened.handed_in(**item).is_none() && !opened.details.contains_key(item)
            };
            items.iter().filter(lacks).copied().collect()
        };
        let fetched = self.fetch_details(&lacking).await?;
        let opened = self.opened.borrow();
        let mut read = Vec::with_capacity(items.len());
        for item in &items {
            if let Some(handed_in) = opened.handed_in(*item) {
                read.push(handed_in.clone());
                continue;
            }
            let Some(details) = opened.details.get(item).or_else(|| fetched.get(item)) else {
                return Ok(None);
            };
            match opened.vault.open_details(details) {
                Ok(item) => read.push(item),
                Err(DetailsError::Outdated | DetailsError::NotFound) => return Ok(None),
                Err(DetailsError::Tampered) => return Err(ClientError::Tampered.into()),
            }
        }
        Ok(Some(read))
    }

    async fn fetch_details(
        &self,
        items: &[ItemId],
    ) -> Result<HashMap<ItemId, SealedDetails>, MachineError> {
        let mut found = HashMap::new();
        let mut rest = items;
        let mut at_once = limits::MACHINE_DETAILS_PER_REQUEST;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(at_once.min(rest.len()));
            let request = self.asking().request(&self.host, chunk);
            let answer = self.api()?.machine_details(&request).await;
            let answer = match answer {
                Err(failure) if is_of_token(&failure) => {
                    return Err(refused(failure, request.time_ms));
                }
                answer => answer,
            };
            let Some(details) = batch_of(answer, chunk)? else {
                at_once = (chunk.len() / 2).max(1);
                continue;
            };
            found.extend(details.into_iter().map(|one| (one.item_id, one)));
            rest = after;
        }
        Ok(found)
    }

    /// The way to the server, where there is one.
    fn api(&self) -> Result<&Api<T>, ClientError> {
        self.api.as_ref().ok_or(ClientError::Unreachable)
    }

    fn asking(&self) -> Asking<'_> {
        Asking {
            origin: &self.origin,
            token: self.token,
            keys: &self.keys,
        }
    }
}

/// Who asks whom.
struct Asking<'a> {
    origin: &'a str,
    token: MachineTokenId,
    keys: &'a MachineKeys,
}

impl Asking<'_> {
    /// A signed request for the copy, or for the details of some of its items.
    fn request(&self, host: &impl Host, items: &[ItemId]) -> MachineRequest {
        let mut client_nonce = [0; 32];
        host.rng().fill_bytes(&mut client_nonce);
        let ids: Vec<[u8; 16]> = items.iter().map(|item| item.0).collect();
        let statement = MachineStatement {
            origin: self.origin,
            token: self.token.0,
            time_ms: host.now_ms(),
            client_nonce,
            items: &ids,
        };
        MachineRequest {
            token_id: self.token,
            origin: self.origin.to_owned(),
            time_ms: statement.time_ms,
            client_nonce: Fixed(client_nonce),
            signature: Fixed(statement.sign(self.keys.auth())),
            item_ids: items.to_vec(),
        }
    }
}

impl Opened {
    /// An item as it was handed in.
    fn handed_in(&self, item: ItemId) -> Option<&Item> {
        self.overlay.as_ref()?.item(item)
    }

    /// Items whose details did not come along.
    fn lacking(&self) -> Vec<ItemId> {
        let ids = self.vault.item_ids().into_iter();
        let is_there = |item: &ItemId| self.vault.summary(*item).is_some();
        let lacks = |item: &ItemId| is_there(item) && !self.details.contains_key(item);
        ids.filter(lacks).collect()
    }
}

/// Fetches the copy and believes it, or gives nothing. `seen` is what was believed before.
async fn fetch<T: Transport, H: Host>(
    api: &Api<T>,
    host: &H,
    asking: &Asking<'_>,
    seen: Option<Pin>,
) -> Result<Opened, MachineError> {
    let request = asking.request(host, &[]);
    let answer = api.machine_open(&request).await;
    let body = answer.map_err(|failure| refused(failure, request.time_ms))?;
    let asked_at_ms = request.time_ms;
    opened(
        body,
        asking.keys,
        asking.token,
        seen,
        host.now_ms(),
        asked_at_ms,
    )
}

/// Opens what a token is good for, and believes it, or gives nothing. Whether it came this moment or
/// was kept makes no difference.
fn opened(
    body: CopyBody,
    keys: &MachineKeys,
    token: MachineTokenId,
    seen: Option<Pin>,
    now_ms: u64,
    fetched_at_ms: u64,
) -> Result<Opened, MachineError> {
    let (grant, key) =
        MachineGrant::open(&body.grant.0, keys, token.0).map_err(|_| ClientError::Tampered)?;
    if grant.expires_at_ms.is_some_and(|end| end <= now_ms) {
        return Err(MachineError::Expired);
    }
    let waiting = body.waiting.clone();
    let again = MachineGrant::open(&body.grant.0, keys, token.0);
    let mut opened = believe(grant, key, body, seen, fetched_at_ms)?;
    // The same items once more, so that the copy stays what was signed.
    if let (true, Ok((_, key))) = (grant.writes, again) {
        let owner = AccountId(grant.account);
        let mut vault = UnlockedVault::granted(owner, VaultId(grant.vault), grant.epoch, key);
        vault.reserve(opened.changes.count());
        vault.apply(opened.changes.iter());
        let overlay = Overlay::over(vault, token, &waiting);
        opened.overlay = Some(overlay.ok_or(ClientError::Tampered)?);
    } else if !waiting.is_empty() {
        return Err(ClientError::Tampered.into());
    }
    Ok(opened)
}

fn believe(
    grant: MachineGrant,
    key: VaultKey,
    body: CopyBody,
    seen: Option<Pin>,
    fetched_at_ms: u64,
) -> Result<Opened, ClientError> {
    let tampered = ClientError::Tampered;
    let signer = VerifyingKey::from_bytes(&grant.identity).map_err(|_| ClientError::Tampered)?;
    let vault = VaultId(grant.vault);
    let floor = Pin {
        vault,
        version: grant.floor_version,
        hash: grant.floor_hash,
    };
    let seen: Vec<Pin> = seen.into_iter().chain([floor]).collect();
    let CopyBody {
        changes, details, ..
    } = body;
    let manifests = changes.manifests();
    let shown = history::read(manifests, vault, grant.epoch, &signer, &seen, None)
        .map_err(|_| ClientError::Tampered)?;
    if shown.trust != Trust::Fresh {
        return Err(tampered);
    }
    let signed = shown.head.body();
    let tree = Tree {
        items: signed.items,
        root: signed.root,
    };
    let owner = AccountId(grant.account);
    let mut vault = UnlockedVault::granted(owner, vault, grant.epoch, key);
    vault.reserve(changes.count());
    let is_signed =
        changes.highest() <= signed.version && vault.expect(changes.iter(), tree).is_ok();
    if !is_signed || vault.apply(changes.iter()).refused > 0 {
        return Err(tampered);
    }
    vault.advance_to(signed.version);
    Ok(Opened {
        vault,
        details: details.into_iter().map(|one| (one.item_id, one)).collect(),
        expires_at_ms: grant.expires_at_ms,
        head: shown.head,
        fetched_at_ms,
        changes,
        overlay: None,
    })
}

/// Whether a refusal is about the token, and not about what was asked for.
fn is_of_token(failure: &ApiFailure) -> bool {
    failure.code() != Some(ErrorCode::InvalidRequest)
}

fn refused(failure: ApiFailure, asked_at_ms: u64) -> MachineError {
    match failure.code() {
        Some(ErrorCode::LoginRefused) => MachineError::Refused,
        Some(ErrorCode::TokenExpired) => MachineError::Expired,
        Some(ErrorCode::TokenRevoked) => MachineError::Revoked,
        Some(ErrorCode::AddressRefused) => MachineError::AddressRefused,
        Some(ErrorCode::ClockSkew) => {
            let server = match &failure {
                ApiFailure::Refused(error) => error.server_time_ms,
                _ => None,
            };
            // A refusal that does not say by how much says nothing that can be acted on.
            server.map_or(ClientError::Tampered.into(), |server| {
                MachineError::ClockSkew {
                    ahead_ms: (asked_at_ms as i64).saturating_sub(server as i64),
                }
            })
        }
        _ => ClientError::from(failure).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_how_much_a_clock_is_wrong_is_said_in_words() {
        let said = |ahead_ms| MachineError::ClockSkew { ahead_ms }.to_string();
        assert_eq!(
            said(6 * 60_000 + 1_500),
            "this machine's clock is 6 min 1 s ahead of the server's"
        );
        assert_eq!(
            said(-7_200_000 - 60_000),
            "this machine's clock is 2 h 1 min behind the server's"
        );
        assert_eq!(
            said(-90_000_000),
            "this machine's clock is 1 days 1 h behind the server's"
        );
        assert!(said(i64::MIN).contains("behind"));
    }
}
