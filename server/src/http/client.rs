//! Who sent a request: the peer of its connection, or whom a trusted peer names in the configured way.

use crate::domain::address::Address;
use crate::domain::client_address::{NoClientAddress, Peer, Said};
use crate::domain::proxy_protocol::ConnectionSource;
use crate::services::Services;
use http::{Extensions, HeaderMap, HeaderValue};
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

/// Who is at the other end of a connection, for all requests of it.
#[derive(Clone, Copy)]
pub struct Caller {
    /// The other end.
    pub peer: Peer,
    /// What the PROXY header said, where one is expected.
    pub source: Option<ConnectionSource>,
}

impl Caller {
    /// The caller of a request that came through the router.
    pub(super) fn of(extensions: &Extensions) -> Self {
        let peer = Peer::Address(Address::new(Ipv4Addr::UNSPECIFIED.into()));
        extensions.get().copied().unwrap_or(Self { peer, source: None })
    }
}

/// The client behind `caller`.
///
/// # Errors
/// The caller is a trusted proxy and names no usable client.
pub(super) fn address(
    services: &Services,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<Address, NoClientAddress> {
    let (trusted, family) = (&services.settings.trusted_proxies, &services.settings.client_address_header);
    note_ignored(services, caller.peer, headers);
    let lines = family.header().map(|name| headers.get_all(name).iter().map(HeaderValue::as_bytes));
    let said = Said {
        lines: lines.into_iter().flatten().collect(),
        source: caller.source.and_then(|source| source.0),
    };
    trusted.client_address(family, caller.peer, &said)
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
