//! The body of a sync: a stream of records that needs neither base64 nor one big buffer.
//!
//! ```text
//! stream = "KAC2" record* end
//! record = 1u8 ‖ item id 16 ‖ version u64 ‖ revision u64 ‖ details version u64
//!          ‖ length u32 ‖ overview          (an item)
//!        | 2u8 ‖ item id 16 ‖ version u64 ‖ revision u64      (a tombstone)
//!        | 3u8 ‖ length u16 ‖ manifest      (a signed manifest of the vault)
//!        | 4u8 ‖ item id 16 ‖ version u64 ‖ details version u64 ‖ length u32 ‖ details
//!        | 5u8 ‖ length u16 ‖ grant         (what a machine token is granted)
//!        | 6u8 ‖ change id 16 ‖ item id 16 ‖ base version u64 ‖ length u32 ‖ change
//!                                           (handed in with that token, and not taken yet)
//! end    = 0u8 ‖ record count u32
//! ```
//! Records come in no particular order. Which revision they lead to is what the newest manifest
//! says.
//! The last three kinds stand in what a machine token opens, and in no sync.
//! Integers are big-endian. A stream without its end was cut off and is refused.

use crate::{Bytes, ItemId, MachineChangeId, Sealed, SealedChange, SealedDetails, limits};

/// `Content-Type` of the stream.
pub const CHANGES_MEDIA_TYPE: &str = "application/vnd.keyarc.changes";

const MAGIC: &[u8; 4] = b"KAC2";
const END: u8 = 0;
const ITEM: u8 = 1;
const TOMBSTONE: u8 = 2;
const MANIFEST: u8 = 3;
const DETAILS: u8 = 4;
const GRANT: u8 = 5;
const WAITING: u8 = 6;
const ITEM_HEADER: usize = 1 + 16 + 8 + 8 + 8 + 4;
const TOMBSTONE_LEN: usize = 1 + 16 + 8 + 8;
/// Of a manifest and of a grant.
const SHORT_HEADER: usize = 1 + 2;
const DETAILS_HEADER: usize = 1 + 16 + 8 + 8 + 4;
const WAITING_HEADER: usize = 1 + 16 + 16 + 8 + 4;
const END_LEN: usize = 1 + 4;

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

/// One record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An item.
    Item(ItemChange),
    /// A signed manifest, as it was written.
    Manifest(Bytes),
    /// The secret part of an item.
    Details(SealedDetails),
    /// What a machine token is granted.
    Grant(Sealed),
    /// A change that was handed in with the token, and waits.
    Waiting(SealedChange),
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

/// Appends a manifest, which never exceeds [`limits::MANIFEST`].
pub fn encode_manifest(out: &mut Vec<u8>, manifest: &[u8]) {
    out.push(MANIFEST);
    out.extend_from_slice(&(manifest.len() as u16).to_be_bytes());
    out.extend_from_slice(manifest);
}

/// Appends the details of an item, which never exceed [`limits::DETAILS`].
pub fn encode_details(out: &mut Vec<u8>, details: &SealedDetails) {
    out.push(DETAILS);
    out.extend_from_slice(details.item_id.as_bytes());
    out.extend_from_slice(&details.version.to_be_bytes());
    out.extend_from_slice(&details.details_version.to_be_bytes());
    out.extend_from_slice(&(details.details.0.len() as u32).to_be_bytes());
    out.extend_from_slice(&details.details.0);
}

/// Appends what a token is granted, which never exceeds [`limits::WRAPPED_KEY`].
pub fn encode_grant(out: &mut Vec<u8>, grant: &[u8]) {
    out.push(GRANT);
    out.extend_from_slice(&(grant.len() as u16).to_be_bytes());
    out.extend_from_slice(grant);
}

/// Appends a change that waits, which never exceeds [`limits::MACHINE_CHANGE`].
pub fn encode_waiting(out: &mut Vec<u8>, waiting: &SealedChange) {
    out.push(WAITING);
    out.extend_from_slice(waiting.change_id.as_bytes());
    out.extend_from_slice(waiting.item_id.as_bytes());
    out.extend_from_slice(&waiting.base_version.to_be_bytes());
    out.extend_from_slice(&(waiting.change.0.len() as u32).to_be_bytes());
    out.extend_from_slice(&waiting.change.0);
}

/// Ends a stream of `count` records.
pub fn encode_changes_end(out: &mut Vec<u8>, count: u32) {
    out.push(END);
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
    ended: bool,
}

