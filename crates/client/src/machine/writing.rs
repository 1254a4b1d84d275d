//! Handing changes in with a token that writes. They wait until an unlocked client of the owner takes
//! them; whoever has the token sees them at once.

use keyarc_auth::{HandInStatement, HandedIn};
use keyarc_vault::{DraftError, ItemDraft, MachineChange, WriteError};
use keyarc_wire::{
    ErrorCode, Fixed, HandInRequest, ItemId, MachineChangeId, NewMachineChange, SealedChange,
    limits,
};
use rand_core::Rng as _;

use super::{Asking, Machine, MachineError, overlay::Before, refused};
use crate::{ClientError, Host, Transport};

/// What is to become of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineWish {
    /// A new item.
    Make(Box<ItemDraft>),
    /// An item of the copy is to be this. Its files, its test, its star and its plan of rotation stay
    /// what they are, whatever the draft says.
    Change(ItemId, Box<ItemDraft>),
    /// An item of the copy goes to the trash.
    Trash(ItemId),
}

/// Why nothing was handed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandInError {
    /// The token only reads.
    #[error("the token only reads")]
    ReadsOnly,
    /// An item is not among those that the token reads.
    #[error("an item is not there")]
    NotFound,
    /// A field breaks a rule.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// An earlier change of an item waits, and the item was changed since: its owner has to take that or
    /// discard it first.
    #[error("an earlier change of the item waits for its owner")]
    Waits,
    /// Somebody else with the token was faster. What they made is seen now.
    #[error("somebody else with the token changed the item this moment")]
    Overtaken,
    /// As many changes wait as may.
    #[error("as many changes wait for the owner of the token as may")]
    Full,
    /// Anything else.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

impl<T: Transport, H: Host> Machine<T, H> {
    /// Whether changes can be handed in with the token.
    pub fn writes(&self) -> bool {
        self.opened.borrow().overlay.is_some()
    }

    /// Hands changes in, all of them or none, each of another item: at most
    /// [`limits::MACHINE_CHANGES`]. Gives the items, in the order of the wishes. From then on they are
    /// seen here as they are to be.
    ///
    /// When no answer comes they were handed in or not; opening the copy anew tells.
    pub async fn hand_in(&self, wishes: &[MachineWish]) -> Result<Vec<ItemId>, HandInError> {
        if wishes.len() > limits::MACHINE_CHANGES {
            return Err(HandInError::Machine(ClientError::TooLarge.into()));
        }
        let mut sealed = Vec::with_capacity(wishes.len());
        let mut changes = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let (one, change, replaces) = self.seal(wish)?;
            changes.push(NewMachineChange {
                change_id: one.change_id,
                item_id: one.item_id,
                base_version: one.base_version,
                replaces,
                change: one.change.clone(),
            });
            sealed.push((one, change));
        }
        let request = self.asking().hand_in(&self.host, changes);
        let api = self.api().map_err(MachineError::from)?;
        if let Err(failure) = api.hand_in(&request).await {
            return Err(match failure.code() {
                Some(ErrorCode::TokenReadsOnly) => HandInError::ReadsOnly,
                Some(ErrorCode::ChangesFull) => HandInError::Full,
                Some(ErrorCode::Conflict) => {
                    self.sync().await?;
                    HandInError::Overtaken
                }
                _ => HandInError::Machine(refused(failure, request.time_ms)),
            });
        }
        let mut opened = self.opened.borrow_mut();
        let mut items = Vec::with_capacity(sealed.len());
        for (one, change) in &sealed {
            items.push(one.item_id);
            if let Some(overlay) = &mut opened.overlay {
                overlay.lay(one, change);
            }
        }
        Ok(items)
    }

    /// Seals a wish, and tells which change it takes the place of.
    fn seal(
        &self,
        wish: &MachineWish,
    ) -> Result<(SealedChange, MachineChange, Option<MachineChangeId>), HandInError> {
        let opened = self.opened.borrow();
        let overlay = opened.overlay.as_ref().ok_or(HandInError::ReadsOnly)?;
        let mut rng = self.host.rng();
        let mut random = || {
            let mut id = [0; 16];
            rng.fill_bytes(&mut id);
            id
        };
        let (item, put) = match wish {
            MachineWish::Make(draft) => (ItemId(random()), Some(draft.clone())),
            MachineWish::Change(item, draft) => (*item, Some(draft.clone())),
            MachineWish::Trash(item) => (*item, None),
        };
        let is_new = matches!(wish, MachineWish::Make(_));
        let vault = overlay.vault();
        if !is_new && vault.summary(item).is_none() {
            return Err(HandInError::NotFound);
        }
        let replaces = match overlay.before(item) {
            Before::Nothing => None,
            Before::Change(change) => Some(change),
            Before::Outdated => return Err(HandInError::Waits),
        };
        let change = MachineChange {
            made_at_ms: self.host.now_ms(),
            put,
        };
        let name = MachineChangeId(random());
        let sealed = vault.seal_change(self.token, (name, item), &change, &mut self.host.rng());
        let sealed = sealed.map_err(|error| match error {
            WriteError::Draft(error) => HandInError::Draft(error),
            WriteError::Seal(error) => HandInError::Machine(ClientError::from(error).into()),
            WriteError::NotFound | WriteError::NotInTrash => HandInError::NotFound,
        })?;
        Ok((sealed, change, replaces))
    }
}

impl Asking<'_> {
    /// A signed request that hands changes in.
    fn hand_in(&self, host: &impl Host, changes: Vec<NewMachineChange>) -> HandInRequest {
        let mut client_nonce = [0; 32];
        host.rng().fill_bytes(&mut client_nonce);
        let handed_in: Vec<HandedIn<'_>> = changes
            .iter()
            .map(|one| HandedIn {
                change: one.change_id.0,
                item: one.item_id.0,
                base: one.base_version,
                replaces: one.replaces.map(|replaced| replaced.0),
                sealed: one.change.as_ref(),
            })
            .collect();
        let statement = HandInStatement {
            origin: self.origin,
            token: self.token.0,
            time_ms: host.now_ms(),
            client_nonce,
            changes: &handed_in,
        };
        HandInRequest {
            token_id: self.token,
            origin: self.origin.to_owned(),
            time_ms: statement.time_ms,
            client_nonce: Fixed(client_nonce),
            signature: Fixed(statement.sign(self.keys.auth())),
            changes,
        }
    }
}
