//! Names for what is due, which a server may have: they mean something to the account alone.

use crate::secret::{Expander, Secret, derive};

/// Length of a name in bytes.
pub const REMINDER_ID_LEN: usize = 16;

const IDS: &str = "keyarc/v1/ark/reminder";
const DIGEST: &str = "keyarc/v1/ark/reminder/digest";

/// Names items that are due. Every device of the account makes the same names, and nobody without
/// the root key can tell them from random ones, or two names of one item from those of two.
pub struct ReminderKey {
    ids: Expander,
    digests: Expander,
}

impl ReminderKey {
    pub(crate) fn of(root: &Secret<32>) -> Self {
        Self {
            ids: Expander::new(&derive(root, IDS)),
            digests: Expander::new(&derive(root, DIGEST)),
        }
    }

    /// The name of an item's being due: HKDF-SHA256-Expand over vault 16 ‖ item 16 ‖ reason 1 ‖
    /// day 4, big-endian. `reason` is 1 for the expiry and 2 for a rotation; `day` counts from
    /// 1970-01-01. Another day has another name.
    pub fn id(
        &self,
        vault: &[u8; 16],
        item: &[u8; 16],
        reason: u8,
        day: i32,
    ) -> [u8; REMINDER_ID_LEN] {
        let info: [&[u8]; 4] = [vault, item, &[reason], &day.to_be_bytes()];
        *self.ids.expand(&info)
    }

    /// Tells whether a set of names and days is another one: a MAC over its bytes.
    pub fn digest(&self, set: &[u8]) -> [u8; 32] {
        *self.digests.expand(&[set])
    }
}

impl std::fmt::Debug for ReminderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReminderKey(redacted)")
    }
}
