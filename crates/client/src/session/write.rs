//! Writes that survive a lost connection.
//!
//! When no answer comes, the server may have stored the write or not. It is kept, and before it
//! is sent again a sync tells: each envelope holds 192 random bits, so an item which has the
//! version and the very bytes of a waiting write was written by it. Should a first attempt reach
//! the server late, its compare-and-swap lets only one of the two through.

use std::collections::HashMap;

use keyarc_wire::{Bytes, ErrorCode, ItemChange, ItemId, Sealed, WriteItemsRequest, limits};

use super::{Session, read::vault_failure};
use crate::{Backoff, ClientError, Host, SaveError, Transport};

/// A write whose outcome is not known yet.
pub(super) struct Waiting {
    ticket: u64,
    /// What shows that it was done: an item at a version with these bytes, or gone (`None`).
    marks: HashMap<ItemId, (u64, Option<Sealed>)>,
    done: bool,
}

impl Waiting {
    fn new(ticket: u64, request: &WriteItemsRequest) -> Self {
        let writes = request.writes.iter().map(|write| {
            let version = write.base_version.saturating_add(1);
            (write.item_id, (version, Some(write.overview.clone())))
        });
        let purges = request
            .purges
            .iter()
            .map(|purge| (purge.item_id, (0, None)));
        Self {
            ticket,
            marks: writes.chain(purges).collect(),
            done: false,
        }
    }

    /// Does this change show that the write was done? A write is atomic: one item suffices.
    pub(super) fn look_for(&mut self, change: &ItemChange) {
        let shows = match (self.marks.get(&change.item_id), &change.live) {
            (Some((version, Some(overview))), Some((_, stored))) => {
                change.version == *version && stored == overview
            }
            (Some((_, None)), None) => true,
            _ => false,
        };
        self.done |= shows;
    }
}

/// Why a write was given up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// An item was not at its version. The vault is in sync by now.
    Conflict,
    /// Anything else.
    Client(ClientError),
}

impl From<Refused> for ClientError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Client(error) => error,
            Refused::Conflict => Self::Refused {
                message: "The items were changed elsewhere.".into(),
                action: "Look at them and try again.".into(),
            },
        }
    }
}

impl From<Refused> for SaveError {
    fn from(refused: Refused) -> Self {
        Self::Client(refused.into())
    }
}

enum Attempt {
    Done,
    Refused(Refused),
    Unknown,
    /// Somebody else wrote first. The vault is in sync by now.
    Stale,
}

/// A place among the waiting writes, given up on whichever way the write ends.
struct Place<'a, T: Transport, H: Host> {
    session: &'a Session<T, H>,
    ticket: u64,
}

