//! Why a verb was not carried out.

use store::StoreError;

/// Why a verb was not carried out: one line for standard error, which says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OperatorError {
    #[error("{what} {why}; choose another")]
    Invalid { what: &'static str, why: String },
    #[error("a {kind} named {name} exists already; choose another name")]
    Taken { kind: &'static str, name: String },
    #[error("there is no {kind} named {name}; `latchkey {kind} list` shows them")]
    Unknown { kind: &'static str, name: String },
    #[error("{0} is a sub-user and cannot own others; name the owner of the account")]
    NotAnOwner(String),
    #[error("{0} owns its account and always manages keys; only sub-users have a role")]
    AlwaysManages(String),
    #[error("two-factor login of {0} is off, so there is nothing to reset")]
    NoSecondFactor(String),
    #[error("{0}; the server's log says more")]
    Trouble(String),
}

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.to_string())
    }
}
