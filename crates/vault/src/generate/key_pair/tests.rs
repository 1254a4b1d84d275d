use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::*;
use crate::{Kind, MaterialFacts, certificate::KeyMatch, read_material};

/// Counts up: a key that can be known beforehand.
struct Counting(u8);

impl rand_core::TryRng for Counting {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0x0102_0304)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}

fn make(recipe: &KeyPairRecipe, pkcs8: Option<&[u8]>) -> Result<KeyPair, KeyPairError> {
    let mut rng = Counting(0);
    let made = pin!(make_key_pair(recipe, &mut rng, async |_| pkcs8
        .map(|bytes| Zeroizing::new(bytes.to_vec()))));
    match made.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => made,
        Poll::Pending => panic!("nothing here waits"),
    }
}

use std::future::Future as _;

fn der_of(pem: &str) -> Vec<u8> {
    let (block, _) = crate::certificate::pem::next_block(pem)
        .expect("read")
        .expect("a block");
    block.bytes.to_vec()
}

const RSA: &str = include_str!("../../../tests/vault/material/rsa.key");
const EC: &str = include_str!("../../../tests/vault/material/wildcard.key");

#[test]
fn an_ed25519_pair_is_the_one_of_the_standard() {
    let recipe = KeyPairRecipe::default();
    let pair = make(&recipe, None).expect("made");
    // The seed 00 01 … 1f; the public key by OpenSSL.
    assert!(
        pair.private_key
            .contains("MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")
    );
    assert!(
        pair.public_key
            .contains("MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=")
    );
}

#[test]
fn what_was_made_elsewhere_is_written_and_read_again() {
    let recipe = |algorithm, ssh: Option<&str>| KeyPairRecipe {
        algorithm,
        ssh_comment: ssh.map(str::to_owned),
    };
    let (rsa, ec) = (der_of(RSA), der_of(EC));
    let pair = make(&recipe(KeyAlgorithm::Rsa2048, None), Some(&rsa)).expect("made");
    assert_eq!(pair.private_key, RSA);
    let pair = make(&recipe(KeyAlgorithm::EcP256, None), Some(&ec)).expect("made");
    assert_eq!(pair.private_key, EC);
    for (algorithm, pkcs8) in [
        (KeyAlgorithm::Ed25519, None),
        (KeyAlgorithm::Rsa2048, Some(rsa.as_slice())),
    ] {
        let pair = make(&recipe(algorithm, Some("ada@example.com")), pkcs8).expect("made");
        let both = format!("{}{}", pair.private_key, pair.public_key);
        let read = read_material(Kind::SshKey, both.as_bytes(), None).expect("read");
        let MaterialFacts::Ssh(facts) = read.facts else {
            panic!("an SSH key");
        };
        assert_eq!(facts.private_key, KeyMatch::Matches);
        assert_eq!(facts.comment, "ada@example.com");
        assert!(!facts.encrypted);
    }
}

#[test]
fn what_cannot_be_made_says_so() {
    let mut recipe = KeyPairRecipe {
        algorithm: KeyAlgorithm::EcP256,
        ssh_comment: Some(String::new()),
    };
    assert_eq!(make(&recipe, None), Err(KeyPairError::NotForSsh));
    recipe.ssh_comment = None;
    assert_eq!(make(&recipe, None), Err(KeyPairError::NotMade));
    assert_eq!(make(&recipe, Some(b"0")), Err(KeyPairError::NotMade));
    // Another algorithm, and another size, than was asked for.
    let rsa = der_of(RSA);
    assert_eq!(make(&recipe, Some(&rsa)), Err(KeyPairError::NotMade));
    recipe.algorithm = KeyAlgorithm::Rsa4096;
    assert_eq!(make(&recipe, Some(&rsa)), Err(KeyPairError::NotMade));
    recipe.algorithm = KeyAlgorithm::Ed25519;
    for comment in ["two\nlines".to_owned(), "x".repeat(COMMENT_MAX + 1)] {
        recipe.ssh_comment = Some(comment);
        assert_eq!(make(&recipe, None), Err(KeyPairError::Comment));
    }
}
