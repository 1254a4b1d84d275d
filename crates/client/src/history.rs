//! Whether what a server shows of a vault continues what was seen of it.

use keyarc_signature::{VaultManifest, VerifyingKey};
use keyarc_wire::{Bytes, VaultId};
use serde::{Deserialize, Serialize};

use keyarc_crypto::Checkpoint;

use crate::pins::Pin;

/// How far a vault may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// It continues what was seen before.
    Fresh,
    /// It is whole and signed, but nothing seen before tells whether it is the newest: a client
    /// without a memory cannot know.
    FreshnessUnverified,
    /// It is whole and signed, and older than what was seen before. It can be read.
    RolledBack {
        /// The version seen before.
        seen: u64,
        /// The version shown.
        shown: u64,
        /// When that was written, by its writer's clock; Unix milliseconds.
        shown_at_ms: u64,
    },
    /// It is whole and signed, and of another history than the one seen before. It can be read.
    Forked {
        /// The version at which they differ, or an earlier one.
        version: u64,
    },
    /// The items are not those that were signed, or the history has a gap. Nothing of it is
    /// shown.
    Broken,
}

impl Trust {
    /// Whether the vault may be written to.
    pub fn may_write(self) -> bool {
        matches!(self, Self::Fresh | Self::FreshnessUnverified)
    }

    /// Whether an alarm is to be shown.
    pub fn is_alarm(self) -> bool {
        !self.may_write()
    }
}

/// A vault's newest manifest and how it stands to what was seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) head: VaultManifest,
    pub(crate) trust: Trust,
}

/// The manifests do not make a history that the vault's owner signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoHistory;

/// Reads the manifests of a sync: each must follow the one before, and the newest must be signed
/// by `owner`, which vouches for all before it. `seen` are versions known from before; the
/// server was asked for all manifests from the lowest of them on.
pub(crate) fn read(
    manifests: &[Bytes],
    vault: VaultId,
    key_epoch: u32,
    owner: &VerifyingKey,
    seen: &[Pin],
    floor: Option<&Checkpoint>,
) -> Result<Shown, NoHistory> {
    let mut chain = manifests
        .iter()
        .map(|bytes| VaultManifest::decode(&bytes.0).map_err(|_| NoHistory))
        .collect::<Result<Vec<_>, _>>()?;
    chain.sort_unstable_by_key(|manifest| manifest.body().version);
    if !chain.is_sorted_by(|before, after| after.follows(before)) {
        return Err(NoHistory);
    }
    let head = chain.last().ok_or(NoHistory)?;
    let body = head.body();
    head.verify(owner).map_err(|_| NoHistory)?;
    if body.vault != vault.0 || body.key_epoch != key_epoch {
        return Err(NoHistory);
    }
    let marks = seen.iter().map(|pin| (pin.version, pin.hash.as_slice()));
    let floor = floor.map(|floor| (floor.version, floor.hash.as_slice()));
    let mut trust = Trust::FreshnessUnverified;
    for (version, hash) in marks.chain(floor) {
        if trust == Trust::FreshnessUnverified {
            trust = Trust::Fresh;
        }
        if version > body.version {
            // The highest tells most.
            let seen = match trust {
                Trust::RolledBack { seen, .. } => seen.max(version),
                _ => version,
            };
            trust = Trust::RolledBack {
                seen,
                shown: body.version,
                shown_at_ms: body.time_ms,
            };
            continue;
        }
        let at_pin = chain
            .iter()
            .find(|manifest| manifest.body().version == version)
            .ok_or(NoHistory)?;
        if !at_pin.hash().starts_with(hash) && trust == Trust::Fresh {
            trust = Trust::Forked { version };
        }
    }
    Ok(Shown {
        head: head.clone(),
        trust,
    })
}

#[cfg(test)]
mod tests {
    use keyarc_signature::{ManifestBody, SigningKey};

    use super::*;

    const VAULT: VaultId = VaultId([3; 16]);

    fn key() -> SigningKey {
        SigningKey::from_seed(&[5; 32])
    }

    /// Versions 0 to `last`; `salt` makes another history of them.
    fn chain(last: u64, salt: u8) -> Vec<VaultManifest> {
        let mut made: Vec<VaultManifest> = Vec::new();
        for version in 0..=last {
            let body = ManifestBody {
                vault: VAULT.0,
                version,
                prev: made.last().map_or([0; 32], VaultManifest::hash),
                key_epoch: 1,
                team_head: [0; 32],
                items: version as u32,
                root: [salt; 32],
                time_ms: 1_000 + version,
            };
            made.push(body.sign(&key()));
        }
        made
    }

