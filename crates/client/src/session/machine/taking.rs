//! What is handed in with machine tokens: taken into the vault as writes of the account's own, or left
//! to wait for a person.
//!
//! By itself only what fits is taken: with a token in force whose note says that it writes, of an item in
//! its scope before and after, made on the version that the item has. A change can therefore be taken
//! once, however often a server shows it. Nothing that waits is believed about anything but what is to
//! stand in the item.

use std::collections::{HashMap, HashSet};

use keyarc_vault::{
    ChangeVerdict, DraftError, Item, ItemDraft, MachineChange, MachineCopy, MachineNote, WriteError,
};
use keyarc_wire::{
    DiscardChangesRequest, ItemId, ItemWrite, MachineChangeName, WaitingChange,
    WaitingChangesRequest, WaitingChangesResponse, WriteItemsRequest, limits,
};

use super::{Known, TRIES, Tokens};
use crate::{
    ClientError, Host, SaveError, Session, Transport,
    session::{items::not_sealed, write::Refused},
};

/// Most pages of what waits. An honest server has fewer.
const PAGES_MAX: usize = 256;
/// Sealed bytes of changes that one write takes; the others are taken by the next.
const TAKEN_AT_ONCE: usize = 8 * 1024 * 1024;

/// What came of looking at what waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenChanges {
    /// What was taken, in the order in which it was.
    pub taken: Vec<TakenChange>,
    /// What waits for a person.
    pub waiting: Vec<WaitingRow>,
}

/// A change that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenChange {
    /// What its token is called.
    pub token: String,
    /// The item.
    pub item: ItemId,
    /// What the item is called now.
    pub name: String,
    /// It went to the trash.
    pub trashed: bool,
}

/// A change that is not taken by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRow {
    /// Names it, to take it or to discard it.
    pub change: MachineChangeName,
    /// What its token is called, if that can be opened.
    pub token: Option<String>,
    /// What the item is called in the vault, or would be; `None` when nothing tells.
    pub name: Option<String>,
    /// Whether the item would go to the trash.
    pub trashes: bool,
    /// When it was handed in, as the server says, Unix milliseconds.
    pub handed_in_at_ms: u64,
    /// Why it waits.
    pub why: WaitsBecause,
}

/// Why a change waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitsBecause {
    /// The item was changed since it was made. It can be taken as the newest version.
    Outdated,
    /// Its token has ended. It can be taken, if a person knows that it was made before.
    Ended,
    /// The item was deleted for good.
    Gone,
    /// Its token may not write that.
    OutOfScope,
    /// It breaks a rule for items.
    Broken(DraftError),
    /// It does not open: nobody sealed it for this place who has the token.
    Unreadable,
}

impl WaitsBecause {
    /// Whether a person can take it all the same.
    pub fn can_be_taken(&self) -> bool {
        matches!(self, Self::Outdated | Self::Ended)
    }
}

/// What waits, and what could be opened of it.
struct Opened {
    waiting: WaitingChange,
    note: Option<MachineNote>,
    change: Option<MachineChange>,
    /// The token has ended.
    ended: bool,
}

