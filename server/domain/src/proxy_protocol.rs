//! The PROXY header: what a proxy that passes connections on, and not requests, says about a connection
//! before its first byte (HAProxy's `proxy-protocol.txt`, versions 1 and 2).
//!
//! No I/O: the acceptor reads into a buffer and calls [`read`] after each piece until it returns a header or an error. The header
//! is mandatory where it is expected at all: its presence is never guessed.
//!
//! What it says reaches the handlers as the extension [`ConnectionSource`] of every request of the connection.

use super::address::Address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most bytes of a header of any version: a reader's buffer need not be longer.
pub const LONGEST: usize = 536;

const V1: &[u8] = b"PROXY ";
const V1_LONGEST: usize = 107;
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const V2_FIXED: usize = 16;

/// The header of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many bytes it takes; what follows is the client's.
    pub length: usize,
    /// The client; `None` if the proxy speaks for itself (LOCAL, a health check) or does not know (UNKNOWN).
    pub source: Option<Address>,
}

/// No PROXY header, or one that the specification does not allow: the connection has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection does not begin with a PROXY header")]
pub struct Malformed;

/// The source in the PROXY header of a connection: an extension of its requests. Connections of other
/// listeners have none, which is not the same as `ConnectionSource(None)`, although neither names a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionSource(pub Option<Address>);

/// Reads the header at the beginning of a connection. `Ok(None)`: more bytes are needed; never with
/// [`LONGEST`] bytes or more.
///
/// # Errors
/// The bytes are not the beginning of a header.
pub fn read(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    if begins_with(bytes, V1) {
        read_v1(bytes)
    } else if begins_with(bytes, V2) {
        read_v2(bytes)
    } else {
        Err(Malformed)
    }
}

/// Whether `mark` may still become, or is, the beginning.
fn begins_with(bytes: &[u8], mark: &[u8]) -> bool {
    let both = bytes.len().min(mark.len());
    bytes[..both] == mark[..both]
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n`
fn read_v1(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    let within = &bytes[..bytes.len().min(V1_LONGEST)];
    let Some(end) = within.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < V1_LONGEST { Ok(None) } else { Err(Malformed) };
    };
    let line = within.get(V1.len()..end).and_then(|line| std::str::from_utf8(line).ok()).ok_or(Malformed)?;
    let mut fields = line.split(' ');
    let source = match fields.next() {
        Some("TCP4") => Some(v1_source::<Ipv4Addr>(fields)?),
        Some("TCP6") => Some(v1_source::<Ipv6Addr>(fields)?),
        // Whatever stands behind it is to be ignored.
        Some("UNKNOWN") => None,
        _ => return Err(Malformed),
    };
    Ok(Some(Head { length: end + 2, source }))
}

/// Source, destination and their ports, one space between them and nothing else.
fn v1_source<'a, Ip>(mut fields: impl Iterator<Item = &'a str>) -> Result<Address, Malformed>
where
    Ip: std::str::FromStr + Into<IpAddr>,
{
    let mut address = || fields.next().and_then(|text| text.parse::<Ip>().ok()).ok_or(Malformed);
    let (source, _destination) = (address()?, address()?);
    let ports_fit = fields.by_ref().take(2).filter(|text| is_port(text)).count() == 2;
    if !ports_fit || fields.next().is_some() {
        return Err(Malformed);
    }
    Ok(Address::new(source.into()))
}

/// A decimal number of 16 bits without a sign or leading zeros.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port.to_string() == text)
}

fn read_v2(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<V2_FIXED>() else { return Ok(None) };
    let [.., command, family, high, low] = *fixed;
    let stated = usize::from(u16::from_be_bytes([high, low]));
    let length = V2_FIXED + stated;
    if length > LONGEST {
        return Err(Malformed);
    }
    // The least bytes of addresses, and how many of them are the source.
    let (least, octets) = match (command, family) {
        // LOCAL, whatever its family, and a connection of which nothing is known.
        (0x20, _) | (0x21, 0x00) => (0, 0),
        (0x21, 0x11) => (12, 4),
        (0x21, 0x21) => (36, 16),
        // A Unix socket: it has paths, not addresses.
        (0x21, 0x31) => (216, 0),
        // Other versions, commands and families, and datagrams, of which no connection is made.
        _ => return Err(Malformed),
    };
    if stated < least {
        return Err(Malformed);
    }
    // Extensions (TLVs) behind the addresses are passed over.
    Ok(rest.get(..stated).map(|block| Head { length, source: address(&block[..octets]) }))
}

fn address(octets: &[u8]) -> Option<Address> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or(v6).ok().map(Address::new)
}

#[cfg(test)]
mod tests;
