//! Use cases around users: logging in, sessions, the first account, the operator's verbs.
//!
//! All of them run on the pages' runtime. A change is durable when its use case returns; passwords are hashed on the
//! blocking pool.

mod actor;
mod change_password;
mod changes;
mod codes;
mod hashing;
mod history;
mod letter_throttle;
mod log_in;
mod login_throttles;
mod mail_addresses;
pub mod operator;
mod own_sessions;
mod password_links;
mod passwords;
mod profile;
mod proof;
mod reminders;
mod renewals;
mod second_factor;
mod session_token;
mod sessions;
mod setup;
mod sub_users;
mod visitor;

pub use actor::{Actor, BrowserSession, CallingKey, KeyManager, Reader, Via, Visit};
pub use changes::Changes;
pub use domain::session::SessionLimits;
pub use hashing::HashError;
pub use history::{History, HistoryExport};
pub use letter_throttle::LetterThrottle;
pub use login_throttles::LoginThrottles;
pub use mail_addresses::MailAddresses;
pub use own_sessions::OwnSession;
pub use password_links::{LinkThrottle, PasswordLinks, hash_of_link};
pub use passwords::{ChoiceError, PasswordContext, Passwords};
pub use proof::Proved;
pub use renewals::{NewToken, Renewals};
pub use second_factor::Security;
pub use session_token::SessionToken;
pub use setup::SetupLink;
pub use sub_users::{InvitationToken, Invitee, ListedSubUser, RemovalAsked, SubUserList, SubUsers};
pub(crate) use visitor::audit_line;
pub use visitor::{LoginStep, UnfinishedLogin, Visitor};

use crate::events::Events;
use crate::verify::NoticeBuffer;
use contract::Refusal;
use domain::sealing::SealingKey;
use domain::time::Clock;
use domain::token::Pepper;
use std::fmt::Display;
use std::sync::Arc;
use store::{Store, StoreError};

/// The use cases of users.
pub struct Accounts {
    /// Where users and sessions are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// The link to the first account.
    pub setup: SetupLink,
    /// When sessions end.
    pub limits: SessionLimits,
    /// Under which recovery codes are hashed.
    pub pepper: Pepper,
    /// With which second factors are sealed.
    pub sealing: SealingKey,
    /// For how many days a password is valid without a second factor; 0: for ever.
    pub password_max_age_days: i64,
    /// Where guesses at a user are counted for their notices.
    pub notice_buffer: Arc<NoticeBuffer>,
    /// Where failed logins are counted for the operator.
    pub events: Arc<Events>,
    /// How often passwords and codes may be tried.
    pub throttles: LoginThrottles,
    /// Session tokens that were replaced a moment ago.
    pub renewals: Renewals,
}

/// Returns what a visitor is told of an error of the store; its cause goes to the log.
pub(crate) fn store_trouble(error: StoreError) -> Refusal {
    match error {
        StoreError::NotFound => Refusal::NotFound,
        StoreError::SignedOut => Refusal::SignedOut,
        // A use case that expects one of these handles it itself, so one that arrives here is a fault.
        StoreError::Conflict | StoreError::LimitReached => {
            tracing::warn!(%error, "the store refused a change that no use case expects to be refused");
            if error == StoreError::LimitReached { Refusal::LimitReached } else { Refusal::Conflict }
        }
        StoreError::Overloaded => Refusal::Unavailable,
        // The writer logged it when it began.
        StoreError::NoRoom(_) | StoreError::Locked(_) | StoreError::Busy(_) => Refusal::Unavailable,
        // The visitor sees on the next page whether it was made.
        StoreError::InDoubt(_) => {
            tracing::warn!(%error, "a change may have been made or not");
            Refusal::Unavailable
        }
        error @ (StoreError::Broken(_) | StoreError::Ended(_) | StoreError::Unavailable(_)) => {
            tracing::error!(%error, "the store refused a change");
            Refusal::Unavailable
        }
    }
}

/// Returns a function that logs an error as `what` and refuses with `Unavailable`.
pub(crate) fn unavailable<E: Display>(what: &'static str) -> impl FnOnce(E) -> Refusal {
    move |error| {
        tracing::error!(%error, "{what}");
        Refusal::Unavailable
    }
}

/// The words of the log where the system's random generator fails.
pub(crate) const NO_RANDOMNESS: &str = "the system's random generator failed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_refuses_is_told_apart_from_trouble() {
        let told = [
            (StoreError::NotFound, Refusal::NotFound),
            (StoreError::SignedOut, Refusal::SignedOut),
            (StoreError::Conflict, Refusal::Conflict),
            (StoreError::LimitReached, Refusal::LimitReached),
            (StoreError::Overloaded, Refusal::Unavailable),
            (StoreError::NoRoom(String::new()), Refusal::Unavailable),
            (StoreError::InDoubt(String::new()), Refusal::Unavailable),
            (StoreError::Broken("/secret/path".to_owned()), Refusal::Unavailable),
        ];
        for (error, refusal) in told {
            assert_eq!(store_trouble(error), refusal);
        }
    }
}
