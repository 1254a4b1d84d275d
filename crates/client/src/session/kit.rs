//! What a person must keep.

use keyarc_crypto::{CHECKPOINT_HASH_LEN, Checkpoint, RecoveryKey, SetupCode};
use keyarc_signature::VaultManifest;

/// The codes of a recovery kit that was made just now. They are in nobody else's hands.
pub struct NewKit {
    /// Names the account, and opens it with the password.
    pub setup_code: SetupCode,
    /// Opens it without the password.
    pub recovery_key: RecoveryKey,
    /// What no server may go back behind.
    pub checkpoint: Checkpoint,
}

/// The checkpoint of a keyset and a manifest.
pub(super) fn checkpoint(keyset_version: u32, manifest: &VaultManifest) -> Checkpoint {
    let mut hash = [0; CHECKPOINT_HASH_LEN];
    hash.copy_from_slice(&manifest.hash()[..CHECKPOINT_HASH_LEN]);
    Checkpoint {
        keyset_version,
        version: manifest.body().version,
        hash,
    }
}
