//! The libraries below, against the test vectors of their standards and of Project Wycheproof.
//! A new version of a library, or a miscompiled one, must not get past these.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};
use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};

use crate::support::{Fields as _, vector_file};

#[test]
fn sha_256_fips_180_4() {
    assert_eq!(
        hex::encode(Sha256::digest(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn aes_256_gcm_wycheproof() {
    let file = vector_file("wycheproof-aes-256-gcm.json");
    let mut refused = 0;
    for case in file.list("tests") {
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(case.array::<32>("key")));
        let (iv, aad) = (Nonce::from(case.array::<12>("iv")), case.bytes("aad"));
        let tag = Tag::from(case.array::<16>("tag"));
        let mut body = case.bytes("ct");
        let opened = cipher
            .decrypt_inout_detached(&iv, &aad, body.as_mut_slice().into(), &tag)
            .is_ok();
        assert_eq!(opened, case.flag("valid"), "{case}");
        if opened {
            assert_eq!(body, case.bytes("msg"), "{case}");
            let made = cipher
                .encrypt_inout_detached(&iv, &aad, body.as_mut_slice().into())
                .unwrap();
            assert_eq!((made, body), (tag, case.bytes("ct")), "{case}");
        } else {
            refused += 1;
        }
    }
    assert!(refused >= 20, "the modified tags are part of the vectors");
}

#[test]
fn hkdf_sha256_rfc_5869_and_wycheproof() {
    // The first three cases are those of RFC 5869, appendix A.
    for case in vector_file("wycheproof-hkdf-sha256.json").list("tests") {
        let hkdf = Hkdf::<Sha256>::new(Some(&case.bytes("salt")), &case.bytes("ikm"));
        let mut okm = vec![0; case.number("size")];
        let expanded = hkdf.expand(&case.bytes("info"), &mut okm);
        assert_eq!(expanded.is_ok(), case.flag("valid"), "{case}");
        if case.flag("valid") {
            assert_eq!(okm, case.bytes("okm"), "{case}");
        }
    }
}

#[test]
fn pbkdf2_hmac_sha256_rfc_7914_and_wycheproof() {
    for case in vector_file("wycheproof-pbkdf2-hmac-sha256.json").list("tests") {
        let expected = case.bytes("dk");
        let mut key = vec![0; expected.len()];
        pbkdf2::pbkdf2_hmac::<Sha256>(
            &case.bytes("password"),
            &case.bytes("salt"),
            case.number("iterationCount"),
            &mut key,
        );
        assert_eq!(key, expected, "{case}");
    }
}

#[test]
fn argon2id_rfc_9106() {
    // Section 5.3.
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let mut tag = [0; 32];
    Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .unwrap()
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    assert_eq!(
        hex::encode(tag),
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    );
}
