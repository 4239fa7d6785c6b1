//! Users.

use super::{Audit, Renewal, StoreError};
use async_trait::async_trait;
use contract::Role;
use domain::ids::{UserNumber, Username};
use domain::session::UserState;
use domain::time::Micros;

/// A user's row.
#[derive(Clone)]
pub struct UserRow {
    /// The user.
    pub number: UserNumber,
    /// The owner of their account, if they are a sub-user.
    pub owner: Option<UserNumber>,
    /// Their name.
    pub username: Username,
    /// Their mail address.
    pub email: Option<String>,
    /// Whether the address is confirmed, by its reader or by the operator.
    pub email_confirmed: bool,
    /// The language they chose, by its code; empty: as the browser asks.
    pub language: String,
    /// The time zone they chose, by its IANA name.
    pub time_zone: String,
    /// What they may do with their keys; an owner always manages them.
    pub role: Role,
    /// PHC string of their password; empty while they have none.
    pub password_hash: String,
    /// When that was set.
    pub password_set_at: Micros,
    /// The sealed secret of their second factor, if that is on.
    pub totp: Option<Vec<u8>>,
    /// When they were added.
    pub created_at: Micros,
    /// Whether they are disabled.
    pub disabled: bool,
    /// Whether the owner of their account is disabled.
    pub owner_disabled: bool,
}

impl UserRow {
    /// Whether they may log in and their keys may pass.
    #[must_use]
    pub fn is_active(&self) -> bool {
        UserState { disabled: self.disabled, owner_disabled: self.owner_disabled }.is_active()
    }
}

/// A user to add.
pub struct NewUser {
    /// The owner of its account, for a sub-user.
    pub owner: Option<UserNumber>,
    /// Their name.
    pub username: Username,
    /// Their mail address.
    pub email: Option<String>,
    /// Whether it is known to belong to the user.
    pub email_confirmed: bool,
    /// What they may do with their keys.
    pub role: Role,
    /// PHC string of their password.
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
    async fn insert_user(&self, user: NewUser, audit: Audit) -> Result<UserNumber, StoreError>;
    /// Adds the first one; `Conflict` if any exists.
    async fn insert_first_user(&self, user: NewUser, audit: Audit) -> Result<UserNumber, StoreError>;
    /// Finds one by name, without regard to case.
    async fn find_user(&self, username: &Username) -> Result<Option<UserRow>, StoreError>;
    /// All of them, by name.
    async fn list_users(&self) -> Result<Vec<UserRow>, StoreError>;
    /// Disables or enables a user. Disabling ends their sessions and those of their sub-users. `NotFound` too, if the operator
    /// disabled the user and an owner would enable them: acts of the operator come from no address.
    async fn set_user_disabled(
        &self,
        user: UserNumber,
        disabled: bool,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Sets a password and ends all sessions of the user.
    async fn set_password(&self, user: UserNumber, hash: String, audit: Audit) -> Result<(), StoreError>;
    /// Sets a password that the user chose. The session that proved the old one is renewed, the user's others end;
    /// `NotFound` if the password is another by now.
    async fn change_password(
        &self,
        user: UserNumber,
        present: String,
        hash: String,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError>;
}
