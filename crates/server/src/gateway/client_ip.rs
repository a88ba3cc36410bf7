//! Whose call it is, behind proxies.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::handling::parse_network;

/// The caller's address: the peer's, or, as long as the address at hand is a trusted proxy's, the one that
/// this proxy wrote down last in `X-Forwarded-For`. What a stranger writes there counts for nothing.
pub(crate) fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.into_iter().rev() {
        if !is_trusted(client, trusted) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => client = ip.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// Whether an address is a trusted proxy's.
pub(crate) fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&ip))
}

/// Whether an allow list (networks or addresses separated by blanks; empty for any) has the address on it.
pub(crate) fn allowed(allow_ips: &str, client: IpAddr) -> bool {
    let mut networks = allow_ips.split_ascii_whitespace().peekable();
    networks.peek().is_none() || networks.filter_map(parse_network).any(|network| network.contains(&client))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let ip = |peer: &str, forwarded: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            client_ip(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(ip("203.0.113.9", "198.51.100.1"), "203.0.113.9", "a stranger says what he likes");
        assert_eq!(ip("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(
            ip("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2"),
            "198.51.100.1",
            "the last that is no proxy"
        );
        assert_eq!(ip("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(ip("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1", "IPv4 in IPv6");
    }

    #[test]
    fn allow_lists() {
        let client = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(allowed("", client("203.0.113.9")));
        assert!(allowed("192.0.2.1 203.0.113.0/24", client("203.0.113.9")));
        assert!(!allowed("192.0.2.1 203.0.113.0/24", client("203.0.114.9")));
    }
}
