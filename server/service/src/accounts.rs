//! Use cases around users: logging in, sessions, the first account, the operator's verbs.

mod actor;
mod change_password;
mod changes;
mod codes;
mod hashing;
mod history;
mod letter_throttle;
mod log_in;
mod mail_addresses;
pub mod operator;
mod own_sessions;
mod passwords;
mod profile;
mod proof;
mod reminders;
mod renewals;
mod second_factor;
mod sessions;
mod setup;
mod sub_users;
mod visitor;

pub use actor::{Actor, BrowserSession, KeyManager, Reader, Via, Visit};
pub use changes::Changes;
pub use domain::session::SessionLimits;
pub use hashing::HashError;
pub use mail_addresses::{MailAddressParts, MailAddresses};
pub use own_sessions::OwnSession;
pub use passwords::{ChoiceError, Passwords, Whose};
pub use proof::Proved;
pub use renewals::NewToken;
pub use second_factor::Security;
pub use sessions::SessionToken;
pub use setup::SetupLink;
pub use sub_users::{InvitationToken, Invitee, ListedSubUser, SubUserList, SubUserParts, SubUsers};
pub use visitor::{Owed, Owing, Visitor};

use crate::events::Events;
use crate::verify::Gatherer;
use contract::Refusal;
use domain::ids::UserNo;
use domain::sealing::SealingKey;
use domain::throttle::{Allowance, ClientThrottle, SourceThrottle, Throttle};
use domain::time::Clock;
use domain::token::Pepper;
use parking_lot::Mutex;
use std::sync::Arc;
use store::{Store, StoreError};

/// Failures of one address (one /64 of IPv6).
const BY_SOURCE: Allowance = Allowance { burst: 10, seconds_each: 30 };
/// Failures of one /48 of IPv6.
const BY_SITE: Allowance = Allowance { burst: 100, seconds_each: 3 };
/// Failures of all whose address is unknown, together: whoever makes so many locks the others out.
const BY_UNKNOWN: Allowance = Allowance { burst: 1000, seconds_each: 1 };
/// Failures at one username from addresses it never logged in from.
const BY_USERNAME: Allowance = Allowance { burst: 30, seconds_each: 20 };
/// Passwords that were right, from one address and of one user: hashing them costs all others the same.
const RIGHT: Allowance = Allowance { burst: 100, seconds_each: 6 };
/// The same from one /48 of IPv6.
const RIGHT_OF_SITE: Allowance = Allowance { burst: 400, seconds_each: 2 };
/// Wrong codes of one user from addresses it never logged in from.
const BY_CODE: Allowance = Allowance { burst: 5, seconds_each: 60 };

/// What the use cases of users work with.
pub struct AccountParts {
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
}

/// The use cases of users.
pub struct Accounts {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    setup: SetupLink,
    limits: SessionLimits,
    pepper: Pepper,
    sealing: SealingKey,
    password_max_age_days: i64,
    gatherer: Arc<Gatherer>,
    events: Arc<Events>,
    by_source: Mutex<ClientThrottle>,
    by_username: Mutex<Throttle<String>>,
    by_code: Mutex<Throttle<UserNo>>,
    right_by_source: Mutex<ClientThrottle>,
    right_by_username: Mutex<Throttle<String>>,
    renewals: renewals::Renewals,
}

impl Accounts {
    /// Ready to serve.
    #[must_use]
    pub fn new(parts: AccountParts) -> Self {
        Self {
            store: parts.store,
            clock: parts.clock,
            passwords: parts.passwords,
            setup: parts.setup,
            limits: parts.limits,
            pepper: parts.pepper,
            sealing: parts.sealing,
            password_max_age_days: parts.password_max_age_days,
            gatherer: Arc::default(),
            events: Arc::default(),
            by_source: Mutex::new(ClientThrottle::new(SourceThrottle::new(BY_SOURCE, BY_SITE), BY_UNKNOWN)),
            by_username: Mutex::new(Throttle::new(BY_USERNAME)),
            by_code: Mutex::new(Throttle::new(BY_CODE)),
            right_by_source: Mutex::new(ClientThrottle::new(
                SourceThrottle::new(RIGHT, RIGHT_OF_SITE),
                BY_UNKNOWN,
            )),
            right_by_username: Mutex::new(Throttle::new(RIGHT)),
            renewals: renewals::Renewals::default(),
        }
    }

    /// Tells of guesses there.
    #[must_use]
    pub fn gathering(self, gatherer: Arc<Gatherer>) -> Self {
        Self { gatherer, ..self }
    }

    /// Tells operators of failures there.
    #[must_use]
    pub fn telling(self, events: Arc<Events>) -> Self {
        Self { events, ..self }
    }
}

/// What a visitor is told of trouble in the store: the cause goes to the log.
pub(crate) fn store_trouble(error: StoreError) -> Refusal {
    match error {
        StoreError::NotFound => Refusal::NotFound,
        StoreError::SignedOut => Refusal::SignedOut,
        // Use cases that expect one answer it themselves: if this goes on, it is a fault.
        StoreError::Conflict | StoreError::Full => {
            tracing::warn!(%error, "the store refused a change that no use case expects to be refused");
            if error == StoreError::Full { Refusal::Full } else { Refusal::Conflict }
        }
        StoreError::Overloaded => Refusal::Unavailable,
        // The writer said so when it began.
        StoreError::NoRoom(_) | StoreError::Locked(_) | StoreError::Busy(_) => Refusal::Unavailable,
        // Their next look at the page tells visitors whether it was done.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_refuses_is_told_apart_from_trouble() {
        let told = [
            (StoreError::NotFound, Refusal::NotFound),
            (StoreError::SignedOut, Refusal::SignedOut),
            (StoreError::Conflict, Refusal::Conflict),
            (StoreError::Full, Refusal::Full),
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
