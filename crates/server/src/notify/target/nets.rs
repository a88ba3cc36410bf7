//! What an IP address belongs to, by the registries of special addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address that is not of the public internet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the labels say it")]
pub enum Net {
    Loopback,
    Private,
    LinkLocal,
    CarrierNat,
    CloudServices,
    Multicast,
    Unspecified,
    Documentation,
    Benchmark,
    Reserved,
    Tunnel,
}

impl Net {
    pub(super) fn zh(self) -> &'static str {
        self.labels().0
    }

    pub(super) fn en(self) -> &'static str {
        self.labels().1
    }

    fn labels(self) -> (&'static str, &'static str) {
        match self {
            Net::Loopback => ("本机", "this machine"),
            Net::Private => ("内网", "of a private network"),
            Net::LinkLocal => ("链路本地网段", "link-local"),
            Net::CarrierNat => ("运营商内网", "of a carrier's private network"),
            Net::CloudServices => ("云主机内部服务", "a cloud's internal service"),
            Net::Multicast => ("组播网段", "multicast"),
            Net::Unspecified => ("未指定网段", "unspecified"),
            Net::Documentation => ("文档示例网段", "for documentation"),
            Net::Benchmark => ("测试网段", "for benchmarks"),
            Net::Reserved => ("保留网段", "reserved"),
            Net::Tunnel => ("隧道网段", "of a tunnel"),
        }
    }

    /// Whether `Allowed::private` opens it.
    pub(super) fn is_private(self) -> bool {
        match self {
            Net::Loopback | Net::Private | Net::CarrierNat => true,
            Net::Documentation | Net::Benchmark => true,
            // Clouds hand their machines credentials at link-local addresses, and no receiver has one.
            Net::LinkLocal | Net::CloudServices => false,
            Net::Multicast | Net::Unspecified | Net::Reserved | Net::Tunnel => false,
        }
    }
}

/// What `ip` belongs to; `None` for the public internet.
pub(super) fn net(ip: IpAddr) -> Option<Net> {
    match ip {
        IpAddr::V4(ip) => v4(ip),
        IpAddr::V6(ip) => v6(ip),
    }
}

const fn ip(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

/// First address, bits of the prefix, what it is `[public: the special-purpose registry of RFC 6890]`. The
/// first that fits counts. The single addresses are where clouds answer their machines `[public]`.
const V4: &[(u32, u32, Net)] = &[
    (ip(100, 100, 100, 200), 32, Net::CloudServices),
    (ip(168, 63, 129, 16), 32, Net::CloudServices),
    (ip(0, 0, 0, 0), 8, Net::Unspecified),
    (ip(10, 0, 0, 0), 8, Net::Private),
    (ip(100, 64, 0, 0), 10, Net::CarrierNat),
    (ip(127, 0, 0, 0), 8, Net::Loopback),
    (ip(169, 254, 0, 0), 16, Net::LinkLocal),
    (ip(172, 16, 0, 0), 12, Net::Private),
    (ip(192, 0, 0, 0), 24, Net::Reserved),
    (ip(192, 0, 2, 0), 24, Net::Documentation),
    (ip(192, 88, 99, 0), 24, Net::Tunnel),
    (ip(192, 168, 0, 0), 16, Net::Private),
    (ip(198, 18, 0, 0), 15, Net::Benchmark),
    (ip(198, 51, 100, 0), 24, Net::Documentation),
    (ip(203, 0, 113, 0), 24, Net::Documentation),
    (ip(224, 0, 0, 0), 4, Net::Multicast),
    (ip(240, 0, 0, 0), 4, Net::Reserved),
];

fn v4(address: Ipv4Addr) -> Option<Net> {
    let within = |&&(first, bits, _): &&(u32, u32, Net)| (address.to_bits() ^ first) >> (32 - bits) == 0;
    V4.iter().find(within).map(|&(_, _, net)| net)
}

/// As [`V4`]; of what is not listed, only 2000::/3 is the public internet.
const V6: &[(Ipv6Addr, u32, Net)] = &[
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, Net::CloudServices),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 128, Net::Unspecified),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 1), 128, Net::Loopback),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Net::Private),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Net::LinkLocal),
    // Site-local, given up long ago and still routed here and there.
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, Net::Private),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Net::Multicast),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, Net::Tunnel),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, Net::Benchmark),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Net::Documentation),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Net::Reserved),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Net::Documentation),
];

