//! What is signed, and what a device keeps of it.

use std::sync::LazyLock;

use keyarc_client::Pins;
use keyarc_release::{SignedRelease, TEXT_MAX};
use keyarc_signature::{SigningKey, UserBundle, VaultManifest};

/// Somebody's key, which signed none of what the fuzzer makes up.
fn key() -> &'static SigningKey {
    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[1; 32]));
    &KEY
}

/// Bytes are a manifest in one form only, or none; and no other is signed by chance.
pub fn manifest(data: &[u8]) {
    let Ok(manifest) = VaultManifest::decode(data) else {
        return;
    };
    assert_eq!(manifest.encode(), data);
    assert!(manifest.verify(&key().verifying_key()).is_err());
    assert!(!manifest.follows(&manifest), "no version follows itself");
}

/// Bytes are a bundle in one form only, or none. What verifies alone is the first of its user, and
/// nothing follows somebody else's.
pub fn bundle(data: &[u8]) {
    let Ok(bundle) = UserBundle::decode(data) else {
        return;
    };
    assert_eq!(bundle.encode(), data);
    assert!(bundle.verify_after(&bundle).is_err(), "none follows itself");
    let other = UserBundle::genesis(key(), [9; 32]);
    assert!(bundle.verify_after(&other).is_err(), "not signed by chance");
    if bundle.verify().is_ok() {
        assert_eq!(bundle.seq(), 0);
        assert_eq!(bundle.user_id(), keyarc_signature::user_id(data));
    }
}

/// Bytes are pins in one form only, or none.
pub fn pins(data: &[u8]) {
    if let Ok(pins) = Pins::decode(data) {
        assert_eq!(pins.encode(), data);
    }
}

/// A text is a release manifest in one form only, or none; and no other is signed by chance.
pub fn release(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(release) = SignedRelease::parse(text) else {
        return;
    };
    assert!(text.len() <= TEXT_MAX);
    assert_eq!(release.to_text(), text);
    if release.key() != key().public_key() {
        assert!(release.verify(&key().verifying_key()).is_err());
    }
}
