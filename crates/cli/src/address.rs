//! Where a credential is for: scheme, host and port, all three of them or it is another place.

use url::{Host, Url};

/// Longer addresses are those of nobody.
const LONGEST: usize = 4096;

/// An origin and a path, as an item or a program names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `https://github.com`, `http://127.0.0.1:8080`; a port that the scheme implies is not written.
    pub origin: String,
    /// Without slashes at its ends.
    pub path: String,
}

impl Address {
    /// Of what stands in an item. One without a scheme is meant for HTTPS. `None` for what is no
    /// such address, and for one that would send a secret in clear over a network.
    pub fn of_item(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.contains("://") {
            true => Self::parse(text),
            false => Self::parse(&format!("https://{text}")),
        }
    }

    /// Of a scheme and a host with perhaps a port, and nothing else in either.
    pub fn of_host(scheme: &str, host: &str) -> Option<Self> {
        let is_host =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        let is_plain = !host.is_empty() && host.chars().all(is_host);
        is_plain.then(|| Self::parse(&format!("{scheme}://{host}")))?
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST || text.contains(char::is_control) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let is_safe = match url.scheme() {
            "https" => true,
            "http" => url.host().is_some_and(|host| is_loopback(&host)),
            _ => false,
        };
        is_safe.then(|| Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_matches('/').to_owned(),
        })
    }

    /// How much of another place's path this one names, in bytes; `None` when it names another
    /// path.
    pub fn covers(&self, path: &str) -> Option<usize> {
        let rest = path.strip_prefix(self.path.as_str())?;
        let ends = self.path.is_empty() || rest.is_empty() || rest.starts_with('/');
        // A repository is called with and without its ending.
        (ends || rest == ".git").then_some(self.path.len())
    }
}

/// Whether a host is this machine, whoever answers for names.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_an_item_names_one_origin() {
        for (text, origin, path) in [
            ("github.com", "https://github.com", ""),
            (" https://GitHub.com/acme/ ", "https://github.com", "acme"),
            ("https://github.com:443", "https://github.com", ""),
            ("git.example:8443", "https://git.example:8443", ""),
            ("http://127.0.0.1:80/x", "http://127.0.0.1", "x"),
            ("http://[::1]:3000", "http://[::1]:3000", ""),
            ("http://git.localhost", "http://git.localhost", ""),
            (
                "https://bücher.example",
                "https://xn--bcher-kva.example",
                "",
            ),
            // Whom it is for is the host, whatever stands before it.
            (
                "https://github.com@evil.example",
                "https://evil.example",
                "",
            ),
        ] {
            let address = Address::of_item(text).expect("an address");
            assert_eq!(
                (address.origin.as_str(), address.path.as_str()),
                (origin, path),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_goes_in_clear_over_a_network_or_to_what_is_no_host() {
        for text in [
            "",
            "http://github.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://",
            "https://a b",
            "https://a\nb",
        ] {
            assert_eq!(Address::of_item(text), None, "{text:?}");
        }
        for host in [
            "", "a/b", "a@b", "a?b", "a#b", "a\\b", "a\nb", "a b", "a%2fb", "a:99999",
        ] {
            assert_eq!(Address::of_host("https", host), None, "{host:?}");
        }
        assert_eq!(Address::of_host("http", "github.com"), None);
        assert_eq!(Address::of_host("ssh", "github.com"), None);
    }

    #[test]
    fn a_path_is_covered_at_its_slashes() {
        let of = |text| Address::of_item(text).expect("an address");
        assert_eq!(of("a.example").covers("acme/site"), Some(0));
        assert_eq!(of("a.example/acme").covers("acme/site.git"), Some(4));
        assert_eq!(of("a.example/acme/site").covers("acme/site.git"), Some(9));
        assert_eq!(of("a.example/acme").covers("acmes/site"), None);
        assert_eq!(of("a.example/acme").covers(""), None);
    }
}
