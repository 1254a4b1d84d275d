//! The checked-in vectors, recomputed. They were made once, by another implementation, and must
//! stay as they are for ever: what was sealed under them has to open in every later version.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hkdf::Hkdf;
use keyarc_crypto::hazmat::{HEADER_LEN, Place, padded_len};
use keyarc_crypto::{
    AccountContext, ItemContext, Keyring, Part, PasskeyContext, PasskeyKeys, PasswordKey, RootKey,
    SetupCode, SetupCodeError, StateContext, Suite, UnlockKeys, VaultKey, VaultKeyContext,
    derive_password_key, pbkdf2_input, prf_input,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::support::{CounterRng, Fields as _, TapeRng, vector_file};

fn expand(key: &[u8], info: &[&[u8]], len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    Hkdf::<Sha256>::from_prk(key)
        .unwrap()
        .expand_multi_info(info, &mut out)
        .unwrap();
    out
}

#[test]
fn setup_codes() {
    let file = vector_file("setup-code.json");
    for case in file.list("codes") {
        let suite = Suite::from_byte(case.number("suite")).unwrap();
        let (handle, secret) = (case.bytes("handle"), case.bytes("secret"));
        let made = SetupCode::make(suite, &mut TapeRng::new(&[&handle, &secret]));
        assert_eq!(made.to_text().as_str(), case.text("text"));
        let read = SetupCode::parse(case.text("text")).unwrap();
        assert_eq!(read.suite(), suite);
        assert_eq!(read.handle().as_slice(), handle);
        assert_eq!(read.to_text().as_str(), case.text("text"));
    }
    for case in file.list("spellings") {
        let read = SetupCode::parse(case.text("text")).unwrap();
        assert_eq!(read.to_text().as_str(), case.text("same_as"), "{case}");
    }
    for case in file.list("refused") {
        let expected = match case.text("error") {
            "shape" => SetupCodeError::Shape,
            "checksum" => SetupCodeError::Checksum,
            "suite" => SetupCodeError::Suite,
            other => panic!("unknown error {other}"),
        };
        assert_eq!(
            SetupCode::parse(case.text("text")).err(),
            Some(expected),
            "{case}"
        );
    }
}

#[test]
fn key_derivation() {
    for case in vector_file("kdf.json").list("cases") {
        let code = SetupCode::parse(case.text("setup_code")).unwrap();
        let expected = PasswordKey::from_derived(Zeroizing::new(case.array("password_key")));
        let key = derive_password_key(case.text("password"), &code).unwrap();
        // A password key is not readable from outside; the log-in key that follows from it is.
        assert_eq!(
            public_key(&key, &code),
            public_key(&expected, &code),
            "{case}"
        );

        let input = pbkdf2_input(case.text("password"), &code);
        assert_eq!(input.is_some(), code.suite() == Suite::Pbkdf2Sha256);
        if let Some(input) = input {
            assert_eq!(input.password.as_slice(), case.bytes("normalised"));
            assert_eq!(input.salt, case.array("salt"));
            assert_eq!(input.iterations, 1_000_000);
        }
    }
}

#[test]
fn passwords_that_look_alike_are_alike() {
    let file = vector_file("kdf.json");
    let code = SetupCode::parse(file["cases"][0].text("setup_code")).unwrap();
    for pair in file.list("equal_after_normalisation") {
        let [one, other] = [0, 1].map(|i| {
            pbkdf2_input(pair[i].as_str().unwrap(), &code)
                .unwrap()
                .password
        });
        assert_eq!(one, other, "{pair}");
    }
}

fn public_key(key: &PasswordKey, code: &SetupCode) -> [u8; 32] {
    UnlockKeys::derive(key, code).auth().public_key()
}

#[test]
fn key_hierarchy() {
    let file = vector_file("key-hierarchy.json");
    let code = SetupCode::parse(file.text("setup_code")).unwrap();
    let key = PasswordKey::from_derived(Zeroizing::new(file.array("password_key")));
    assert_eq!(public_key(&key, &code), file.array("auth_public_key"));

    // The private values, from the primitives alone.
    let (master, _) =
        Hkdf::<Sha256>::extract(Some(&file.bytes("secret")), &file.bytes("password_key"));
    assert_eq!(master.as_slice(), file.bytes("master_unlock_key"));
    for (parent, label, child) in [
        ("master_unlock_key", "keyarc/v1/unlock/wrap", "wrap_key"),
        ("master_unlock_key", "keyarc/v1/unlock/auth", "auth_seed"),
        ("root_key", "keyarc/v1/ark/keyring", "keyring_key"),
        ("root_key", "keyarc/v1/ark/vaultwrap", "vault_wrap_key"),
        ("root_key", "keyarc/v1/ark/state", "state_key"),
    ] {
        assert_eq!(
            expand(&file.bytes(parent), &[label.as_bytes()], 32),
            file.bytes(child),
            "{label}"
        );
    }
}

#[test]
fn a_root_key_wrapped_by_a_passkey() {
    let hierarchy = vector_file("key-hierarchy.json");
    let file = vector_file("passkey.json");
    let code = SetupCode::parse(hierarchy.text("setup_code")).unwrap();
    assert_eq!(prf_input(), file.array::<32>("prf_input"));
    let (master, _) =
        Hkdf::<Sha256>::extract(Some(&hierarchy.bytes("secret")), &file.bytes("prf_output"));
    assert_eq!(master.as_slice(), file.bytes("master"));
    for (label, child) in [
        ("keyarc/v1/passkey/wrap", "wrap_key"),
        ("keyarc/v1/passkey/auth", "auth_seed"),
    ] {
        let expanded = expand(&file.bytes("master"), &[label.as_bytes()], 32);
        assert_eq!(expanded, file.bytes(child), "{label}");
    }
    let keys = PasskeyKeys::derive(&file.bytes("prf_output"), &code).unwrap();
    assert_eq!(
        keys.auth().public_key(),
        file.array::<32>("auth_public_key")
    );
    let credential_id = file.bytes("credential_id");
    let context = PasskeyContext {
        account_id: vector_file("wraps.json").array("account_id"),
        credential_id: &credential_id,
    };
    let root = RootKey::make(&mut TapeRng::new(&[&hierarchy.bytes("root_key")]));
    let wrapped = root
        .wrap_by_passkey(&keys, &context, &mut TapeRng::for_salt(&file.bytes("salt")))
        .unwrap();
    assert_eq!(wrapped, file.bytes("envelope"));
    assert!(RootKey::unwrap_by_passkey(&wrapped, &keys, &context).is_ok());

    // For one passkey of one account only, and only by the right output.
    let mut other_account = context;
    other_account.account_id[0] ^= 1;
    let mut other = credential_id.clone();
    other.push(0);
    let other_passkey = PasskeyContext {
        credential_id: &other,
        ..context
    };
    for context in [other_account, other_passkey] {
        assert!(RootKey::unwrap_by_passkey(&wrapped, &keys, &context).is_err());
    }
    let other_keys = PasskeyKeys::derive(&[1; 32], &code).unwrap();
    assert!(RootKey::unwrap_by_passkey(&wrapped, &other_keys, &context).is_err());
    for bad in [&[][..], &[7; 31], &[7; 33], &[0; 32], &[0; 64]] {
        assert!(PasskeyKeys::derive(bad, &code).is_err(), "{bad:?}");
    }
}

#[test]
fn what_stands_for_the_password_beside_the_setup_code() {
    let hierarchy = vector_file("key-hierarchy.json");
    let file = vector_file("kept-unlock.json");
    let code = SetupCode::parse(hierarchy.text("setup_code")).unwrap();
    assert_eq!(code.handle().as_slice(), file.bytes("handle"));
    let (extracted, _) =
        Hkdf::<Sha256>::extract(Some(b"keyarc/v1/kept"), &hierarchy.bytes("secret"));
    assert_eq!(extracted.as_slice(), file.bytes("extracted"));
    let key = expand(&extracted, &[b"keyarc/v1/kept/unlock"], 32);
    assert_eq!(key, file.bytes("key"));

    let password_key = PasswordKey::from_derived(Zeroizing::new(hierarchy.array("password_key")));
    let rng = &mut TapeRng::for_salt(&file.bytes("salt"));
    let kept = UnlockKeys::keep(&password_key, &code, rng).unwrap();
    assert_eq!(kept, file.bytes("envelope"));
    assert!(kept.starts_with(&file.bytes("header")));
    let unlock = UnlockKeys::of_kept(&kept, &code).unwrap();
    assert_eq!(
        unlock.auth().public_key(),
        hierarchy.array::<32>("auth_public_key")
    );

    // Under the setup code of then and whole, or not at all.
    let rng = &mut CounterRng::new(1);
    let other = code.with_fresh_secret(code.suite(), rng);
    assert!(UnlockKeys::of_kept(&kept, &other).is_err());
    for at in 0..kept.len() {
        let mut spoilt = kept.clone();
        spoilt[at] ^= 1;
        assert!(UnlockKeys::of_kept(&spoilt, &code).is_err(), "{at}");
    }
    assert!(UnlockKeys::of_kept(&[], &code).is_err());
}

#[test]
fn envelopes_of_items() {
    let file = vector_file("kae1.json");
    let key = VaultKey::make(&mut TapeRng::new(&[&file.bytes("vault_key")]));
    for case in file.list("cases") {
        let context = ItemContext {
            owner: file.array("owner"),
            vault: file.array("vault"),
            item: file.array("item"),
            part: match case.text("part") {
                "overview" => Part::Overview,
                _ => Part::Details,
            },
            version: case.number("version"),
            epoch: case.number("epoch"),
            schema: case.number("schema"),
        };
        let plaintext = case.bytes("plaintext");
        let mut rng = TapeRng::for_salt(&case.bytes("salt"));
        let envelope = key.seal(&context, &plaintext, &mut rng).unwrap();
        assert_eq!(envelope, case.bytes("envelope"), "{}", case.text("name"));
        assert_eq!(key.open(&context, &envelope).unwrap().as_slice(), plaintext);
        check_layers(case, &file.bytes("vault_key"), &Place::Item(context));
    }
}

/// Rebuilds an envelope from nothing but HKDF, SHA-256 and AES-GCM.
fn check_layers(case: &Value, key: &[u8], place: &Place) {
    let header: [u8; HEADER_LEN] = case.array("header");
    assert_eq!(header[6..], expand(key, &[b"KAE1/key-id"], 16));
    let aad = place.associated_data(&header);
    assert_eq!(aad, case.bytes("aad"));

    let (salt, hash) = (case.bytes("salt"), Sha256::digest(&aad));
    let commit = expand(key, &[b"KAE1/commit", &salt, &hash], 32);
    assert_eq!(commit, case.bytes("commit"));
    let keys = expand(key, &[b"KAE1/key", &salt, &hash], 44);
    assert_eq!(keys, [case.bytes("message_key"), case.bytes("iv")].concat());

    let plaintext = case.bytes("plaintext");
    let mut body = (plaintext.len() as u32).to_be_bytes().to_vec();
    body.extend_from_slice(&plaintext);
    body.resize(padded_len(plaintext.len()), 0);
    let tag = Aes256Gcm::new(&Key::<Aes256Gcm>::try_from(&keys[..32]).unwrap())
        .encrypt_inout_detached(
            &Nonce::try_from(&keys[32..]).unwrap(),
            &aad,
            body.as_mut_slice().into(),
        )
        .unwrap();
    assert_eq!(
        [&header, salt.as_slice(), &commit, &body, &tag].concat(),
        case.bytes("envelope")
    );
}

#[test]
fn wrapped_keys() {
    let hierarchy = vector_file("key-hierarchy.json");
    let file = vector_file("wraps.json");
    let code = SetupCode::parse(hierarchy.text("setup_code")).unwrap();
    let key = PasswordKey::from_derived(Zeroizing::new(hierarchy.array("password_key")));
    let unlock = UnlockKeys::derive(&key, &code);
    let account = AccountContext {
        account_id: file.array("account_id"),
        keyset_version: file.number("keyset_version"),
    };
    let vault = VaultKeyContext {
        owner: file.array("account_id"),
        vault: file.array("vault"),
        epoch: file.number("epoch"),
    };
    let state = StateContext {
        owner: file.array("account_id"),
        label: "draft",
    };
    assert_eq!(state.label, file.text("state_label"));
    let rng = |name: &str| TapeRng::for_salt(&file[name].bytes("salt"));
    let envelope = |name: &str| file[name].bytes("envelope");

    let root = RootKey::make(&mut TapeRng::new(&[&hierarchy.bytes("root_key")]));
    let wrapped = root.wrap(&unlock, &account, &mut rng("root_key")).unwrap();
    assert_eq!(wrapped, envelope("root_key"));
    let root = RootKey::unwrap(&wrapped, &unlock, &account).unwrap();

    let private_keys = &file["keyring"].bytes("plaintext")[1..];
    let keyring = Keyring::make(&mut TapeRng::new(&[private_keys]));
    assert_eq!(keyring.bundle().encode(), file.bytes("bundle"));
    assert_eq!(keyring.bundle().user_id(), account.account_id);
    let wrapped = root
        .wrap_keyring(&keyring, &account, &mut rng("keyring"))
        .unwrap();
    assert_eq!(wrapped, envelope("keyring"));
    let keyring = root.unwrap_keyring(&wrapped, &account).unwrap();
    assert_eq!(keyring.bundle().encode(), file.bytes("bundle"));

    let vault_key = VaultKey::make(&mut TapeRng::new(&[&file["vault_key"].bytes("plaintext")]));
    let wrapped = root
        .wrap_vault_key(&vault_key, &vault, &mut rng("vault_key"))
        .unwrap();
    assert_eq!(wrapped, envelope("vault_key"));
    let vault_key = root.unwrap_vault_key(&wrapped, &vault).unwrap();
    let items = vector_file("kae1.json");
    let context = ItemContext {
        owner: items.array("owner"),
        vault: items.array("vault"),
        item: items.array("item"),
        part: Part::Overview,
        version: 1,
        epoch: 1,
        schema: 1,
    };
    assert!(
        vault_key
            .open(&context, &items["cases"][0].bytes("envelope"))
            .unwrap()
            .is_empty()
    );

    let plaintext = file["state"].bytes("plaintext");
    let sealed = root
        .seal_state(&state, &plaintext, &mut rng("state"))
        .unwrap();
    assert_eq!(sealed, envelope("state"));
    assert_eq!(
        root.open_state(&state, &sealed).unwrap().as_slice(),
        plaintext
    );

    for (name, place) in [
        ("root_key", Place::RootKey(account)),
        ("keyring", Place::Keyring(account)),
        ("vault_key", Place::VaultKey(vault)),
        ("state", Place::State(state)),
    ] {
        check_layers(&file[name], &file[name].bytes("wrapping_key"), &place);
    }
}

#[test]
fn padded_lengths() {
    for pair in vector_file("padding.json").list("lengths") {
        let [plain, padded] = [0, 1].map(|i| pair[i].as_u64().unwrap() as usize);
        assert_eq!(padded_len(plain), padded, "{plain}");
    }
}
