//! `POST /v1/verify`: for gateways and backends that ask in JSON, with a gateway token.

use super::credential;
use crate::http::access::note_verdict;
use crate::http::guard;
use crate::http::load::admit_question;
use crate::http::problem::ProblemDetails;
use crate::services::Services;
use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use contract::Code;
use domain::address::Address;
use domain::client_address::Peer;
use domain::time::Micros;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, Serialize};
use service::verify::{KeyEntry, Verdict, VerificationRequest};
use std::time::Instant;

/// The most bytes of a question.
const BODY_LIMIT: usize = 8 * 1024;

#[derive(Deserialize)]
struct VerifyRequest {
    key: String,
    client_ip: String,
    username: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize)]
struct VerifyResponse {
    valid: bool,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    valid_key: Option<ValidKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

#[derive(Serialize)]
struct ValidKey {
    key_type: &'static str,
    description: String,
    locked_on_ip: Option<String>,
    times_used: u64,
    last_used_at: Option<String>,
}

/// Answers one JSON question.
pub(super) async fn verify(services: &Services, request: Request, peer: Peer) -> Response {
    let (request, body) = request.into_parts();
    // Before the body is read: strangers send whatever they like.
    if !credential::in_authorization(services, &request.headers) {
        credential::tell_wrong(services, peer);
        return ProblemDetails::NO_GATEWAY.into_response();
    }
    let Some(_place) = admit_question(services) else {
        services.metrics.verified(Code::Unavailable, Instant::now());
        return ProblemDetails::UNAVAILABLE.into_response();
    };
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return ProblemDetails::TOO_LARGE.into_response(),
        Err(_) => return ProblemDetails::BAD_BODY.into_response(),
    };
    let Ok(asked) = serde_json::from_slice::<VerifyRequest>(&body) else {
        return ProblemDetails::BAD_BODY.into_response();
    };
    let Ok(address) = Address::parse(&asked.client_ip) else {
        return ProblemDetails::BAD_ADDRESS.into_response();
    };
    let started = Instant::now();
    let verdict = match asked.key.as_str() {
        "" => Verdict::refuse(Code::Missing),
        token => {
            let username = asked.username.as_deref().filter(|name| !name.is_empty());
            let question = VerificationRequest { token, username, address, dry_run: asked.dry_run };
            services.verifier.verify(question).await
        }
    };
    services.metrics.verified(verdict.code, started);
    let mut response = match verdict.code {
        Code::Unavailable => ProblemDetails::UNAVAILABLE.into_response(),
        _ => told(services, &verdict),
    };
    note_verdict(services, &mut response, Some(address), &verdict);
    response
}

fn told(services: &Services, verdict: &Verdict) -> Response {
    let mut response = Json(answer(services, verdict)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    guard::seal(headers);
    if let Some(seconds) = verdict.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn answer(services: &Services, verdict: &Verdict) -> VerifyResponse {
    let key = verdict.key.as_ref();
    let valid = verdict.code == Code::Valid;
    VerifyResponse {
        valid,
        code: verdict.code.name(),
        key_id: key.map(|k| k.id.to_string()),
        username: key.map(|k| k.user.username.to_string()),
        valid_key: key.filter(|_| valid).map(|key| valid_key(services, verdict, key)),
        retry_after_seconds: verdict.retry_after_seconds,
    }
}

fn valid_key(services: &Services, verdict: &Verdict, key: &KeyEntry) -> ValidKey {
    let facts = services.verifier.facts(key);
    ValidKey {
        key_type: key.key_type.name(),
        description: facts.description,
        locked_on_ip: facts.locked.map(|a| a.to_string()),
        times_used: verdict.counted.map_or(facts.times_used, |c| c.times_used),
        last_used_at: verdict.counted.map(|c| c.at).or(facts.last_used).map(Micros::rfc_3339),
    }
}