impl<T: Transport, H: Host> Drop for Place<'_, T, H> {
    fn drop(&mut self) {
        self.session
            .waiting
            .borrow_mut()
            .retain(|write| write.ticket != self.ticket);
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Writes, however long the server is away. Returns once the outcome is known.
    pub(super) async fn write(&self, mut request: WriteItemsRequest) -> Result<(), Refused> {
        if request.writes.len() + request.purges.len() > limits::ITEMS_PER_WRITE {
            return Err(Refused::Client(ClientError::TooLarge));
        }
        let mut place = None;
        let mut backoff = Backoff::default();
        loop {
            let attempt = {
                let _turn = self.turn.lock().await;
                self.attempt(&mut request, &mut place).await
            };
            match attempt {
                Attempt::Done => {
                    self.tell_others().await;
                    return Ok(());
                }
                Attempt::Stale => {}
                Attempt::Refused(refused) => return Err(refused),
                // Others may sync and write meanwhile; what they see of this write is noted.
                Attempt::Unknown => {
                    let pause = backoff.next_ms(&mut self.host.rng());
                    self.host.sleep(pause).await;
                }
            }
        }
    }

    /// Waits until the server answers, however long it is away. Meanwhile it counts as a write that
    /// waits: for what has to be there before something can be written.
    pub async fn await_server(&self) -> Result<(), ClientError> {
        let _place = self.wait_for(&WriteItemsRequest::default());
        let mut backoff = Backoff::default();
        loop {
            match self.sync().await {
                Err(ClientError::Unreachable) => {}
                other => return other.map(drop),
            }
            let pause = backoff.next_ms(&mut self.host.rng());
            self.host.sleep(pause).await;
        }
    }

    async fn attempt<'a>(
        &'a self,
        request: &mut WriteItemsRequest,
        place: &mut Option<Place<'a, T, H>>,
    ) -> Attempt {
        if let Some(place) = place {
            match self.was_done(place.ticket).await {
                Ok(true) => return Attempt::Done,
                Ok(false) => {}
                Err(ClientError::Unreachable) => return Attempt::Unknown,
                Err(error) => return Attempt::Refused(Refused::Client(error)),
            }
        }
        // An honest server would say so. One that is not would take it, and with it a signature
        // under an older version of the item than the one that is known.
        if !self.look(|vault| vault.is_current(request)) {
            return Attempt::Refused(Refused::Conflict);
        }
        let manifest = match self.next_manifest(request) {
            Ok(manifest) => manifest,
            Err(error) => return Attempt::Refused(Refused::Client(error)),
        };
        request.manifest = Bytes(manifest.encode());
        let vault = self.look(|vault| vault.id());
        // The write waits from before its first byte goes out until its outcome is known.
        let ticket = place.get_or_insert_with(|| self.wait_for(request)).ticket;
        let sent = self
            .api
            .write_items(vault, request, self.host.now_ms())
            .await;
        let failure = match self.noted(sent) {
            Ok(answer) if answer.revision == manifest.body().version => {
                self.vault.borrow_mut().accept(request, answer.revision);
                self.advance(manifest);
                return Attempt::Done;
            }
            Ok(_) => return Attempt::Refused(Refused::Client(ClientError::Tampered)),
            Err(failure) => failure,
        };
        let code = failure.code();
        match vault_failure(failure) {
            ClientError::Unreachable => Attempt::Unknown,
            // A conflict with our own first attempt is success. An internal error and an answer
            // that is none leave the outcome open; it is looked up, and not tried again.
            error @ (ClientError::Tampered | ClientError::Refused { .. }) => {
                match self.was_done(ticket).await {
                    Ok(true) => Attempt::Done,
                    Err(ClientError::Unreachable) => Attempt::Unknown,
                    Err(other) => Attempt::Refused(Refused::Client(other)),
                    // It refuses what follows another head, and shows no other head.
                    Ok(false)
                        if code == Some(ErrorCode::ManifestStale) && self.is_next(&manifest) =>
                    {
                        Attempt::Refused(Refused::Client(ClientError::Tampered))
                    }
                    Ok(false) if code == Some(ErrorCode::ManifestStale) => Attempt::Stale,
                    Ok(false) if code == Some(ErrorCode::Conflict) => {
                        Attempt::Refused(Refused::Conflict)
                    }
                    Ok(false) => Attempt::Refused(Refused::Client(error)),
                }
            }
            error => Attempt::Refused(Refused::Client(error)),
        }
    }

    /// Syncs, and tells whether a waiting write has been seen among the changes.
    async fn was_done(&self, ticket: u64) -> Result<bool, ClientError> {
        self.sync_in_turn().await?;
        Ok(self
            .waiting
            .borrow()
            .iter()
            .any(|write| write.ticket == ticket && write.done))
    }

    fn wait_for(&self, request: &WriteItemsRequest) -> Place<'_, T, H> {
        let mut waiting = self.waiting.borrow_mut();
        let ticket = waiting.last().map_or(0, |write| write.ticket + 1);
        waiting.push(Waiting::new(ticket, request));
        Place {
            session: self,
            ticket,
        }
    }
}
