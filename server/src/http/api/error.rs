//! What a program is told that asked in vain: problem details (RFC 9457).

use super::input::WrongInput;
use crate::http::problem;
use crate::http::statuses::of_api;
use axum::response::{IntoResponse, Response};
use contract::{Code, Refusal};
use http::{HeaderValue, header};
use service::retries::RetryError;

/// Why a request of a program was not carried out.
#[derive(Debug, thiserror::Error)]
pub(in crate::http) enum ApiError {
    /// The use case refused it.
    #[error("the use case refused it")]
    Refused(Refusal),
    /// The key that came with it may not pass.
    #[error("the key may not pass: {}", code.name())]
    Key {
        /// Why not.
        code: Code,
        /// When to ask again, if it guessed too often.
        retry_after_seconds: Option<u32>,
    },
    /// The key may pass, and may not manage keys.
    #[error("the key may not manage keys")]
    NotPermitted,
    /// The body or the query cannot be understood.
    #[error("the input cannot be understood")]
    Input(WrongInput),
    /// It is no JSON.
    #[error("the body is no JSON")]
    MediaType,
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// The name of the request is none.
    #[error("the name of the request is none")]
    RetryName,
    /// The request came before.
    #[error("the request came before: {0}")]
    Retry(RetryError),
    /// The key asked too often.
    #[error("the key asked too often")]
    TooOften {
        /// When to ask again.
        retry_after_seconds: u32,
    },
    /// Nothing is there.
    #[error("nothing is there")]
    NoSuchPath,
    /// It takes other methods.
    #[error("it takes other methods")]
    Method,
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<RetryError> for ApiError {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::Refused(refusal) => Self::Refused(refusal),
            error => Self::Retry(error),
        }
    }
}

impl ApiError {
    /// The name of its type, its title, and what to do.
    fn words(&self) -> (String, &'static str, &'static str) {
        let (name, title, detail) = match self {
            Self::Refused(_) => ("refused", "Refused", "It was refused."),
            Self::Key { code, .. } => {
                let name = code.name().to_ascii_lowercase().replace('_', "-");
                return (format!("key-{name}"), "Key refused", key_detail(*code));
            }
            Self::NotPermitted => (
                "not-permitted",
                "Not permitted",
                "This key may not manage keys. Generate one for which \"May manage keys through the API\" is chosen.",
            ),
            Self::Input(_) => ("bad-input", "Bad input", "The request cannot be understood: see errors."),
            Self::MediaType => {
                ("media-type", "Unsupported media type", "Send JSON, with Content-Type: application/json.")
            }
            Self::TooLarge => ("too-large", "Too large", "The body is over 64 KiB."),
            Self::RetryName => (
                "bad-idempotency-key",
                "Bad Idempotency-Key",
                "Idempotency-Key takes 1 to 255 visible characters, bare or in quotation marks, in one header line.",
            ),
            Self::Retry(RetryError::StillRuns) => (
                "still-running",
                "Still running",
                "The first request with this Idempotency-Key still runs: ask again in a moment.",
            ),
            Self::Retry(_) => (
                "idempotency-key-used",
                "Idempotency-Key used",
                "This Idempotency-Key was used for another request: take a new one.",
            ),
            Self::TooOften { .. } => (
                "quota-exceeded",
                "Too many requests",
                "This key asked as often as it may in a minute: wait as long as Retry-After says.",
            ),
            Self::NoSuchPath => ("no-such-path", "Not found", "Nothing is at this path: see /openapi.json."),
            Self::Method => {
                ("method-not-allowed", "Method not allowed", "Allow names the methods that this path takes.")
            }
        };
        (name.to_owned(), title, detail)
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Key { retry_after_seconds, .. } => *retry_after_seconds,
            Self::TooOften { retry_after_seconds } => Some(*retry_after_seconds),
            Self::Retry(_) => Some(1),
            _ => None,
        }
    }
}

/// Why a key was refused, for people.
pub(in crate::http) fn key_detail(code: Code) -> &'static str {
    match code {
        Code::Missing => "A key that manages keys is needed, in Authorization: Bearer.",
        Code::Malformed | Code::NotFound => "There is no such key.",
        Code::Deleted => "This key was deleted.",
        Code::Rotated => "This key was replaced by a newer one.",
        Code::Expired => "This key has expired.",
        Code::Disabled => "This key is paused.",
        Code::OwnerDisabled => "The user of this key is disabled.",
        Code::IpNotAllowed => "This key may not be used from this address.",
        Code::NoClientAddress => "It cannot be told from which address the request came.",
        Code::Throttled => "Too many requests with wrong keys: wait as long as Retry-After says.",
        Code::Valid | Code::Unavailable => "Keys cannot be checked now: try again shortly.",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Refused(refusal) = self {
            return problem::refused(refusal);
        }
        let (name, title, detail) = self.words();
        let errors = match &self {
            Self::Input(wrong) => vec![wrong.member()],
            _ => Vec::new(),
        };
        let (status, wait) = (of_api(&self), self.retry_after());
        let mut response = problem::typed(status, &name, title, detail, &errors);
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
