//! Users.

use super::{Audit, Renewal, StoreError};
use async_trait::async_trait;
use contract::Role;
use domain::ids::{UserNo, Username};
use domain::session::UserState;
use domain::time::Micros;

/// A user's row.
#[derive(Clone)]
pub struct UserRow {
    /// The user.
    pub no: UserNo,
    /// The owner of its account, if it is a sub-user.
    pub owner: Option<UserNo>,
    /// Its name.
    pub username: Username,
    /// Where it is written to.
    pub email: Option<String>,
    /// Whether it answered from there; the operator's word counts as an answer.
    pub email_confirmed: bool,
    /// The language it chose, by its code; empty: as the browser asks.
    pub language: String,
    /// The time zone it chose, by its IANA name.
    pub time_zone: String,
    /// What it may do with its keys; an owner manages them always.
    pub role: Role,
    /// PHC string of its password.
    pub password_hash: String,
    /// When that was set.
    pub password_set_at: Micros,
    /// The sealed secret of its second factor, if that is on.
    pub totp: Option<Vec<u8>>,
    /// When it was added.
    pub created_at: Micros,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether the owner of its account is disabled.
    pub owner_disabled: bool,
}

impl UserRow {
    /// Whether it may log in and its keys may pass.
    #[must_use]
    pub fn is_active(&self) -> bool {
        UserState { disabled: self.disabled, owner_disabled: self.owner_disabled }.is_active()
    }
}

/// A user to add.
pub struct NewUser {
    /// The owner of its account, for a sub-user.
    pub owner: Option<UserNo>,
    /// Its name.
    pub username: Username,
    /// Where it is written to.
    pub email: Option<String>,
    /// Whether it is known to belong to the user.
    pub email_confirmed: bool,
    /// What it may do with its keys.
    pub role: Role,
    /// PHC string of its password.
    pub password_hash: String,
    /// Now.
    pub at: Micros,
}

/// Users.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// How many there are.
    async fn count_users(&self) -> Result<u64, StoreError>;
    /// Adds one; `Conflict` if the name is taken.
    async fn insert_user(&self, user: NewUser, audit: Audit) -> Result<UserNo, StoreError>;
    /// Adds the first one; `Conflict` if any exists.
    async fn insert_first_user(&self, user: NewUser, audit: Audit) -> Result<UserNo, StoreError>;
    /// Finds one by name, without regard to case.
    async fn find_user(&self, username: &Username) -> Result<Option<UserRow>, StoreError>;
    /// All of them, by name.
    async fn list_users(&self) -> Result<Vec<UserRow>, StoreError>;
    /// Disables (and ends the sessions, also those of its sub-users) or enables one. `NotFound` too, if the operator, whose acts come from no
    /// address, disabled it and somebody else would enable it.
    async fn set_user_disabled(&self, no: UserNo, disabled: bool, audit: Audit) -> Result<(), StoreError>;
    /// Sets a password and ends all sessions of the user.
    async fn set_password(&self, no: UserNo, hash: String, audit: Audit) -> Result<(), StoreError>;
    /// Sets a password that the user chose, and ends its sessions but this one, which has proved the old one and is
    /// renewed; `NotFound` if the password is another by now.
    async fn change_password(
        &self,
        no: UserNo,
        present: String,
        hash: String,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError>;
}
