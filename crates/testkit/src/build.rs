//! Builders of valid values. Numbers tell them apart; the same number gives the same value.

use keyarc_service::{Policy, Services};
use keyarc_signature::{ManifestBody, SigningKey, UserBundle, VaultManifest};
use keyarc_store::{
    LoginKey, NewAccount, NewKeyset, NewRecoveryKey, NewSecondFactor, NewSession, Store,
    StoreError, StoredTotpSecret, UsedNonce, WriteOutcome,
};
use keyarc_wire::{
    AccountId, AttachmentId, Bytes, Change, ClientKind, EarlierWrite, Fixed, Handle, ItemChange,
    ItemId, ItemPurge, ItemWrite, Keyset, NewVault, Sealed, SessionId, VaultId, WriteItemsRequest,
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

/// What a person of this number logs in against.
pub fn login_key(number: u64) -> LoginKey {
    LoginKey {
        account_id: AccountId(id(number)),
        auth_public_key: auth_key(number).public_key(),
        second_factor: false,
    }
}

/// The key that a person of this number signs with.
pub fn signing_key(number: u64) -> SigningKey {
    let mut seed = [2; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_seed(&seed)
}

/// The signed genesis bundle of a person of this number.
pub fn bundle(number: u64) -> Vec<u8> {
    // The X25519 base point: any point that is not weak will do.
    let mut exchange = [0; 32];
    exchange[0] = 9;
    UserBundle::genesis(&signing_key(number), exchange).encode()
}

/// Wrapped keys.
pub fn keyset() -> Keyset {
    Keyset {
        version: 1,
        wrapped_root_key: sealed(1, 350),
        keyring: sealed(2, 350),
    }
}

/// The keys after a change of password, which makes this version and is logged in to with the
/// key of this number.
pub fn new_keyset(version: u32, key: u64) -> NewKeyset {
    NewKeyset {
        keyset: Keyset {
            version,
            wrapped_root_key: sealed(version as u8 | 0x40, 350),
            keyring: sealed(version as u8 | 0x80, 350),
        },
        auth_public_key: auth_key(key).public_key(),
        changed_at_ms: FixedClock::START_MS + 1,
    }
}

/// The key that a person proves their recovery key with; `made` tells one after the other.
pub fn recovery_auth_key(number: u64, made: u32) -> SigningKey {
    let mut seed = [3; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    seed[8..12].copy_from_slice(&made.to_be_bytes());
    SigningKey::from_seed(&seed)
}

/// The first recovery key of a person of this number, as a request has it.
pub fn recovery_key_request(number: u64) -> keyarc_wire::NewRecoveryKey {
    nth_recovery_key_request(number, 1)
}

/// The recovery key of that version.
pub fn nth_recovery_key_request(number: u64, made: u32) -> keyarc_wire::NewRecoveryKey {
    keyarc_wire::NewRecoveryKey {
        auth_public_key: Fixed(recovery_auth_key(number, made).public_key()),
        wrapped_root_key: sealed(made as u8 | 0x10, 350),
        note: sealed(made as u8 | 0x20, 350),
    }
}

/// The same, as the store has it.
pub fn recovery_key(number: u64, made: u32) -> NewRecoveryKey {
    let request = nth_recovery_key_request(number, made);
    NewRecoveryKey {
        auth_public_key: request.auth_public_key.0,
        wrapped_root_key: request.wrapped_root_key,
        note: request.note,
    }
}

/// The vault of a person of this number, [`vault_id`].
pub fn new_vault(number: u64) -> NewVault {
    NewVault {
        id: vault_id(number),
        wrapped_key: sealed(3, 350),
        manifest: Bytes(manifest(number, None).encode()),
    }
}

/// The manifest of the vault of a person of this number after `head`; without one, version 0.
/// Its root stands for nothing: servers do not look at it.
pub fn manifest(number: u64, head: Option<&VaultManifest>) -> VaultManifest {
    let body = ManifestBody {
        vault: vault_id(number).0,
        version: head.map_or(0, |head| head.body().version + 1),
        prev: head.map_or([0; 32], VaultManifest::hash),
        key_epoch: 1,
        team_head: [0; 32],
        items: 0,
        root: [0; 32],
        time_ms: FixedClock::START_MS,
    };
    body.sign(&signing_key(number))
}

/// Gives a request the manifest that follows the head of one of these vaults, and the head's
/// version; version 0 for a vault that does not exist.
pub async fn follow_head(
    store: &Store,
    vault: VaultId,
    request: WriteItemsRequest,
) -> (u64, WriteItemsRequest) {
    let mut number = [0; 8];
    number.copy_from_slice(&vault.0[..8]);
    let head = store.vault_head(vault).await.expect("the store answers");
    let head = head.map(|head| VaultManifest::decode(&head.manifest.0).expect("a manifest"));
    let next = manifest(u64::from_be_bytes(number), head.as_ref());
    let request = WriteItemsRequest {
        manifest: Bytes(next.encode()),
        ..request
    };
    (head.map_or(0, |head| head.body().version), request)
}

/// The items among the rows of a sync.
pub fn items_of(rows: impl IntoIterator<Item = Change>) -> Vec<ItemChange> {
    rows.into_iter()
        .filter_map(|row| match row {
            Change::Item(item) => Some(item),
            _ => None,
        })
        .collect()
}

/// Writes to a vault on top of its head, whatever that is, as many milliseconds after the start as
/// the head's version.
pub async fn write_next(
    store: &Store,
    vault: VaultId,
    request: WriteItemsRequest,
) -> Result<WriteOutcome, StoreError> {
    let (head, request) = follow_head(store, vault, request).await;
    let now_ms = FixedClock::START_MS + head;
    store.write_items(vault, head, request, now_ms).await
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
        recovery: Some(recovery_key(number, 1)),
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
        attachments: Vec::new(),
    }
}

/// A write of overview and details that name these attachments.
pub fn write_with(item: u64, base_version: u64, attachments: &[u64]) -> ItemWrite {
    ItemWrite {
        attachments: attachments.iter().copied().map(attachment_id).collect(),
        ..write(item, base_version)
    }
}

/// The attachment of this number.
pub fn attachment_id(number: u64) -> AttachmentId {
    AttachmentId(id(number))
}

/// A write of the overview alone.
pub fn write_overview(item: u64, base_version: u64) -> ItemWrite {
    ItemWrite {
        details: None,
        ..write(item, base_version)
    }
}

/// A version that comes with an item which is created, marked as [`write`] marks the version that
/// it makes; with details of its own, or those of the version before.
pub fn earlier(item: u64, version: u64, own: bool) -> EarlierWrite {
    let ItemWrite {
        item_id,
        overview,
        details,
        ..
    } = write(item, version - 1);
    EarlierWrite {
        item_id,
        version,
        overview,
        details: details.filter(|_| own),
        attachments: Vec::new(),
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
        ..WriteItemsRequest::default()
    }
}
