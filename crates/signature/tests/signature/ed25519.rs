//! Signatures with purposes, and the library below.

use ed25519_dalek::Signer as _;
use keyarc_signature::{Purpose, SignatureError, SigningKey, VerifyingKey};
use proptest::prelude::*;

use crate::{array, bytes, vector_file};

#[test]
fn ed25519_rfc_8032() {
    // Section 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
        (
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
        ),
    ];
    for (seed, public, message, signature) in cases {
        let [seed, public, message, signature] =
            [seed, public, message, signature].map(|text| hex::decode(text).unwrap());
        let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().unwrap());
        assert_eq!(key.verifying_key().as_bytes().as_slice(), public);
        assert_eq!(key.sign(&message).to_bytes().as_slice(), signature);
        let ours = SigningKey::from_seed(&key.to_bytes());
        assert_eq!(ours.public_key().as_slice(), public);
        assert_eq!(*ours.seed(), key.to_bytes());
    }
}

#[test]
fn ed25519_wycheproof() {
    for case in vector_file("wycheproof-ed25519.json")["tests"]
        .as_array()
        .unwrap()
    {
        let verified = ed25519_dalek::Signature::from_slice(&bytes(case, "sig")).is_ok_and(|sig| {
            ed25519_dalek::VerifyingKey::from_bytes(&array(case, "pk"))
                .is_ok_and(|key| key.verify_strict(&bytes(case, "msg"), &sig).is_ok())
        });
        assert_eq!(verified, case["valid"] == true, "{case}");
    }
}

#[test]
fn checked_in_signatures() {
    let file = vector_file("signature.json");
    let key = SigningKey::from_seed(&array(&file, "seed"));
    assert_eq!(key.public_key(), array(&file, "public_key"));
    let raw = ed25519_dalek::SigningKey::from_bytes(&key.seed());
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let purpose = match case["purpose"].as_str().unwrap() {
            "login" => Purpose::Login,
            "sign-up" => Purpose::SignUp,
            "user-bundle" => Purpose::UserBundle,
            "password-change" => Purpose::PasswordChange,
            "confirm" => Purpose::Confirm,
            "vault-manifest" => Purpose::VaultManifest,
            "recovery" => Purpose::Recovery,
            "recovery-change" => Purpose::RecoveryChange,
            "recovery-key" => Purpose::RecoveryKey,
            "rekey" => Purpose::Rekey,
            "release" => Purpose::Release,
            "machine" => Purpose::Machine,
            "machine-change" => Purpose::MachineChange,
            other => panic!("unknown purpose {other}"),
        };
        let (body, signature) = (bytes(case, "body"), array(case, "signature"));
        assert_eq!(key.sign(purpose, &body), signature, "{case}");
        assert_eq!(
            raw.sign(&bytes(case, "message")).to_bytes(),
            signature,
            "{case}"
        );
        for verified_as in Purpose::ALL {
            let verified = key.verifying_key().verify(verified_as, &body, &signature);
            assert_eq!(verified.is_ok(), verified_as == purpose, "{case}");
        }
    }
    assert_eq!(cases.len(), Purpose::ALL.len() * 3);
}

#[test]
fn weak_and_malformed_public_keys_are_refused() {
    // The eight points of small order, in every encoding that the library would decode.
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    // Not on the curve.
    let malformed = ["0200000000000000000000000000000000000000000000000000000000000000"];
    for text in weak.iter().chain(&malformed) {
        let key = hex::decode(text).unwrap().try_into().unwrap();
        assert_eq!(
            VerifyingKey::from_bytes(&key),
            Err(SignatureError),
            "{text}"
        );
    }
}

#[test]
fn debug_output_shows_no_seed() {
    assert_eq!(
        format!("{:?}", SigningKey::from_seed(&[1; 32])),
        "SigningKey(redacted)"
    );
}

proptest! {
    #[test]
    fn a_signature_holds_for_its_body_and_key_only(
        seed: [u8; 32], other: [u8; 32], body in proptest::collection::vec(any::<u8>(), 0..100),
        bit in 0..512_usize, at: prop::sample::Index,
    ) {
        prop_assume!(seed != other);
        let key = SigningKey::from_seed(&seed);
        let signature = key.sign(Purpose::Login, &body);
        let verify = |body: &[u8], signature| {
            key.verifying_key().verify(Purpose::Login, body, signature).is_ok()
        };
        prop_assert!(verify(&body, &signature));
        let mut forged = signature;
        forged[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify(&body, &forged));
        let mut longer = body.clone();
        longer.insert(at.index(body.len() + 1), 0);
        prop_assert!(!verify(&longer, &signature));
        let stranger = SigningKey::from_seed(&other).verifying_key();
        prop_assert!(stranger.verify(Purpose::Login, &body, &signature).is_err());
    }
}
