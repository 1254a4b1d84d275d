//! The trash empties itself, where that is safe.
//!
//! The server cannot see what lies in the trash, so clients do it. What a clock says is not enough
//! to delete something for good: one that is a year ahead would empty the trash at once. So the
//! client asks the server what time it is (a challenge says when it ends) and deletes only where
//! both clocks say that the time is over, and agree to a day. A server that lies about the time
//! can keep things in the trash, and cannot empty it.

use keyarc_vault::TRASH_KEPT_DAYS;
use keyarc_wire::{ChallengeRequest, WriteItemsRequest, limits};

use super::{Session, write::Refused};
use crate::{ClientError, Host, Transport, Trust};

const DAY_MS: u64 = 24 * 3_600_000;
/// How long an item stays in the trash, in milliseconds.
const KEPT_MS: u64 = TRASH_KEPT_DAYS as u64 * DAY_MS;
/// A challenge ends so long after it was made.
const CHALLENGE_MS: u64 = 60_000;

impl<T: Transport, H: Host> Session<T, H> {
    /// Deletes for good what has been in the trash for [`TRASH_KEPT_DAYS`], in one write, and
    /// returns how many items that were.
    ///
    /// None in a vault that may be older than the newest one, or another; none while this clock
    /// and the server's are more than a day apart; and none that somebody else is changing.
    pub async fn empty_old_trash(&self) -> Result<u32, ClientError> {
        let here = self.host.now_ms();
        if self.trust() != Trust::Fresh || self.old_trash(here).is_empty() {
            return Ok(0);
        }
        let request = ChallengeRequest {
            handle: self.handle,
        };
        let challenge = self.noted(self.api.challenge(&request).await)?;
        let there = challenge.expires_at_ms.saturating_sub(CHALLENGE_MS);
        if here.abs_diff(there) > DAY_MS {
            return Ok(0);
        }
        let mut old = self.old_trash(here.min(there));
        old.truncate(limits::ITEMS_PER_WRITE);
        let purges: Vec<_> = self.look(|vault| {
            let purge = |item: &_| vault.purge(*item).ok();
            old.iter().filter_map(purge).collect()
        });
        let count = purges.len() as u32;
        if count == 0 {
            return Ok(0);
        }
        let request = WriteItemsRequest {
            purges,
            ..WriteItemsRequest::default()
        };
        match self.write(request).await {
            Ok(()) => Ok(count),
            // Somebody restores something just now: another time will do.
            Err(Refused::Conflict) => Ok(0),
            Err(refused) => Err(refused.into()),
        }
    }

    /// What went to the trash long enough before this moment.
    fn old_trash(&self, now_ms: u64) -> Vec<keyarc_wire::ItemId> {
        match now_ms.checked_sub(KEPT_MS) {
            Some(until) => self.look(|vault| vault.trashed_until(until)),
            None => Vec::new(),
        }
    }
}
