//! What belongs to the user itself.

use serde::{Deserialize, Serialize};

use super::Moment;

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
    /// From where; the operator's shell has no address.
    pub address: Option<String>,
    /// What else is worth knowing.
    pub detail: String,
}
