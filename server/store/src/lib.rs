//! The traits and records that a database engine stands behind. Nothing here knows which engine it is.
//!
//! A change is durable when its method returns, and the [`Watcher`] has been told before that, in the order of the commits:
//! so the key index in memory never lags behind what a caller was told. Every method waits by `await` alone. A caller that
//! goes away leaves no transaction open. The rules by which an engine decides stand in `domain`: an
//! engine reads the facts, asks the rule, and carries the plan out, all in one transaction.
//!
//! A key is asked for by its id. Its number is for the index in memory and for the counts: what the watcher is told, and
//! what a usage log takes and returns.
//!
//! Numbers of rows have 32 bits. They name rows, and say neither when a row was made nor in which order changes were
//! committed: an engine may give them in any order and with gaps.

mod applications;
mod history;
mod import;
mod kept_answers;
mod key_changes;
mod key_search;
mod keys;
mod mails;
mod notices;
mod password_links;
pub mod private;
mod profile;
mod records;
mod reminders;
mod rotations;
mod second_factor;
mod sessions;
mod state;
mod sub_users;
mod usage;
mod users;
mod webhooks;

pub use applications::*;
pub use history::*;
pub use import::*;
pub use kept_answers::*;
pub use key_changes::*;
pub use key_search::*;
pub use keys::*;
pub use mails::*;
pub use notices::*;
pub use password_links::*;
pub use profile::*;
pub use records::*;
pub use reminders::*;
pub use rotations::*;
pub use second_factor::*;
pub use sessions::*;
pub use state::*;
pub use sub_users::*;
pub use usage::*;
pub use users::*;
pub use webhooks::*;

/// Why the store did not do what was asked. The texts inside are the engine's own words, for the operator and the log; no
/// customer and no program sees them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Something with that name or content exists.
    #[error("exists already")]
    Conflict,
    /// What was named is gone, or was never there.
    #[error("not found")]
    NotFound,
    /// There are as many of these as there may be.
    #[error("there are as many as there may be")]
    LimitReached,
    /// The session that asked has ended meanwhile, or its user or their owner was disabled.
    #[error("the session has ended")]
    SignedOut,
    /// Too many changes wait; try again.
    #[error("too many changes are waiting")]
    Overloaded,
    /// Somebody else holds what the change needs. Nothing of the change was kept, and it can be tried again.
    #[error("{0}")]
    Locked(String),
    /// The engine itself is at work where the change has to be made. Nothing of the change was kept, and that work ends by
    /// itself soon.
    #[error("{0}")]
    Busy(String),
    /// There is no room for the change. Nothing of it was kept, and it can be tried again.
    #[error("{0}")]
    NoRoom(String),
    /// The answer to a commit was lost, so the change may have happened or not. The store goes on: what is there now can
    /// be read, and asking for the same again is safe where the change is one that can be made twice.
    #[error("it is not known whether the change was made ({0})")]
    InDoubt(String),
    /// Reading, writing or syncing failed: it is unknown how much of the change was kept.
    #[error("{0}")]
    Broken(String),
    /// The part that writes has ended, by a fault in Latchkey itself.
    #[error("the part that writes has ended: {0}")]
    Ended(String),
    /// The engine is in trouble of another kind.
    #[error("the store is in trouble: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// Whether the medium fails that the store keeps its data on, and not what was asked for.
    #[must_use]
    pub fn is_of_the_medium(&self) -> bool {
        matches!(self, Self::NoRoom(_) | Self::Broken(_))
    }

    /// Whether only a lock was in the way, of another program or of the engine itself.
    #[must_use]
    pub fn is_lock(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::Busy(_))
    }

    /// Whether only a new start can find out what was kept.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Ended(_))
    }
}
