//! Sessions.

use super::{Audit, StoreError, UserRow};
use async_trait::async_trait;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;

/// SHA-256 of a session token: what is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionHash(pub [u8; 32]);

/// A new token for a session. A second renewal with the same tokens changes nothing and succeeds.
#[derive(Clone, Copy)]
pub struct Renewal {
    /// The session.
    pub session: SessionNumber,
    /// The token that the request carried.
    pub from: SessionHash,
    /// The token from now on.
    pub to: SessionHash,
}

/// A session's row.
#[derive(Clone)]
pub struct SessionRow {
    /// The session.
    pub number: SessionNumber,
    /// When it began.
    pub created_at: Micros,
    /// When it was last used, to within a minute.
    pub last_seen_at: Micros,
    /// When the password was last proved.
    pub proved_at: Micros,
    /// Whether the code of the second factor is still to be given.
    pub code_pending: bool,
}

/// One of the sessions of a user.
#[derive(Clone)]
pub struct UserSession {
    /// The session.
    pub number: SessionNumber,
    /// When it began.
    pub created_at: Micros,
    /// When it was last used, to within a minute.
    pub last_seen_at: Micros,
    /// From where it was used then.
    pub address: ClientAddress,
    /// The browser's own description.
    pub user_agent: String,
}

/// A session to begin.
pub struct NewSession {
    /// The hash under which it is found.
    pub hash: SessionHash,
    /// The user it belongs to.
    pub user: UserNumber,
    /// Now.
    pub at: Micros,
    /// From where.
    pub address: ClientAddress,
    /// The browser's own description, cut to 200 characters.
    pub user_agent: String,
    /// Whether the code of the second factor is still to be given.
    pub code_pending: bool,
    /// The hash that the password was checked against, at a login.
    pub verified: Option<String>,
    /// The session that the browser had before: it ends.
    pub replaces: Option<SessionHash>,
}

/// Sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins a session. The one that it replaces ends, and the oldest where there are too many. `NotFound` if the user or
    /// the owner of their account is disabled; after a login also if the password that was checked is not in force any more,
    /// or if the second factor was switched on or off since.
    async fn insert_session(&self, session: NewSession, audit: Audit) -> Result<(), StoreError>;
    /// Finds a session and its user. A session that is past its limits is found too.
    async fn find_session(&self, hash: SessionHash) -> Result<Option<(SessionRow, UserRow)>, StoreError>;
    /// The sessions of a user that were last seen and begun at or after these times, the last seen first, at most `most`.
    async fn list_user_sessions(
        &self,
        user: UserNumber,
        seen: Micros,
        begun: Micros,
        most: u32,
    ) -> Result<Vec<UserSession>, StoreError>;
    /// Records that a session was used, and from where.
    async fn touch_session(
        &self,
        session: SessionNumber,
        at: Micros,
        from: ClientAddress,
    ) -> Result<(), StoreError>;
    /// Records that the password was proved, and renews the session; `SignedOut` if it has ended.
    async fn prove_session(&self, renewal: Renewal, at: Micros) -> Result<(), StoreError>;
    /// Ends a session.
    async fn delete_session(&self, session: SessionNumber, audit: Audit) -> Result<(), StoreError>;
    /// Ends all sessions of a user but one, which is renewed. Each that ends gets an audit line of its own with its address.
    async fn delete_other_sessions(
        &self,
        user: UserNumber,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Removes the sessions last seen or begun before these times, and those that wait for a code since before the third;
    /// returns how many.
    async fn delete_old_sessions(
        &self,
        seen: Micros,
        begun: Micros,
        asked: Micros,
    ) -> Result<u64, StoreError>;
    /// How many sessions were last seen and begun at or after these times, and wait for no code.
    async fn count_sessions(&self, seen: Micros, begun: Micros) -> Result<u64, StoreError>;
    /// Whether the user ever logged in from this address.
    async fn has_logged_in_from(&self, user: UserNumber, address: Address) -> Result<bool, StoreError>;
}
