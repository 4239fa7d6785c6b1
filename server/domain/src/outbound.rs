//! Which addresses the server may be sent to by what a customer typed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What lies behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A machine of the internet.
    Public,
    /// This machine, or a network of the operator's own.
    Own,
    /// Nothing that a webhook is ever sent to: no single machine, or a detour to one that is not seen from here.
    Never,
}

/// Judges an address.
#[must_use]
pub fn reach(ip: IpAddr) -> Reach {
    match ip {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => reach_v6(ip),
    }
}

/// Whether a webhook may be sent there.
#[must_use]
pub fn is_allowed(ip: IpAddr, allow_private: bool) -> bool {
    match reach(ip) {
        Reach::Public => true,
        Reach::Own => allow_private,
        Reach::Never => false,
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    match ip.octets() {
        [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Own,
        // Link-local is also where clouds keep the secrets of a machine: 169.254.169.254.
        [0, ..] | [169, 254, ..] => Reach::Never,
        // Protocol assignments, documentation, relays of 6to4, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Reach::Never,
        [198, 51, 100, _] | [203, 0, 113, _] => Reach::Never,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    if ip == Ipv6Addr::LOCALHOST {
        return Reach::Own;
    }
    match ip.segments() {
        [0xfc00..=0xfdff, ..] => Reach::Own,
        // NAT64 and 6to4 lead to the IPv4 address that is in them.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            match reach_v4(embedded(high, low)) {
                Reach::Public => Reach::Public,
                Reach::Own | Reach::Never => Reach::Never,
            }
        }
        // Protocol assignments (Teredo, ORCHID, benchmarks), documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Never,
        [0x2000..=0x3fff, ..] => Reach::Public,
        // Unspecified, IPv4-mapped and -compatible, link-local, site-local, multicast, and what is not given out.
        _ => Reach::Never,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::this_machine(&["127.0.0.1", "127.255.255.255", "::1"])]
    #[case::private(&["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"])]
    #[case::carriers(&["100.64.0.0", "100.127.255.255"])]
    #[case::unique_local(&["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])]
    fn the_operators_own_networks_are_allowed_on_request_only(#[case] addresses: &[&str]) {
        for text in addresses {
            let ip = text.parse().unwrap();
            assert!(!is_allowed(ip, false) && is_allowed(ip, true), "{text}");
        }
    }

    #[rstest]
    #[case::unspecified(&["0.0.0.0", "0.255.255.255", "::"])]
    #[case::link_local(&["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1"])]
    #[case::assignments(&["192.0.0.1", "192.0.0.255", "192.88.99.1", "2001::1", "2001:1ff::1", "100::1", "5f00::1"])]
    #[case::documentation(&["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"])]
    #[case::benchmarks(&["198.18.0.0", "198.19.255.255", "2001:2::1"])]
    #[case::many_machines(&["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "ffff::1"])]
    #[case::reserved(&["240.0.0.1", "255.255.255.254", "4000::1", "1::1"])]
    #[case::site_local(&["fec0::1", "feff::1"])]
    #[case::mapped(&["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"])]
    #[case::compatible(&["::127.0.0.1", "::8.8.8.8", "::2"])]
    #[case::translated(&["64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8"])]
    #[case::six_to_four(&["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1"])]
    #[case::teredo(&["2001:0:4136:e378:8000:63bf:80ff:fffe"])]
    fn the_rest_is_never_allowed(#[case] addresses: &[&str]) {
        for text in addresses {
            let ip = text.parse().unwrap();
            assert!(!is_allowed(ip, false) && !is_allowed(ip, true), "{text}");
        }
    }

    #[test]
    fn the_internet_is_allowed() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "223.255.255.255",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            let ip = text.parse().unwrap();
            assert!(is_allowed(ip, false) && is_allowed(ip, true), "{text}");
        }
    }
}
