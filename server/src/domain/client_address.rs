//! Who sent a request that came through trusted proxies.
//!
//! The header is walked from right to left: each trusted proxy appended the address it saw, so the first
//! entry that is not itself a trusted proxy is the client, and everything to its left is hearsay.

use super::address::{Address, Network};
use std::net::{IpAddr, SocketAddr};

/// The most entries that are walked.
const ENTRIES: usize = 32;
/// The most bytes of header that are read.
const BYTES: usize = 2048;

/// The networks whose word about a client's address is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// A trusted proxy named no usable client: refuse, rather than take the proxy for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trusted proxy sent no usable client address")]
pub struct NoClientAddress;

impl TrustedProxies {
    /// Trusts these networks.
    #[must_use]
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether a peer's word is taken.
    #[must_use]
    pub fn trusts(&self, address: Address) -> bool {
        self.0.iter().any(|n| n.contains(address))
    }

    /// The client behind `peer`, from the lines of the one configured header in their order.
    ///
    /// # Errors
    /// The peer is trusted and the header is missing, too long, not parseable where the walk reaches it, or
    /// names trusted proxies only.
    pub fn client_address<'a>(
        &self,
        peer: Address,
        lines: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Address, NoClientAddress> {
        if !self.trusts(peer) {
            return Ok(peer);
        }
        let lines: Vec<&[u8]> = lines.collect();
        if lines.iter().map(|line| line.len()).sum::<usize>() > BYTES {
            return Err(NoClientAddress);
        }
        let entries = lines.iter().rev().flat_map(|line| line.rsplit(|b| *b == b','));
        for entry in entries.take(ENTRIES) {
            let address = parse_entry(entry).ok_or(NoClientAddress)?;
            if !self.trusts(address) {
                return Ok(address);
            }
        }
        Err(NoClientAddress)
    }
}

/// One entry: an address, `v4:port` or `[v6]:port`. Zones, names and leading zeros are refused.
fn parse_entry(entry: &[u8]) -> Option<Address> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    if text.contains('%') {
        return None;
    }
    let bracketed = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let ip: IpAddr = match bracketed {
        Some(inside) => IpAddr::V6(inside.parse().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|s| s.ip())).ok()?,
    };
    Some(Address::new(ip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn walk(lines: &[&str]) -> Option<String> {
        let proxies = TrustedProxies::new(
            ["127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48"]
                .iter()
                .map(|t| Network::parse(t).unwrap())
                .collect(),
        );
        let peer = Address::parse("127.0.0.1").unwrap();
        proxies.client_address(peer, lines.iter().map(|l| l.as_bytes())).ok().map(|a| a.to_string())
    }

    #[rstest]
    #[case(&["203.0.113.7"], Some("203.0.113.7"))]
    #[case(&["1.2.3.4, 203.0.113.7"], Some("203.0.113.7"))]
    #[case(&["1.2.3.4", "203.0.113.7, 10.0.0.1"], Some("203.0.113.7"))]
    #[case(&["junk, 203.0.113.7"], Some("203.0.113.7"))]
    #[case(&["203.0.113.7:4711"], Some("203.0.113.7"))]
    #[case(&["[2001:db8::1]:443"], Some("2001:db8::1"))]
    #[case(&["[2001:db8::1]"], Some("2001:db8::1"))]
    #[case(&["::ffff:203.0.113.7"], Some("203.0.113.7"))]
    #[case(&["203.0.113.7, ::ffff:10.0.0.1"], Some("203.0.113.7"))]
    #[case(&["1.2.3.4, junk"], None)]
    #[case(&["1.2.3.4, "], None)]
    #[case(&["1.2.3.4,"], None)]
    #[case(&[""], None)]
    #[case(&[], None)]
    #[case(&["unknown"], None)]
    #[case(&["_obf"], None)]
    #[case(&["fe80::1%eth0"], None)]
    #[case(&["[fe80::1%3]:1"], None)]
    #[case(&["010.1.1.1"], None)]
    #[case(&["10.0.0.1, 127.0.0.1"], None)]
    #[case(&["1.2.3.4 5.6.7.8"], None)]
    fn the_rightmost_untrusted_entry_counts(#[case] lines: &[&str], #[case] client: Option<&str>) {
        assert_eq!(walk(lines).as_deref(), client);
    }

    #[test]
    fn limits_deny() {
        let trusted = vec!["10.0.0.1"; 32].join(",");
        assert_eq!(walk(&["203.0.113.7", &trusted]), None);
        assert_eq!(walk(&[&" ".repeat(2049), "203.0.113.7"]), None);
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_says() {
        let peer = Address::parse("198.51.100.9").unwrap();
        let line: &[u8] = b"1.2.3.4";
        let proxies = TrustedProxies::new(vec![Network::parse("127.0.0.1").unwrap()]);
        assert_eq!(proxies.client_address(peer, [line].into_iter()), Ok(peer));
    }

    proptest! {
        #[test]
        fn what_a_client_writes_never_moves_what_the_proxy_appended(forged in "[ -~]{0,60}") {
            let line = format!("{forged}, 203.0.113.7");
            let client = walk(&[&line]);
            prop_assert_eq!(client.as_deref(), Some("203.0.113.7"));
        }

        #[test]
        fn no_header_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let proxies = TrustedProxies::new(vec![Network::parse("127.0.0.1").unwrap()]);
            let peer = Address::parse("127.0.0.1").unwrap();
            let _ = proxies.client_address(peer, [line.as_slice()].into_iter());
        }
    }
}
