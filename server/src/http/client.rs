//! Who sent a request: the peer of its connection, or whom a trusted peer names in the configured way.

use crate::domain::address::Address;
use crate::domain::client_address::{NoClientAddress, Peer, Said};
use crate::domain::proxy_protocol::ConnectionSource;
use crate::services::Services;
use http::{Extensions, HeaderMap, HeaderValue};
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

/// The other end of the connection.
pub(super) fn peer(extensions: &Extensions) -> Peer {
    let nobody = Peer::Address(Address::new(Ipv4Addr::UNSPECIFIED.into()));
    extensions.get::<Peer>().copied().unwrap_or(nobody)
}

/// The client behind `peer`.
///
/// # Errors
/// The peer is a trusted proxy and names no usable client.
pub(super) fn address(
    services: &Services,
    peer: Peer,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Address, NoClientAddress> {
    let (trusted, family) = (&services.settings.trusted_proxies, &services.settings.client_address_header);
    note_ignored(services, peer, headers);
    let lines = family.header().map(|name| headers.get_all(name).iter().map(HeaderValue::as_bytes));
    let said = Said {
        lines: lines.into_iter().flatten().collect(),
        source: extensions.get::<ConnectionSource>().and_then(|source| source.0),
    };
    trusted.client_address(family, peer, &said)
}

/// Counts a header that is ignored because its sender is not trusted: somebody tries something, or the
/// operator forgot a proxy. The log says so once.
pub(super) fn note_ignored(services: &Services, peer: Peer, headers: &HeaderMap) {
    let settings = &services.settings;
    let Some(name) = settings.client_address_header.header() else { return };
    if settings.trusted_proxies.trusts(peer) || !headers.contains_key(name) {
        return;
    }
    if services.ignored_headers.fetch_add(1, Ordering::Relaxed) == 0 {
        tracing::warn!(
            %peer,
            "{name} of {peer} is ignored: only trusted_proxies are believed. If {peer} is your gateway, add it \
             there. This is said once and counted from now on."
        );
    }
}