impl<'a> ChangesDecoder<'a> {
    /// Starts at the beginning of a stream.
    pub fn new(stream: &'a [u8]) -> Result<Self, ChangesDecodeError> {
        match stream.strip_prefix(MAGIC) {
            Some(rest) => Ok(Self {
                rest,
                read: 0,
                ended: false,
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
    pub fn next(&mut self) -> Result<Option<Change>, ChangesDecodeError> {
        if self.ended {
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
                Ok(Some(Change::Item(change)))
            }
            Some(&TOMBSTONE) => {
                let head = self.take(TOMBSTONE_LEN)?;
                self.read += 1;
                Ok(Some(Change::Item(common(head))))
            }
            Some(&MANIFEST) => {
                let manifest = self.take_short(limits::MANIFEST)?;
                Ok(Some(Change::Manifest(Bytes(manifest))))
            }
            Some(&DETAILS) => {
                let head = self.take(DETAILS_HEADER)?;
                let length = u32_at(head, 33) as usize;
                if length > limits::DETAILS {
                    return Err(ChangesDecodeError::Malformed);
                }
                let details = self.take(length)?.to_vec();
                self.read += 1;
                Ok(Some(Change::Details(SealedDetails {
                    item_id: common(head).item_id,
                    version: u64_at(head, 17),
                    details_version: u64_at(head, 25),
                    details: Sealed(details),
                })))
            }
            Some(&GRANT) => {
                let grant = self.take_short(limits::WRAPPED_KEY)?;
                Ok(Some(Change::Grant(Sealed(grant))))
            }
            Some(&WAITING) => {
                let head = self.take(WAITING_HEADER)?;
                let length = u32_at(head, 41) as usize;
                if length > limits::MACHINE_CHANGE {
                    return Err(ChangesDecodeError::Malformed);
                }
                let change = self.take(length)?.to_vec();
                self.read += 1;
                Ok(Some(Change::Waiting(SealedChange {
                    change_id: MachineChangeId(id_at(head, 1)),
                    item_id: ItemId(id_at(head, 17)),
                    base_version: u64_at(head, 33),
                    change: Sealed(change),
                })))
            }
            Some(&END) => {
                let end = self.take(END_LEN)?;
                if u32_at(end, 1) != self.read {
                    return Err(ChangesDecodeError::Malformed);
                }
                if !self.rest.is_empty() {
                    return Err(ChangesDecodeError::Trailing);
                }
                self.ended = true;
                Ok(None)
            }
            Some(_) => Err(ChangesDecodeError::Malformed),
        }
    }

    /// What stands behind a length of two bytes.
    fn take_short(&mut self, most: usize) -> Result<Vec<u8>, ChangesDecodeError> {
        let head = self.take(SHORT_HEADER)?;
        let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
        if length > most {
            return Err(ChangesDecodeError::Malformed);
        }
        let bytes = self.take(length)?.to_vec();
        self.read += 1;
        Ok(bytes)
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
    ItemChange {
        item_id: ItemId(id_at(head, 1)),
        version: u64_at(head, 17),
        revision: u64_at(head, 25),
        live: None,
    }
}

fn id_at(bytes: &[u8], at: usize) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[at..at + 16]);
    id
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

    fn encode(changes: &[Change]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_changes_start(&mut out);
        for change in changes {
            match change {
                Change::Item(item) => {
                    let live = item
                        .live
                        .as_ref()
                        .map(|(version, sealed)| (*version, sealed.as_ref()));
                    encode_change(&mut out, &item.item_id.0, item.version, item.revision, live);
                }
                Change::Manifest(manifest) => encode_manifest(&mut out, &manifest.0),
                Change::Details(details) => encode_details(&mut out, details),
                Change::Grant(grant) => encode_grant(&mut out, &grant.0),
                Change::Waiting(waiting) => encode_waiting(&mut out, waiting),
            }
        }
        encode_changes_end(&mut out, changes.len() as u32);
        out
    }

    fn decode(stream: &[u8]) -> Result<Vec<Change>, ChangesDecodeError> {
        let mut decoder = ChangesDecoder::new(stream)?;
        let mut changes = Vec::new();
        while let Some(change) = decoder.next()? {
            changes.push(change);
        }
        Ok(changes)
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
        let live = proptest::option::of((any::<u64>(), bytes()));
        let item = (any::<[u8; 16]>(), any::<u64>(), any::<u64>(), live).prop_map(
            |(id, version, revision, live)| {
                Change::Item(ItemChange {
                    item_id: ItemId(id),
                    version,
                    revision,
                    live: live.map(|(version, bytes)| (version, Sealed(bytes))),
                })
            },
        );
        let details = (any::<[u8; 16]>(), any::<u64>(), any::<u64>(), bytes()).prop_map(
            |(id, version, details_version, details)| {
                Change::Details(SealedDetails {
                    item_id: ItemId(id),
                    version,
                    details_version,
                    details: Sealed(details),
                })
            },
        );
        let waiting = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<u64>(), bytes()).prop_map(
            |(change, item, base_version, bytes)| {
                Change::Waiting(SealedChange {
                    change_id: MachineChangeId(change),
                    item_id: ItemId(item),
                    base_version,
                    change: Sealed(bytes),
                })
            },
        );
        prop_oneof![
            item,
            details,
            waiting,
            bytes().prop_map(|b| Change::Manifest(Bytes(b))),
            bytes().prop_map(|b| Change::Grant(Sealed(b))),
        ]
    }

    proptest! {
        #[test]
        fn a_stream_reads_back(changes in proptest::collection::vec(any_change(), 0..8)) {
            prop_assert_eq!(decode(&encode(&changes)), Ok(changes));
        }

        #[test]
        fn every_cut_is_noticed(changes in proptest::collection::vec(any_change(), 0..4)) {
            let stream = encode(&changes);
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
        let kinds = [
            (ITEM, 40),
            (DETAILS, 32),
            (MANIFEST, 0),
            (GRANT, 0),
            (WAITING, 40),
        ];
        for (kind, before) in kinds {
            let mut stream = encode(&[]);
            stream.truncate(4);
            stream.push(kind);
            stream.extend_from_slice(&vec![0; before]);
            stream.extend_from_slice(&u32::MAX.to_be_bytes());
            assert_eq!(
                decode(&stream),
                Err(ChangesDecodeError::Malformed),
                "{kind}"
            );
        }
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let mut stream = encode(&[]);
        stream.push(0);
        assert_eq!(decode(&stream), Err(ChangesDecodeError::Trailing));
    }
}
