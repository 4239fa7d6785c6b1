//! How a gateway proves that it is one: by its token, in exactly one header line.

use crate::services::Services;
use domain::client_address::Peer;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use service::events::Event;

/// Carries the gateway token beside a client's headers, where `require_gateway_token` is set.
pub(super) const GATEWAY: HeaderName = HeaderName::from_static("x-latchkey-gateway");

/// Whether `Authorization: Bearer` holds the token of a gateway.
pub(super) fn in_authorization(services: &Services, headers: &HeaderMap) -> bool {
    let token = only_line(headers, &header::AUTHORIZATION).and_then(|line| line.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
    token.is_some_and(|token| is_known(services, token))
}

/// Whether `X-Latchkey-Gateway` holds the token of a gateway.
pub(super) fn in_own_header(services: &Services, headers: &HeaderMap) -> bool {
    only_line(headers, &GATEWAY).is_some_and(|token| is_known(services, token))
}

/// Counts and logs a question without the right token.
pub(super) fn tell_wrong(services: &Services, peer: Peer) {
    services.events.log(
        Event::GatewayTokenWrong,
        peer.address().into(),
        format_args!(
            "{peer} asked without the token of a gateway, or with a wrong one (latchkey gateway list)"
        ),
    );
}

/// Found by its keyed hash, so the time that it takes tells nothing about the token.
fn is_known(services: &Services, token: &str) -> bool {
    services.verifier.gateway(token.trim()).is_some()
}

/// The text of a header that stands there once; of two lines one may be the client's.
fn only_line<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter().map(HeaderValue::to_str);
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.ok(),
        _ => None,
    }
}
