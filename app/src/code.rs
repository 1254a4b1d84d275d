//! Which code this is.

use std::cell::RefCell;

use base64::{Engine as _, prelude::BASE64_STANDARD};

thread_local! {
    static HASH: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notes what the browser found the code to be: `sha256-` and base64, as in Subresource
/// Integrity. For the page's start.
pub fn set_integrity(integrity: &str) {
    HASH.set(hash_of(integrity));
}

/// SHA-256 of the WebAssembly that runs, in the hexadecimal digits that the release manifest has
/// for it. `None` while it is rebuilt under a running server.
pub fn hash() -> Option<String> {
    HASH.with_borrow(Clone::clone)
}

fn hash_of(integrity: &str) -> Option<String> {
    let hash = BASE64_STANDARD
        .decode(integrity.strip_prefix("sha256-")?)
        .ok()?;
    Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_of_the_release_manifest() {
        // FIPS 180-4, the example "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let found = hash_of("sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(found.as_deref(), Some(abc));
        assert_eq!(hash_of(""), None);
        assert_eq!(hash_of("sha256-?"), None);
    }
}
