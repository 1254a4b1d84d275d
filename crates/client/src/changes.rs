use keyarc_wire::{
    Bytes, Change, ChangesDecodeError, ChangesDecoder, ItemChange, Sealed, SealedChange,
    SealedDetails, encode_changes_end, encode_details,
};

/// The body of a sync, known to be well formed to its end.
pub struct Changes {
    body: Vec<u8>,
    /// All records of the body.
    records: u32,
    count: u32,
    highest: u64,
    manifests: Vec<Bytes>,
}

/// Bytes of a stream's end.
const END_LEN: usize = 1 + 4;

/// What a machine token opens, known to be well formed to its end.
pub(crate) struct CopyBody {
    /// The items of the copy, and its manifests.
    pub(crate) changes: Changes,
    /// What the token is granted.
    pub(crate) grant: Sealed,
    /// The details of its items, where they came along.
    pub(crate) details: Vec<SealedDetails>,
    /// What was handed in with the token and waits.
    pub(crate) waiting: Vec<SealedChange>,
}

impl Changes {
    /// Reads the stream once to its end. Nothing of a stream with a fault is used.
    pub(crate) fn check(body: Vec<u8>, since: u64) -> Result<Self, ChangesDecodeError> {
        let no_more = |_| Err(ChangesDecodeError::Malformed);
        Self::read(body, since, no_more)
    }

    /// The same of what a machine token opens.
    pub(crate) fn check_copy(body: Vec<u8>) -> Result<CopyBody, ChangesDecodeError> {
        let (mut grant, mut details, mut waiting) = (None, Vec::new(), Vec::new());
        let changes = Self::read(body, 0, |more| {
            match more {
                Change::Grant(sealed) if grant.is_none() => grant = Some(sealed),
                Change::Details(sealed) => details.push(sealed),
                Change::Waiting(sealed) => waiting.push(sealed),
                _ => return Err(ChangesDecodeError::Malformed),
            }
            Ok(())
        })?;
        Ok(CopyBody {
            changes,
            grant: grant.ok_or(ChangesDecodeError::Malformed)?,
            details,
            waiting,
        })
    }

    fn read(
        body: Vec<u8>,
        since: u64,
        mut more: impl FnMut(Change) -> Result<(), ChangesDecodeError>,
    ) -> Result<Self, ChangesDecodeError> {
        let mut decoder = ChangesDecoder::new(&body)?;
        let (mut records, mut count) = (0, 0);
        let mut highest = since;
        let mut manifests = Vec::new();
        while let Some(change) = decoder.next()? {
            records += 1;
            match change {
                Change::Item(item) if item.revision <= since => {
                    return Err(ChangesDecodeError::Malformed);
                }
                Change::Item(item) => {
                    count += 1;
                    highest = highest.max(item.revision);
                }
                Change::Manifest(manifest) => manifests.push(manifest),
                other => more(other)?,
            }
        }
        Ok(Self {
            body,
            records,
            count,
            highest,
            manifests,
        })
    }

    /// How many items changed.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The highest revision that the server gives to an item.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// The manifests that came along, in no particular order.
    pub fn manifests(&self) -> &[Bytes] {
        &self.manifests
    }

    /// The body, with more details behind what it has.
    pub(crate) fn with_details<'a>(
        &self,
        more: impl IntoIterator<Item = &'a SealedDetails>,
    ) -> Vec<u8> {
        let mut body = self.body[..self.body.len() - END_LEN].to_vec();
        let mut records = self.records;
        for details in more {
            encode_details(&mut body, details);
            records += 1;
        }
        encode_changes_end(&mut body, records);
        body
    }

    /// The changed items, decoded one by one so that no second copy of all is ever in memory.
    pub fn iter(&self) -> impl Iterator<Item = ItemChange> {
        let mut decoder = ChangesDecoder::new(&self.body).ok();
        std::iter::from_fn(move || {
            loop {
                if let Change::Item(item) = decoder.as_mut()?.next().ok().flatten()? {
                    return Some(item);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use keyarc_wire::{ItemId, encode_change, encode_changes_start, encode_grant, encode_manifest};

    use super::*;

    fn stream(revisions: &[u64]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_changes_start(&mut out);
        encode_manifest(&mut out, b"signed");
        for revision in revisions {
            encode_change(&mut out, &ItemId([1; 16]).0, 1, *revision, None);
        }
        encode_changes_end(&mut out, revisions.len() as u32 + 1);
        out
    }

    #[test]
    fn details_come_behind_what_was_sent() {
        let mut body = stream(&[1, 2]);
        body.truncate(body.len() - END_LEN);
        encode_grant(&mut body, b"granted");
        encode_changes_end(&mut body, 4);
        let copy = Changes::check_copy(body.clone()).expect("well formed");
        assert_eq!(copy.changes.with_details([]), body);
        let details = SealedDetails {
            item_id: ItemId([1; 16]),
            version: 1,
            details_version: 1,
            details: Sealed(b"sealed".to_vec()),
        };
        let more = copy.changes.with_details([&details]);
        let more = Changes::check_copy(more).expect("well formed");
        assert_eq!(more.details, [details]);
        assert_eq!(more.grant, copy.grant);
        assert_eq!(more.changes.manifests(), copy.changes.manifests());
        assert!(more.changes.iter().eq(copy.changes.iter()));
    }

    #[test]
    fn a_sync_must_lead_forward() {
        let checked = Changes::check(stream(&[4, 5]), 3).expect("well formed");
        assert_eq!((checked.count(), checked.iter().count()), (2, 2));
        assert_eq!(checked.manifests(), [Bytes(b"signed".to_vec())]);
        assert!(Changes::check(stream(&[]), 3).is_ok());
        assert!(Changes::check(stream(&[3, 5]), 3).is_err());
        let whole = stream(&[4]);
        let cut = whole[..whole.len() - 1].to_vec();
        assert_eq!(
            Changes::check(cut, 3).err(),
            Some(ChangesDecodeError::Truncated)
        );
    }
}
