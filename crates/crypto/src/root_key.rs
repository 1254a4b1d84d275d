//! The account root key, which everything the account wraps for itself hangs on.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::context::{
    AccountContext, KeyringBinding, PasskeyContext, RecoveryContext, RootKeyBinding, StateContext,
    VaultKeyContext,
};
use crate::error::{OpenError, SealError};
use crate::kae1::SealingKey;
use crate::keyring::Keyring;
use crate::passkey::PasskeyKeys;
use crate::recovery_key::RecoveryKeys;
use crate::reminder::ReminderKey;
use crate::secret::{self, Secret};
use crate::unlock::UnlockKeys;
use crate::vault_key::VaultKey;

const KEYRING: &str = "keyarc/v1/ark/keyring";
const VAULT_WRAP: &str = "keyarc/v1/ark/vaultwrap";
const STATE: &str = "keyarc/v1/ark/state";

/// 32 random bytes. A change of password wraps them anew and leaves them as they are.
#[derive(Debug)]
pub struct RootKey(Secret<32>);

impl RootKey {
    /// Makes the root key of a new account. A generator that repeats itself goes unnoticed here
    /// and fails when the key is wrapped, so such a key never comes into use.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::make(rng))
    }

    /// Wraps it for keeping at the server.
    pub fn wrap(
        &self,
        unlock: &UnlockKeys,
        context: &AccountContext,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        unlock
            .wrap()
            .seal(&RootKeyBinding(context), self.0.bytes(), rng)
    }

    /// Unwraps it. A wrong password, a wrong setup code and a server that lies look the same.
    pub fn unwrap(
        wrapped: &[u8],
        unlock: &UnlockKeys,
        context: &AccountContext,
    ) -> Result<Self, OpenError> {
        let bytes = unlock.wrap().open(&RootKeyBinding(context), wrapped)?;
        Secret::copy_of(&bytes).map(Self).ok_or(OpenError)
    }

    /// Wraps it for whoever holds the recovery key.
    pub fn wrap_for_recovery(
        &self,
        recovery: &RecoveryKeys,
        context: &RecoveryContext,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        recovery.wrap().seal(context, self.0.bytes(), rng)
    }

    /// Unwraps it with the recovery key. Another account's key and a server that lies look the
    /// same.
    pub fn recover(
        wrapped: &[u8],
        recovery: &RecoveryKeys,
        context: &RecoveryContext,
    ) -> Result<Self, OpenError> {
        let bytes = recovery.wrap().open(context, wrapped)?;
        Secret::copy_of(&bytes).map(Self).ok_or(OpenError)
    }

    /// Wraps it by a passkey, beside the password.
    pub fn wrap_by_passkey(
        &self,
        keys: &PasskeyKeys,
        context: &PasskeyContext<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        keys.wrap().seal(context, self.0.bytes(), rng)
    }

    /// Unwraps it by a passkey. Another passkey and a server that lies look the same.
    pub fn unwrap_by_passkey(
        wrapped: &[u8],
        keys: &PasskeyKeys,
        context: &PasskeyContext<'_>,
    ) -> Result<Self, OpenError> {
        let bytes = keys.wrap().open(context, wrapped)?;
        Secret::copy_of(&bytes).map(Self).ok_or(OpenError)
    }

    /// Wraps the private keys.
    pub fn wrap_keyring(
        &self,
        keyring: &Keyring,
        context: &AccountContext,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.sub_key(KEYRING)
            .seal(&KeyringBinding(context), keyring.encode().as_slice(), rng)
    }

    /// Unwraps the private keys.
    pub fn unwrap_keyring(
        &self,
        wrapped: &[u8],
        context: &AccountContext,
    ) -> Result<Keyring, OpenError> {
        Keyring::decode(
            &self
                .sub_key(KEYRING)
                .open(&KeyringBinding(context), wrapped)?,
        )
    }

    /// Wraps the key of a personal vault.
    pub fn wrap_vault_key(
        &self,
        vault_key: &VaultKey,
        context: &VaultKeyContext,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.sub_key(VAULT_WRAP)
            .seal(context, vault_key.secret().bytes(), rng)
    }

    /// Unwraps the key of a personal vault.
    pub fn unwrap_vault_key(
        &self,
        wrapped: &[u8],
        context: &VaultKeyContext,
    ) -> Result<VaultKey, OpenError> {
        let bytes = self.sub_key(VAULT_WRAP).open(context, wrapped)?;
        Secret::copy_of(&bytes)
            .map(VaultKey::from_secret)
            .ok_or(OpenError)
    }

    /// Seals something the account keeps for itself.
    pub fn seal_state(
        &self,
        context: &StateContext,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.sub_key(STATE).seal(context, plaintext, rng)
    }

    /// Opens something the account kept for itself.
    pub fn open_state(
        &self,
        context: &StateContext,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.sub_key(STATE).open(context, envelope)
    }

    /// What names what is due.
    pub fn reminder_key(&self) -> ReminderKey {
        ReminderKey::of(&self.0)
    }

    fn sub_key(&self, label: &str) -> SealingKey {
        SealingKey::new(secret::derive(&self.0, label))
    }
}
