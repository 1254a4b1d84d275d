//! Where to go after unlocking: back to where the lock came, and never to another site.

/// The log-in page's address when the vault locks at `path_and_query`.
pub fn path_after(path_and_query: &str) -> String {
    if path_and_query == "/vault" {
        return "/log-in".to_owned();
    }
    let mut encoded = String::from("/log-in?next=");
    for byte in path_and_query.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Where the log-in page leads, from its `next` parameter. Only the vault's own pages.
pub fn next_path(next: Option<&str>) -> String {
    let own = |path: &&str| {
        let end = path.find('?').unwrap_or(path.len());
        matches!(
            &path[..end],
            "/vault"
                | "/vault/checks"
                | "/vault/dashboard"
                | "/vault/export"
                | "/vault/import"
                | "/vault/reminders"
                | "/vault/moment"
                | "/settings"
        )
    };
    next.filter(own).unwrap_or("/vault").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leads_to_own_pages_only() {
        assert_eq!(next_path(Some("/vault?item=00&q=a")), "/vault?item=00&q=a");
        for page in ["checks", "dashboard", "export", "import", "moment"] {
            let path = format!("/vault/{page}");
            assert_eq!(next_path(Some(&path)), path);
        }
        assert_eq!(next_path(Some("/settings")), "/settings");
        assert_eq!(
            next_path(Some("/vault/reminders?id=0a")),
            "/vault/reminders?id=0a"
        );
        for path in [
            "//evil.example",
            "https://evil.example",
            "/vaultx",
            "javascript:alert(1)",
            "/\\evil",
            "",
        ] {
            assert_eq!(next_path(Some(path)), "/vault", "{path}");
        }
        assert_eq!(next_path(None), "/vault");
    }

    #[test]
    fn the_place_is_one_parameter() {
        assert_eq!(path_after("/vault"), "/log-in");
        assert_eq!(
            path_after("/vault?item=0a&q=b"),
            "/log-in?next=/vault%3Fitem%3D0a%26q%3Db"
        );
    }
}
