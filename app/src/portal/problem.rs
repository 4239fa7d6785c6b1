//! Why something was not carried out.

use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

#[cfg(feature = "ssr")]
use super::WebhookProblem;

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

impl FromServerFnError for PortalError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Connection(error.to_string())
    }
}

/// A wrong field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// What is wrong.
    pub problem: Problem,
}

/// The fields of all forms; the form's own errors stand at [`Field::Form`]. The browser's program does not know
/// those that only served pages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Not one field but the form as a whole.
    Form,
    /// `username`
    Username,
    /// `password`
    Password,
    /// `new_password`
    #[cfg(feature = "ssr")]
    NewPassword,
    /// `code`
    Code,
    /// `description`
    Description,
    /// `key_type`
    KeyType,
    /// `address`
    Address,
    /// `email`
    #[cfg(feature = "ssr")]
    Email,
    /// `time_zone`
    #[cfg(feature = "ssr")]
    TimeZone,
    /// `language`
    #[cfg(feature = "ssr")]
    Language,
    /// `url`
    #[cfg(feature = "ssr")]
    Url,
    /// `cause_…`
    #[cfg(feature = "ssr")]
    Causes,
}

/// What can be wrong with a field; as with [`Field`], some of it only on served pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nothing was entered.
    Empty,
    /// More characters than allowed.
    TooLong {
        /// The most that is allowed.
        limit: u32,
    },
    /// Fewer characters than needed.
    TooShort {
        /// The least that is needed.
        limit: u32,
    },
    /// A control character is in it.
    ControlCharacter,
    /// A username may hold letters, digits and `. _ - @` only.
    NotAUsername,
    /// A new username looks like an address of the web.
    WebAddress,
    /// Somebody has that username.
    Taken,
    /// Username and password do not belong together (which one is not said).
    WrongCredentials,
    /// The password of the logged-in user is another.
    WrongPassword,
    /// A new password is the present one.
    #[cfg(feature = "ssr")]
    PresentPassword,
    /// A new password is easy to guess.
    Guessable,
    /// The code of the second factor is another, or was used already.
    WrongCode,
    /// No such key type.
    UnknownKeyType,
    /// An SMPP `system_id` cannot hold the user's name.
    UsernameTooLongForSmpp {
        /// The most it can hold.
        limit: u32,
    },
    /// Neither an address nor a network.
    NotAnAddress,
    /// An address with a zone (`%eth0`) has no meaning on another machine.
    ZonedAddress,
    /// A network with host bits set.
    HostBits {
        /// The network that was probably meant.
        suggestion: String,
    },
    /// An IPv6 network that stands for IPv4 ones.
    MappedNetwork,
    /// A network that would let everybody in.
    Everybody,
    /// It is on the list already.
    AlreadyListed,
    /// The list is full.
    TooMany {
        /// The most that is allowed.
        limit: u32,
    },
    /// The account has as many keys as it may.
    TooManyKeys {
        /// The most that is allowed.
        limit: u32,
    },
    /// Only Default keys have address rules.
    NotADefaultKey,
    /// The set-up link was used, is wrong, or an account exists.
    LinkClosed,
    /// The operator keeps no copy of tokens.
    NotRevealable,
    /// It is not among what can be chosen.
    #[cfg(feature = "ssr")]
    NotAChoice,
    /// Not of the form `name@example.org`.
    #[cfg(feature = "ssr")]
    NotAMailAddress,
    /// The link was used, replaced or is too old, or it is meant for somebody else.
    #[cfg(feature = "ssr")]
    StaleLink,
    /// Of a webhook.
    #[cfg(feature = "ssr")]
    Webhook(WebhookProblem),
}
