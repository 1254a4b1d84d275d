//! What page and worker say to each other about the versions of an item.

use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

/// Asks what a version of an item was, beside what the item is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareVersion {
    /// The item.
    pub item: ItemId,
    /// Which version of it.
    pub version: u64,
    /// Secrets too. Without it they stay in the worker.
    pub reveal: bool,
}
