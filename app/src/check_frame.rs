//! The frame in which keys are tried: a document with one script, which both halves know. The
//! server serves it, the page loads it and tells the browser which script it has to be.

/// Where the frame is. Nothing in the address says who is asked, or with what.
pub const PATH: &str = "/check-frame";

/// Its script.
pub const SCRIPT: &str = include_str!("check_frame.js");

/// What a content security policy calls the script.
pub const SCRIPT_HASH: &str = "sha256-IxKNQDIDfJI2n5BF3ctyhfhz5531fj5Btm3iujyM9rE=";

/// Whom a policy lets the frame reach before it narrows itself: any provider, and test servers on
/// this computer.
pub const REACH: &str = "https: http://localhost:* http://127.0.0.1:*";

/// The document.
pub fn document() -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Test of a          key</title><script>{SCRIPT}</script></head></html>"
    )
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_script() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
        assert_eq!(SCRIPT_HASH, format!("sha256-{hash}"));
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
