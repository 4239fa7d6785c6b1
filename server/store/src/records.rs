//! Gateways, and the audit log.

use super::{KeptAnswer, StoreError};
use async_trait::async_trait;
pub use domain::act::Action;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, SessionNumber, UserNumber};
use domain::time::Micros;
use domain::token::TokenHash;

/// A gateway's row.
#[derive(Clone)]
pub struct GatewayRow {
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: Micros,
}

/// Gateways.
#[async_trait]
pub trait GatewayStore: Send + Sync {
    /// Adds one; `Conflict` if the name is taken.
    async fn insert_gateway(
        &self,
        name: String,
        token_hash: TokenHash,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// All of them, by name.
    async fn list_gateways(&self) -> Result<Vec<GatewayRow>, StoreError>;
    /// Removes one; `NotFound` if there is none of that name.
    async fn delete_gateway(&self, name: String, audit: Audit) -> Result<(), StoreError>;
}

/// One line of the audit log: who did what, when, from where. Never a secret.
#[derive(Clone, Debug)]
pub struct Audit {
    /// When.
    pub at: Micros,
    /// What they did.
    pub action: Action,
    /// The name of the one who did it: a username, `operator`, or the name that was tried at a failed login.
    pub actor: String,
    /// The user it concerns; added users and keys fill it in themselves.
    pub user: Option<UserNumber>,
    /// The client's address, as far as it is known; the operator's shell has none.
    pub address: Option<ClientAddress>,
    /// What else is worth knowing, in the product's own words.
    pub detail: String,
    /// By what its actor showed who they are, if they did. If that no longer holds by the time the line is written, the
    /// whole change fails with `SignedOut`.
    pub asker: Option<Asker>,
}

/// By what somebody showed who they are who asks for a change.
#[derive(Clone, Debug)]
pub enum Asker {
    /// The session of a browser.
    Session(SessionNumber),
    /// A key that manages keys; with the answer, if it is kept together with the change.
    Key(KeyId, Option<KeptAnswer>),
    /// Any key, for a change of itself: from an address at which it passes.
    Itself(KeyId),
}

/// A line as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When.
    pub at: Micros,
    /// What they did.
    pub action: String,
    /// The name of the one who did it.
    pub actor: String,
    /// The key it concerns.
    pub key: Option<KeyId>,
    /// The key through which it was asked for, if that was no session.
    pub via: Option<KeyId>,
    /// From where; none: the operator's shell, or unknown.
    pub address: Option<Address>,
    /// What else.
    pub detail: String,
}

/// The audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Writes one line alone.
    async fn record(&self, audit: Audit) -> Result<(), StoreError>;
    /// The latest lines, newest first.
    async fn list_audit(&self, most: u32) -> Result<Vec<AuditRow>, StoreError>;
}
