//! What a version says of itself that was written into another vault than it lies in.

use minicbor::{CborLen, Decode, Encode};

/// What is known of a version that came here in an archive. Nothing of it is anybody's word but
/// that of whoever restored it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
pub(crate) struct Origin {
    /// When it was written there, Unix milliseconds; null when nothing tells.
    #[n(0)]
    pub(crate) made_at_ms: Option<u64>,
    /// That is what a server said. Otherwise it was sealed by the writer, by their own clock.
    #[n(1)]
    pub(crate) by_server: bool,
    /// Versions just before it are not there.
    #[n(2)]
    pub(crate) after_gap: bool,
}
