//! `Forwarded` (RFC 7239): elements apart by commas, in each of them pairs apart by semicolons, their values
//! plain or in quotes.

use crate::address::Address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The elements of a line from right to left. They are cut from the right, where the trusted proxy wrote, so
/// that a quote which a client leaves open on the left reaches no further than to its own comma.
pub(super) fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest.take()?;
        let Some(comma) = last_comma(line) else { return Some(line) };
        rest = Some(&line[..comma]);
        Some(&line[comma + 1..])
    })
}

/// The last comma that stands in no quotes.
fn last_comma(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (place, byte) in line.iter().enumerate().rev() {
        match byte {
            b'"' if !(quoted && is_escaped(&line[..place])) => quoted = !quoted,
            b',' if !quoted => return Some(place),
            _ => {}
        }
    }
    None
}

/// Whether what stands behind `before` is escaped by an odd number of backslashes.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The address of the one `for` of an element; every pair of it has to be well formed.
pub(super) fn client(element: &[u8]) -> Option<Address> {
    let mut rest = element.trim_ascii();
    let mut client = None;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b";") {
            rest = after.trim_ascii_start();
            continue;
        }
        let (name, value, after) = pair(rest)?;
        if name.eq_ignore_ascii_case(b"for") && client.replace(value).is_some() {
            return None;
        }
        rest = after.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b";") {
            return None;
        }
    }
    node(client?)
}

/// Name and value of the first pair, and what follows. A quoted value is left as it is between its quotes.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name, rest) = token(text)?;
    let rest = rest.strip_prefix(b"=")?;
    let (value, rest) = match rest.strip_prefix(b"\"") {
        Some(quoted) => until_quote(quoted)?,
        None => token(rest)?,
    };
    Some((name, value, rest))
}

fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = text.iter().take_while(|b| is_token_character(**b)).count();
    (length > 0).then(|| text.split_at(length))
}

fn until_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_end = |(place, byte): (usize, &u8)| *byte == b'"' && !is_escaped(&text[..place]);
    let end = text.iter().enumerate().position(is_end)?;
    Some((&text[..end], &text[end + 1..]))
}

/// `tchar` of RFC 9110, section 5.6.2.
pub(super) fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// An IPv4 address, or an IPv6 address in brackets, either with a port (section 6 of the RFC). `unknown` and
/// hidden names are no addresses.
fn node(value: &[u8]) -> Option<Address> {
    let text = std::str::from_utf8(value).ok()?;
    let (ip, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), port)
        }
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then(|| Address::new(ip))
}

/// One to five digits, or a hidden port.
fn is_port(text: &str) -> bool {
    let is_hidden_character = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    match text.strip_prefix('_') {
        Some(hidden) => !hidden.is_empty() && hidden.bytes().all(is_hidden_character),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
    }
}
