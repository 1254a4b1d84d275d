//! The body of a sync: a stream of records that needs neither base64 nor one big buffer.
//!
//! ```text
//! stream = "KAC1" record* end
//! record = 1u8 ‖ item id 16 ‖ version u64 ‖ revision u64 ‖ details version u64
//!          ‖ length u32 ‖ overview          (an item)
//!        | 2u8 ‖ item id 16 ‖ version u64 ‖ revision u64      (a tombstone)
//! end    = 0u8 ‖ revision u64 ‖ record count u32
//! ```
//! Integers are big-endian. A stream without its end was cut off and is refused.

use crate::{ItemId, Sealed, limits};

/// `Content-Type` of the stream.
pub const CHANGES_MEDIA_TYPE: &str = "application/vnd.keyarc.changes";

const MAGIC: &[u8; 4] = b"KAC1";
const END: u8 = 0;
const ITEM: u8 = 1;
const TOMBSTONE: u8 = 2;
const ITEM_HEADER: usize = 1 + 16 + 8 + 8 + 8 + 4;
const TOMBSTONE_LEN: usize = 1 + 16 + 8 + 8;
const END_LEN: usize = 1 + 8 + 4;

/// One item as it is after a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// The item.
    pub item_id: ItemId,
    /// Its version.
    pub version: u64,
    /// The vault revision that wrote it.
    pub revision: u64,
    /// The version its details were sealed for, and its overview; `None` for a tombstone.
    pub live: Option<(u64, Sealed)>,
}

/// Begins a stream.
pub fn encode_changes_start(out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
}

/// Appends one record. `live` is the details version and the sealed overview, or `None` for a
/// tombstone. An overview never exceeds [`limits::OVERVIEW`], so its length fits.
pub fn encode_change(
    out: &mut Vec<u8>,
    item_id: &[u8; 16],
    version: u64,
    revision: u64,
    live: Option<(u64, &[u8])>,
) {
    out.push(if live.is_some() { ITEM } else { TOMBSTONE });
    out.extend_from_slice(item_id);
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&revision.to_be_bytes());
    if let Some((details_version, overview)) = live {
        out.extend_from_slice(&details_version.to_be_bytes());
        out.extend_from_slice(&(overview.len() as u32).to_be_bytes());
        out.extend_from_slice(overview);
    }
}

/// Ends a stream of `count` records. `revision` is the highest among them, or the one asked
/// from when there is none.
pub fn encode_changes_end(out: &mut Vec<u8>, revision: u64, count: u32) {
    out.push(END);
    out.extend_from_slice(&revision.to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
}

/// Why a stream of changes was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangesDecodeError {
    /// It ends early.
    #[error("the stream of changes was cut off")]
    Truncated,
    /// It does not follow the format, or claims more than a record may hold.
    #[error("the stream of changes is malformed")]
    Malformed,
    /// Bytes follow its end.
    #[error("bytes follow the end of the stream of changes")]
    Trailing,
}

/// Reads a whole stream, record by record, without copying it.
#[derive(Debug)]
pub struct ChangesDecoder<'a> {
    rest: &'a [u8],
    read: u32,
    end: Option<u64>,
}

impl<'a> ChangesDecoder<'a> {
    /// Starts at the beginning of a stream.
    pub fn new(stream: &'a [u8]) -> Result<Self, ChangesDecodeError> {
        match stream.strip_prefix(MAGIC) {
            Some(rest) => Ok(Self {
                rest,
                read: 0,
                end: None,
            }),
            None if stream.len() < MAGIC.len() => Err(ChangesDecodeError::Truncated),
            None => Err(ChangesDecodeError::Malformed),
        }
    }

