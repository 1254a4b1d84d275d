//! Vault manifests: what they are, byte by byte, and what is refused.

use keyarc_signature::{MANIFEST_LEN, ManifestBody, SignatureError, SigningKey, VaultManifest};
use proptest::prelude::*;

use crate::{array, bytes, vector_file};

fn key() -> SigningKey {
    SigningKey::from_seed(&[4; 32])
}

fn body(version: u64) -> ManifestBody {
    ManifestBody {
        vault: [1; 16],
        version,
        prev: if version == 0 { [0; 32] } else { [2; 32] },
        key_epoch: 7,
        team_head: [0; 32],
        items: 3,
        root: [5; 32],
        time_ms: 1_797_033_600_000,
    }
}

#[test]
fn checked_in_manifests() {
    let file = vector_file("vault-manifest.json");
    let key = SigningKey::from_seed(&array(&file, "signing_seed"));
    let mut before: Option<VaultManifest> = None;
    for (version, case) in file["manifests"].as_array().unwrap().iter().enumerate() {
        let body = ManifestBody {
            vault: array(&file, "vault"),
            version: version as u64,
            prev: array(case, "prev"),
            key_epoch: 1,
            team_head: [0; 32],
            items: case["items"].as_array().unwrap().len() as u32,
            root: array(case, "root"),
            time_ms: case["time_ms"].as_u64().unwrap(),
        };
        assert_eq!(body.sign(&key).encode(), bytes(case, "encoded"));
        let read = VaultManifest::decode(&bytes(case, "encoded")).unwrap();
        assert_eq!(*read.body(), body);
        assert_eq!(read.verify(&key.verifying_key()), Ok(()));
        if let Some(before) = &before {
            assert!(read.follows(before) && !before.follows(&read));
        }
        before = Some(read);
    }
    assert_eq!(before.unwrap().hash(), array(&file, "head_hash"));
}

#[test]
fn every_flipped_bit_and_every_other_length_is_refused() {
    for version in [0, 9] {
        let encoded = body(version).sign(&key()).encode();
        assert_eq!(encoded.len(), MANIFEST_LEN);
        let check = |bytes: &[u8]| {
            let read = VaultManifest::decode(bytes)?;
            assert_eq!(read.encode(), bytes, "what is read is canonical");
            read.verify(&key().verifying_key())
        };
        assert_eq!(check(&encoded), Ok(()));
        for bit in 0..encoded.len() * 8 {
            let mut changed = encoded.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(&changed), Err(SignatureError), "bit {bit}");
        }
        for len in 0..encoded.len() {
            assert_eq!(check(&encoded[..len]), Err(SignatureError), "cut to {len}");
        }
        let longer = [encoded.as_slice(), &[0]].concat();
        assert_eq!(check(&longer), Err(SignatureError));
    }
}

#[test]
fn only_the_empty_vault_has_nothing_before_it() {
    let with = |version, prev| {
        let body = ManifestBody {
            prev,
            ..body(version)
        };
        VaultManifest::decode(&body.sign(&key()).encode()).is_ok()
    };
    assert!(with(0, [0; 32]) && with(1, [1; 32]));
    assert!(!with(0, [1; 32]) && !with(1, [0; 32]));
}

#[test]
fn what_follows_is_the_next_version_of_the_same_vault() {
    let first = body(0).sign(&key());
    let after = |change: fn(&mut ManifestBody)| {
        let mut body = ManifestBody {
            prev: first.hash(),
            ..body(1)
        };
        change(&mut body);
        body.sign(&key()).follows(&first)
    };
    assert!(after(|_| {}));
    assert!(!after(|body| body.version = 2));
    assert!(!after(|body| body.vault = [9; 16]));
    assert!(!after(|body| body.prev[0] ^= 1));
    assert!(!first.follows(&first));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(read) = VaultManifest::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}
