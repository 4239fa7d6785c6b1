//! What the owner of an account does with their sub-users. All others get `NotFound`.

mod invitations;
mod removal;

pub use invitations::{InvitationToken, Invitee};
pub use removal::RemovalAsked;

use super::letter_throttle::LetterThrottle;
use super::{Accounts, Actor, Proved, store_trouble};
use crate::paging::Paging;
use crate::verify::{KeyIndex, Verifier};
use contract::{Refusal, Role};
use domain::ids::Username;
use domain::sealing::SealingKey;
use domain::time::Clock;
use std::sync::Arc;
use store::{Action, Audit, InvitationRow, KeyScope, Store, StoreError, SubUserRow, UserRow};

/// Sub-users on a page.
const PAGE: u32 = 50;

/// The use cases of sub-users.
pub struct SubUsers {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// How many keys each has.
    pub index: Arc<KeyIndex>,
    /// Where a removal waits for uses that were judged before it.
    pub verifier: Arc<Verifier>,
    /// Where passwords are chosen and sessions begin.
    pub accounts: Arc<Accounts>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// With which letters are sealed.
    pub sealing: SealingKey,
    /// Where links begin: scheme, host and port.
    pub origin: String,
    /// Whether mail can be sent.
    pub mail_is_on: bool,
    /// How many letters may be asked for.
    pub throttle: LetterThrottle,
}

/// A sub-user and how many living keys it has.
pub struct ListedSubUser {
    /// The sub-user.
    pub row: SubUserRow,
    /// Its keys.
    pub keys: usize,
}

/// One page of the sub-users of an account, and all its open invitations.
pub struct SubUserList {
    /// By name.
    pub sub_users: Vec<ListedSubUser>,
    /// This page, from 1; 0 when there is no sub-user.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// The newest first.
    pub invitations: Vec<InvitationRow>,
}

impl SubUsers {
    /// One page of the actor's sub-users; a page past the end is the last one.
    pub async fn list_sub_users(&self, actor: &Actor, page: u32) -> Result<SubUserList, Refusal> {
        let account = actor.owned_account()?;
        let total = self.store.count_sub_users(account).await.map_err(store_trouble)?;
        let Paging { page, pages, skipped } = Paging::new(total, page, PAGE);
        let rows = self.store.list_sub_users(account, skipped, PAGE).await.map_err(store_trouble)?;
        let keys = |row: &SubUserRow| self.index.count(KeyScope::User(row.number));
        let sub_users = rows.into_iter().map(|row| ListedSubUser { keys: keys(&row), row }).collect();
        let invitations = self.store.list_invitations(account, self.clock.now()).await;
        let invitations = invitations.map_err(store_trouble)?;
        Ok(SubUserList { sub_users, page, pages, invitations })
    }

    /// Disables a sub-user: their sessions end, and their keys are refused.
    pub async fn disable(&self, actor: &Actor, username: &str) -> Result<(), Refusal> {
        self.set_disabled(actor, username, true).await
    }

    /// Enables a sub-user again; `Forbidden` if the operator disabled them.
    pub async fn enable(&self, actor: &Proved<'_>, username: &str) -> Result<(), Refusal> {
        self.set_disabled(actor, username, false).await
    }

    async fn set_disabled(&self, actor: &Actor, username: &str, disabled: bool) -> Result<(), Refusal> {
        let user = self.find_sub_user(actor, username).await?;
        if user.disabled == disabled {
            return Ok(());
        }
        let action = if disabled { Action::UserDisabled } else { Action::UserEnabled };
        let audit = self.line(actor, &user, action, "");
        match self.store.set_user_disabled(user.number, disabled, audit).await {
            Err(StoreError::NotFound) => Err(Refusal::Forbidden),
            set => set.map_err(store_trouble),
        }
    }

    /// Ends all sessions of a sub-user.
    pub async fn end_sessions(&self, actor: &Actor, username: &str) -> Result<(), Refusal> {
        let user = self.find_sub_user(actor, username).await?;
        let audit = self.line(actor, &user, Action::SessionsEnded, "");
        self.store.end_sessions(user.number, audit).await.map_err(store_trouble)
    }

    /// Lets a sub-user manage keys, or only read, from their next request on.
    pub async fn set_role(&self, actor: &Proved<'_>, username: &str, role: Role) -> Result<(), Refusal> {
        let user = self.find_sub_user(actor, username).await?;
        if user.role == role {
            return Ok(());
        }
        let audit = self.line(actor, &user, Action::RoleChanged, role.name());
        self.store.set_role(user.number, role, audit).await.map_err(store_trouble)
    }

    /// Finds a sub-user of the actor's own account.
    async fn find_sub_user(&self, actor: &Actor, username: &str) -> Result<UserRow, Refusal> {
        let account = actor.owned_account()?;
        let username = Username::parse(username).map_err(|_| Refusal::NotFound)?;
        let user = self.store.find_user(&username).await.map_err(store_trouble)?;
        user.filter(|user| user.owner == Some(account)).ok_or(Refusal::NotFound)
    }

    /// A line in the history of the sub-user.
    fn line(&self, actor: &Actor, user: &UserRow, action: Action, detail: &str) -> Audit {
        Audit { user: Some(user.number), ..actor.audit(self.clock.now(), action, detail) }
    }
}
