//! The keys of an account that is made.

use keyarc_crypto::{
    AccountContext, Keyring, RecoveryKey, RootKey, UnlockKeys, VaultKey, VaultKeyContext,
};
use keyarc_wire::{
    AccountId, AccountResponse, Bytes, Keyset, NewRecoveryKey, NewVault, Sealed, VaultId,
};
use rand_core::Rng as _;

use super::{belief::first_manifest, recovery};
use crate::{ClientError, Host};

/// A new account's first keyset and vault key.
const FIRST: u32 = 1;

/// An account made here: its keys, wrapped, as they have to come back from the server.
pub(super) struct NewAccount {
    id: AccountId,
    pub(super) bundle: Bytes,
    pub(super) keyset: Keyset,
    pub(super) vault: NewVault,
    pub(super) recovery_key: RecoveryKey,
    pub(super) recovery: NewRecoveryKey,
}

impl NewAccount {
    /// Makes the keys and wraps them.
    pub(super) fn make<H: Host>(host: &H, unlock: &UnlockKeys) -> Result<Self, ClientError> {
        let mut rng = host.rng();
        let root = RootKey::make(&mut rng);
        let keys = Keyring::make(&mut rng);
        let vault_key = VaultKey::make(&mut rng);
        let bundle = keys.bundle();
        let id = AccountId(bundle.user_id());
        let mut vault = VaultId([0; 16]);
        rng.fill_bytes(&mut vault.0);
        let context = AccountContext {
            account_id: id.0,
            keyset_version: FIRST,
        };
        let place = VaultKeyContext {
            owner: id.0,
            vault: vault.0,
            epoch: FIRST,
        };
        let sealing = |_| ClientError::Sealing;
        let wrapped_root_key = root.wrap(unlock, &context, &mut rng).map_err(sealing)?;
        let keyring = root
            .wrap_keyring(&keys, &context, &mut rng)
            .map_err(sealing)?;
        let wrapped_key = root
            .wrap_vault_key(&vault_key, &place, &mut rng)
            .map_err(sealing)?;
        let recovery_key = RecoveryKey::make(&mut rng);
        let now_ms = host.now_ms();
        let recovery = recovery::seal(&root, id, FIRST, &recovery_key, now_ms, &mut rng)?;
        let manifest = first_manifest(vault.0, host.now_ms(), keys.signing_key());
        Ok(Self {
            id,
            bundle: Bytes(bundle.encode()),
            keyset: Keyset {
                version: FIRST,
                wrapped_root_key: Sealed(wrapped_root_key),
                keyring: Sealed(keyring),
            },
            vault: NewVault {
                id: vault,
                wrapped_key: Sealed(wrapped_key),
                manifest,
            },
            recovery_key,
            recovery,
        })
    }

    /// Whether an account is this one, unchanged.
    pub(super) fn matches(&self, account: &AccountResponse) -> bool {
        let vault_is_ours = matches!(account.vaults.as_slice(), [info]
            if info.id == self.vault.id
                && info.wrapped_key == self.vault.wrapped_key
                && info.key_epoch == FIRST
                && info.revision == 0);
        let recovery_is_ours = account.recovery.as_ref().is_some_and(|info| {
            let note = info.key.as_ref().map(|key| &key.note);
            info.version == FIRST && note == Some(&self.recovery.note)
        });
        account.id == self.id
            && recovery_is_ours
            && account.bundle == self.bundle
            && account.keyset == self.keyset
            && vault_is_ours
    }
}
