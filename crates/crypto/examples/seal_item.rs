//! The front door from end to end: make an account's keys, seal an item, and open it again from
//! nothing but what a server keeps, the setup code and the master password.
//!
//! `cargo run -p keyarc-crypto --example seal_item`

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use keyarc_crypto::{
    AccountContext, ItemContext, Keyring, Part, RootKey, SetupCode, Suite, UnlockKeys, VaultKey,
    VaultKeyContext, derive_password_key,
};

const PASSWORD: &str = "correct horse battery staple";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rng = &mut UnwrapErr(SysRng);

    // Sign-up. Only the three sealed values and public keys ever leave the client.
    let setup_code = SetupCode::make(Suite::Pbkdf2Sha256, rng);
    let unlock = UnlockKeys::derive(&derive_password_key(PASSWORD, &setup_code)?, &setup_code);
    let (root_key, keyring, vault_key) =
        (RootKey::make(rng), Keyring::make(rng), VaultKey::make(rng));
    let owner = keyring.bundle().user_id();
    let account = AccountContext {
        account_id: owner,
        keyset_version: 1,
    };
    let vault = VaultKeyContext {
        owner,
        vault: [7; 16],
        epoch: 1,
    };
    let item = ItemContext {
        owner,
        vault: vault.vault,
        item: [9; 16],
        part: Part::Details,
        version: 1,
        epoch: vault.epoch,
        schema: 1,
    };
    let wrapped_root_key = root_key.wrap(&unlock, &account, rng)?;
    let wrapped_vault_key = root_key.wrap_vault_key(&vault_key, &vault, rng)?;
    let envelope = vault_key.seal(&item, b"sk-live-example", rng)?;
    let paper = setup_code.to_text();

    // Another device.
    let setup_code = SetupCode::parse(&paper)?;
    let unlock = UnlockKeys::derive(&derive_password_key(PASSWORD, &setup_code)?, &setup_code);
    let root_key = RootKey::unwrap(&wrapped_root_key, &unlock, &account)?;
    let vault_key = root_key.unwrap_vault_key(&wrapped_vault_key, &vault)?;
    assert_eq!(
        vault_key.open(&item, &envelope)?.as_slice(),
        b"sk-live-example"
    );

    // A server that answers with an older version of the item is refused.
    assert!(
        vault_key
            .open(&ItemContext { version: 2, ..item }, &envelope)
            .is_err()
    );
    Ok(())
}
