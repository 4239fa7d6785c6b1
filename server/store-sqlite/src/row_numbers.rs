//! Row numbers of keys and users, which have 32 bits in this engine: the journal of `usage.db` holds them so. Outside of it
//! they have 64.
//!
//! SQLite numbers both tables from 1 on (AUTOINCREMENT). The change that would add the row behind 4,294,967,295 fails and
//! leaves nothing, so no longer number leaves the engine, and everything that is there works on.

use crate::Trouble;
use domain::ids::{KeyNumber, UserNumber};
use store::StoreError;

/// A number as the journal holds it.
pub(super) fn short(number: i64) -> Result<u32, Trouble> {
    u32::try_from(number).map_err(|_| {
        let text = "does not fit into the 32 bits that SQLite's engine has for numbers of keys and users";
        StoreError::Unavailable(format!("row number {number} {text}")).into()
    })
}

/// The number of a key, as a row holds it.
pub(super) fn key(number: i64) -> Result<KeyNumber, Trouble> {
    short(number).map(|number| KeyNumber(number.into()))
}

/// The number of a user, as a row holds it.
pub(super) fn user(number: i64) -> Result<UserNumber, Trouble> {
    short(number).map(|number| UserNumber(number.into()))
}