impl Opened {
    /// What its token is called.
    fn token(&self) -> Option<String> {
        self.note.as_ref().map(|note| note.name.clone())
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Takes what was handed in and fits, in as few writes as that takes, and tells what else waits.
    ///
    /// One request, and where something is taken one for details and one write; none without a token
    /// that writes. Copies follow by [`Self::update_tokens`], as after any change of the vault.
    pub async fn take_changes(&self) -> Result<TakenChanges, ClientError> {
        self.check_current()?;
        let mut outcome = TakenChanges::default();
        if !self.has_writing_tokens() {
            return Ok(outcome);
        }
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly);
        }
        let (mut after, mut tries) = (None, 0);
        for _ in 0..PAGES_MAX {
            let page = self.waiting_page(after).await?;
            let opened = self.open_page(page.changes).await?;
            match self.take_page(opened, &mut outcome).await {
                Ok(()) => {}
                // Taken, discarded or replaced elsewhere, or the item was changed: what waits now?
                Err(Refused::Conflict) if tries < TRIES => {
                    tries += 1;
                    continue;
                }
                Err(refused) => return Err(refused.into()),
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(outcome),
            }
        }
        Err(ClientError::Tampered)
    }

    /// Takes a change that waits because a person says so: it becomes the newest version of the item,
    /// and what the item was stays among its versions. [`ClientError::NotFound`] when it waits no more,
    /// or cannot be taken.
    pub async fn take_change(&self, name: MachineChangeName) -> Result<TakenChange, SaveError> {
        self.check_current()?;
        for _ in 0..TRIES {
            let opened = self.find_waiting(name).await?;
            let can_be_taken = match self.judge(&opened) {
                None => true,
                Some(why) => why.can_be_taken(),
            };
            if !can_be_taken || self.is_other_than_seen(&opened).await {
                return Err(ClientError::NotFound.into());
            }
            let mut taken = Vec::new();
            match self.write_taken(&[&opened], &mut taken).await {
                Ok(()) => return taken.pop().ok_or_else(|| ClientError::NotFound.into()),
                Err(Refused::Conflict) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
        Err(Refused::Conflict.into())
    }

    /// What a change that waits makes of its item, and the item as it is: for a person who is to decide.
    /// From now on nothing else is taken under its name. [`ClientError::NotFound`] when it waits no more,
    /// or there is nothing to look at: it does not open, or puts the item in the trash.
    pub async fn look_at_change(
        &self,
        name: MachineChangeName,
    ) -> Result<(ItemDraft, Option<Item>), ClientError> {
        self.check_current()?;
        let opened = self.find_waiting(name).await?;
        let change = opened.change.and_then(|change| change.put);
        let draft = change.ok_or(ClientError::NotFound)?;
        let sealed = opened.waiting.sealed;
        self.tokens
            .lock()
            .await
            .looked_at
            .insert(name, sealed.change);
        for _ in 0..TRIES {
            if self.look(|vault| vault.summary(sealed.item_id).is_none()) {
                return Ok((draft.taken_over(None), None));
            }
            let read = self.read_many(&[sealed.item_id]).await?.pop();
            if let Some(now) = read {
                return Ok((draft.taken_over(Some(&now)), Some(now)));
            }
            // Changed elsewhere since the last sync.
            self.sync().await?;
        }
        // Its details never are those that the vault names.
        Err(ClientError::Tampered)
    }

    /// Whether a person looked at something else under the name of this change.
    async fn is_other_than_seen(&self, opened: &Opened) -> bool {
        let tokens = self.tokens.lock().await;
        let seen = tokens.looked_at.get(&opened.waiting.name());
        seen.is_some_and(|seen| *seen != opened.waiting.sealed.change)
    }

    /// Discards changes that wait.
    pub async fn discard_changes(&self, names: &[MachineChangeName]) -> Result<(), ClientError> {
        for chunk in names.chunks(limits::WAITING_PER_PAGE) {
            let request = DiscardChangesRequest {
                changes: chunk.to_vec(),
            };
            let now_ms = self.host.now_ms();
            self.noted(self.api.discard_changes(&request, now_ms).await)?;
        }
        Ok(())
    }

    async fn waiting_page(
        &self,
        after: Option<MachineChangeName>,
    ) -> Result<WaitingChangesResponse, ClientError> {
        let request = WaitingChangesRequest { after };
        let now_ms = self.host.now_ms();
        let page = self.noted(self.api.waiting_changes(&request, now_ms).await)?;
        let is_honest = page.changes.len() <= limits::WAITING_PER_PAGE
            && (page.next.is_none() || page.next != after);
        match is_honest {
            true => Ok(page),
            false => Err(ClientError::Tampered),
        }
    }

    /// Opens what is of tokens that were not revoked. Of others there is nothing to be shown. Who looks
    /// after the copies waits no longer than for a list of tokens: a write waits for its server.
    async fn open_page(&self, waiting: Vec<WaitingChange>) -> Result<Vec<Opened>, ClientError> {
        let mut tokens = self.tokens.lock().await;
        let unknown = |one: &WaitingChange| tokens.find(one).is_none();
        if waiting.iter().any(unknown) {
            // Made elsewhere since the tokens were listed.
            tokens.listed_at_ms = None;
        }
        if !waiting.is_empty() {
            self.list_tokens(&mut tokens).await?;
        }
        let now_ms = self.host.now_ms();
        let open = |waiting: WaitingChange| {
            let known = tokens.find(&waiting)?;
            if known.info.revoked_at_ms.is_some() {
                return None;
            }
            let copy = MachineCopy::open(self.account, &known.info.vault, &self.root).ok();
            Some(Opened {
                note: known.note.clone(),
                change: copy.and_then(|copy| copy.open_change(known.info.id, &waiting.sealed)),
                ended: !known.is_in_force(now_ms),
                waiting,
            })
        };
        Ok(waiting.into_iter().filter_map(open).collect())
    }

    async fn take_page(
        &self,
        mut opened: Vec<Opened>,
        outcome: &mut TakenChanges,
    ) -> Result<(), Refused> {
        // Of two tokens that change one item, who came first.
        opened.sort_by_key(|one| one.waiting.handed_in_at_ms);
        loop {
            let (mut items, mut bytes) = (HashSet::new(), 0);
            let (fits, rest): (Vec<Opened>, Vec<Opened>) = opened.into_iter().partition(|one| {
                let is_next = bytes < TAKEN_AT_ONCE
                    && self.judge(one).is_none()
                    && items.insert(one.waiting.sealed.item_id);
                if is_next {
                    bytes += one.waiting.sealed.change.0.len();
                }
                is_next
            });
            opened = rest;
            if fits.is_empty() {
                break;
            }
            let fits: Vec<&Opened> = fits.iter().collect();
            self.write_taken(&fits, &mut outcome.taken).await?;
        }
        let row = |one: &Opened| Some(self.row_of(one, self.judge(one)?));
        outcome.waiting.extend(opened.iter().filter_map(row));
        Ok(())
    }

    /// Why a change is not taken by itself; `None` when it is.
    fn judge(&self, opened: &Opened) -> Option<WaitsBecause> {
        let (Some(note), Some(change)) = (&opened.note, &opened.change) else {
            return Some(WaitsBecause::Unreadable);
        };
        let sealed = &opened.waiting.sealed;
        let place = (sealed.item_id, sealed.base_version);
        match self.look(|vault| vault.judge_change(note, place, change)) {
            ChangeVerdict::Fits => opened.ended.then_some(WaitsBecause::Ended),
            ChangeVerdict::Outdated => Some(WaitsBecause::Outdated),
            ChangeVerdict::Gone => Some(WaitsBecause::Gone),
            ChangeVerdict::OutOfScope => Some(WaitsBecause::OutOfScope),
            ChangeVerdict::Broken(error) => Some(WaitsBecause::Broken(error)),
        }
    }

    /// Takes changes in one write, each of another item.
    async fn write_taken(
        &self,
        fits: &[&Opened],
        taken: &mut Vec<TakenChange>,
    ) -> Result<(), Refused> {
        let there = |item: &ItemId| self.look(|vault| vault.summary(*item).is_some());
        let replaced: Vec<ItemId> = fits
            .iter()
            .filter(|one| {
                one.change
                    .as_ref()
                    .is_some_and(|change| change.put.is_some())
            })
            .map(|one| one.waiting.sealed.item_id)
            .filter(there)
            .collect();
        let items = match replaced.is_empty() {
            true => Vec::new(),
            false => self.read_many(&replaced).await.map_err(Refused::Client)?,
        };
        let items: HashMap<ItemId, &Item> =
            items.iter().map(|item| (item.summary.id, item)).collect();
        let mut request = WriteItemsRequest::default();
        let mut done = Vec::with_capacity(fits.len());
        for one in fits {
            let id = one.waiting.sealed.item_id;
            let Some(change) = &one.change else {
                continue;
            };
            request
                .writes
                .push(self.seal_one(id, change, items.get(&id).copied())?);
            request.takes.push(one.waiting.name());
            done.push((one, id, change.put.is_none()));
        }
        self.write(request).await?;
        for (one, id, trashed) in done {
            let name = self.look(|vault| vault.summary(id).map(|row| row.name));
            taken.push(TakenChange {
                token: one.token().unwrap_or_default(),
                item: id,
                name: name.unwrap_or_default(),
                trashed,
            });
        }
        Ok(())
    }

    fn seal_one(
        &self,
        item: ItemId,
        change: &MachineChange,
        now: Option<&Item>,
    ) -> Result<ItemWrite, Refused> {
        let moment = (self.host.today(), self.host.now_ms());
        let mut rng = self.host.rng();
        let sealed = self.look(|vault| vault.seal_taken(item, change, now, moment, &mut rng));
        sealed.map_err(|error| match error {
            // Changed or deleted this moment.
            WriteError::NotFound => Refused::Conflict,
            error => match not_sealed(error) {
                SaveError::Client(error) => Refused::Client(error),
                SaveError::Draft(_) | SaveError::Conflict { .. } => Refused::Conflict,
            },
        })
    }

    fn row_of(&self, opened: &Opened, why: WaitsBecause) -> WaitingRow {
        let item = opened.waiting.sealed.item_id;
        let known = self.look(|vault| vault.summary(item).map(|row| row.name));
        let put = opened
            .change
            .as_ref()
            .and_then(|change| change.put.as_ref());
        WaitingRow {
            change: opened.waiting.name(),
            token: opened.token(),
            name: known.or_else(|| put.map(|draft| draft.name.clone())),
            trashes: opened
                .change
                .as_ref()
                .is_some_and(|change| change.put.is_none()),
            handed_in_at_ms: opened.waiting.handed_in_at_ms,
            why,
        }
    }

    async fn find_waiting(&self, name: MachineChangeName) -> Result<Opened, ClientError> {
        let mut after = None;
        for _ in 0..PAGES_MAX {
            let page = self.waiting_page(after).await?;
            let named = |one: &WaitingChange| one.name() == name;
            if let Some(found) = page.changes.into_iter().find(named) {
                let mut opened = self.open_page(vec![found]).await?;
                return opened.pop().ok_or(ClientError::NotFound);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Err(ClientError::NotFound),
            }
        }
        Err(ClientError::Tampered)
    }
}

impl Tokens {
    fn find(&self, waiting: &WaitingChange) -> Option<&Known> {
        self.known
            .iter()
            .find(|known| known.info.id == waiting.token_id)
    }
}
