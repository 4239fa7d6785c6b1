//! `POST /v1/verify`: for gateways and backends that ask in JSON, with a gateway token.

use super::credential;
use crate::http::access::note_verdict;
use crate::http::guard;
use crate::http::load::admit_question;
use crate::http::problem::{ProblemDetails, documented_problems};
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
use std::collections::BTreeMap;
use std::time::Instant;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Response as Documented};
use utoipa::{IntoResponses, ToSchema};

/// The most bytes of a question.
const BODY_LIMIT: usize = 8 * 1024;

/// A question whether a key may pass.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"key": "lkd_0123456789abcdefghijklmnopqrstuvwxyzAB", "client_ip": "203.0.113.7"}))]
struct VerifyRequest {
    /// The key, as the client sent it.
    key: String,
    /// The address of the client, IPv4 or IPv6.
    #[schema(schema_with = address_schema)]
    client_ip: String,
    /// The username that came with the key, if one did: it has to be that of the key.
    username: Option<String>,
    /// Whether it is only asked: nothing is counted, and no key locks to the address.
    #[serde(default)]
    #[schema(required = false)]
    dry_run: bool,
}

fn address_schema() -> Schema {
    let form =
        |known| ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(known)));
    AnyOfBuilder::new()
        .item(form(KnownFormat::Ipv4))
        .item(form(KnownFormat::Ipv6))
        .description(Some("The address of the client, IPv4 or IPv6."))
        .build()
        .into()
}

/// Whether a key may pass.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Verdict)]
enum VerifyResponse {
    Passes(Box<Passes>),
    Refused(Refused),
}

/// A key that may pass.
#[derive(Serialize, ToSchema)]
struct Passes {
    /// True: it may pass, and its use is counted.
    valid: bool,
    #[schema(schema_with = passing_code)]
    code: &'static str,
    /// The id of the key.
    #[schema(format = "uuid", example = "0198c1f2-7a4e-7c3b-9d2e-5f6a7b8c9d0e")]
    key_id: String,
    /// Whose it is.
    #[schema(example = "demouser")]
    username: String,
    /// The kind of the key.
    #[schema(example = "default")]
    key_type: &'static str,
    /// The customer's own words for it.
    #[schema(example = "billing server")]
    description: String,
    /// The address it is locked to; null: none.
    #[schema(example = "203.0.113.7")]
    locked_on_ip: Option<String>,
    /// How often it was used, this time too.
    #[schema(example = 42)]
    times_used: u64,
    /// When it was used last: now; null: never, where it is only asked.
    #[schema(format = DateTime, example = "2026-11-27T08:20:00Z")]
    last_used_at: Option<String>,
}

/// A key that may not pass.
#[derive(Serialize, ToSchema)]
struct Refused {
    /// False: it may not pass.
    valid: bool,
    #[schema(schema_with = refusing_code)]
    code: &'static str,
    /// The id of the key, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uuid", example = "0198c1f2-7a4e-7c3b-9d2e-5f6a7b8c9d0e")]
    key_id: Option<String>,
    /// Whose it is, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "demouser")]
    username: Option<String>,
    /// Seconds after which it may be asked again, where a source guesses keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 30)]
    retry_after_seconds: Option<u32>,
}

fn passing_code() -> Schema {
    codes(|code| code == Code::Valid)
}

/// Every code but the one that passes and the one that has a status of its own.
fn refusing_code() -> Schema {
    codes(|code| !matches!(code, Code::Valid | Code::Unavailable))
}

fn codes(which: impl Fn(Code) -> bool) -> Schema {
    let names: Vec<_> = Code::ALL.into_iter().filter(|code| which(*code)).map(Code::name).collect();
    let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    text.description(Some("Why, by a name that stays.")).build().into()
}

/// What the question may answer in vain; the statuses of `statuses.rs`.
struct InVain;

impl IntoResponses for InVain {
    fn responses() -> BTreeMap<String, RefOr<Documented>> {
        documented_problems(&[
            ("400", "The body is not what this takes, or client_ip is no address."),
            ("401", "A gateway token is needed."),
            ("404", "This address answers pages only: gateways have one of their own."),
            ("405", "Another method than POST."),
            ("408", "The body did not come in time."),
            ("413", "The body is over 8 KiB."),
            ("503", "It cannot be answered now; Retry-After says when to try again."),
        ])
    }
}

/// Says whether a key may pass, and counts the use if it may.
///
/// For gateways and backends, with a gateway token (`latchkey gateway add`). A refusal is an answer too: its status is
/// 200, and its code says why. Nothing is asked of a key before the token is right.
#[utoipa::path(
    post,
    path = "/v1/verify",
    operation_id = "verify_key",
    tag = "gateways",
    security(("gateway" = [])),
    request_body = VerifyRequest,
    responses((status = 200, description = "Whether the key may pass.", body = VerifyResponse), InVain)
)]
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
    let code = verdict.code.name();
    match verdict.key.as_ref() {
        Some(key) if verdict.code == Code::Valid => {
            VerifyResponse::Passes(Box::new(passes(services, verdict, key)))
        }
        key => VerifyResponse::Refused(Refused {
            valid: false,
            code,
            key_id: key.map(|k| k.id.to_string()),
            username: key.map(|k| k.user.username.to_string()),
            retry_after_seconds: verdict.retry_after_seconds,
        }),
    }
}

fn passes(services: &Services, verdict: &Verdict, key: &KeyEntry) -> Passes {
    let facts = services.verifier.facts(key);
    Passes {
        valid: true,
        code: verdict.code.name(),
        key_id: key.id.to_string(),
        username: key.user.username.to_string(),
        key_type: key.key_type.name(),
        description: facts.description,
        locked_on_ip: facts.locked.map(|a| a.to_string()),
        times_used: verdict.counted.map_or(facts.times_used, |c| c.times_used),
        last_used_at: verdict.counted.map(|c| c.at).or(facts.last_used).map(Micros::rfc_3339),
    }
}
