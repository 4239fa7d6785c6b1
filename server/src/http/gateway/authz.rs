//! The hooks of gateways: any method, no body, status and headers of the gateway's dialect.

use super::hint::{self, Hint};
use super::{EXT_AUTHZ, Gateways};
use super::{credential, preflight, presented, probed, query};
use crate::http::access::note_verdict;
use crate::http::client::{self, ConnectionInfo};
use crate::http::load::admit_question;
use crate::http::problem::ProblemDetails;
use crate::services::Services;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use contract::Code;
use domain::address::Address;
use domain::client_address::{NoClientAddress, Peer};
use domain::ids::KeyId;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use service::events::Event;
use service::verify::{KeyEntry, Verdict, VerificationRequest};
use std::time::Instant;

const KEY_ID: HeaderName = HeaderName::from_static("x-latchkey-key-id");
const USERNAME: HeaderName = HeaderName::from_static("x-latchkey-username");
const KEY_TYPE: HeaderName = HeaderName::from_static("x-latchkey-key-type");

/// How a gateway asks, and which statuses it passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    /// Traefik, Caddy, HAProxy: every status reaches the client.
    ForwardAuth,
    /// nginx `auth_request`: 200, 401, 403 and, in trouble, 503.
    AuthRequest,
    /// Envoy's HTTP `ext_authz`: every status reaches the client. Envoy asks with the client's own method and, as
    /// it is set up, path and query: they say nothing about what may pass; only a key in the query is looked
    /// for, where allowed.
    ExtAuthz,
}

/// Answers one question of a gateway's hook.
pub(super) async fn answer(
    gateways: &Gateways,
    mut request: Parts,
    connection: ConnectionInfo,
    dialect: Dialect,
) -> Response {
    let Gateways { services, refusals } = gateways;
    if dialect == Dialect::ExtAuthz && services.settings.key_in_query {
        take_original(&mut request);
    }
    let headers = &request.headers;
    if probed::is_probe(services, headers) {
        probed::note(
            services,
            connection,
            preflight::client_method(dialect, &request.method, headers),
            headers,
        );
        return ProblemDetails::PROBE.into_response();
    }
    if dialect == Dialect::ExtAuthz && request.uri.path() != EXT_AUTHZ && climbs(request.uri.path()) {
        return ProblemDetails::CLIMBING.into_response();
    }
    if !is_believed(services, connection.peer, headers) {
        client::note_ignored(services, connection.peer, headers);
        tell_disbelieved(services, connection.peer);
        return ProblemDetails::UNTRUSTED.into_response();
    }
    let settings = &services.settings;
    if settings.cors_preflights_pass
        && preflight::is_one(dialect, &request.method, headers, settings.key_header.alone())
    {
        return preflight::pass();
    }
    let started = Instant::now();
    let client = client::address(services, connection, headers);
    if let Err(cause) = client {
        client::tell_unnamed(services, connection.peer, cause);
    }
    let (verdict, hint) = match admit_question(services) {
        Some(_place) => decide(services, client, headers).await,
        None => (Verdict::refuse(Code::Unavailable), None),
    };
    services.metrics.verified(verdict.code, started);
    let mut response = match (verdict.code, &verdict.key) {
        (Code::Valid, Some(key)) => allow(key),
        _ => refusals.answer(dialect, &verdict, hint),
    };
    note_verdict(services, &mut response, client.ok(), &verdict);
    response
}

/// Whether a path steps up: in a form that a proxy before us may read so, and then take the path for another one than
/// the one that it passes on.
fn climbs(path: &str) -> bool {
    if !path.contains("..") && !path.contains('%') {
        return false;
    }
    let plain = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    plain.split(['/', '\\']).any(|part| part == "..")
}

/// Envoy asks with the client's address behind its own path; where it asks with that path alone, it names the
/// client's in a header, as the others do.
fn take_original(request: &mut Parts) {
    if request.uri.path() != EXT_AUTHZ || request.uri.query().is_some() {
        query::take_for_original(&request.uri, &mut request.headers);
    }
}

/// Whether what this peer says about a client is believed: a trusted proxy and, where the operator asks for
/// it, with the token of a gateway.
fn is_believed(services: &Services, peer: Peer, headers: &HeaderMap) -> bool {
    let settings = &services.settings;
    settings.trusted_proxies.trusts(peer)
        && (!settings.require_gateway_token || credential::in_own_header(services, headers))
}

fn tell_disbelieved(services: &Services, peer: Peer) {
    if services.settings.trusted_proxies.trusts(peer) {
        return credential::tell_wrong(services, peer);
    }
    services.events.log(
        Event::StrangerRefused,
        peer.address().into(),
        format_args!(
            "{peer} asked as gateways do and is not in trusted_proxies; if it is your gateway, add it there"
        ),
    );
}

async fn decide(
    services: &Services,
    client: Result<Address, NoClientAddress>,
    headers: &HeaderMap,
) -> (Verdict, Option<Hint>) {
    let settings = &services.settings;
    let presented = match presented::find(headers, settings) {
        Ok(presented) if services.verifier.shape(&presented.token).is_some() => presented,
        Ok(_) => return unreadable(services, Code::Malformed, client, headers),
        Err(code) => return unreadable(services, code, client, headers),
    };
    let Ok(address) = client else {
        return (Verdict::refuse(Code::NoClientAddress), None);
    };
    let question = VerificationRequest {
        token: &presented.token,
        username: presented.username.as_deref(),
        address,
        dry_run: false,
    };
    let verdict = services.verifier.verify(question).await;
    let is_unknown = verdict.code == Code::NotFound;
    let hint = if is_unknown { hint::of_unknown(&presented, headers, settings) } else { None };
    (verdict, hint)
}

/// Returns the verdict on a request without a readable key. Such a request needs no client address to be refused; the
/// throttle counts it only where the client is known and sent something that is no key.
fn unreadable(
    services: &Services,
    code: Code,
    client: Result<Address, NoClientAddress>,
    headers: &HeaderMap,
) -> (Verdict, Option<Hint>) {
    let hint = hint::of_unreadable(headers, &services.settings);
    let verdict = match client {
        Ok(address) if code == Code::Malformed && !hint.is_some_and(Hint::tells_of_a_key) => {
            services.verifier.refuse_malformed(address)
        }
        _ => Verdict::refuse(code),
    };
    (verdict, hint)
}

/// The body is empty: nginx opens a new connection for every request otherwise.
fn allow(key: &KeyEntry) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(KEY_ID, text(key.id.encode(&mut [0; KeyId::TEXT_LENGTH])));
    headers.insert(USERNAME, text(key.user.username.as_str()));
    headers.insert(KEY_TYPE, HeaderValue::from_static(key.key_type.name()));
    response
}

/// Ids and usernames are ASCII.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::climbs;
    use rstest::rstest;

    #[rstest]
    #[case("/authz/ext-authz/../../x")]
    #[case("/authz/ext-authz/..")]
    #[case("/authz/ext-authz/%2e%2e/%2E%2E/x")]
    #[case("/authz/ext-authz/.%2E/x")]
    #[case("/authz/ext-authz/..%2f..%2Fx")]
    #[case("/authz/ext-authz/..%5c..\\x")]
    fn steps_up_are_found_in_every_spelling(#[case] path: &str) {
        assert!(climbs(path));
    }

    #[rstest]
    #[case("/authz/ext-authz")]
    #[case("/authz/ext-authz/files/a..b/...")]
    #[case("/authz/ext-authz/100%/%41/.well-known/./x")]
    fn other_paths_of_clients_are_theirs(#[case] path: &str) {
        assert!(!climbs(path));
    }
}
