//! Machine tokens: their text, what they are granted, what their owner notes about them, and what is
//! handed in with them.

use keyarc_crypto::{MachineChangeContext, MachineGrant, MachineToken, VaultKey};
use keyarc_vault::{ChangeVerdict, MachineNote, MachineScope, UnlockedVault};
use keyarc_wire::{
    AccountId, ItemId, MachineChangeId, MachineTokenId, Sealed, SealedChange, VaultId,
};

use crate::counter_rng::CounterRng;

/// The note of the corpus is about this token and this copy.
const ZERO: [u8; 16] = [0; 16];

/// A text that is a token is its one text. No bytes are what a token is granted, whether they are made up
/// or edited. A note is about one token and one copy, and has one form.
pub fn machine_token(data: &[u8]) {
    if let Some(token) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| MachineToken::parse(text).ok())
    {
        assert_eq!(token.to_text().as_bytes(), data);
    }
    let mut rng = CounterRng::new(1);
    let token = MachineToken::make(&mut rng);
    let keys = token.derive_keys();
    assert!(MachineGrant::open(data, &keys, token.id()).is_err());
    let grant = MachineGrant {
        account: [1; 16],
        identity: [2; 32],
        vault: [3; 16],
        epoch: 1,
        floor_version: 1,
        floor_hash: [4; 32],
        writes: data.len() & 1 == 1,
        expires_at_ms: None,
    };
    let key = VaultKey::make(&mut rng);
    let mut sealed = grant
        .seal(&key, &keys, token.id(), &mut rng)
        .expect("a sound generator");
    let [at, mask] = [0, 1].map(|place| data.get(place).copied().unwrap_or(0));
    let at = usize::from(at) % sealed.len();
    sealed[at] ^= mask;
    let opened = MachineGrant::open(&sealed, &keys, token.id());
    assert_eq!(opened.is_ok(), mask == 0);
    if let Ok((opened, _)) = opened {
        assert_eq!(opened, grant);
    }
    let (id, copy) = (MachineTokenId(ZERO), VaultId(ZERO));
    if let Some(note) = MachineNote::decode(data, id, copy) {
        assert_eq!(note.encode().as_slice(), data);
        assert!(MachineNote::decode(data, MachineTokenId([1; 16]), copy).is_none());
        assert!(MachineNote::decode(data, id, VaultId([1; 16])).is_none());
    }
}

/// No bytes are a change, unless somebody sealed them who has the key. What they sealed is refused, or is
/// one that the owner can look at, that is sealed again as what it says, and that can be shown.
pub fn machine_change(data: &[u8]) {
    let mut rng = CounterRng::new(1);
    let token = MachineTokenId([1; 16]);
    let copy = || {
        let key = VaultKey::make(&mut CounterRng::new(2));
        UnlockedVault::granted(AccountId([2; 16]), VaultId([3; 16]), 1, key)
    };
    let mut vault = copy();
    let mut sealed = SealedChange {
        change_id: MachineChangeId([4; 16]),
        item_id: ItemId([5; 16]),
        base_version: 0,
        change: Sealed(data.to_vec()),
    };
    assert!(vault.open_change(token, &sealed).is_none());
    let context = MachineChangeContext {
        token: token.0,
        change: sealed.change_id.0,
        item: sealed.item_id.0,
        base: 0,
    };
    let key = VaultKey::make(&mut CounterRng::new(2));
    let envelope = key.seal_change(&context, data, &mut rng);
    sealed.change = Sealed(envelope.expect("a sound generator"));
    let Some(change) = vault.open_change(token, &sealed) else {
        return;
    };
    let scope = MachineScope::default();
    let note = MachineNote::new(token, VaultId([3; 16]), "x", &scope, true).expect("a name");
    let (item, name) = (sealed.item_id, sealed.change_id);
    let verdict = vault.judge_change(&note, (item, 0), &change);
    match vault.seal_change(token, (name, item), &change, &mut rng) {
        Ok(again) => {
            assert_eq!(verdict, ChangeVerdict::Fits);
            let read = vault.open_change(token, &again).expect("just sealed");
            assert_eq!(read.made_at_ms, change.made_at_ms);
            let shown = vault.overlay(item, &change).expect("an item");
            let same = copy().overlay(item, &read).expect("an item");
            assert_eq!(shown, same);
        }
        Err(_) => assert!(verdict != ChangeVerdict::Fits, "{verdict:?}"),
    }
}
