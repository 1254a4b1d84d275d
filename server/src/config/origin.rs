use std::{fmt, net::IpAddr};

/// A web origin spelled as browsers spell it: scheme, host, and a port other than the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Accepts only the canonical spelling, so that it can be compared byte by byte with an
    /// `Origin` header and with what clients sign.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let default_port = match scheme {
            "https" => "443",
            "http" => "80",
            _ => return None,
        };
        let (host, port) = split_port(authority)?;
        let host_is_plain = if let Some(v6) = host.strip_prefix('[') {
            v6.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        };
        let port_is_plain = port.is_none_or(|port| {
            port != default_port && !port.starts_with('0') && port.parse::<u16>().is_ok()
        });
        (host_is_plain && port_is_plain).then(|| Self(text.to_owned()))
    }

    /// `http` on a loopback name or address with the given port.
    pub(super) fn loopback(host: &str, port: u16) -> Self {
        match port {
            80 => Self(format!("http://{host}")),
            _ => Self(format!("http://{host}:{port}")),
        }
    }

    /// The text, as in an `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the connection to it is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether it names this machine only.
    pub fn is_loopback(&self) -> bool {
        let authority = self
            .0
            .split_once("://")
            .map_or("", |(_, authority)| authority);
        let host = split_port(authority).map_or(authority, |(host, _)| host);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(end) = authority.find(']') {
        let (host, rest) = authority.split_at(end + 1);
        return match rest {
            "" => Some((host, None)),
            _ => rest.strip_prefix(':').map(|port| (host, Some(port))),
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_spelling_of_browsers_is_taken() {
        for good in [
            "https://keyarc.example",
            "https://keyarc.example:8443",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://localhost",
        ] {
            assert!(Origin::parse(good).is_some(), "{good}");
        }
        for bad in [
            "keyarc.example",
            "https://",
            "https://keyarc.example/",
            "https://keyarc.example:443",
            "https://Keyarc.example",
            "https://keyarc.example:0443",
            "https://keyarc.example:99999",
            "https://user@keyarc.example",
            "ftp://keyarc.example",
            "http://[::1",
            "http://[::g]:1",
            "null",
        ] {
            assert!(Origin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_told_from_the_rest() {
        let is_loopback = |text| Origin::parse(text).expect("an origin").is_loopback();
        assert!(is_loopback("http://127.0.0.1:3000"));
        assert!(is_loopback("http://[::1]:3000"));
        assert!(is_loopback("http://localhost:3000"));
        assert!(!is_loopback("http://192.168.1.4:3000"));
        assert!(!is_loopback("http://localhost.example"));
    }
}
