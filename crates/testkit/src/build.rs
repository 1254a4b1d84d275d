//! Builders of valid values. Numbers tell them apart; the same number gives the same value.

use keyarc_service::{Policy, Services};
use keyarc_signature::{SigningKey, UserBundle};
use keyarc_store::{NewAccount, NewSecondFactor, NewSession, Store, StoredTotpSecret, UsedNonce};
use keyarc_wire::{
    AccountId, Bytes, ClientKind, Handle, ItemId, ItemPurge, ItemWrite, Keyset, NewVault, Sealed,
    SessionId, VaultId, WriteItemsRequest,
};

use crate::{FixedClock, SeededEntropy};

/// The origin that [`services`] goes by.
pub const ORIGIN: &str = "https://keyarc.test";

/// Services over a store, with the usual policy. Each has its own randomness.
pub fn services(store: &Store, clock: &FixedClock) -> Services {
    services_with(
        store,
        clock,
        Policy {
            origins: vec![ORIGIN.to_owned()],
            ..Policy::default()
        },
    )
}

/// Services over a store.
pub fn services_with(store: &Store, clock: &FixedClock, policy: Policy) -> Services {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };
    static SEED: AtomicU64 = AtomicU64::new(1);
    let keys = keyarc_auth::ServerKeys::derive(&[7; 32], None).expect("the secret is long enough");
    let seed = SEED.fetch_add(1, Ordering::Relaxed) << 32;
    let entropy = Arc::new(SeededEntropy::new(seed));
    Services::new(
        store.clone(),
        keys,
        policy,
        Arc::new(clock.clone()),
        entropy,
    )
}

/// Sixteen bytes that begin with the number.
pub fn id(number: u64) -> [u8; 16] {
    let mut id = [0x5a; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

/// An item's id.
pub fn item_id(number: u64) -> ItemId {
    ItemId(id(number))
}

/// A vault's id.
pub fn vault_id(number: u64) -> VaultId {
    VaultId(id(number))
}

/// A handle.
pub fn handle(number: u64) -> Handle {
    let bytes = number.to_be_bytes();
    Handle([bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

/// What looks like an envelope: its magic, then `fill`, `length` bytes in all.
pub fn sealed(fill: u8, length: usize) -> Sealed {
    let mut bytes = b"KA\x01\x01".to_vec();
    bytes.resize(length, fill);
    Sealed(bytes)
}

/// A key that a person of this number logs in with.
pub fn auth_key(number: u64) -> SigningKey {
    let mut seed = [1; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_seed(&seed)
}

/// The signed genesis bundle of a person of this number.
pub fn bundle(number: u64) -> Vec<u8> {
    let mut seed = [2; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    // The X25519 base point: any point that is not weak will do.
    let mut exchange = [0; 32];
    exchange[0] = 9;
    UserBundle::genesis(&SigningKey::from_seed(&seed), exchange).encode()
}

/// Wrapped keys.
pub fn keyset() -> Keyset {
    Keyset {
        version: 1,
        wrapped_root_key: sealed(1, 350),
        keyring: sealed(2, 350),
    }
}

/// The vault of a person of this number, [`vault_id`].
pub fn new_vault(number: u64) -> NewVault {
    NewVault {
        id: vault_id(number),
        wrapped_key: sealed(3, 350),
    }
}

/// An account that owns [`vault_id`] of the same number.
pub fn account(number: u64) -> NewAccount {
    NewAccount {
        id: AccountId(id(number)),
        handle: handle(number),
        auth_public_key: auth_key(number).public_key(),
        bundle: Bytes(bundle(number)),
        keyset: keyset(),
        vault: new_vault(number),
        email: None,
        email_key: None,
        terms_version: "2026-11".to_owned(),
        created_at_ms: FixedClock::START_MS,
    }
}

/// A session of 30 days.
pub fn session(number: u64) -> NewSession {
    let mut token_hash = [3; 32];
    token_hash[..8].copy_from_slice(&number.to_be_bytes());
    NewSession {
        id: SessionId(id(number)),
        token_hash,
        client: ClientKind::Browser,
        device_name: format!("device {number}"),
        network: "198.51.x.x".to_owned(),
        created_at_ms: FixedClock::START_MS,
        expires_at_ms: FixedClock::START_MS + 30 * 24 * 3_600_000,
    }
}

/// A second factor with two recovery codes. Nobody has the app to it.
pub fn second_factor() -> NewSecondFactor {
    NewSecondFactor {
        totp: StoredTotpSecret {
            key_id: [1; 8],
            bytes: vec![2; 48],
        },
        last_step: 100,
        recovery_codes: vec![[3; 32], [4; 32]],
        created_at_ms: FixedClock::START_MS,
    }
}

/// A nonce that expires a minute after the start.
pub fn nonce(number: u64) -> UsedNonce {
    let mut nonce = [4; 32];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    UsedNonce {
        nonce,
        expires_at_ms: FixedClock::START_MS + 60_000,
    }
}

/// Signs a person of this number up in the store, and returns their vault.
pub async fn signed_up(store: &Store, number: u64) -> VaultId {
    let outcome = store
        .sign_up(&account(number), &session(number), &nonce(number), None)
        .await;
    assert_eq!(
        outcome.expect("the store answers"),
        keyarc_store::SignUpOutcome::Made
    );
    vault_id(number)
}

/// A write of overview and details, each marked by the version it makes.
pub fn write(item: u64, base_version: u64) -> ItemWrite {
    let mark = (base_version as u8).wrapping_add(1);
    ItemWrite {
        item_id: item_id(item),
        base_version,
        overview: sealed(mark, 350),
        details: Some(sealed(mark | 0x80, 350)),
    }
}

/// A write of the overview alone.
pub fn write_overview(item: u64, base_version: u64) -> ItemWrite {
    ItemWrite {
        details: None,
        ..write(item, base_version)
    }
}

/// A deletion for good.
pub fn purge(item: u64, base_version: u64) -> ItemPurge {
    ItemPurge {
        item_id: item_id(item),
        base_version,
    }
}

/// A change of writes and purges.
pub fn change(
    writes: impl IntoIterator<Item = ItemWrite>,
    purges: impl IntoIterator<Item = ItemPurge>,
) -> WriteItemsRequest {
    WriteItemsRequest {
        writes: writes.into_iter().collect(),
        purges: purges.into_iter().collect(),
    }
}
