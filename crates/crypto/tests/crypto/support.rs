//! Generators that tests control, and a reader for the vector files.

use std::convert::Infallible;
use std::path::PathBuf;

use keyarc_crypto::{ItemContext, Part};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;

pub use crate::counter_rng::CounterRng;

/// Gives exactly these bytes and panics beyond them.
pub struct TapeRng(Vec<u8>);

impl TapeRng {
    pub fn new(tape: &[&[u8]]) -> Self {
        Self(tape.concat())
    }

    /// The tape of one sealing: its salt, and the probe that must differ from it.
    pub fn for_salt(salt: &[u8]) -> Self {
        let probe: Vec<u8> = salt[..8].iter().map(|byte| !byte).collect();
        Self::new(&[salt, &probe])
    }
}

/// Starts again with every call, like a generator whose state does not move.
pub struct StuckRng(pub [u8; 32]);

impl TryRng for TapeRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let rest = self.0.split_off(out.len());
        out.copy_from_slice(&self.0);
        self.0 = rest;
        Ok(())
    }
}

impl TryRng for StuckRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from(self.0[0]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.0[0]))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&self.0[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TapeRng {}
impl TryCryptoRng for StuckRng {}

/// An ordinary place.
pub fn context() -> ItemContext {
    ItemContext {
        owner: [1; 16],
        vault: [2; 16],
        item: [3; 16],
        part: Part::Overview,
        version: 4,
        epoch: 5,
        schema: 1,
    }
}

pub fn vector_file(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Short forms for reading vectors; a missing or mistyped field fails the test.
pub trait Fields {
    fn list(&self, key: &str) -> &[Value];
    fn text(&self, key: &str) -> &str;
    fn bytes(&self, key: &str) -> Vec<u8>;
    fn number<T: TryFrom<u64>>(&self, key: &str) -> T;
    fn flag(&self, key: &str) -> bool;

    fn array<const N: usize>(&self, key: &str) -> [u8; N] {
        self.bytes(key).try_into().unwrap()
    }
}

impl Fields for Value {
    fn list(&self, key: &str) -> &[Value] {
        self[key].as_array().unwrap()
    }

    fn text(&self, key: &str) -> &str {
        self[key].as_str().unwrap()
    }

    fn bytes(&self, key: &str) -> Vec<u8> {
        hex::decode(self.text(key)).unwrap()
    }

    fn number<T: TryFrom<u64>>(&self, key: &str) -> T {
        T::try_from(self[key].as_u64().unwrap()).ok().unwrap()
    }

    fn flag(&self, key: &str) -> bool {
        self[key].as_bool().unwrap()
    }
}
