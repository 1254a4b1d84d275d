//! Sealing what an item of an archive was before.

use keyarc_wire::{EarlierWrite, ItemId};
use rand_core::CryptoRng;

use super::{Beside, Spot, rotation};
use crate::{
    Day, UnlockedVault, WriteError,
    draft::normalise,
    earlier::Earlier,
    import::Kept,
    record::{Environment, OverviewRecord},
    seal::seal_overview,
};

impl UnlockedVault {
    /// Seals the versions that an item had elsewhere as versions of a new one, from 1 on.
    pub(super) fn seal_earlier(
        &self,
        id: ItemId,
        kept: &Kept,
        now: (Day, u64),
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<EarlierWrite>, WriteError> {
        let mut sealed = Vec::with_capacity(kept.earlier.len());
        let mut last: Option<OverviewRecord> = None;
        for (before, earlier) in (0..).zip(&kept.earlier) {
            let version = before + 1;
            let (overview, details, attachments, record) = match last {
                Some(last) if earlier.shares => {
                    let record = sharing(last, earlier, now.0)?;
                    let overview = seal_overview(&self.key, self.place, id, version, &record, rng)?;
                    (overview, None, Vec::new(), record)
                }
                _ => {
                    let checked = normalise(&earlier.draft)?;
                    let was = Kept {
                        created_at_ms: kept.created_at_ms,
                        updated_at_ms: earlier.updated_at_ms,
                        in_trash: earlier.in_trash,
                        checks: earlier.checks.clone(),
                        earlier: Vec::new(),
                    };
                    let beside = Beside {
                        variable: earlier.variable.as_deref(),
                        kept: Some(&was),
                        trashed_at_ms: Some(trashed_at(earlier)),
                        origin: Some(earlier.origin),
                    };
                    let spot = Spot {
                        id,
                        base_version: before,
                        existing: None,
                    };
                    let (write, record) =
                        self.seal_at(&earlier.draft, checked, beside, spot, now, rng)?;
                    (write.overview, write.details, write.attachments, record)
                }
            };
            sealed.push(EarlierWrite {
                item_id: id,
                version,
                overview,
                details,
                attachments,
            });
            last = Some(record);
        }
        Ok(sealed)
    }
}

/// The overview of a version with the details of the one before it.
fn sharing(
    mut record: OverviewRecord,
    earlier: &Earlier,
    today: Day,
) -> Result<OverviewRecord, WriteError> {
    let draft = &earlier.draft;
    let checked = normalise(draft)?;
    let fingerprints = (
        *record.fingerprint,
        record.password_fingerprint.map(<[u8; 8]>::from),
    );
    record.rotation = rotation(draft.rotation, None, fingerprints, today);
    record.name = checked.name;
    record.folder = checked.folder;
    record.tags = checked.tags;
    record.environment = checked.environment.map(Environment);
    record.provider = checked.provider;
    record.variable.clone_from(&earlier.variable);
    record.favourite = draft.favourite;
    record.expires_on = draft.expires_on;
    record.updated_at_ms = earlier.updated_at_ms;
    record.trashed_at_ms = trashed_at(earlier);
    record.checks.clone_from(&earlier.checks);
    record.origin = Some(earlier.origin);
    Ok(record)
}

/// Since when it lay in the trash, as well as that can be told.
fn trashed_at(earlier: &Earlier) -> Option<u64> {
    let known = earlier.origin.made_at_ms.unwrap_or(earlier.updated_at_ms);
    earlier.in_trash.then_some(known)
}