    /// The next record, or `None` at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "an error must end the reading"
    )]
    pub fn next(&mut self) -> Result<Option<ItemChange>, ChangesDecodeError> {
        if self.end.is_some() {
            return Ok(None);
        }
        match self.rest.first() {
            None => Err(ChangesDecodeError::Truncated),
            Some(&ITEM) => {
                let head = self.take(ITEM_HEADER)?;
                let length = u32_at(head, 41) as usize;
                if length > limits::OVERVIEW {
                    return Err(ChangesDecodeError::Malformed);
                }
                let overview = self.take(length)?.to_vec();
                self.read += 1;
                let mut change = common(head);
                change.live = Some((u64_at(head, 33), Sealed(overview)));
                Ok(Some(change))
            }
            Some(&TOMBSTONE) => {
                let head = self.take(TOMBSTONE_LEN)?;
                self.read += 1;
                Ok(Some(common(head)))
            }
            Some(&END) => {
                let end = self.take(END_LEN)?;
                if u32_at(end, 9) != self.read {
                    return Err(ChangesDecodeError::Malformed);
                }
                if !self.rest.is_empty() {
                    return Err(ChangesDecodeError::Trailing);
                }
                self.end = Some(u64_at(end, 1));
                Ok(None)
            }
            Some(_) => Err(ChangesDecodeError::Malformed),
        }
    }

    /// The vault revision that the stream leads to, once its end was read.
    pub fn revision(&self) -> Option<u64> {
        self.end
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ChangesDecodeError> {
        let (head, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(ChangesDecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }
}

fn common(head: &[u8]) -> ItemChange {
    let mut id = [0; 16];
    id.copy_from_slice(&head[1..17]);
    ItemChange {
        item_id: ItemId(id),
        version: u64_at(head, 17),
        revision: u64_at(head, 25),
        live: None,
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(value)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(changes: &[ItemChange], revision: u64) -> Vec<u8> {
        let mut out = Vec::new();
        encode_changes_start(&mut out);
        for change in changes {
            let live = change
                .live
                .as_ref()
                .map(|(version, sealed)| (*version, sealed.as_ref()));
            encode_change(
                &mut out,
                &change.item_id.0,
                change.version,
                change.revision,
                live,
            );
        }
        encode_changes_end(&mut out, revision, changes.len() as u32);
        out
    }

    fn decode(stream: &[u8]) -> Result<(Vec<ItemChange>, u64), ChangesDecodeError> {
        let mut decoder = ChangesDecoder::new(stream)?;
        let mut changes = Vec::new();
        while let Some(change) = decoder.next()? {
            changes.push(change);
        }
        Ok((changes, decoder.revision().expect("the end was read")))
    }

    fn any_change() -> impl Strategy<Value = ItemChange> {
        let live =
            proptest::option::of((any::<u64>(), proptest::collection::vec(any::<u8>(), 0..300)));
        (any::<[u8; 16]>(), any::<u64>(), any::<u64>(), live).prop_map(
            |(id, version, revision, live)| ItemChange {
                item_id: ItemId(id),
                version,
                revision,
                live: live.map(|(version, bytes)| (version, Sealed(bytes))),
            },
        )
    }

    proptest! {
        #[test]
        fn a_stream_reads_back(changes in proptest::collection::vec(any_change(), 0..8), revision: u64) {
            prop_assert_eq!(decode(&encode(&changes, revision)), Ok((changes, revision)));
        }

        #[test]
        fn every_cut_is_noticed(changes in proptest::collection::vec(any_change(), 0..4)) {
            let stream = encode(&changes, 7);
            for cut in 0..stream.len() {
                prop_assert!(decode(&stream[..cut]).is_err());
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_giant_length_is_refused_before_it_is_believed() {
        let mut stream = encode(&[], 0);
        stream.truncate(4);
        stream.push(1);
        stream.extend_from_slice(&[0; 40]);
        stream.extend_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(decode(&stream), Err(ChangesDecodeError::Malformed));
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut stream = encode(&[], 3);
        stream.push(0);
        assert_eq!(decode(&stream), Err(ChangesDecodeError::Trailing));
    }
}
