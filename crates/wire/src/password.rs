use serde::{Deserialize, Serialize};

use crate::{Fixed, Handle, Keyset, LoginProof};

/// Puts new keys in the place of an account's old ones, all of them or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    /// From the setup code. A change keeps it.
    pub handle: Handle,
    /// The root key and the keyring, wrapped anew. The version is one more than that in force.
    pub keyset: Keyset,
    /// The Ed25519 public key that log-ins are to be checked against.
    pub auth_public_key: Fixed<32>,
    /// Signed with purpose `password-change` by the key that is about to be replaced, over the
    /// new ones too.
    pub proof: LoginProof,
}
