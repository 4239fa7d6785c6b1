//! Applications that ask for a key, and those that were let in.

use serde::{Deserialize, Serialize};

use super::{KeyId, Moment, Whose};

/// One page of the applications that were let in.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationsPage {
    /// The newest first.
    pub rows: Vec<ApplicationRow>,
    /// This page's number; 0 when there is none at all.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// Whether the viewer may let others in.
    pub may_manage: bool,
}

/// One application that was let in.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationRow {
    /// How it calls itself.
    pub name: String,
    /// Its key.
    pub key: KeyId,
    /// The beginning and the end of the key's token.
    pub masked_token: String,
    /// The user who owns the key.
    pub username: String,
    /// Who let it in.
    pub approved_by: String,
    /// When.
    pub approved: Moment,
    /// Where it asked from, if that is known.
    pub asked_from: Option<String>,
    /// When it fetched its key.
    pub fetched: Option<Moment>,
}

/// What stands on the page where codes are entered.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum ApprovalPage {
    /// The field for a code.
    Enter {
        /// Whether the viewer may let applications in.
        may_manage: bool,
    },
    /// The application whose code was entered.
    Ask(Box<AskingApplication>),
    /// What was decided.
    Decided(DecidedApplication),
    /// The code that was entered counts no more.
    Gone,
}

/// An application that waits for a decision.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AskingApplication {
    /// Its code, as it shows it.
    pub user_code: String,
    /// How it calls itself.
    pub name: String,
    /// Where it asked from, if that is known.
    pub asked_from: Option<String>,
    /// Whose address that is.
    pub whose: Whose,
    /// When it asked.
    pub asked: Moment,
    /// How many whole minutes ago.
    pub minutes_ago: u64,
    /// In how many minutes its code ends, rounded up.
    pub ends_in_minutes: u64,
    /// The users who may own its key, the viewer first.
    pub owners: Vec<String>,
    /// Whether there are more of them than these.
    pub are_more_owners: bool,
    /// Under what the page is shown.
    pub made: String,
}

/// An application that was decided about.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedApplication {
    /// How it calls itself.
    pub name: String,
    /// Whether it was let in.
    pub approved: bool,
    /// Where its user may go back to.
    pub return_url: Option<String>,
}
