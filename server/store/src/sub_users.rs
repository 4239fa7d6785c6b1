//! Sub-users of an account, and invitations to become one.

use super::{Audit, NewMail, StoreError};
use async_trait::async_trait;
use contract::Role;
use domain::ids::{UserNumber, Username};
use domain::time::Micros;

/// A sub-user, as the owner of its account sees it.
#[derive(Clone)]
pub struct SubUserRow {
    /// The user.
    pub number: UserNumber,
    /// Their name.
    pub username: Username,
    /// Their mail address.
    pub email: Option<String>,
    /// What they may do with their keys.
    pub role: Role,
    /// Whether they are disabled.
    pub disabled: bool,
    /// When they were last seen in a session that goes on, else when they last logged in.
    pub last_seen_at: Option<Micros>,
}

/// SHA-256 of the secret of an invitation: what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InvitationHash(pub [u8; 32]);

/// An invitation to keep.
pub struct NewInvitation {
    /// Under what it is found.
    pub hash: InvitationHash,
    /// The owner of the account it leads to.
    pub owner: UserNumber,
    /// The name that the sub-user is to have.
    pub username: Username,
    /// Their mail address.
    pub email: Option<String>,
    /// What they are to do with their keys.
    pub role: Role,
    /// Now.
    pub at: Micros,
    /// From when on it is closed.
    pub expires_at: Micros,
}

/// An invitation that is open.
#[derive(Clone)]
pub struct InvitationRow {
    /// The owner of the account it leads to.
    pub owner: UserNumber,
    /// The name of that owner.
    pub owner_name: Username,
    /// The name that the sub-user is to have.
    pub username: Username,
    /// Their mail address.
    pub email: Option<String>,
    /// What they are to do with their keys.
    pub role: Role,
    /// From when on it is closed.
    pub expires_at: Micros,
}

/// What a person sends who accepts an invitation.
pub struct Acceptance {
    /// Which invitation.
    pub hash: InvitationHash,
    /// PHC string of the chosen password.
    pub password_hash: String,
    /// The line about the new user.
    pub added: Audit,
    /// The line for the owner.
    pub accepted: Audit,
}

/// A sub-user who is to be removed.
pub struct Removal {
    /// Who.
    pub user: UserNumber,
    /// The letter that tells them.
    pub letter: Option<NewMail>,
    /// The line for the owner.
    pub audit: Audit,
}

/// Sub-users. Those who were removed are none any more.
#[async_trait]
pub trait SubUserStore: Send + Sync {
    /// How many an account has.
    async fn count_sub_users(&self, owner: UserNumber) -> Result<u64, StoreError>;
    /// Some of them, by name.
    async fn list_sub_users(
        &self,
        owner: UserNumber,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<SubUserRow>, StoreError>;
    /// Lets one manage keys, or only read.
    async fn set_role(&self, user: UserNumber, role: Role, audit: Audit) -> Result<(), StoreError>;
    /// Ends all sessions of a user.
    async fn end_sessions(&self, user: UserNumber, audit: Audit) -> Result<(), StoreError>;
    /// Removes one for good, and frees their name. Their keys are deleted, each with a line of its own, their sessions and
    /// links end, and what was known of them goes, but for the name in the lines about them. Returns how many keys were
    /// deleted; `NotFound` if they are no sub-user, or none any more.
    async fn remove_sub_user(&self, removal: Removal) -> Result<u64, StoreError>;
}

/// Invitations. One that is past its time is as good as gone.
#[async_trait]
pub trait InvitationStore: Send + Sync {
    /// Keeps one, and queues the mail that brings it; `Conflict` if the name is taken or invited, `LimitReached` if the
    /// account has `most` of them.
    async fn insert_invitation(
        &self,
        invitation: NewInvitation,
        most: u32,
        mail: Option<NewMail>,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// The open ones of an account, the newest first.
    async fn list_invitations(
        &self,
        owner: UserNumber,
        now: Micros,
    ) -> Result<Vec<InvitationRow>, StoreError>;
    /// The one with this secret, if it is open: in time, its name still free, and its owner not disabled.
    async fn find_invitation(
        &self,
        hash: InvitationHash,
        now: Micros,
    ) -> Result<Option<InvitationRow>, StoreError>;
    /// Withdraws the one for this name; `NotFound` if the account has none.
    async fn delete_invitation(
        &self,
        owner: UserNumber,
        username: &Username,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Gives the open one for this name another secret and another end, and queues the mail that brings it; `NotFound` if the
    /// account has none.
    async fn renew_invitation(
        &self,
        invitation: NewInvitation,
        mail: Option<NewMail>,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Makes the sub-user and closes the invitation; `NotFound` if it is closed, `Conflict` if its name is taken.
    async fn accept_invitation(&self, acceptance: Acceptance) -> Result<UserNumber, StoreError>;
}
