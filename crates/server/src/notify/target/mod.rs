//! Which addresses may be called. Whoever sets up a webhook chooses where this server connects to, so that
//! it must not become a way into the network that the server stands in.
//!
//! The caller resolves the host's name, has the result checked by [`check`], and connects to exactly those
//! addresses: without a second look-up, whose answer may be another, without a proxy, and without following
//! redirections.

mod nets;

use std::net::IpAddr;

pub use nets::Net;
use url::{Host, Url};

/// What the operator allows beyond the public web.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// `http` as well as `https`.
    pub http: bool,
    /// Addresses of private networks and of this machine. What no receiver can have (multicast,
    /// unspecified) stays closed, and so does where clouds hand credentials to their machines.
    pub private: bool,
}

/// Why an address may not be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no URL.
    #[error("地址不是合法的网址 ¦ the address is no URL")]
    NoUrl,
    /// Longer than 2048 characters.
    #[error("地址过长，最多 2048 个字符 ¦ the address is too long, at most 2048 characters are allowed")]
    TooLong,
    /// Another protocol.
    #[error("地址须以 https:// 开头 ¦ the address must begin with https://")]
    Scheme,
    /// A user name or password stands in it.
    #[error("地址中不能带用户名或密码 ¦ the address must hold no user name and no password")]
    Credentials,
    /// The port 0.
    #[error("地址的端口不能为 0 ¦ the address must not name port 0")]
    Port,
    /// The name of this machine.
    #[error("地址不能指向本机 ¦ the address must not lead to this machine")]
    ThisMachine,
    /// The name leads nowhere.
    #[error("域名没有解析结果 ¦ the name has no address")]
    Nowhere,
    /// The name leads to where nobody may call.
    #[error("地址 {ip} 属于{}，不允许调用 ¦ {ip} is {}, which may not be called", .net.zh(), .net.en())]
    Net {
        /// The address.
        ip: IpAddr,
        /// What it belongs to.
        net: Net,
    },
}

/// The longest address, in bytes.
const LONGEST: usize = 2048;

/// The URL, if it may be kept as a target. What its name leads to is checked by [`check`] at each attempt.
pub fn parse(address: &str, allowed: Allowed) -> Result<Url, Refused> {
    if address.len() > LONGEST {
        return Err(Refused::TooLong);
    }
    let url = Url::parse(address.trim()).map_err(|_| Refused::NoUrl)?;
    match url.scheme() {
        "https" => (),
        "http" if allowed.http => (),
        _ => return Err(Refused::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Credentials);
    }
    if url.port() == Some(0) {
        return Err(Refused::Port);
    }
    // Numbers in any notation are addresses by now.
    match url.host().ok_or(Refused::NoUrl)? {
        Host::Ipv4(ip) => permit(ip.into(), allowed)?,
        Host::Ipv6(ip) => permit(ip.into(), allowed)?,
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let local = name == "localhost" || name.ends_with(".localhost");
            if local && !allowed.private {
                return Err(Refused::ThisMachine);
            }
        }
    }
    Ok(url)
}

/// Whether all of the addresses that a target's name was resolved to may be called. One that may not
/// refuses them all: a name of the public web has none.
pub fn check(resolved: &[IpAddr], allowed: Allowed) -> Result<(), Refused> {
    if resolved.is_empty() {
        return Err(Refused::Nowhere);
    }
    resolved.iter().try_for_each(|&ip| permit(ip, allowed))
}

fn permit(ip: IpAddr, allowed: Allowed) -> Result<(), Refused> {
    match nets::net(ip) {
        Some(net) if !(allowed.private && net.is_private()) => Err(Refused::Net { ip, net }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Allowed = Allowed { http: false, private: false };
    const PRIVATE: Allowed = Allowed { http: false, private: true };

    fn net(address: &str, allowed: Allowed) -> Option<Net> {
        match check(&[address.parse().unwrap()], allowed) {
            Err(Refused::Net { net, .. }) => Some(net),
            Ok(()) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_setting_opens_what_is_private_and_no_more() {
        for address in
            ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "100.64.0.1", "::ffff:10.0.0.1"]
        {
            assert_eq!(net(address, PRIVATE), None, "{address}");
        }
        for address in [
            "169.254.169.254",
            "169.254.0.23",
            "fe80::1",
            "100.100.100.200",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "2001::1",
        ] {
            assert!(net(address, PRIVATE).is_some(), "{address}");
        }
    }

    #[test]
    fn one_bad_address_refuses_them_all() {
        let (good, bad) = ("1.1.1.1".parse().unwrap(), "10.0.0.1".parse().unwrap());
        assert_eq!(check(&[good, good], NOTHING), Ok(()));
        assert_eq!(check(&[good, bad], NOTHING), Err(Refused::Net { ip: bad, net: Net::Private }));
        assert_eq!(check(&[], PRIVATE), Err(Refused::Nowhere));
        let said = Refused::Net { ip: bad, net: Net::Private }.to_string();
        assert_eq!(
            said,
            "地址 10.0.0.1 属于内网，不允许调用 ¦ 10.0.0.1 is of a private network, which may not be called"
        );
    }

    #[test]
    fn urls() {
        let refused = |address: &str| parse(address, NOTHING).unwrap_err();
        assert_eq!(
            parse(" https://example.com/hook?a=1 ", NOTHING).unwrap().as_str(),
            "https://example.com/hook?a=1"
        );
        assert!(parse("https://example.com:8443/", NOTHING).is_ok());
        assert!(parse("https://投诉.中国/", NOTHING).is_ok());
        for address in
            ["", "example.com", "https://", "https:///x y", "//example.com", "https://[::1", "https://a b/"]
        {
            assert_eq!(refused(address), Refused::NoUrl, "{address}");
        }
        for address in
            ["http://example.com", "ftp://example.com", "file:///etc/passwd", "gopher://a", "data:,x"]
        {
            assert_eq!(refused(address), Refused::Scheme, "{address}");
        }
        assert!(parse("http://example.com", Allowed { http: true, ..NOTHING }).is_ok());
        for address in [
            "https://user@example.com",
            "https://user:word@example.com",
            "https://:word@example.com",
            "https://1.1.1.1@10.0.0.1/",
        ] {
            assert_eq!(refused(address), Refused::Credentials, "{address}");
        }
        for address in ["https://localhost", "https://LOCALHOST.:8443", "https://a.localhost/"] {
            assert_eq!(refused(address), Refused::ThisMachine, "{address}");
            assert!(parse(address, PRIVATE).is_ok());
        }
        assert_eq!(refused("https://example.com:0/"), Refused::Port);
        assert_eq!(refused(&format!("https://example.com/{}", "x".repeat(2048))), Refused::TooLong);
    }

    #[test]
    fn numbers_in_any_notation_are_addresses() {
        for address in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "[::1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:127.0.0.1]",
        ] {
            let refused = parse(&format!("https://{address}/"), NOTHING).unwrap_err();
            assert!(matches!(refused, Refused::Net { net: Net::Loopback, .. }), "{address}: {refused}");
        }
    }
}