    fn pin(manifest: &VaultManifest) -> Pin {
        Pin {
            vault: VAULT,
            version: manifest.body().version,
            hash: manifest.hash(),
        }
    }

    fn shown(manifests: &[VaultManifest], seen: &[Pin]) -> Result<Trust, NoHistory> {
        let bytes: Vec<Bytes> = manifests.iter().map(|m| Bytes(m.encode())).collect();
        let owner = key().verifying_key();
        read(&bytes, VAULT, 1, &owner, seen, None).map(|shown| shown.trust)
    }

    #[test]
    fn a_history_that_goes_on_is_fresh_in_whatever_order_it_comes() {
        let mut all = chain(5, 1);
        let seen = [pin(&all[2]), pin(&all[4])];
        assert_eq!(shown(&all[2..], &seen), Ok(Trust::Fresh));
        all.reverse();
        assert_eq!(shown(&all, &seen), Ok(Trust::Fresh));
        assert_eq!(shown(&all[..1], &[]), Ok(Trust::FreshnessUnverified));
    }

    #[test]
    fn an_older_state_is_a_rollback() {
        let all = chain(7, 1);
        let back = Trust::RolledBack {
            seen: 7,
            shown: 4,
            shown_at_ms: 1_004,
        };
        let seen = [pin(&all[5]), pin(&all[7])];
        assert_eq!(shown(&all[4..5], &seen), Ok(back));
        assert_eq!(
            shown(&all[3..5], &[pin(&all[3]), seen[0], seen[1]]),
            Ok(back)
        );
    }

    #[test]
    fn a_checkpoint_is_a_floor() {
        let all = chain(5, 1);
        let floor = |manifest: &VaultManifest| {
            let mut hash = [0; 16];
            hash.copy_from_slice(&manifest.hash()[..16]);
            Checkpoint {
                keyset_version: 1,
                version: manifest.body().version,
                hash,
            }
        };
        let shown = |manifests: &[VaultManifest], floor: &Checkpoint| {
            let bytes: Vec<Bytes> = manifests.iter().map(|m| Bytes(m.encode())).collect();
            let owner = key().verifying_key();
            read(&bytes, VAULT, 1, &owner, &[], Some(floor)).map(|shown| shown.trust)
        };
        assert_eq!(shown(&all[3..], &floor(&all[3])), Ok(Trust::Fresh));
        let back = Trust::RolledBack {
            seen: 5,
            shown: 4,
            shown_at_ms: 1_004,
        };
        assert_eq!(shown(&all[4..5], &floor(&all[5])), Ok(back));
        let other = chain(5, 2);
        let fork = Ok(Trust::Forked { version: 3 });
        assert_eq!(shown(&all[3..], &floor(&other[3])), fork);
        assert_eq!(shown(&all[4..], &floor(&all[3])), Err(NoHistory));
    }

    #[test]
    fn another_history_is_a_fork() {
        let (ours, theirs) = (chain(5, 1), chain(6, 2));
        let fork = Ok(Trust::Forked { version: 5 });
        assert_eq!(shown(&theirs[5..], &[pin(&ours[5])]), fork);
    }

    #[test]
    fn gaps_doubles_and_foreign_signatures_are_no_history() {
        let all = chain(6, 1);
        let gap = [all[2].clone(), all[4].clone()];
        assert_eq!(shown(&gap, &[pin(&all[2])]), Err(NoHistory));
        let double = [all[4].clone(), all[4].clone()];
        assert_eq!(shown(&double, &[]), Err(NoHistory));
        assert_eq!(shown(&[], &[]), Err(NoHistory));
        // The server keeps back the version that was seen.
        assert_eq!(shown(&all[4..], &[pin(&all[2])]), Err(NoHistory));
        let foreign = all[6].body().sign(&SigningKey::from_seed(&[6; 32]));
        assert_eq!(shown(&[foreign], &[]), Err(NoHistory));
        let other_vault = ManifestBody {
            vault: [9; 16],
            ..*all[6].body()
        };
        assert_eq!(shown(&[other_vault.sign(&key())], &[]), Err(NoHistory));
        let other_epoch = ManifestBody {
            key_epoch: 2,
            ..*all[6].body()
        };
        assert_eq!(shown(&[other_epoch.sign(&key())], &[]), Err(NoHistory));
    }
}
