//! Sub-users of an account, and invitations to become one.

use serde::{Deserialize, Serialize};

use super::{Moment, Role};

/// One page of sub-users.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SubUsersPage {
    /// The rows, by name.
    pub rows: Vec<SubUserRow>,
    /// This page's number; 0 when there is no sub-user at all.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// The open invitations, the newest first.
    pub invitations: Vec<InvitationRow>,
    /// The whole link of an invitation, if the address names it.
    pub fresh_link: Option<String>,
    /// Whether invitations can be mailed.
    pub mail_is_on: bool,
}

/// One sub-user.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SubUserRow {
    /// Its name, which also says in forms who is meant.
    pub username: String,
    /// What it may do with its keys.
    pub role: Role,
    /// Where it is written to.
    pub email: Option<String>,
    /// How many keys it has.
    pub keys: u64,
    /// When it was last seen.
    pub last_seen: Option<Moment>,
    /// Whether it is disabled.
    pub disabled: bool,
}

/// One open invitation, as its owner sees it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationRow {
    /// The name that the sub-user is to have, which also says in forms which one is meant.
    pub username: String,
    /// What it is to do with its keys.
    pub role: Role,
    /// Where it is to be written to.
    pub email: Option<String>,
    /// When its link closes.
    pub expires: Moment,
}

/// An open invitation, as the invited sees it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// The name of the owner who invites.
    pub owner: String,
    /// The name that the sub-user is to have.
    pub username: String,
    /// When its link closes.
    pub expires: Moment,
}
