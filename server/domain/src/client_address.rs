//! Finds the client of a request that came through trusted proxies.
//!
//! One family of headers is configured and no other is looked at, ever. Its entries are walked from right to
//! left: each trusted proxy appended the address it saw, so the first entry that is not itself a trusted proxy
//! is the client, and everything to its left is hearsay. An entry that the walk reaches and cannot read denies the request:
//! skipping it would let the entry to its left win, which anybody can write.

mod family;
mod forwarded;
mod page;
mod peer;

pub use family::{Family, FamilyError};
pub use page::ClientAddress;
pub use peer::Peer;

use super::address::{Address, Network};
use std::net::{IpAddr, SocketAddr};

/// The most entries that are walked.
const ENTRIES: usize = 32;
/// The most bytes of header that are read.
const BYTES: usize = 2048;

/// The proxies whose headers about a client's address are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    /// Programs on this machine, over a Unix socket.
    unix: bool,
}

/// A trusted proxy named no usable client: refuse, rather than take the proxy for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoClientAddress {
    /// The proxy sent no line of the configured family, or a peer without an address is not trusted.
    #[error("names no client")]
    Missing,
    /// A header that names one client came more than once.
    #[error("names a client more than once")]
    Twice,
    /// An entry that the walk reaches is no address.
    #[error("names a client in a form that is not understood")]
    Unreadable,
    /// More bytes or entries than are read.
    #[error("names more than is read")]
    TooLong,
    /// All entries are trusted proxies.
    #[error("names only addresses that are trusted proxies themselves")]
    OnlyProxies,
}

/// What came with a request about its client.
pub struct Said<'a> {
    /// The lines of the configured family's header, in their order.
    pub lines: Vec<&'a [u8]>,
    /// The source in the PROXY header of the connection.
    pub source: Option<Address>,
}

impl TrustedProxies {
    /// Trusts these networks.
    #[must_use]
    pub fn new(networks: Vec<Network>) -> Self {
        Self { networks, unix: false }
    }

    /// Trusts those that come over a Unix socket too.
    #[must_use]
    pub fn and_unix(self) -> Self {
        Self { unix: true, ..self }
    }

    /// Whether a peer is trusted.
    #[must_use]
    pub fn trusts(&self, peer: Peer) -> bool {
        match peer {
            Peer::Address(address) => self.contains(address),
            Peer::Unix => self.unix,
        }
    }

    fn contains(&self, address: Address) -> bool {
        self.networks.iter().any(|n| n.contains(address))
    }

    /// The client behind `peer`, as the configured family names it.
    ///
    /// # Errors
    /// The peer is trusted and what it says is missing, too long, not to be read where the walk reaches it, or
    /// names trusted proxies only; or it is an untrusted one that has no address itself.
    pub fn client_address(
        &self,
        family: &Family,
        peer: Peer,
        said: &Said<'_>,
    ) -> Result<Address, NoClientAddress> {
        if !self.trusts(peer) {
            return peer.address().ok_or(NoClientAddress::Missing);
        }
        if said.lines.iter().map(|line| line.len()).sum::<usize>() > BYTES {
            return Err(NoClientAddress::TooLong);
        }
        let lines = said.lines.iter().rev();
        match (family, said.lines.as_slice()) {
            (Family::ProxyProtocol, _) => {
                self.walk(std::iter::once(Some(said.source.ok_or(NoClientAddress::Missing)?)))
            }
            (_, []) => Err(NoClientAddress::Missing),
            (Family::XForwardedFor, _) => {
                self.walk(lines.flat_map(|line| line.rsplit(|b| *b == b',')).map(entry))
            }
            (Family::Forwarded, _) => {
                self.walk(lines.flat_map(|line| forwarded::elements(line)).map(forwarded::client))
            }
            (Family::XRealIp | Family::Named(_), [line]) => self.walk([entry(line)].into_iter()),
            // A header that names one client cannot do so twice.
            (Family::XRealIp | Family::Named(_), _) => Err(NoClientAddress::Twice),
        }
    }

    /// The first entry that is no trusted proxy, if all before it could be read.
    fn walk(&self, entries: impl Iterator<Item = Option<Address>>) -> Result<Address, NoClientAddress> {
        for (place, entry) in entries.enumerate() {
            if place == ENTRIES {
                return Err(NoClientAddress::TooLong);
            }
            let address = entry.ok_or(NoClientAddress::Unreadable)?;
            if !self.contains(address) {
                return Ok(address);
            }
        }
        Err(NoClientAddress::OnlyProxies)
    }
}

/// One entry of a plain header: an address, `v4:port`, `[v6]` or `[v6]:port`. Zones, names and leading zeros
/// are refused.
fn entry(entry: &[u8]) -> Option<Address> {
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
mod tests;
