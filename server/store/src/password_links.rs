//! Links by which a user sets a password without the one they had.

use super::{Audit, NewMail, StoreError};
use async_trait::async_trait;
use domain::ids::{UserNumber, Username};
use domain::time::Micros;

/// The SHA-256 of a link's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordLinkHash(pub [u8; 32]);

/// A link that is made, with what is done for its user.
pub struct NewPasswordLink {
    /// Under what it is found.
    pub hash: PasswordLinkHash,
    /// Now.
    pub at: Micros,
    /// From when on it is closed.
    pub expires_at: Micros,
    /// Whose it is; none: nobody's, so nothing ever opens it.
    pub recipient: Option<LinkRecipient>,
}

/// Who gets a link.
pub struct LinkRecipient {
    /// The user.
    pub user: UserNumber,
    /// The letter that brings it.
    pub mail: NewMail,
    /// The line in their history.
    pub audit: Audit,
}

/// A link that is open.
#[derive(Clone)]
pub struct PasswordLinkRow {
    /// Whose it is.
    pub user: UserNumber,
    /// Their name.
    pub username: Username,
    /// Their mail address.
    pub email: Option<String>,
    /// PHC string of the password they have.
    pub password_hash: String,
}

/// Links to set a password. A user has one at most; it ends with its time, with a new password, and with another mail
/// address.
#[async_trait]
pub trait PasswordLinkStore: Send + Sync {
    /// Keeps one, in place of the one its user had. A link of nobody takes as long.
    async fn insert_password_link(&self, link: NewPasswordLink) -> Result<(), StoreError>;
    /// The one with this secret, if it is open: in time, and its user and the owner of their account not disabled.
    async fn find_password_link(
        &self,
        hash: PasswordLinkHash,
        now: Micros,
    ) -> Result<Option<PasswordLinkRow>, StoreError>;
    /// Sets the password and ends all sessions of the user; `NotFound` if the link is closed, or used by another request.
    async fn set_password_by_link(
        &self,
        hash: PasswordLinkHash,
        password_hash: String,
        audit: Audit,
    ) -> Result<(), StoreError>;
}
