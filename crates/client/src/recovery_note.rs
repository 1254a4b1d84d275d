//! What an account notes about its recovery key.
//!
//! ```text
//! note = "KN" ‖ 1 ‖ version u32 ‖ made at u64 ‖ proven at u64 ‖ asked at u64 ‖ ending 5
//! ```
//! Times are Unix milliseconds, 0 for never. Sealed under the account's state key with the label
//! `recovery`.

use keyarc_crypto::{RECOVERY_ENDING_LEN, RecoveryEnding};
use zeroize::Zeroizing;

const MAGIC: &[u8; 3] = b"KN\x01";
const LEN: usize = 3 + 4 + 3 * 8 + RECOVERY_ENDING_LEN;

/// A note about one recovery key.
pub(crate) struct RecoveryNote {
    /// The version of the key that it is about.
    pub(crate) version: u32,
    /// When it was made.
    pub(crate) made_at_ms: u64,
    /// When somebody last proved to have it.
    pub(crate) proven_at_ms: Option<u64>,
    /// When the question for it was last put off.
    pub(crate) asked_at_ms: Option<u64>,
    /// What proves it.
    pub(crate) ending: RecoveryEnding,
}

impl RecoveryNote {
    /// The canonical bytes.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(LEN));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.version.to_be_bytes());
        for time in [
            self.made_at_ms,
            self.proven_at_ms.unwrap_or(0),
            self.asked_at_ms.unwrap_or(0),
        ] {
            out.extend_from_slice(&time.to_be_bytes());
        }
        out.extend_from_slice(self.ending.bytes());
        out
    }

    /// Reads exactly what [`encode`](Self::encode) writes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let version = u32::from_be_bytes(take(&mut rest)?);
        let mut time = || Some(u64::from_be_bytes(take(&mut rest)?));
        let (made_at_ms, proven, asked) = (time()?, time()?, time()?);
        let ending = RecoveryEnding::from_bytes(&take(&mut rest)?);
        let some = |time: u64| (time != 0).then_some(time);
        rest.is_empty().then_some(Self {
            version,
            made_at_ms,
            proven_at_ms: some(proven),
            asked_at_ms: some(asked),
            ending,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_nothing_else_does() {
        let note = RecoveryNote {
            version: 7,
            made_at_ms: 1,
            proven_at_ms: None,
            asked_at_ms: Some(u64::MAX),
            ending: RecoveryEnding::from_bytes(&[1, 2, 3, 4, 5]),
        };
        let bytes = note.encode();
        assert_eq!(bytes.len(), LEN);
        let read = RecoveryNote::decode(&bytes).expect("reads back");
        assert_eq!(read.encode(), bytes);
        assert_eq!(
            (read.proven_at_ms, read.asked_at_ms),
            (None, Some(u64::MAX))
        );
        for cut in 0..bytes.len() {
            assert!(RecoveryNote::decode(&bytes[..cut]).is_none(), "{cut}");
        }
        assert!(RecoveryNote::decode(&[bytes.as_slice(), &[0]].concat()).is_none());
        assert!(RecoveryNote::decode(&[b"KN\x02", &bytes[3..]].concat()).is_none());
    }
}
