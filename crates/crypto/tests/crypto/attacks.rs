//! What a malicious server, a broken generator or a careless log line would do.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};
use keyarc_crypto::{
    AccountContext, ItemContext, KdfError, Keyring, OpenError, PASSWORD_MAX, Part, PasswordKey,
    RootKey, SealError, SetupCode, StateContext, Suite, UnlockKeys, VaultKey, VaultKeyContext,
    derive_password_key, pbkdf2_input,
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::support::{CounterRng, Fields as _, StuckRng, TapeRng, context, vector_file};

fn raw_gcm_opens(file: &Value, key: &str) -> Option<Vec<u8>> {
    let ciphertext_and_tag = file.bytes("ct_and_tag");
    let (ciphertext, tag) = ciphertext_and_tag.split_last_chunk::<16>().unwrap();
    let mut body = ciphertext.to_vec();
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(file.array::<32>(key)))
        .decrypt_inout_detached(
            &Nonce::from(file.array::<12>("nonce")),
            &file.bytes("aad"),
            body.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .ok()
        .map(|()| body)
}

#[test]
fn the_salamander_opens_under_two_keys_of_plain_gcm() {
    let file = vector_file("salamander.json");
    assert_eq!(raw_gcm_opens(&file, "k1"), Some(file.bytes("p1")));
    assert_eq!(raw_gcm_opens(&file, "k2"), Some(file.bytes("p2")));
    assert_ne!(file.bytes("p1"), file.bytes("p2"));
}

#[test]
fn the_salamander_is_refused_under_both_keys() {
    let file = vector_file("salamander.json");
    let context = ItemContext {
        part: Part::Details,
        ..context()
    };
    let salt = [file.bytes("nonce"), vec![0; 12]].concat();
    for owner in ["k1", "k2"] {
        // An honest envelope of one of the two keys lends its header and its commitment; the
        // ciphertext, as it is and filled up to a size that would pass, is the salamander.
        let made_by = VaultKey::make(&mut TapeRng::new(&[&file.bytes(owner)]));
        let honest = made_by
            .seal(&context, b"", &mut TapeRng::for_salt(&salt))
            .unwrap();
        let salamander = file.bytes("ct_and_tag");
        let (ciphertext, tag) = salamander.split_at(salamander.len() - 16);
        let mut filled = ciphertext.to_vec();
        filled.resize(256, 0);
        for body in [ciphertext, &filled] {
            let forged = [&honest[..78], body, tag].concat();
            for key in ["k1", "k2"] {
                let key = VaultKey::make(&mut TapeRng::new(&[&file.bytes(key)]));
                assert_eq!(key.open(&context, &forged).err(), Some(OpenError));
            }
        }
    }
}

#[test]
fn a_commitment_belongs_to_one_key_and_one_salt() {
    // Whatever an attacker does, one envelope carries one commitment; it would have to be the
    // same for two keys to be opened by both.
    let mut rng = CounterRng::new(1);
    let salt = [7; 24];
    let mut commitments: Vec<_> = (0..200)
        .map(|_| {
            let key = VaultKey::make(&mut rng);
            key.seal(&context(), b"", &mut TapeRng::for_salt(&salt))
                .unwrap()[46..78]
                .to_vec()
        })
        .collect();
    commitments.sort();
    commitments.dedup();
    assert_eq!(commitments.len(), 200);
}

#[test]
fn other_formats_and_algorithms_are_refused() {
    let mut rng = CounterRng::new(2);
    let key = VaultKey::make(&mut rng);
    let envelope = key.seal(&context(), b"value", &mut rng).unwrap();
    for (at, values) in [(2, [0, 2, 255]), (3, [0, 2, 99])] {
        for value in values {
            let mut changed = envelope.clone();
            changed[at] = value;
            assert_eq!(key.open(&context(), &changed).err(), Some(OpenError));
        }
    }
    // No ciphertext at all, with a tag and without.
    assert_eq!(key.open(&context(), &envelope[..78]).err(), Some(OpenError));
    assert_eq!(key.open(&context(), &envelope[..94]).err(), Some(OpenError));
}

#[test]
fn a_stuck_generator_seals_and_wraps_nothing() {
    for pattern in [[0; 32], [0xff; 32], core::array::from_fn(|i| i as u8)] {
        let rng = &mut StuckRng(pattern);
        let (root, keyring, key) = (RootKey::make(rng), Keyring::make(rng), VaultKey::make(rng));
        let code = SetupCode::make(Suite::Pbkdf2Sha256, rng);
        let unlock = UnlockKeys::derive(&PasswordKey::from_derived(Zeroizing::new([1; 32])), &code);
        let account = AccountContext {
            account_id: [1; 16],
            keyset_version: 1,
        };
        let vault = VaultKeyContext {
            owner: [1; 16],
            vault: [2; 16],
            epoch: 1,
        };
        let state = StateContext {
            owner: [1; 16],
            label: "draft",
        };
        let results = [
            key.seal(&context(), b"value", rng),
            root.wrap(&unlock, &account, rng),
            root.wrap_keyring(&keyring, &account, rng),
            root.wrap_vault_key(&key, &vault, rng),
            root.seal_state(&state, b"draft", rng),
        ];
        for result in results {
            assert_eq!(result, Err(SealError::Randomness));
        }
    }
}

#[test]
fn keys_of_another_account_password_or_version_unwrap_nothing() {
    let mut rng = CounterRng::new(3);
    let code = SetupCode::make(Suite::Pbkdf2Sha256, &mut rng);
    let other_code = SetupCode::make(Suite::Pbkdf2Sha256, &mut rng);
    let keys = |byte, code| {
        UnlockKeys::derive(&PasswordKey::from_derived(Zeroizing::new([byte; 32])), code)
    };
    let account = AccountContext {
        account_id: [1; 16],
        keyset_version: 2,
    };
    let root = RootKey::make(&mut rng);
    let wrapped = root.wrap(&keys(1, &code), &account, &mut rng).unwrap();
    let unwrap = |unlock: &UnlockKeys, context| RootKey::unwrap(&wrapped, unlock, &context).is_ok();

    assert!(unwrap(&keys(1, &code), account));
    assert!(!unwrap(&keys(2, &code), account));
    assert!(!unwrap(&keys(1, &other_code), account));
    assert!(!unwrap(
        &keys(1, &code),
        AccountContext {
            keyset_version: 1,
            ..account
        }
    ));
    assert!(!unwrap(
        &keys(1, &code),
        AccountContext {
            account_id: [2; 16],
            ..account
        }
    ));
}

#[test]
fn a_password_must_be_there_and_of_a_sane_length() {
    let code = SetupCode::make(Suite::Pbkdf2Sha256, &mut CounterRng::new(4));
    for password in [String::new(), "x".repeat(PASSWORD_MAX + 1)] {
        assert_eq!(
            derive_password_key(&password, &code).err(),
            Some(KdfError::Password)
        );
        assert!(pbkdf2_input(&password, &code).is_none());
    }
    // The longest one, of the character that grows most when normalised.
    let longest = "\u{fdfa}".repeat(PASSWORD_MAX / 3);
    assert!(pbkdf2_input(&longest, &code).unwrap().password.len() > PASSWORD_MAX);
}

#[test]
fn the_largest_plaintext_is_a_limit() {
    let mut rng = CounterRng::new(5);
    let key = VaultKey::make(&mut rng);
    let too_long = vec![0; keyarc_crypto::MAX_PLAINTEXT + 1];
    assert_eq!(
        key.seal(&context(), &too_long, &mut rng),
        Err(SealError::TooLong)
    );
}

#[test]
fn debug_output_shows_no_secret() {
    let rng = &mut CounterRng::new(6);
    let code = SetupCode::make(Suite::Pbkdf2Sha256, rng);
    let password_key = PasswordKey::from_derived(Zeroizing::new([1; 32]));
    let input = pbkdf2_input("hunter2", &code);
    let unlock = UnlockKeys::derive(&password_key, &code);
    let shown = format!(
        "{code:?} {password_key:?} {input:?} {unlock:?} {:?} {:?} {:?}",
        RootKey::make(rng),
        Keyring::make(rng),
        VaultKey::make(rng),
    );
    assert_eq!(
        shown,
        "SetupCode(redacted) PasswordKey(redacted) Some(Pbkdf2Input(redacted)) \
         UnlockKeys { wrap: SealingKey(redacted), auth: SigningKey(redacted) } \
         RootKey(Secret(redacted)) Keyring(redacted) VaultKey(SealingKey(redacted))"
    );
}
