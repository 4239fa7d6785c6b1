//! Addresses and networks as people and headers write them.

use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An address in canonical form: an IPv4-mapped IPv6 address is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(IpAddr);

impl Address {
    /// Folds IPv4-mapped IPv6 into IPv4.
    #[must_use]
    pub fn new(ip: IpAddr) -> Self {
        Self(ip.to_canonical())
    }

    /// Takes exactly one address: no port, no zone, no network, no spaces.
    ///
    /// # Errors
    /// Says what the text is instead.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.contains('%') {
            return Err(AddressError::Zoned);
        }
        text.parse().map(Self::new).map_err(|_| AddressError::NotAnAddress)
    }

    /// The address.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// Sixteen bytes, as stored: IPv4 in its mapped form.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        }
    }

    /// Back from the stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::new(Ipv6Addr::from(bytes).into())
    }

    /// What throttles count by: the address, for IPv6 its /64, which one machine holds whole.
    #[must_use]
    pub fn source(self) -> Self {
        match self.0 {
            IpAddr::V4(_) => self,
            IpAddr::V6(v6) => Self(first_bits(v6, 64).into()),
        }
    }

    /// Whether this IPv6 address only carries an IPv4 one (NAT64, RFC 6052 and 8215; Teredo, RFC 4380): its /64 is shared
    /// by strangers.
    #[must_use]
    pub fn stands_for_ipv4(self) -> bool {
        matches!(self.0, IpAddr::V6(v6) if matches!(v6.segments(), [0x64, 0xff9b, ..] | [0x2001, 0, ..]))
    }

    /// The /48 of an IPv6 address: what one customer of a network may hold whole.
    #[must_use]
    pub fn site(self) -> Option<Self> {
        match self.0 {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some(Self(first_bits(v6, 48).into())),
        }
    }
}

fn first_bits(address: Ipv6Addr, count: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> count))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no address or network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Neither an address nor a network.
    #[error("is neither an address nor a network")]
    NotAnAddress,
    /// An address with a zone id (RFC 4007): it has no meaning on another machine.
    #[error("has a zone")]
    Zoned,
    /// A network with bits set behind its prefix; the network that was probably meant.
    #[error("has host bits set; the network is {0}")]
    HostBits(Network),
    /// An IPv6 network in the IPv4-mapped range: no client address would ever lie in it.
    #[error("is an IPv4-mapped network; write it as an IPv4 network")]
    MappedNetwork,
    /// A /0.
    #[error("is everybody")]
    Everybody,
}

/// One entry of an allow list or of the trusted proxies: an address or a network without host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpNet);

impl Network {
    /// Takes an address or CIDR text (RFC 4632, RFC 4291).
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.contains('%') {
            return Err(AddressError::Zoned);
        }
        let Some((address, length)) = text.split_once('/') else {
            return Address::parse(text).map(Self::from);
        };
        let ip: IpAddr = address.parse().map_err(|_| AddressError::NotAnAddress)?;
        if ip.to_canonical() != ip {
            return Err(AddressError::MappedNetwork);
        }
        let plain = !length.is_empty()
            && length.bytes().all(|b| b.is_ascii_digit())
            && !(length.len() > 1 && length.starts_with('0'));
        let length = length.parse().ok().filter(|_| plain).ok_or(AddressError::NotAnAddress)?;
        let net = IpNet::new(ip, length).map_err(|_| AddressError::NotAnAddress)?;
        if length == 0 {
            return Err(AddressError::Everybody);
        }
        if net.trunc() != net {
            return Err(AddressError::HostBits(Self(net.trunc())));
        }
        Ok(Self(net))
    }

    /// Back from the stored bytes and prefix length (of the address's own family).
    #[must_use]
    pub fn from_stored(bytes: [u8; 16], length: u8) -> Option<Self> {
        IpNet::new(Address::from_bytes(bytes).ip(), length).ok().map(|n| Self(n.trunc()))
    }

    /// The whole source that throttles count an address by: the IPv6 /64, or the IPv4 address itself.
    #[must_use]
    pub fn of_source(address: Address) -> Self {
        match address.ip() {
            IpAddr::V4(_) => Self::from(address),
            IpAddr::V6(_) => Self(IpNet::new(address.source().ip(), 64).expect("64 bits fit IPv6")),
        }
    }

    /// The first address, as stored.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        Address::new(self.0.network()).to_bytes()
    }

    /// Its first and its last address as numbers; IPv4 lies in its mapped range.
    #[must_use]
    pub fn bounds(self) -> [u128; 2] {
        [self.0.network(), self.0.broadcast()].map(|ip| u128::from_be_bytes(Address::new(ip).to_bytes()))
    }

    /// The prefix length, in bits of the address's own family.
    #[must_use]
    pub fn prefix_length(self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(self, address: Address) -> bool {
        self.0.contains(&address.ip())
    }

    /// Whether the whole other network lies in it.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl From<Address> for Network {
    fn from(address: Address) -> Self {
        Self(address.ip().into())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("203.0.113.7", "203.0.113.7")]
    #[case(" 203.0.113.7 ", "203.0.113.7")]
    #[case("203.0.113.7/32", "203.0.113.7")]
    #[case("10.0.0.0/8", "10.0.0.0/8")]
    #[case("::ffff:10.0.0.1", "10.0.0.1")]
    #[case("2001:DB8:0::1", "2001:db8::1")]
    #[case("2001:db8::/48", "2001:db8::/48")]
    fn entries_are_canonical(#[case] text: &str, #[case] canonical: &str) {
        let network = Network::parse(text).unwrap();
        assert_eq!(network.to_string(), canonical);
        assert_eq!(Network::from_stored(network.to_bytes(), network.prefix_length()), Some(network));
    }

    #[rstest]
    #[case("", AddressError::Empty)]
    #[case("300.1.1.1", AddressError::NotAnAddress)]
    #[case("010.0.0.1", AddressError::NotAnAddress)]
    #[case("10.0.0.1:80", AddressError::NotAnAddress)]
    #[case("10.0.0.0/33", AddressError::NotAnAddress)]
    #[case("10.0.0.0/+8", AddressError::NotAnAddress)]
    #[case("10.0.0.0/08", AddressError::NotAnAddress)]
    #[case("10.0.0.0/", AddressError::NotAnAddress)]
    #[case("10.0.0.0/8/8", AddressError::NotAnAddress)]
    #[case("example.org", AddressError::NotAnAddress)]
    #[case("fe80::1%eth0", AddressError::Zoned)]
    #[case("10.0.0.5/8", AddressError::HostBits(Network::parse("10.0.0.0/8").unwrap()))]
    #[case("::ffff:0:0/96", AddressError::MappedNetwork)]
    #[case("0.0.0.0/0", AddressError::Everybody)]
    #[case("::/0", AddressError::Everybody)]
    fn others_are_refused(#[case] text: &str, #[case] error: AddressError) {
        assert_eq!(Network::parse(text), Err(error));
    }

    #[test]
    fn sources_fold_ipv6_to_its_64() {
        let source = |t: &str| Address::parse(t).unwrap().source().to_string();
        assert_eq!(source("203.0.113.7"), "203.0.113.7");
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
