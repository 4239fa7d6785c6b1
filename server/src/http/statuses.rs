//! The one place that turns outcomes into HTTP statuses.

use super::api::ApiError;
use super::guard;
use super::oauth::OAuthError;
use super::problem::ProblemDetails;
use crate::services::Unready;
use app::PortalError;
use axum::response::{IntoResponse, Response};
use contract::Code;
use http::{HeaderValue, StatusCode, header};
use service::retries::RetryError;

/// What `/readyz` answers.
pub(super) fn of_readiness(ready: Result<(), Unready>) -> (StatusCode, String) {
    match ready {
        Ok(()) => (StatusCode::OK, "ok".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why.to_string()),
    }
}

/// Seconds after which a client may try again when the store is in trouble.
pub(super) const RETRY_SECONDS: u32 = 1;
/// The same when too many passwords are being checked: by then those that wait have been.
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
        PortalError::Conflict | PortalError::LimitReached => StatusCode::CONFLICT,
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

/// The status of an answer to a program whose request was not carried out.
pub(super) fn of_api(error: &ApiError) -> StatusCode {
    match error {
        ApiError::Refused(refusal) => of_portal(&PortalError::from(refusal.clone())),
        ApiError::Key { code: Code::Valid, .. } => StatusCode::SERVICE_UNAVAILABLE,
        ApiError::Key { code, .. } => of_verdict(*code),
        ApiError::NotPermitted => StatusCode::FORBIDDEN,
        ApiError::Input(_) | ApiError::RetryName => StatusCode::BAD_REQUEST,
        ApiError::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ApiError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ApiError::Retry(RetryError::StillRuns) => StatusCode::CONFLICT,
        ApiError::Retry(_) => StatusCode::UNPROCESSABLE_ENTITY,
        ApiError::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
        ApiError::NoSuchPath => StatusCode::NOT_FOUND,
        ApiError::Method => StatusCode::METHOD_NOT_ALLOWED,
    }
}

/// The status of an answer to an application that got no key.
pub(super) fn of_oauth(error: &OAuthError) -> StatusCode {
    match error {
        OAuthError::Refused(refusal) => of_portal(&PortalError::from(refusal.clone())),
        OAuthError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        OAuthError::MediaType
        | OAuthError::Missing(_)
        | OAuthError::Twice(_)
        | OAuthError::Asked(_)
        | OAuthError::UnsupportedGrantType
        | OAuthError::Pending
        | OAuthError::SlowDown
        | OAuthError::Expired
        | OAuthError::Denied
        | OAuthError::InvalidGrant => StatusCode::BAD_REQUEST,
    }
}

/// The status of a change of a program's that left nothing to say, and of one that made something.
pub(super) const DONE: StatusCode = StatusCode::NO_CONTENT;
/// The same, where something was made.
pub(super) const MADE: StatusCode = StatusCode::CREATED;

/// Refuses another method at an address that takes POST only.
pub(super) fn only_post() -> Response {
    ([(header::ALLOW, "POST")], ProblemDetails::ONLY_POST).into_response()
}

/// Refuses another method at an address that takes GET and POST only.
pub(super) fn only_get_and_post() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response()
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
    // This is said before any page is asked.
    guard::seal(response.headers_mut());
    response
}

/// A form that is larger than any of ours.
pub(super) fn large_form() -> Response {
    (StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.").into_response()
}
