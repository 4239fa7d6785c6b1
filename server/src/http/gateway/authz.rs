//! The hooks of gateways: any method, no body, status and headers of the gateway's dialect.

use super::{credential, presented, probed};
use crate::domain::address::Address;
use crate::domain::client_address::{NoClientAddress, Peer};
use crate::domain::verdict::Code;
use crate::http::access::note_verdict;
use crate::http::client::{self, Caller};
use crate::http::load::admit_question;
use crate::http::statuses::{Problem, for_nginx, of_verdict};
use crate::services::Services;
use crate::verify::{KeyEntry, Question, Verdict};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Instant;

const KEY_ID: HeaderName = HeaderName::from_static("x-latchkey-key-id");
const USERNAME: HeaderName = HeaderName::from_static("x-latchkey-username");
const KEY_TYPE: HeaderName = HeaderName::from_static("x-latchkey-key-type");
const CODE: HeaderName = HeaderName::from_static("x-latchkey-code");
const STATUS: HeaderName = HeaderName::from_static("x-latchkey-status");

/// How a gateway asks, and which statuses it passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    /// Traefik, Caddy, HAProxy: every status reaches the client.
    ForwardAuth,
    /// nginx `auth_request`: 200, 401, 403 and, in trouble, 503.
    AuthRequest,
    /// Envoy's HTTP `ext_authz`: every status reaches the client. Envoy asks with the client's own method, path
    /// and query, so these say nothing about what may pass; only a key in the query is looked for, where allowed.
    ExtAuthz,
}

/// Answers one question of a gateway's hook.
pub(super) async fn answer(
    services: &Services,
    mut request: Parts,
    caller: Caller,
    dialect: Dialect,
) -> Response {
    if dialect == Dialect::ExtAuthz && services.settings.key_in_query {
        presented::take_for_original(&request.uri, &mut request.headers);
    }
    let headers = &request.headers;
    if probed::is_probe(services, headers) {
        probed::note(services, caller, headers);
        return Problem::PROBE.into_response();
    }
    if !is_believed(services, caller.peer, headers) {
        client::note_ignored(services, caller.peer, headers);
        return Problem::UNTRUSTED.into_response();
    }
    let started = Instant::now();
    let client = client::address(services, caller, headers);
    let verdict = match admit_question(services) {
        Some(_place) => decide(services, client, headers).await,
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

async fn decide(
    services: &Services,
    client: Result<Address, NoClientAddress>,
    headers: &HeaderMap,
) -> Verdict {
    // What is malformed is so whoever sent it; only a client that is known can be throttled.
    let malformed = || match client {
        Ok(address) => services.verifier.refuse_malformed(address),
        Err(_) => Verdict::refuse(Code::Malformed),
    };
    let presented = match presented::find(headers, services.settings.key_in_query) {
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

fn refuse(verdict: &Verdict, dialect: Dialect) -> Response {
    let status = of_verdict(verdict.code);
    let mut response = Problem::of_refusal(status).into_response();
    *response.status_mut() = if dialect == Dialect::AuthRequest { for_nginx(status) } else { status };
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
