//! Content security policies. The tightest that work; `docs/configuration.md` has nothing on
//! them because they are not configurable.

use http::HeaderValue;
use keyarc_app::check_frame::{REACH, SCRIPT_HASH};

/// For what is not a document: answers of the API, files.
pub const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For public pages: no script at all.
pub const PUBLIC: &str = "default-src 'none'; script-src 'none'; style-src 'self'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For the page that asks before it switches mails off: one form, to this server.
pub const FORM: &str = "default-src 'none'; script-src 'none'; style-src 'self'; \
    font-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// For the vault worker's script, whose own response governs it.
pub const WORKER: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// For the frame in which keys are tried: its one script, by its hash, and an origin that is
/// nobody's. Before it asks, it narrows itself to whom it asks.
pub fn check_frame() -> String {
    format!(
        "default-src 'none'; script-src '{SCRIPT_HASH}'; connect-src {REACH}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; \
         trusted-types 'none'; sandbox allow-scripts"
    )
}

/// For a page of the vault app: scripts by nonce only, and one Trusted Types policy, which makes
/// the worker's address. The page reaches this server alone; a key is tried in a frame of this
/// server, which cannot reach the page.
pub fn vault(nonce: &str, live_reload: bool) -> Option<HeaderValue> {
    let reload = if live_reload {
        " ws://127.0.0.1:3001 ws://localhost:3001"
    } else {
        ""
    };
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'strict-dynamic' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'{reload}; \
         worker-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types keyarc-worker"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vault_policy_is_one_line_with_its_nonce() {
        let header = vault("abc123", false).expect("a header");
        let text = header.to_str().expect("text");
        assert!(text.contains("script-src 'strict-dynamic' 'nonce-abc123' 'wasm-unsafe-eval';"));
        assert!(text.contains("connect-src 'self'; "));
        assert!(text.contains(" frame-src 'self'; "));
        assert!(!text.contains("  ") && !text.contains("unsafe-inline"));
        assert!(vault("abc\n", false).is_none());
    }
}
