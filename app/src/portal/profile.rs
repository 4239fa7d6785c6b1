//! What belongs to the user itself.

use serde::{Deserialize, Serialize};

use super::Moment;

/// A mail address that waits for its confirmation.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingEmail {
    /// The address.
    pub email: String,
    /// Until when it can be confirmed.
    pub until: Moment,
}

/// What a user chose and entered.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Whether it owns its account.
    pub is_owner: bool,
    /// The mail address in force.
    pub email: Option<String>,
    /// Whether its reader confirmed it.
    pub email_is_confirmed: bool,
    /// The one that waits to take its place.
    pub email_waiting: Option<WaitingEmail>,
    /// Whether mail can be sent at all.
    pub mail_is_on: bool,
    /// Whether changes that need the password ask for it first.
    pub proof_needed: bool,
    /// Whether that proof takes a code, too.
    pub code_needed: bool,
    /// The code of the language it chose; empty: as the browser asks.
    pub language: String,
    /// The IANA name of its time zone.
    pub time_zone: String,
    /// The names it can choose from, by region.
    pub time_zones: Vec<String>,
    /// What its clock shows.
    pub now: Moment,
    /// Its sessions, the last used first.
    pub sessions: Vec<SessionView>,
}

/// One session of a user.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    /// What forms call it; not what it is found by.
    pub id: String,
    /// Whether it is the one that asks.
    pub is_present: bool,
    /// The browser, if it can be told.
    pub browser: Option<String>,
    /// The system, if it can be told.
    pub system: Option<String>,
    /// From where it was last used; none: unknown.
    pub address: Option<String>,
    /// When it began.
    pub begun: Moment,
    /// When it was last used.
    pub last_seen: Moment,
}
