//! Probes of `latchkey doctor` at a gateway endpoint: recognised by their marker, refused and noted.

use super::credential::{self, GATEWAY};
use crate::http::client::{self, ConnectionInfo};
use crate::probe::Arrival;
use crate::services::Services;
use http::{HeaderMap, HeaderName, HeaderValue, header};

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Where gateways and clients write addresses.
const ADDRESSES: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];
/// Everything of ours begins so, under every spelling.
const OURS: &str = "x-latchkey-";
/// The most lines that are written down, and the most characters of each.
const LINES: usize = 40;
const CHARACTERS: usize = 200;

/// Whether this request carries the marker of the open probe where clients carry their keys.
pub(in super::super) fn is_probe(services: &Services, headers: &HeaderMap) -> bool {
    if !services.probes.is_open() {
        return false;
    }
    let bearers = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let bearers = bearers.filter_map(|line| line.split_at_checked(b"Bearer ".len())).map(|(_, token)| token);
    let named = services.settings.key_header.alone().filter(|name| **name != X_API_KEY);
    let keys = [Some(&X_API_KEY), named].into_iter().flatten().flat_map(|name| headers.get_all(name).iter());
    services.probes.knows(bearers.chain(keys.map(HeaderValue::as_bytes)), services.clock.now())
}

/// Writes down what came with a probe, and which method its client is taken to have used.
pub(in super::super) fn note(
    services: &Services,
    connection: ConnectionInfo,
    method: &[u8],
    headers: &HeaderMap,
) {
    let client = client::address(services, connection, headers);
    let family = services.settings.client_address_header.header();
    let is_told = |name: &str| {
        ADDRESSES.contains(&name) || Some(name) == family || with_hyphens(name).starts_with(OURS)
    };
    let lines = headers.iter().filter(|(name, _)| is_told(name.as_str()));
    services.probes.record(Arrival {
        peer: connection.peer.to_string(),
        is_trusted: services.settings.trusted_proxies.trusts(connection.peer),
        has_gateway_token: credential::in_own_header(services, headers),
        client: client.ok().map(|address| address.to_string()),
        method: (!method.is_empty())
            .then(|| String::from_utf8_lossy(method).chars().take(CHARACTERS).collect()),
        lines: lines
            .take(LINES)
            .map(|(name, value)| (name.to_string(), shown(services, name, value)))
            .collect(),
    });
}

/// As programs read a name that tell no other sign from a hyphen.
fn with_hyphens(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// A line as it may be shown: gateway tokens never are.
fn shown(services: &Services, name: &HeaderName, value: &HeaderValue) -> String {
    let is_marker = services.probes.knows([value.as_bytes()].into_iter(), services.clock.now());
    if name == GATEWAY && !is_marker && !value.is_empty() {
        return "(hidden)".to_owned();
    }
    String::from_utf8_lossy(value.as_bytes()).chars().take(CHARACTERS).collect()
}
