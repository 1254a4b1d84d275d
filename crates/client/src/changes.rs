use keyarc_wire::{ChangesDecodeError, ChangesDecoder, ItemChange};

/// The body of a sync, known to be well formed to its end.
pub struct Changes {
    body: Vec<u8>,
    revision: u64,
    count: u32,
}

impl Changes {
    /// Reads the stream once to its end. Nothing of a stream with a fault is used.
    pub(crate) fn check(body: Vec<u8>, since: u64) -> Result<Self, ChangesDecodeError> {
        let mut decoder = ChangesDecoder::new(&body)?;
        let mut highest = since;
        let mut count = 0;
        while let Some(change) = decoder.next()? {
            if change.revision <= since {
                return Err(ChangesDecodeError::Malformed);
            }
            highest = highest.max(change.revision);
            count += 1;
        }
        let revision = decoder.revision().ok_or(ChangesDecodeError::Truncated)?;
        if revision != highest {
            return Err(ChangesDecodeError::Malformed);
        }
        Ok(Self {
            body,
            revision,
            count,
        })
    }

    /// The vault revision that the changes lead to.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many items changed.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The changes, decoded one by one so that no second copy of all is ever in memory.
    pub fn iter(&self) -> impl Iterator<Item = ItemChange> {
        let mut decoder = ChangesDecoder::new(&self.body).ok();
        std::iter::from_fn(move || decoder.as_mut()?.next().ok().flatten())
    }
}

#[cfg(test)]
mod tests {
    use keyarc_wire::{ItemId, encode_change, encode_changes_end, encode_changes_start};

    use super::*;

    fn stream(revisions: &[u64], end: u64) -> Vec<u8> {
        let mut out = Vec::new();
        encode_changes_start(&mut out);
        for revision in revisions {
            encode_change(&mut out, &ItemId([1; 16]).0, 1, *revision, None);
        }
        encode_changes_end(&mut out, end, revisions.len() as u32);
        out
    }

    #[test]
    fn a_sync_must_lead_forward_to_what_it_says() {
        let checked = Changes::check(stream(&[4, 5], 5), 3).expect("well formed");
        assert_eq!(
            (checked.revision(), checked.count(), checked.iter().count()),
            (5, 2, 2)
        );
        assert!(Changes::check(stream(&[], 3), 3).is_ok());
        for (revisions, end) in [
            (&[3_u64, 5][..], 5),
            (&[4], 9),
            (&[4], 3),
            (&[], 2),
            (&[], 4),
        ] {
            assert!(
                Changes::check(stream(revisions, end), 3).is_err(),
                "{revisions:?} {end}"
            );
        }
        let whole = stream(&[4], 4);
        let cut = whole[..whole.len() - 1].to_vec();
        assert_eq!(
            Changes::check(cut, 3).err(),
            Some(ChangesDecodeError::Truncated)
        );
    }
}
