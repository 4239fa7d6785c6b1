//! The hooks of gateways: any method, no body, status and headers of the gateway's dialect.

use super::{credential, presented, probed};
use crate::domain::address::Address;
use crate::domain::client_address::{NoClientAddress, Peer};
use crate::domain::verdict::Code;
use crate::http::access::note_verdict;
use crate::http::client;
use crate::http::load::admit_question;
use crate::http::statuses::{Problem, for_nginx, of_verdict};
use crate::services::Services;
use crate::verify::{KeyEntry, Question, Verdict};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;
use std::time::Instant;

const KEY_ID: HeaderName = HeaderName::from_static("x-latchkey-key-id");
const USERNAME: HeaderName = HeaderName::from_static("x-latchkey-username");
const KEY_TYPE: HeaderName = HeaderName::from_static("x-latchkey-key-type");
const CODE: HeaderName = HeaderName::from_static("x-latchkey-code");
const STATUS: HeaderName = HeaderName::from_static("x-latchkey-status");

/// Traefik, Caddy, HAProxy: every status reaches the client.
pub(super) async fn forward_auth(State(services): State<Arc<Services>>, request: Request) -> Response {
    answer(&services, &request.into_parts().0, |status| status).await
}

/// nginx `auth_request`: 200, 401, 403 and, in trouble, 503.
pub(super) async fn auth_request(State(services): State<Arc<Services>>, request: Request) -> Response {
    answer(&services, &request.into_parts().0, for_nginx).await
}

/// Envoy's HTTP `ext_authz`: every status reaches the client. Envoy asks with the client's own method, path
/// and query, so these say nothing about what may pass; only a key in the query is looked for, where allowed.
pub(super) async fn ext_authz(State(services): State<Arc<Services>>, request: Request) -> Response {
    let (mut request, _) = request.into_parts();
    if services.settings.key_in_query {
        presented::take_for_original(&request.uri, &mut request.headers);
    }
    answer(&services, &request, |status| status).await
}

async fn answer(services: &Services, request: &Parts, dialect: fn(StatusCode) -> StatusCode) -> Response {
    let peer = client::peer(&request.extensions);
    if probed::is_probe(services, &request.headers) {
        probed::note(services, peer, request);
        return Problem::PROBE.into_response();
    }
    if !is_believed(services, peer, &request.headers) {
        client::note_ignored(services, peer, &request.headers);
        return Problem::UNTRUSTED.into_response();
    }
    let started = Instant::now();
    let client = client::address(services, peer, &request.headers, &request.extensions);
    let verdict = match admit_question(services) {
        Some(_place) => decide(services, client, request).await,
        None => Verdict::refuse(Code::Unavailable),
    };
    services.metrics.verified(verdict.code, started);
    let mut response = match (verdict.code, &verdict.key) {
        (Code::Valid, Some(key)) => allow(key),
        _ => refuse(&verdict, dialect),
    };
    note_verdict(services, &mut response, client.ok(), &verdict);
    response
}

/// Whether what this caller says about a client is believed: a trusted proxy and, where the operator asks for
/// it, with the token of a gateway.
fn is_believed(services: &Services, peer: Peer, headers: &HeaderMap) -> bool {
    let settings = &services.settings;
    settings.trusted_proxies.trusts(peer)
        && (!settings.require_gateway_token || credential::in_own_header(services, headers))
}

async fn decide(services: &Services, client: Result<Address, NoClientAddress>, request: &Parts) -> Verdict {
    // What is malformed is so whoever sent it; only a client that is known can be throttled.
    let malformed = || match client {
        Ok(address) => services.verifier.refuse_malformed(address),
        Err(NoClientAddress) => Verdict::refuse(Code::Malformed),
    };
    let presented = match presented::find(&request.headers, services.settings.key_in_query) {
        Ok(presented) => presented,
        Err(Code::Malformed) => return malformed(),
        Err(code) => return Verdict::refuse(code),
    };
    if services.settings.token_format.shape(&presented.token).is_none() {
        return malformed();
    }
    let Ok(address) = client else {
        return Verdict::refuse(Code::NoClientAddress);
    };
    let question = Question {
        token: &presented.token,
        username: presented.username.as_deref(),
        address,
        dry_run: false,
    };
    services.verifier.verify(question).await
}

/// The body is empty: nginx opens a new connection for every request otherwise.
fn allow(key: &KeyEntry) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(KEY_ID, text(&key.id.to_string()));
    headers.insert(USERNAME, text(key.user.username.as_str()));
    headers.insert(KEY_TYPE, HeaderValue::from_static(key.key_type.name()));
    response
}

fn refuse(verdict: &Verdict, dialect: fn(StatusCode) -> StatusCode) -> Response {
    let status = of_verdict(verdict.code);
    let mut response = Problem::of_refusal(status).into_response();
    *response.status_mut() = dialect(status);
    let headers = response.headers_mut();
    headers.insert(CODE, HeaderValue::from_static(verdict.code.name()));
    headers.insert(STATUS, HeaderValue::from(status.as_u16()));
    if let Some(seconds) = verdict.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Ids and usernames are ASCII by their types.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}
