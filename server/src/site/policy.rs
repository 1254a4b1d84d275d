//! Content security policies. The tightest that work; `docs/configuration.md` has nothing on
//! them because they are not configurable.

use http::HeaderValue;

/// For what is not a document: answers of the API, files.
pub const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For public pages: no script at all.
pub const PUBLIC: &str = "default-src 'none'; script-src 'none'; style-src 'self'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For the vault worker's script, whose own response governs it.
pub const WORKER: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// For a page of the vault app: scripts by nonce only, and one Trusted Types policy, which makes
/// the worker's address.
pub fn vault(nonce: &str, live_reload: bool) -> Option<HeaderValue> {
    let reload = if live_reload {
        " ws://127.0.0.1:3001 ws://localhost:3001"
    } else {
        ""
    };
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'strict-dynamic' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'{reload}; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
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
        assert!(!text.contains("  ") && !text.contains("unsafe-inline"));
        assert!(vault("abc\n", false).is_none());
    }
}
