//! Property: whatever a client writes left of what the trusted proxy appended, the appended entry is the
//! client; an address that is found is no trusted proxy and is found again when it stands alone; an untrusted
//! peer is the client itself.

use crate::header;
use domain::address::{Address, Network};
use domain::client_address::{Family, NoClientAddress, Peer, Said, TrustedProxies};
use std::net::IpAddr;

/// A header of 2 KiB is read; the appended entry needs its part.
const LONGEST: usize = 1900;

pub(crate) fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let family = match choice % 3 {
        0 => Family::XForwardedFor,
        1 => Family::Forwarded,
        _ => Family::XRealIp,
    };
    let lines: Vec<Vec<u8>> =
        rest[..rest.len().min(LONGEST)].split(|b| *b == b'\n').map(header::value).collect();
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    an_untrusted_peer_is_the_client(&family, &lines);
    if let Ok(address) = client(&family, &lines) {
        assert!(!proxies().trusts(Peer::Address(address)), "{address} is a proxy");
        let alone = written(&family, address.ip(), false);
        assert_eq!(client(&family, &[alone.as_bytes()]), Ok(address), "{alone}");
    }
    if family != Family::XRealIp {
        the_appended_entry_counts(&family, &lines, choice & 4 != 0);
    }
}

fn proxies() -> TrustedProxies {
    let texts = ["127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48"];
    TrustedProxies::new(texts.iter().map(|text| Network::parse(text).expect("it is a network")).collect())
}

fn client(family: &Family, lines: &[&[u8]]) -> Result<Address, NoClientAddress> {
    let peer = Address::new([127, 0, 0, 1].into());
    proxies().client_address(family, Peer::Address(peer), &Said { lines: lines.to_vec(), source: None })
}

fn an_untrusted_peer_is_the_client(family: &Family, lines: &[&[u8]]) {
    let peer = Address::new([198, 51, 100, 9].into());
    let said = Said { lines: lines.to_vec(), source: None };
    assert_eq!(proxies().client_address(family, Peer::Address(peer), &said), Ok(peer));
}

fn written(family: &Family, ip: IpAddr, port: bool) -> String {
    let text = match (ip, port) {
        (IpAddr::V4(v4), false) => v4.to_string(),
        (IpAddr::V4(v4), true) => format!("{v4}:80"),
        (IpAddr::V6(v6), false) => format!("[{v6}]"),
        (IpAddr::V6(v6), true) => format!("[{v6}]:80"),
    };
    match family {
        Family::Forwarded => format!("by=_p;for=\"{text}\";host=\"a\\\", b\""),
        _ => text,
    }
}

fn the_appended_entry_counts(family: &Family, lines: &[&[u8]], port: bool) {
    for ip in ["203.0.113.7", "2001:db8::7"] {
        let ip: IpAddr = ip.parse().expect("it is an address");
        let appended = written(family, ip, port);
        let own_line: Vec<&[u8]> = lines.iter().copied().chain([appended.as_bytes()]).collect();
        assert_eq!(client(family, &own_line), Ok(Address::new(ip)));
        let Some((last, before)) = lines.split_last() else { continue };
        let joined = [last, b", ".as_slice(), appended.as_bytes()].concat();
        let joined: Vec<&[u8]> = before.iter().copied().chain([joined.as_slice()]).collect();
        assert_eq!(client(family, &joined), Ok(Address::new(ip)));
    }
}
