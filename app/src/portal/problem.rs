//! Why something was not carried out.

use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use super::{Field, FieldError, Problem, Refusal};

/// Why a request was not carried out. Codes only: the texts are in `locales/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum PortalError {
    /// Nobody is logged in, or the session has ended.
    #[error("signed out")]
    SignedOut,
    /// No such thing, or not the visitor's to see.
    #[error("not found")]
    NotFound,
    /// The visitor may see it and not change it.
    #[error("forbidden")]
    Forbidden,
    /// Something in the form is wrong; each message belongs to a field.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// The password is asked for first.
    #[error("password needed")]
    ProofNeeded,
    /// Too many attempts, or changes.
    #[error("too many attempts or changes, wait {retry_after_seconds} seconds")]
    Throttled {
        /// When the next attempt may succeed.
        retry_after_seconds: u32,
    },
    /// Somebody else made or changed the same at this moment; nothing was changed.
    #[error("conflict")]
    Conflict,
    /// There are as many of these as there may be.
    #[error("full")]
    LimitReached,
    /// Too many others ask for the same; nothing was changed, and it can be tried again.
    #[error("busy")]
    Busy,
    /// The server cannot do it right now; nothing was changed.
    #[error("unavailable")]
    Unavailable,
    /// The page was opened at an address whose forms are refused.
    #[error("opened at another address than {address}")]
    WrongAddress {
        /// Where to open it.
        address: String,
        /// Whether it was opened over plain HTTP, where that address is HTTPS.
        plain: bool,
    },
    /// The request did not reach the server or its answer did not come back.
    #[error("connection: {0}")]
    Connection(String),
}

impl PortalError {
    /// One wrong field.
    #[must_use]
    pub fn field(field: Field, problem: Problem) -> Self {
        Self::Invalid(vec![FieldError { field, problem }])
    }

    /// What is wrong with `field`, if anything is.
    #[must_use]
    pub fn problem_of(&self, field: Field) -> Option<&Problem> {
        match self {
            Self::Invalid(errors) => errors.iter().find(|e| e.field == field).map(|e| &e.problem),
            _ => None,
        }
    }
}

/// What a use case refuses, as the door of the pages says it.
impl From<Refusal> for PortalError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SignedOut => Self::SignedOut,
            Refusal::NotFound => Self::NotFound,
            Refusal::Forbidden => Self::Forbidden,
            Refusal::Invalid(errors) => Self::Invalid(errors),
            Refusal::ProofNeeded => Self::ProofNeeded,
            Refusal::Throttled { retry_after_seconds } => Self::Throttled { retry_after_seconds },
            Refusal::Conflict => Self::Conflict,
            Refusal::LimitReached => Self::LimitReached,
            Refusal::Busy => Self::Busy,
            Refusal::Unavailable => Self::Unavailable,
        }
    }
}

impl FromServerFnError for PortalError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Connection(error.to_string())
    }
}
