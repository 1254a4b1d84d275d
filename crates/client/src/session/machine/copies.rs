//! What copies hold, and how they are brought to what they should.

use keyarc_signature::{ManifestBody, VaultManifest};
use keyarc_vault::{CopyDifference, DetailsError, MachineCopy, MachineScope, ResealError, Tree};
use keyarc_wire::{
    Bytes, DetailsRequest, ErrorCode, ItemChange, ItemId, ItemWrite, MachineTokenInfo,
    WriteItemsRequest, limits,
};

use super::{Known, TRIES, TokenError};
use crate::{
    ApiFailure, Changes, ClientError, Host, Pin, Session, Transport, history,
    session::read::batch_of,
};

/// A copy as far as it is known.
pub(super) struct HeldCopy {
    pub(super) copy: MachineCopy,
    pub(super) head: VaultManifest,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Brings one copy to what it should hold.
    pub(super) async fn update_one(&self, known: &mut Known) -> Result<(), ClientError> {
        let Some(note) = &known.note else {
            return Err(ClientError::Tampered);
        };
        let id = known.info.id;
        for _ in 0..TRIES {
            let is_known = |held: &HeldCopy| held.copy.revision() >= known.info.vault.revision;
            if !known.copy.as_ref().is_some_and(is_known) {
                let held = known.copy.take();
                known.copy = Some(self.fetch_copy(&known.info, held).await?);
            }
            let Some(held) = &mut known.copy else {
                return Err(ClientError::Tampered);
            };
            let difference = self.look(|vault| held.copy.difference(vault, &note.scope));
            if difference.is_none() {
                return Ok(());
            }
            let CopyDifference { put, gone } = difference;
            let Some(writes) = self.seal_items(&held.copy, &put).await? else {
                // The vault changed this moment.
                self.sync().await?;
                continue;
            };
            let mut request = WriteItemsRequest {
                writes,
                purges: gone,
                ..WriteItemsRequest::default()
            };
            let head = self.sign_copy(&mut held.copy, &held.head, &mut request);
            let version = head.body().version;
            let now_ms = self.host.now_ms();
            let written = self.api.write_machine_items(id, &request, now_ms).await;
            match self.noted(written) {
                Ok(answer) if answer.revision == version => {
                    held.copy.accept(&request, version);
                    held.head = head;
                    known.info.vault.revision = version;
                }
                Ok(_) => return Err(ClientError::Tampered),
                // Another device was faster: what it wrote is fetched.
                Err(failure) if is_overtaken(&failure) => {
                    known.info.vault.revision = version.max(known.info.vault.revision);
                }
                Err(failure) => {
                    // Whether it was carried out is not known.
                    known.copy = None;
                    return Err(failure.into());
                }
            }
        }
        Err(ClientError::Refused {
            message: "Another device changes it all the time.".to_owned(),
            action: "Try again.".to_owned(),
        })
    }

    /// What a copy holds, believed as a vault is: it continues what was known of it.
    async fn fetch_copy(
        &self,
        info: &MachineTokenInfo,
        held: Option<HeldCopy>,
    ) -> Result<HeldCopy, ClientError> {
        let tampered = |_| ClientError::Tampered;
        let (mut copy, head) = match held {
            Some(HeldCopy { copy, head }) => (copy, Some(head)),
            None => {
                let copy = MachineCopy::open(self.account, &info.vault, &self.root);
                (copy.map_err(|_| ClientError::Tampered)?, None)
            }
        };
        let seen = head.as_ref().map(|head| Pin {
            vault: copy.id(),
            version: head.body().version,
            hash: head.hash(),
        });
        let (since, from) = (copy.revision(), seen.map(|pin| pin.version));
        let now_ms = self.host.now_ms();
        let fetched = self.api.machine_changes(info.id, since, from, now_ms).await;
        let changes: Changes = self.noted(fetched)?;
        let owner = self.keyring.signing_key().verifying_key();
        let seen: Vec<Pin> = seen.into_iter().collect();
        let epoch = copy.key_epoch();
        let manifests = changes.manifests();
        let shown = history::read(manifests, copy.id(), epoch, &owner, &seen, None)
            .map_err(|_| ClientError::Tampered)?;
        let signed = *shown.head.body();
        if shown.trust.is_alarm() || changes.highest() > signed.version {
            return Err(ClientError::Tampered);
        }
        let tree = Tree {
            items: signed.items,
            root: signed.root,
        };
        let items: Vec<ItemChange> = changes.iter().collect();
        copy.take(&items, tree, signed.version).map_err(tampered)?;
        Ok(HeldCopy {
            copy,
            head: shown.head,
        })
    }

    /// What a new token reads.
    pub(super) async fn seal_first(
        &self,
        copy: &MachineCopy,
        scope: &MachineScope,
    ) -> Result<Vec<ItemWrite>, TokenError> {
        for _ in 0..TRIES {
            let put = self.look(|vault| copy.difference(vault, scope)).put;
            if put.is_empty() {
                return Err(TokenError::NoItem);
            }
            if let Some(writes) = self.seal_items(copy, &put).await? {
                return Ok(writes);
            }
            self.sync().await?;
        }
        Err(ClientError::Tampered.into())
    }

    /// Items of the vault, sealed for a copy; `None` when one of them was changed meanwhile. Their
    /// details come by one request, or by more when they are too large for one.
    async fn seal_items(
        &self,
        copy: &MachineCopy,
        items: &[ItemId],
    ) -> Result<Option<Vec<ItemWrite>>, ClientError> {
        if items.len() > limits::ITEMS_PER_WRITE {
            return Err(ClientError::TooLarge);
        }
        let vault = self.look(|vault| vault.id());
        let mut sealed = Vec::with_capacity(items.len());
        let mut rest = items;
        let mut at_once = limits::DETAILS_PER_REQUEST;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(at_once.min(rest.len()));
            let request = DetailsRequest {
                item_ids: chunk.to_vec(),
            };
            let answer = self.api.details(vault, &request, self.host.now_ms()).await;
            let Some(details) = batch_of(self.noted(answer), chunk)? else {
                at_once = (chunk.len() / 2).max(1);
                continue;
            };
            if details.len() != chunk.len() {
                return Ok(None);
            }
            for one in &details {
                let write = self.look(|vault| copy.seal(vault, one, &mut self.host.rng()));
                match write {
                    Ok(write) => sealed.push(write),
                    Err(ResealError::Seal(error)) => return Err(error.into()),
                    Err(ResealError::Details(DetailsError::Tampered))
                        if !self.was_overtaken(one) =>
                    {
                        return Err(ClientError::Tampered);
                    }
                    Err(ResealError::Details(_)) => return Ok(None),
                }
            }
            rest = after;
        }
        Ok(Some(sealed))
    }

    /// Signs what a copy holds once a request is carried out, into the request.
    pub(super) fn sign_copy(
        &self,
        copy: &mut MachineCopy,
        before: &VaultManifest,
        request: &mut WriteItemsRequest,
    ) -> VaultManifest {
        let Tree { items, root } = copy.tree_after(request);
        let body = ManifestBody {
            vault: copy.id().0,
            version: before.body().version.saturating_add(1),
            prev: before.hash(),
            key_epoch: copy.key_epoch(),
            team_head: [0; 32],
            items,
            root,
            time_ms: self.host.now_ms(),
        };
        let manifest = body.sign(self.keyring.signing_key());
        request.manifest = Bytes(manifest.encode());
        manifest
    }
}

fn is_overtaken(failure: &ApiFailure) -> bool {
    matches!(
        failure.code(),
        Some(ErrorCode::ManifestStale | ErrorCode::Conflict)
    )
}
