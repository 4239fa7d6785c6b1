//! Why a use case did not carry something out. Codes only: the texts belong to the doors.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a use case did not carry something out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Refusal {
    /// Nobody is logged in, or the session has ended.
    SignedOut,
    /// What was asked for does not exist, or the actor may not see it.
    NotFound,
    /// The actor may see it, but not change it.
    Forbidden,
    /// Some fields are wrong.
    Invalid(Vec<FieldError>),
    /// The password has to be proved first.
    ProofNeeded,
    /// Too many attempts, or changes.
    Throttled {
        /// When the next attempt may succeed.
        retry_after_seconds: u32,
    },
    /// Somebody else changed the same at this moment; nothing was changed.
    Conflict,
    /// There are as many of these as there may be.
    LimitReached,
    /// Too many requests of this kind wait; nothing was changed, and it can be tried again.
    Busy,
    /// The server cannot do it right now; nothing was changed.
    Unavailable,
}

impl Refusal {
    /// One wrong field.
    pub fn field(field: Field, problem: Problem) -> Self {
        Self::Invalid(vec![FieldError { field, problem }])
    }

    /// Both values, or all that is wrong with either.
    pub fn join<A, B>(a: Result<A, FieldError>, b: Result<B, FieldError>) -> Result<(A, B), Self> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (a, b) => Err(Self::Invalid([a.err(), b.err()].into_iter().flatten().collect())),
        }
    }

    /// What is wrong with `field`, if anything is.
    pub fn problem_of(&self, field: Field) -> Option<&Problem> {
        match self {
            Self::Invalid(errors) => errors.iter().find(|e| e.field == field).map(|e| &e.problem),
            _ => None,
        }
    }
}

/// For the log. People read the texts of pages or of the API.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut => f.write_str("signed out"),
            Self::NotFound => f.write_str("not found"),
            Self::Forbidden => f.write_str("forbidden"),
            Self::Invalid(_) => f.write_str("invalid input"),
            Self::ProofNeeded => f.write_str("password needed"),
            Self::Throttled { retry_after_seconds } => {
                write!(f, "too many attempts or changes, wait {retry_after_seconds} seconds")
            }
            Self::Conflict => f.write_str("conflict"),
            Self::LimitReached => f.write_str("full"),
            Self::Busy => f.write_str("busy"),
            Self::Unavailable => f.write_str("unavailable"),
        }
    }
}

impl std::error::Error for Refusal {}

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
    #[cfg(feature = "served")]
    Username,
    /// `password`
    Password,
    /// `new_password`
    #[cfg(feature = "served")]
    NewPassword,
    /// `code`
    Code,
    /// `description`
    Description,
    /// `key_type`
    KeyType,
    /// `expires_at`
    ExpiresAt,
    /// `overlap_seconds`
    OverlapSeconds,
    /// `manages_keys`
    ManagesKeys,
    /// `lock_width`
    #[cfg(feature = "served")]
    LockWidth,
    /// `address`
    Address,
    /// `email`
    #[cfg(feature = "served")]
    Email,
    /// `time_zone`
    #[cfg(feature = "served")]
    TimeZone,
    /// `language`
    #[cfg(feature = "served")]
    Language,
    /// `url`
    #[cfg(feature = "served")]
    Url,
    /// `cause_…`
    #[cfg(feature = "served")]
    Causes,
    /// `user_code`
    #[cfg(feature = "served")]
    UserCode,
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
    #[cfg(feature = "served")]
    TooShort {
        /// The least that is needed.
        limit: u32,
    },
    /// A control character is in it.
    ControlCharacter,
    /// A username may hold letters, digits and `. _ - @` only.
    #[cfg(feature = "served")]
    NotAUsername,
    /// A new username looks like an address of the web.
    #[cfg(feature = "served")]
    WebAddress,
    /// Somebody has that username.
    #[cfg(feature = "served")]
    Taken,
    /// Username and password do not belong together (which one is not said).
    #[cfg(feature = "served")]
    WrongCredentials,
    /// The password of the logged-in user is another.
    WrongPassword,
    /// A new password is the present one.
    #[cfg(feature = "served")]
    PresentPassword,
    /// A new password is easy to guess.
    #[cfg(feature = "served")]
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
    /// Not a date with a time.
    NotATime,
    /// A time that is over.
    InThePast,
    /// A time that lies more than a hundred years ahead.
    TooFarAhead,
    /// For so long the token before a rotation does not go on passing.
    UnknownOverlap,
    /// The token before the last rotation still passes.
    OldTokenPasses,
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
    /// The address is on the list already.
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
    /// An SMPP secret is no key for an API.
    SmppManagesNothing,
    /// The account has no sub-user of that name who may have keys.
    #[cfg(feature = "served")]
    NoSuchSubUser,
    /// The set-up link was used, is wrong, or an account exists.
    #[cfg(feature = "served")]
    LinkClosed,
    /// The operator keeps no copy of tokens.
    NotRevealable,
    /// The value is not among what can be chosen.
    #[cfg(feature = "served")]
    NotAChoice,
    /// Not of the form `name@example.org`.
    #[cfg(feature = "served")]
    NotAMailAddress,
    /// The link was used, replaced or is too old, or it is meant for somebody else.
    #[cfg(feature = "served")]
    StaleLink,
    /// Not a code such as applications show.
    #[cfg(feature = "served")]
    NotAUserCode,
    /// No application waits with that code: it is wrong, was used or has ended.
    #[cfg(feature = "served")]
    UnknownUserCode,
    /// Of a webhook.
    #[cfg(feature = "served")]
    Webhook(WebhookProblem),
}

/// What can be wrong with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookProblem {
    /// No address was entered.
    NoUrl,
    /// The text is no address of the web.
    NotAUrl,
    /// The address does not begin with `https://`.
    NotHttps,
    /// A username or a password is in it.
    Credentials,
    /// A `#` is in it.
    Fragment,
    /// The address leads to the server itself or into a private network.
    NotPublic,
    /// No cause was chosen.
    NoCause,
    /// There is no such cause.
    UnknownCause,
    /// The account has as many webhooks as it may. Programs know the code by its first name.
    #[serde(rename = "full")]
    LimitReached,
    /// A test is on its way.
    TestWaits,
    /// The webhook is off, or this did not fail.
    NotSendable,
}
