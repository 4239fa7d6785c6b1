//! What users choose for themselves.

use super::{Audit, NewMail, StoreError};
use async_trait::async_trait;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;

/// SHA-256 of the secret in a link that confirms a mail address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ConfirmationHash(pub [u8; 32]);

/// A mail address that shall wait for its confirmation.
pub struct NewConfirmation {
    /// The user it belongs to.
    pub user: UserNumber,
    /// The hash under which the link is found.
    pub token_hash: ConfirmationHash,
    /// The address.
    pub email: String,
    /// When the link ends.
    pub expires_at: Micros,
}

/// A mail address that waits.
pub struct WaitingAddress {
    /// The address.
    pub email: String,
    /// When its link ends.
    pub expires_at: Micros,
}

/// What goes with a change of the address in force.
pub struct EmailChange {
    /// The user it belongs to.
    pub user: UserNumber,
    /// The address that is replaced; `Conflict` if it is another by now.
    pub old: Option<String>,
    /// The letter to that address.
    pub farewell: Option<NewMail>,
    /// Its line in the audit log.
    pub audit: Audit,
}

/// What users choose for themselves. Methods that write no audit line take the session that asks, if one does, and fail with
/// `SignedOut` if it has ended.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// Sets the code of a language; empty: as the browser asks.
    async fn set_language(
        &self,
        user: UserNumber,
        code: String,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError>;
    /// Sets the IANA name of a time zone.
    async fn set_time_zone(
        &self,
        user: UserNumber,
        name: String,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError>;
    /// The address that waits, if its link has not ended.
    async fn find_waiting_address(
        &self,
        user: UserNumber,
        now: Micros,
    ) -> Result<Option<WaitingAddress>, StoreError>;
    /// The address that this link would confirm for this user now.
    async fn find_confirmation(
        &self,
        user: UserNumber,
        token_hash: ConfirmationHash,
        now: Micros,
    ) -> Result<Option<String>, StoreError>;
    /// Lets an address wait for its confirmation in place of an earlier one, and queues the letter with its link.
    async fn insert_confirmation(
        &self,
        confirmation: NewConfirmation,
        letter: NewMail,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Puts the waiting address in force; `NotFound` if there is no such link of this user.
    async fn confirm_email(
        &self,
        token_hash: ConfirmationHash,
        change: EmailChange,
    ) -> Result<(), StoreError>;
    /// Sets an address without confirmation, or removes it. An address that waited does so no more.
    async fn set_email(&self, email: Option<String>, change: EmailChange) -> Result<(), StoreError>;
}
