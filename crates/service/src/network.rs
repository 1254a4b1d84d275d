//! Where an address is, from nothing but the address.

use std::net::{IpAddr, Ipv4Addr};

/// The network of an address, as coarse as it is stored and shown: of IPv4 the first half, of
/// IPv6 the first quarter, which is about a provider or a large organisation. Nothing is looked
/// up, and the rest of the address is not kept.
pub(crate) fn coarse(address: IpAddr) -> String {
    let address = address.to_canonical();
    if address.is_loopback() {
        return "this machine".to_owned();
    }
    match address {
        IpAddr::V4(v4) if v4.is_private() || v4.is_link_local() || is_shared(v4) => private(),
        IpAddr::V6(v6) if v6.is_unique_local() || v6.is_unicast_link_local() => private(),
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            format!("{a}.{b}.x.x")
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            format!("{a:x}:{b:x}::x")
        }
    }
}

fn private() -> String {
    "a private network".to_owned()
}

/// Between a provider and its customers (RFC 6598): it says as little as a private one.
fn is_shared(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    a == 100 && b & 0xc0 == 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_network_is_told() {
        for (address, told) in [
            ("203.0.113.77", "203.0.x.x"),
            ("::ffff:203.0.113.77", "203.0.x.x"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8::x"),
            ("127.0.0.1", "this machine"),
            ("127.8.9.1", "this machine"),
            ("::1", "this machine"),
            ("10.1.2.3", "a private network"),
            ("172.16.0.1", "a private network"),
            ("172.32.0.1", "172.32.x.x"),
            ("192.168.178.20", "a private network"),
            ("169.254.1.1", "a private network"),
            ("100.64.0.1", "a private network"),
            ("100.127.255.1", "a private network"),
            ("100.128.0.1", "100.128.x.x"),
            ("fd12:3456::1", "a private network"),
            ("fe80::1", "a private network"),
        ] {
            let parsed: IpAddr = address.parse().expect("an address");
            assert_eq!(coarse(parsed), told, "{address}");
        }
    }
}
