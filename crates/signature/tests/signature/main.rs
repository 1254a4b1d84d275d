//! The crate from outside: vectors, RFC 8032, Wycheproof, and what must be refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod bundle;
mod ed25519;
mod manifest;

use serde_json::Value;

fn vector_file(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(case: &Value, key: &str) -> Vec<u8> {
    hex::decode(case[key].as_str().unwrap()).unwrap()
}

fn array<const N: usize>(case: &Value, key: &str) -> [u8; N] {
    bytes(case, key).try_into().unwrap()
}
