//! The release manifest: everything that a version of KeyArc sends to a browser, signed.
//!
//! A server that means harm could send one person another page. The manifest does not stop it,
//! but it makes it show: whoever has the public key asks any server for all it serves and
//! compares ([`check`]), and the code says in its settings which code it is.
//!
//! ```text
//! keyarc-release 1
//! version <version>
//! previous <SHA-256 of the manifest before, or "none">
//! file <SHA-256> <path>          what is served at a path
//! page <SHA-256> <path>          a document, with "NONCE" in the place of its nonce
//! policy <path> <policy>         its Content-Security-Policy, likewise
//! key <Ed25519 public key>
//! signature <Ed25519 signature of all lines before>
//! ```
//! Hashes, key and signature are lower-case hexadecimal. Lines end in a line feed, those of a
//! kind stand together in the order of their paths, and each path stands once in a kind: there
//! is one text for one release.

mod check;
mod fetch;
mod text;

pub use check::{Finding, check};
pub use fetch::{PAGES, answers, observe, shown_by};
pub use text::{Release, ReleaseError, SignedRelease, TEXT_MAX};

use sha2::{Digest as _, Sha256};

/// SHA-256 (FIPS 180-4).
pub type Hash = [u8; 32];

pub(crate) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}
