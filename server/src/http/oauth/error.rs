//! What applications are told that get no key: codes of RFC 6749 and RFC 8628 for programs, and a sentence for whoever
//! writes one.

use super::json;
use crate::http::statuses::{of_oauth, retry_after};
use app::PortalError;
use axum::response::{IntoResponse, Response};
use contract::Refusal;
use http::{HeaderValue, header};
use serde::Serialize;
use service::applications::AskError;
use std::borrow::Cow;

/// Why an application gets no key.
#[derive(Debug)]
pub(in crate::http) enum OAuthError {
    /// The body is no form.
    MediaType,
    /// The body is too large.
    TooLarge,
    /// A name is not there.
    Missing(&'static str),
    /// A name is there twice.
    Twice(&'static str),
    /// What the application says of itself cannot be shown.
    Asked(AskError),
    /// Another grant is asked for.
    UnsupportedGrantType,
    /// Nobody has decided yet.
    Pending,
    /// It asks too often.
    SlowDown,
    /// Its codes have ended.
    Expired,
    /// It was refused.
    Denied,
    /// There is no such code, or it was used.
    InvalidGrant,
    /// Too many ask, or the store is in trouble.
    Refused(Refusal),
}

impl From<AskError> for OAuthError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Refused(refusal) => Self::Refused(refusal),
            AskError::TooMany { retry_after_seconds } => {
                Self::Refused(Refusal::Throttled { retry_after_seconds })
            }
            error => Self::Asked(error),
        }
    }
}

/// RFC 6749, section 5.2.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl OAuthError {
    fn words(&self) -> (&'static str, Cow<'static, str>) {
        let invalid = |text: &'static str| ("invalid_request", Cow::from(text));
        match self {
            Self::MediaType => invalid("Send a form, with Content-Type: application/x-www-form-urlencoded."),
            Self::TooLarge => invalid("The body is too large."),
            Self::Missing(name) => ("invalid_request", format!("{name} is missing.").into()),
            Self::Twice(name) => ("invalid_request", format!("{name} is there twice.").into()),
            Self::Asked(error) => ("invalid_request", format!("It cannot be shown: {error}.").into()),
            Self::UnsupportedGrantType => (
                "unsupported_grant_type",
                "grant_type has to be urn:ietf:params:oauth:grant-type:device_code.".into(),
            ),
            Self::Pending => ("authorization_pending", "Nobody has decided yet.".into()),
            Self::SlowDown => {
                ("slow_down", "Wait five seconds longer between two questions from now on.".into())
            }
            Self::Expired => ("expired_token", "The code has ended: ask for another one.".into()),
            Self::Denied => ("access_denied", "The customer denied it.".into()),
            Self::InvalidGrant => {
                ("invalid_grant", "There is no such device_code, or its key was fetched.".into())
            }
            Self::Refused(Refusal::Throttled { .. }) => {
                ("temporarily_unavailable", "Too many requests: wait as long as Retry-After says.".into())
            }
            Self::Refused(_) => {
                ("temporarily_unavailable", "It cannot be done now: try again shortly.".into())
            }
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (error, description) = self.words();
        let mut response = json(&ErrorBody { error, error_description: &description });
        *response.status_mut() = of_oauth(&self);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::Refused(refusal) = self
            && let Some(wait) = retry_after(&PortalError::from(refusal))
        {
            headers.insert(header::RETRY_AFTER, wait);
        }
        response
    }
}
