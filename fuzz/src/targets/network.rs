//! Property: an entry of an allow list is written as it is read and comes back from its stored form; it holds
//! exactly what another implementation says; a hint names a network that is taken.

use domain::address::{Address, AddressError, Network};
use ipnet::IpNet;
use std::net::IpAddr;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(address) = Address::parse(text) {
        assert_eq!(Address::parse(&address.to_string()), Ok(address));
        assert_eq!(Address::from_bytes(address.to_bytes()), address);
        assert!(Network::from(address).contains(address));
    }
    match Network::parse(text) {
        Ok(network) => is_sound(text.trim(), network),
        Err(AddressError::HostBits(meant)) => assert_eq!(Network::parse(&meant.to_string()), Ok(meant)),
        Err(_) => {}
    }
}

fn is_sound(text: &str, network: Network) {
    assert_eq!(Network::parse(&network.to_string()), Ok(network), "{text}");
    assert_eq!(Network::from_stored(network.to_bytes(), network.prefix_length()), Some(network), "{text}");
    let other = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(|ip| ip.to_canonical().into()));
    let other = other.expect("what we take is a network to others too");
    // An IPv4-mapped address is an IPv4 address to us, wherever it lies among the others.
    for address in [other.network(), other.broadcast()].into_iter().filter(|ip| ip.to_canonical() == *ip) {
        assert!(network.contains(Address::new(address)), "{text} without {address}");
    }
    for address in
        ["203.0.113.7", "::1", "2001:db8::7"].map(|text| text.parse::<IpAddr>().expect("it is one"))
    {
        assert_eq!(network.contains(Address::new(address)), other.contains(&address), "{text} {address}");
    }
}
