//! Machine tokens: their text, what they are granted, and what their owner notes about them.

use keyarc_crypto::{MachineGrant, MachineToken, VaultKey};
use keyarc_vault::MachineNote;
use keyarc_wire::{MachineTokenId, VaultId};

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
