//! Problem details (RFC 9457), for programs: the one place that writes them.
//!
//! Those that the server itself tells have the type `about:blank`: their status says it all. What a use case refuses has a
//! type of its own (`refused.rs`).

mod refused;

use super::guard;
use super::statuses::RETRY_SECONDS;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
pub(super) use refused::{WrongMember, refused};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{Content, Ref, RefOr, Response as Documented, ResponseBuilder};

/// Problem details with a fixed text.
pub(super) struct ProblemDetails {
    status: StatusCode,
    /// What is wrong and what to do.
    detail: &'static str,
}

impl ProblemDetails {
    const fn new(status: StatusCode, detail: &'static str) -> Self {
        Self { status, detail }
    }

    pub(super) const BAD_BODY: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The body is not the JSON object that this address takes: key and client_ip are needed.",
    );
    pub(super) const BAD_ADDRESS: Self =
        Self::new(StatusCode::BAD_REQUEST, "client_ip is not an IPv4 or IPv6 address.");
    pub(super) const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is over 8 KiB.");
    pub(super) const ONLY_POST: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "This address takes POST only.");
    pub(super) const LATE_BODY: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "The body of the request did not come in time.");
    pub(super) const NO_GATEWAY: Self = Self::new(
        StatusCode::UNAUTHORIZED,
        "A gateway token is needed: Authorization: Bearer, from `latchkey gateway add`.",
    );
    pub(super) const UNTRUSTED: Self = Self::new(
        StatusCode::FORBIDDEN,
        "This address answers gateways only (settings trusted_proxies and require_gateway_token).",
    );
    pub(super) const PAGES_ONLY: Self = Self::new(
        StatusCode::NOT_FOUND,
        "This address answers pages only; gateways ask at an address of their own (setting listen_gateways).",
    );
    pub(super) const GATEWAYS_ONLY: Self = Self::new(
        StatusCode::NOT_FOUND,
        "This address answers gateways only; pages are at the public address (settings listen, public_url).",
    );
    pub(super) const CLIMBING: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The path steps up (..), so that it cannot be told what is asked for. Gateways ask with a path of their own.",
    );
    pub(super) const PROBE: Self =
        Self::new(StatusCode::FORBIDDEN, "This was a probe of `latchkey doctor`; it is always refused.");
    pub(super) const UNAVAILABLE: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The service cannot answer now; try again shortly.");
}

/// Problem details for the public client of a gateway: what the status means, and a hint about its own request.
pub(super) fn refusal(status: StatusCode, hint: Option<&str>) -> (HeaderMap, Bytes) {
    let detail = match status {
        StatusCode::UNAUTHORIZED => "A valid API key is needed.",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests with wrong API keys; try again later.",
        StatusCode::SERVICE_UNAVAILABLE => "API keys cannot be checked now; try again shortly.",
        _ => "This API key may not be used here.",
    };
    match hint {
        Some(hint) => problem(status, &format!("{detail} {hint}")),
        None => problem(status, detail),
    }
}

/// Problem details of a type that has a name.
pub(super) fn typed(
    status: StatusCode,
    name: &str,
    title: &str,
    detail: &str,
    errors: &[WrongMember],
) -> Response {
    let r#type = &format!("{TYPE}{name}");
    let (headers, body) = write(&ProblemBody { r#type, title, status: status.as_u16(), detail, errors });
    (status, headers, body).into_response()
}

/// Why something was refused.
#[derive(utoipa::ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it describes what is written")]
pub(super) struct ProblemDocument {
    /// What kind of problem it is: stable, for programs.
    #[schema(example = "urn:problem-type:latchkey:invalid")]
    r#type: String,
    /// The same in a few words, for people.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What is wrong and what to do, for people.
    detail: String,
    /// What is wrong with the input, place by place.
    errors: Option<Vec<WrongMember>>,
}

/// Problem details as the document has them: these statuses, each with what it means.
pub(super) fn documented_problems<'a>(
    of: impl IntoIterator<Item = &'a (&'static str, &'static str)>,
) -> BTreeMap<String, RefOr<Documented>> {
    let problem = |(status, description): &(&str, &str)| {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", content)
            .build();
        ((*status).to_owned(), RefOr::T(response))
    };
    of.into_iter().map(problem).collect()
}

/// What every type begins with.
const TYPE: &str = "urn:problem-type:latchkey:";

/// The members of problem details.
#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [WrongMember],
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let (headers, body) = problem(self.status, self.detail);
        (self.status, headers, body).into_response()
    }
}

/// Headers and body of problem details whose type is their status.
fn problem(status: StatusCode, detail: &str) -> (HeaderMap, Bytes) {
    let title = status.canonical_reason().unwrap_or_default();
    write(&ProblemBody { r#type: "about:blank", title, status: status.as_u16(), detail, errors: &[] })
}

/// Headers and body of problem details.
fn write(body: &ProblemBody<'_>) -> (HeaderMap, Bytes) {
    let json = serde_json::to_vec(body).expect("texts and a number are JSON");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    guard::seal(&mut headers);
    if body.status == StatusCode::UNAUTHORIZED.as_u16() {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if body.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    }
    (headers, json.into())
}
