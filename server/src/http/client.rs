//! The client of a request: the peer of its connection, or the address that a trusted peer names in the configured way.

use crate::services::Services;
use domain::address::Address;
use domain::client_address::{ClientAddress, NoClientAddress, Peer, Said};
use domain::proxy_protocol::ConnectionSource;
use http::{Extensions, HeaderMap, HeaderValue};
use service::events::Event;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

/// What is known of a connection, for all its requests.
#[derive(Clone, Copy)]
pub struct ConnectionInfo {
    /// The other end.
    pub peer: Peer,
    /// What the PROXY header said, where one names the client of all requests of the connection.
    pub source: Option<ConnectionSource>,
    /// What is answered where it came in.
    pub door: Door,
}

/// What a listener answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// Pages and gateways.
    #[default]
    All,
    /// Pages: gateways have listeners of their own.
    Pages,
    /// Gateways.
    Gateways,
}

impl ConnectionInfo {
    /// The connection of a request that came through the router.
    pub(super) fn of(extensions: &Extensions) -> Self {
        let peer = Peer::Address(Address::new(Ipv4Addr::UNSPECIFIED.into()));
        extensions.get().copied().unwrap_or(Self { peer, source: None, door: Door::All })
    }
}

/// Returns the client of a request of this connection.
///
/// # Errors
/// The other end is a trusted proxy and names no usable client.
pub(super) fn address(
    services: &Services,
    connection: ConnectionInfo,
    headers: &HeaderMap,
) -> Result<Address, NoClientAddress> {
    note_ignored(services, connection.peer, headers);
    find(services, connection, headers)
}

/// The same, without counting what was ignored.
pub(super) fn find(
    services: &Services,
    connection: ConnectionInfo,
    headers: &HeaderMap,
) -> Result<Address, NoClientAddress> {
    let (trusted, family) = (&services.settings.trusted_proxies, &services.settings.client_address_header);
    // The PROXY header names no client, so the headers of the request come from an unknown sender and are not believed.
    if connection.source == Some(ConnectionSource(None)) {
        return Err(NoClientAddress::Missing);
    }
    let name = services.settings.client_address_name.as_ref();
    let lines = name.map(|name| headers.get_all(name).iter().map(HeaderValue::as_bytes));
    let said = Said {
        lines: lines.into_iter().flatten().collect(),
        source: connection.source.and_then(|source| source.0),
    };
    trusted.client_address(family, connection.peer, &said)
}

/// The client of a page; where it is unknown, the log says what to set.
pub(super) fn of_page(services: &Services, extensions: &Extensions, headers: &HeaderMap) -> ClientAddress {
    let connection = ConnectionInfo::of(extensions);
    match address(services, connection, headers) {
        Ok(address) => ClientAddress::Known(address),
        Err(cause) => {
            tell_unknown(services, connection.peer, cause);
            ClientAddress::Unknown
        }
    }
}

fn tell_unknown(services: &Services, peer: Peer, cause: NoClientAddress) {
    let Some(times) = services.events.count(Event::ClientUnknown, None) else { return };
    let (event, settings) = (Event::ClientUnknown.name(), &services.settings);
    let way = match settings.client_address_header.header() {
        _ if !settings.trusted_proxies.trusts(peer) => {
            "add the word unix to trusted_proxies, so that what the proxy at the Unix socket says is believed"
                .to_owned()
        }
        Some(name) => format!(
            "{peer}, one of trusted_proxies, {cause}. Let it set {name} to the address it sees, or set \
             client_address_header to the header that it does set; take it out of trusted_proxies if it is no proxy"
        ),
        None => format!("{peer}, one of trusted_proxies, {cause}. Let it send a PROXY header"),
    };
    tracing::warn!(
        event, %peer, times,
        "a visitor of the pages has no address that can be told: {way} (docs/pages.md). Such visitors share one limit \
         on wrong passwords, and each of their logins is told as one from elsewhere. If only people at this very \
         machine open the pages so, nothing is amiss."
    );
}

/// Counts and logs a gateway's question that names no client.
pub(super) fn tell_unnamed(services: &Services, peer: Peer, cause: NoClientAddress) {
    let family = &services.settings.client_address_header;
    services.events.log(
        Event::NoClientAddress,
        peer.address().into(),
        format_args!(
            "a key was refused, because {peer}, one of trusted_proxies, {cause}; client_address_header is {family} \
             (docs/gateways.md)"
        ),
    );
}

/// Counts a header that is ignored because its sender is not trusted: somebody tries something, or the
/// operator forgot a proxy. The log says so once.
pub(super) fn note_ignored(services: &Services, peer: Peer, headers: &HeaderMap) {
    let settings = &services.settings;
    let Some(name) = &settings.client_address_name else { return };
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
