//! From outcomes to HTTP statuses and problem texts: the one place for both.

use super::guard;
use app::PortalError;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contract::Code;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use store::StoreError;

/// The answer about readiness while it stops because a part of it has ended.
pub(super) const ENDING: (StatusCode, &str) =
    (StatusCode::SERVICE_UNAVAILABLE, "a part of the server has ended: it stops, and the log says why");

/// What `/readyz` answers; the log has told of the cause.
pub(super) fn of_readiness(ready: &Result<(), StoreError>) -> (StatusCode, &'static str) {
    match ready {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(StoreError::NoRoom(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the disk is full: accepted uses and changes are refused")
        }
        Err(StoreError::Locked(_)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "another program holds a lock on a database: accepted uses or changes are refused",
        ),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"),
    }
}

/// Seconds after which a client may try again when the store is in trouble.
const RETRY_SECONDS: u32 = 1;
/// The same where too many passwords are being checked: as long as all who wait may take.
const BUSY_SECONDS: u32 = 2;

/// The status of a verdict towards a gateway that passes every status on.
pub(super) fn of_verdict(code: Code) -> StatusCode {
    match code {
        Code::Valid => StatusCode::OK,
        Code::Missing | Code::Malformed | Code::NotFound | Code::Deleted | Code::Rotated | Code::Expired => {
            StatusCode::UNAUTHORIZED
        }
        Code::Disabled | Code::OwnerDisabled | Code::IpNotAllowed | Code::NoClientAddress => {
            StatusCode::FORBIDDEN
        }
        Code::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The status of a verdict towards nginx, whose `auth_request` turns all but 401 and 403 into 500.
pub(super) fn for_nginx(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::TOO_MANY_REQUESTS => StatusCode::FORBIDDEN,
        status => status,
    }
}

/// The status of a page or a server function that met this error.
pub(super) fn of_portal(error: &PortalError) -> StatusCode {
    match error {
        PortalError::SignedOut => StatusCode::UNAUTHORIZED,
        PortalError::NotFound => StatusCode::NOT_FOUND,
        PortalError::Forbidden | PortalError::WrongAddress { .. } => StatusCode::FORBIDDEN,
        PortalError::Invalid(_) | PortalError::ProofNeeded => StatusCode::UNPROCESSABLE_ENTITY,
        PortalError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        PortalError::Conflict | PortalError::Full => StatusCode::CONFLICT,
        PortalError::Busy | PortalError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        PortalError::Connection(_) => StatusCode::BAD_REQUEST,
    }
}

/// `Retry-After` of an error that passes with time.
pub(super) fn retry_after(error: &PortalError) -> Option<HeaderValue> {
    match error {
        PortalError::Throttled { retry_after_seconds } => Some(HeaderValue::from(*retry_after_seconds)),
        PortalError::Busy => Some(HeaderValue::from(BUSY_SECONDS)),
        PortalError::Unavailable => Some(HeaderValue::from(RETRY_SECONDS)),
        _ => None,
    }
}

/// An address that takes a POST alone was asked in another way.
pub(super) fn only_post() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response()
}

/// A page, or a form, that cannot be answered now, because too many are being answered.
pub(super) fn busy_page() -> Response {
    let text = "Too many requests at once; try again shortly.";
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    response
}

/// One request more than its source may have in flight. It has no body, which its client could refuse to fetch.
pub(super) fn too_many() -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    // It is said before any page is asked.
    guard::seal(response.headers_mut());
    response
}

/// A form that is larger than any of ours.
pub(super) fn large_form() -> Response {
    (StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.").into_response()
}

/// A problem (RFC 9457) for programs.
pub(super) struct ProblemDetails {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// What is wrong and what to do.
    pub(super) detail: &'static str,
}

impl ProblemDetails {
    pub(super) const BAD_BODY: Self = Self {
        status: StatusCode::BAD_REQUEST,
        detail: "The body is not the JSON object that this address takes: key and client_ip are needed.",
    };
    pub(super) const BAD_ADDRESS: Self =
        Self { status: StatusCode::BAD_REQUEST, detail: "client_ip is not an IPv4 or IPv6 address." };
    pub(super) const TOO_LARGE: Self =
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, detail: "The body is over 8 KiB." };
    pub(super) const LATE_BODY: Self =
        Self { status: StatusCode::REQUEST_TIMEOUT, detail: "The body of the request did not come in time." };
    pub(super) const NO_GATEWAY: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        detail: "A gateway token is needed: Authorization: Bearer, from `latchkey gateway add`.",
    };
    pub(super) const UNTRUSTED: Self = Self {
        status: StatusCode::FORBIDDEN,
        detail: "This address answers gateways only (settings trusted_proxies and require_gateway_token).",
    };
    pub(super) const PAGES_ONLY: Self = Self {
        status: StatusCode::NOT_FOUND,
        detail: "This address answers pages only; gateways ask at an address of their own (setting listen_gateways).",
    };
    pub(super) const GATEWAYS_ONLY: Self = Self {
        status: StatusCode::NOT_FOUND,
        detail: "This address answers gateways only; pages are at the public address (settings listen, public_url).",
    };
    pub(super) const CLIMBING: Self = Self {
        status: StatusCode::BAD_REQUEST,
        detail: "The path steps up (..), so that it cannot be told what is asked for. Gateways ask with a path of their own.",
    };
    pub(super) const PROBE: Self = Self {
        status: StatusCode::FORBIDDEN,
        detail: "This was a probe of `latchkey doctor`; it is always refused.",
    };
    pub(super) const UNAVAILABLE: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        detail: "The service cannot answer now; try again shortly.",
    };
}

/// What the public client of a gateway is told: what the status says, and what its own request looked like.
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

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let (headers, body) = problem(self.status, self.detail);
        (self.status, headers, body).into_response()
    }
}

/// Headers and body of a problem.
fn problem(status: StatusCode, detail: &str) -> (HeaderMap, Bytes) {
    let body = ProblemBody {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail,
    };
    let body = serde_json::to_vec(&body).expect("texts and a number are JSON");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    guard::seal(&mut headers);
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    }
    (headers, body.into())
}
