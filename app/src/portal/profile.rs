//! What belongs to the user itself.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Code, Moment, Password, PortalError};

/// What users may ask and change of themselves.
#[async_trait]
pub trait ProfilePortal: Send + Sync {
    /// One page of what happened in the account of the user, newest first.
    async fn list_history(&self, page: u32) -> Result<HistoryPage, PortalError>;
    /// What the user chose and entered.
    async fn profile(&self) -> Result<Profile, PortalError>;
    /// Enters a mail address; where mail can be sent it waits for its confirmation.
    async fn set_email(
        &self,
        email: String,
        password: Option<Password>,
        code: Code,
    ) -> Result<(), PortalError>;
    /// Removes the mail address.
    async fn remove_email(&self, password: Option<Password>, code: Code) -> Result<(), PortalError>;
    /// The mail address that a link would confirm, if it is one for this user.
    async fn find_email_by_link(&self, token: EmailLink) -> Result<Option<String>, PortalError>;
    /// Confirms a mail address.
    async fn confirm_email(&self, token: EmailLink) -> Result<(), PortalError>;
    /// Chooses a language by its code; empty: as the browser asks.
    async fn set_language(&self, language: String) -> Result<(), PortalError>;
    /// Chooses a time zone by its IANA name.
    async fn set_time_zone(&self, time_zone: String) -> Result<(), PortalError>;
    /// Ends one of the user's sessions, by its public id.
    async fn end_session(&self, session: String) -> Result<(), PortalError>;
    /// Ends all sessions of the user but the present one.
    async fn end_other_sessions(&self) -> Result<(), PortalError>;
}

/// The secret part of a link that confirms a mail address.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailLink(pub String);

// `#[server]` derives Debug for the arguments of every server function.
impl fmt::Debug for EmailLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailLink(hidden)")
    }
}

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

/// One page of what happened in the account of a user.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The rows, newest first.
    pub rows: Vec<HistoryRow>,
    /// This page's number; 0 when there is no record at all.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// When.
    pub at: Moment,
    /// What, by its name in the audit log.
    pub action: String,
    /// Who: a username, or `operator`.
    pub actor: String,
    /// From where; none: unknown, or the operator's shell.
    pub address: Option<String>,
    /// What else is worth knowing.
    pub detail: String,
}
