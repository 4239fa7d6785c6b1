//! What a program is told: `status`, `message` and `details`, always with HTTP status 200.
//!
//! A negative status says that nothing was done. The numbers and the names beside them are stable
//! (docs/sendsms-actions.md); sendSMS's libraries look for the name at `details.ErrorMessages`. Messages are English
//! sentences for people, and may change.

use crate::http::api::key_detail;
use app::{Language, problem_text, texts_in};
use axum::response::{IntoResponse, Response};
use contract::{Code, Field, FieldError, Problem, Refusal};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use service::applications::AskError;
use service::verify::Verdict;
use std::fmt::Display;

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    UnknownAction,
    MissingParameter,
    BadParameter,
    WrongCredentials,
    AddressNotAllowed,
    KeyDisabled,
    NotPermitted,
    TooOften,
    BadAddress,
    AddressNotAdded,
    Pending,
    UnknownRequest,
    Denied,
    LimitReached,
    Unavailable,
}

impl Kind {
    #[cfg(test)]
    const ALL: [Self; 15] = [
        Self::UnknownAction,
        Self::MissingParameter,
        Self::BadParameter,
        Self::WrongCredentials,
        Self::AddressNotAllowed,
        Self::KeyDisabled,
        Self::NotPermitted,
        Self::TooOften,
        Self::BadAddress,
        Self::AddressNotAdded,
        Self::Pending,
        Self::UnknownRequest,
        Self::Denied,
        Self::LimitReached,
        Self::Unavailable,
    ];

    /// Its status, and its name.
    const fn told(self) -> (i8, &'static str) {
        match self {
            Self::UnknownAction => (-1, "unknown_action"),
            Self::MissingParameter => (-2, "missing_parameter"),
            Self::BadParameter => (-3, "bad_parameter"),
            Self::WrongCredentials => (-4, "wrong_credentials"),
            Self::AddressNotAllowed => (-5, "address_not_allowed"),
            Self::KeyDisabled => (-6, "key_disabled"),
            Self::NotPermitted => (-7, "not_permitted"),
            Self::TooOften => (-8, "too_often"),
            Self::BadAddress => (-9, "bad_address"),
            Self::AddressNotAdded => (-10, "address_not_added"),
            Self::Pending => (-11, "pending"),
            Self::UnknownRequest => (-12, "unknown_request"),
            Self::Denied => (-13, "denied"),
            Self::LimitReached => (-14, "limit_reached"),
            Self::Unavailable => (-15, "unavailable"),
        }
    }
}

/// A command that was not carried out.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    kind: Kind,
    message: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The same, of one command of several.
    pub(super) fn of_command(self, number: usize) -> Self {
        Self { message: format!("Command {number}: {}", self.message), ..self }
    }

    /// No application asks with that code any more.
    pub(super) fn unknown_request() -> Self {
        Self::new(Kind::UnknownRequest, "There is no such request_key, or it was used, or has ended.")
    }

    /// The key asks more often than it may.
    pub(super) fn too_often(seconds: u32) -> Self {
        Self::new(Kind::TooOften, format!("Too many requests: wait {seconds} seconds."))
    }
}

impl From<Verdict> for Failure {
    fn from(verdict: Verdict) -> Self {
        let kind = match verdict.code {
            Code::Missing => Kind::MissingParameter,
            Code::Malformed | Code::NotFound => {
                return Self::new(Kind::WrongCredentials, "Wrong username or password (an API key).");
            }
            Code::Deleted | Code::Rotated => Kind::WrongCredentials,
            Code::IpNotAllowed | Code::NoClientAddress => Kind::AddressNotAllowed,
            Code::Expired | Code::Disabled | Code::OwnerDisabled => Kind::KeyDisabled,
            Code::Throttled => return Self::too_often(verdict.retry_after_seconds.unwrap_or(1)),
            Code::Valid | Code::Unavailable => Kind::Unavailable,
        };
        Self::new(kind, key_detail(verdict.code))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SignedOut => Self::new(Kind::WrongCredentials, "This key does not pass any more."),
            Refusal::Forbidden | Refusal::ProofNeeded => {
                Self::new(Kind::NotPermitted, "The user of this key may not change keys.")
            }
            Refusal::Throttled { retry_after_seconds } => Self::too_often(retry_after_seconds),
            Refusal::Invalid(errors) => Self::of_fields(&errors),
            Refusal::NotFound => Self::unknown_request(),
            Refusal::LimitReached => Self::new(Kind::LimitReached, "There are as many as there may be."),
            Refusal::Conflict | Refusal::Busy | Refusal::Unavailable => {
                Self::new(Kind::Unavailable, "It cannot be done now, and nothing was changed: try again.")
            }
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let wrong = |name: &str, why: &dyn Display| {
            Self::new(Kind::BadParameter, format!("The parameter {name} {why}."))
        };
        match error {
            AskError::Name(why) => wrong("application_name", &why),
            AskError::Icon(why) => wrong("icon_url", &why),
            AskError::Return(why) => wrong("return_url", &why),
            AskError::TooMany { retry_after_seconds } => Self::too_often(retry_after_seconds),
            AskError::Refused(refusal) => refusal.into(),
        }
    }
}

impl Failure {
    fn of_fields(errors: &[FieldError]) -> Self {
        let Some(FieldError { field, problem }) = errors.first() else {
            return Self::new(Kind::BadParameter, "Something that was given is wrong.");
        };
        let kind = match (field, problem) {
            (Field::Address, Problem::AlreadyListed | Problem::TooMany { .. } | Problem::NotADefaultKey) => {
                Kind::AddressNotAdded
            }
            (Field::Address, _) => Kind::BadAddress,
            (_, Problem::TooManyKeys { .. }) => Kind::LimitReached,
            _ => Kind::BadParameter,
        };
        Self::new(kind, problem_text(texts_in(Language::En), Language::En, *field, problem))
    }
}

/// What became of a command.
#[derive(Serialize)]
pub(super) struct Told {
    status: i8,
    message: String,
    details: Details,
}

/// What came of it.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Details {
    /// Of one command.
    One(Value),
    /// Of several, in their order.
    Many(Vec<Told>),
}

impl From<Result<Details, Failure>> for Told {
    fn from(outcome: Result<Details, Failure>) -> Self {
        match outcome {
            Ok(details) => Self { status: 0, message: "OK".to_owned(), details },
            Err(Failure { kind, message }) => {
                let (status, name) = kind.told();
                Self { status, message, details: Details::One(json!({"ErrorMessages": name})) }
            }
        }
    }
}

/// The answer to a request.
pub(super) fn respond(outcome: Result<Details, Failure>) -> Response {
    let body = serde_json::to_string(&Told::from(outcome)).expect("texts are JSON");
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_every_status() {
        let page = include_str!("../../../../docs/sendsms-actions.md");
        let told = Kind::ALL.map(|kind| {
            let (status, name) = kind.told();
            format!("| {status} | `{name}` |")
        });
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| -")).collect();
        assert_eq!(rows.len(), told.len(), "{rows:#?}");
        for (row, told) in rows.iter().zip(&told) {
            assert!(row.starts_with(told), "{told}: {row}");
        }
    }
}
