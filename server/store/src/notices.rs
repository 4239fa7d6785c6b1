//! What users are told of.

use super::{Audit, StoreError};
use async_trait::async_trait;
use contract::{Cause, KeyType};
use domain::address::Address;
use domain::ids::{KeyId, NoticeNumber, SessionNumber, UserNumber, Username};
use domain::notice::gathering::ADDRESSES_NAMED;
use domain::notice::{AddressGroup, group_addresses};
use domain::time::Micros;
use domain::token::TokenHash;

/// How notices are passed on. An engine is given it when it is opened.
#[derive(Clone, Copy, Debug)]
pub struct NoticePolicy {
    /// Whether mail can be sent at all: otherwise none is queued.
    pub mail_is_on: bool,
    /// For how long a notice that counts is held back from mail and webhooks.
    pub hold_seconds: u32,
}

impl Default for NoticePolicy {
    fn default() -> Self {
        Self { mail_is_on: false, hold_seconds: 60 }
    }
}

/// Something to tell a user; what is gathered adds to the notice of the last 24 hours.
#[derive(Clone, Debug)]
pub struct NewNotice {
    /// The user who is told.
    pub user: UserNumber,
    /// Why.
    pub cause: Cause,
    /// The key it is about.
    pub key: Option<KeyId>,
    /// When it happened last.
    pub at: Micros,
    /// How often it happened.
    pub count: u64,
    /// From where, and how often from each.
    pub addresses: Vec<(Address, u64)>,
    /// What else is worth knowing, in the product's own words.
    pub detail: String,
}

/// A notice as it stands.
#[derive(Clone)]
pub struct NoticeFacts {
    /// Its number.
    pub number: NoticeNumber,
    /// The user who is told.
    pub user: UserNumber,
    /// The owner of that user's account, if it is a sub-user.
    pub owner: Option<UserNumber>,
    /// That user's name.
    pub username: Username,
    /// Why.
    pub cause: Cause,
    /// The key it is about.
    pub key: Option<NoticeKey>,
    /// How often it happened.
    pub count: u64,
    /// When it happened first.
    pub first_at: Micros,
    /// When it happened last.
    pub last_at: Micros,
    /// When it was read.
    pub read_at: Option<Micros>,
    /// From where; at most [`NoticeFacts::ADDRESSES`].
    pub addresses: Vec<NoticeAddress>,
    /// What was done, by the name of the audit log, if it tells of an act.
    pub action: Option<String>,
    /// The name of the one who did that, if not the user themselves.
    pub actor: Option<String>,
    /// What else is worth knowing.
    pub detail: String,
}

impl NoticeFacts {
    /// The most addresses a notice keeps; further ones are only counted.
    pub const ADDRESSES: usize = ADDRESSES_NAMED;

    /// Its addresses; those that a key was refused from, gathered by their networks.
    #[must_use]
    pub fn address_groups(&self) -> Vec<AddressGroup<&NoticeAddress>> {
        match self.cause {
            Cause::NewAddress => group_addresses(&self.addresses, |seen| seen.address),
            _ => self.addresses.iter().map(|seen| AddressGroup::alone(seen.address, seen)).collect(),
        }
    }

    /// Whether it tells of what a user did or tried whose address was unknown: the operator's shell has none.
    #[must_use]
    pub fn is_from_unknown(&self) -> bool {
        let is_act = self.action.is_some() && self.actor.as_deref() != Some("operator");
        self.addresses.is_empty() && (is_act || self.cause == Cause::Guessing)
    }
}

/// How often something was done, by its name in the audit log; what tells of no act has none.
pub type ActCount = (Option<String>, u64);

/// The key of a notice, or what stays of it.
#[derive(Clone)]
pub struct NoticeKey {
    /// Its public id.
    pub id: KeyId,
    /// The hash under which the index in memory has it.
    pub token_hash: TokenHash,
    /// The user who owns the key.
    pub username: Username,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// What lists show of its token.
    pub masked: String,
    /// When it was deleted.
    pub deleted_at: Option<Micros>,
}

/// An address of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeAddress {
    /// The address.
    pub address: Address,
    /// How often it happened from there.
    pub count: u64,
    /// When first.
    pub first_at: Micros,
    /// When last.
    pub last_at: Micros,
    /// Whether the user does not want to hear of it again.
    pub ignored: bool,
}

/// How a user wants to be told of a cause, besides in the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeChoice {
    /// The cause.
    pub cause: Cause,
    /// By mail.
    pub by_mail: bool,
    /// By the webhooks of the account.
    pub by_webhook: bool,
}

/// Notices.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Tells all of these in one step.
    async fn insert_notices(&self, notices: Vec<NewNotice>) -> Result<(), StoreError>;
    /// One notice of any user, for what is passed on.
    async fn find_notice(&self, notice: NoticeNumber) -> Result<Option<NoticeFacts>, StoreError>;
    /// What its user was told of by the same cause since this notice was made.
    async fn count_later_acts(&self, notice: &NoticeFacts) -> Result<Vec<ActCount>, StoreError>;
    /// The notices of a user, newest first: at most `most` after the first `skipped`.
    async fn list_notices(
        &self,
        user: UserNumber,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<NoticeFacts>, StoreError>;
    /// The refusals that a user was told of and that went on after a time: keys that are refused from new addresses, and dead
    /// keys in use. The latest first, at most so many.
    async fn list_refusal_notices(
        &self,
        user: UserNumber,
        after: Micros,
        most: u32,
    ) -> Result<Vec<NoticeFacts>, StoreError>;
    /// How many notices a user has.
    async fn count_notices(&self, user: UserNumber) -> Result<u64, StoreError>;
    /// How many of them are unread.
    async fn count_unread_notices(&self, user: UserNumber) -> Result<u64, StoreError>;
    /// Marks some of them as read, as far as they are that user's; `SignedOut` if the session that asks has ended.
    async fn read_notices(
        &self,
        user: UserNumber,
        notices: Vec<NoticeNumber>,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError>;
    /// Marks all of them as read; `SignedOut` as well.
    async fn read_all_notices(
        &self,
        user: UserNumber,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError>;
    /// From now on refusals of this key from this address raise nothing; beyond `most` addresses the one that was
    /// ignored longest ago is forgotten.
    async fn ignore_address(
        &self,
        key: KeyId,
        address: Address,
        most: u32,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// How a user wants to be told of each cause.
    async fn list_notice_choices(&self, user: UserNumber) -> Result<Vec<NoticeChoice>, StoreError>;
    /// Sets that for these causes; where all of it is so already, nothing is written.
    async fn set_notice_choices(
        &self,
        user: UserNumber,
        wanted: Vec<NoticeChoice>,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Removes some of those that nothing was added to since `before`; returns whether there were any.
    async fn delete_old_notices(&self, before: Micros) -> Result<bool, StoreError>;
}