fn v6(address: Ipv6Addr) -> Option<Net> {
    let within = |&&(first, bits, _): &&(Ipv6Addr, u32, Net)| {
        (address.to_bits() ^ first.to_bits()) >> (128 - bits) == 0
    };
    if let Some(&(_, _, net)) = V6.iter().find(within) {
        return Some(net);
    }
    match address.segments() {
        // An IPv4 address in another form leads to where that one leads. ::ffff:0:0/96 is mapped,
        // 64:ff9b::/96 is NAT64, by which machines without IPv4 reach all of it.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(embedded(high, low)),
        // 6to4 is given up; whether inside is a private address or not, nobody is there to be called.
        [0x2002, high, low, ..] => Some(v4(embedded(high, low)).unwrap_or(Net::Tunnel)),
        [first, ..] if first >> 13 == 1 => None,
        _ => Some(Net::Reserved),
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<Net> {
        net(address.parse().unwrap())
    }

    #[test]
    fn the_public_internet_is_open() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "203.0.114.0",
            "223.255.255.255",
            "2400:3200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2001:200::1",
            "2001:db7:ffff::1",
            "3ffe:ffff::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn all_else_is_closed() {
        let closed: &[(&[&str], Net)] = &[
            (
                &[
                    "127.0.0.1",
                    "127.255.255.255",
                    "::1",
                    "::ffff:127.0.0.1",
                    "64:ff9b::127.0.0.1",
                    "2002:7f00:1::",
                ],
                Net::Loopback,
            ),
            (
                &[
                    "10.0.0.0",
                    "10.255.255.255",
                    "172.16.0.0",
                    "172.31.255.255",
                    "192.168.0.1",
                    "192.168.255.255",
                    "fc00::",
                    "fdff:ffff::1",
                    "fec0::1",
                    "::ffff:10.0.0.1",
                    "64:ff9b::192.168.1.1",
                    "2002:c0a8:101::1",
                    "2002:a00:1::",
                ],
                Net::Private,
            ),
            (
                &[
                    "169.254.0.1",
                    "169.254.255.255",
                    "fe80::1",
                    "febf::1",
                    "::ffff:169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                ],
                Net::LinkLocal,
            ),
            (&["100.64.0.0", "100.127.255.255", "::ffff:100.64.0.1"], Net::CarrierNat),
            (
                &["100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:100.100.100.200"],
                Net::CloudServices,
            ),
            (&["224.0.0.1", "239.255.255.255", "ff02::1", "ff00::", "::ffff:224.0.0.1"], Net::Multicast),
            (&["0.0.0.0", "0.255.255.255", "::", "::ffff:0.0.0.0"], Net::Unspecified),
            (
                &["192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::1", "3fff::1", "3fff:fff::1"],
                Net::Documentation,
            ),
            (&["198.18.0.0", "198.19.255.255", "2001:2::1"], Net::Benchmark),
            (
                &[
                    "192.0.0.1",
                    "240.0.0.1",
                    "255.255.255.255",
                    "2001:20::1",
                    "2001:1ff::1",
                    "::2",
                    "::127.0.0.1",
                    "100::1",
                    "64:ff9b:1::1",
                    "4000::1",
                    "5f00::1",
                    "1fff::1",
                    "::ffff:0:7f00:1",
                ],
                Net::Reserved,
            ),
            (&["192.88.99.1", "2001::1", "2001:0:ffff:ffff::1", "2002:101:101::1"], Net::Tunnel),
        ];
        for (addresses, expected) in closed {
            for address in *addresses {
                assert_eq!(of(address), Some(*expected), "{address}");
            }
        }
    }

    proptest::proptest! {
        /// The table agrees with the standard library on what both know.
        #[test]
        fn as_the_standard_library_has_it(bits: u32) {
            let ip = Ipv4Addr::from_bits(bits);
            let near = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified();
            if near || ip.is_multicast() || ip.is_broadcast() || ip.is_documentation() {
                proptest::prop_assert!(v4(ip).is_some());
            }
            proptest::prop_assert_eq!(v6(ip.to_ipv6_mapped()), v4(ip));
        }
    }
}
