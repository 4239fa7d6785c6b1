//! Applications that ask a customer for a key, and those that were let in.

use super::{Audit, KeyScope, NewKey, StoreError};
use async_trait::async_trait;
use domain::address::Address;
use domain::application::{DeviceCodeHash, Poll, UserCodeHash};
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, SessionNumber, Username};
use domain::time::Micros;

/// A request of an application, to be kept.
#[derive(Clone)]
pub struct NewApplication {
    /// Under what the application finds it.
    pub device: DeviceCodeHash,
    /// Under what a customer finds it.
    pub user_code: UserCodeHash,
    /// How the application calls itself.
    pub name: String,
    /// Where its icon is.
    pub icon_url: Option<String>,
    /// Where its user may go back to.
    pub return_url: Option<String>,
    /// Where it asked from.
    pub from: ClientAddress,
    /// Now.
    pub at: Micros,
    /// When its codes end.
    pub expires_at: Micros,
    /// Seconds between two of its questions.
    pub interval_seconds: u32,
}

/// The most requests that may be open.
#[derive(Clone, Copy, Debug)]
pub struct OpenLimits {
    /// From one address (one /64 of IPv6).
    pub of_source: u64,
    /// From unknown addresses together.
    pub of_unknown: u64,
    /// In all.
    pub of_all: u64,
}

/// A request that nobody has decided.
#[derive(Clone, PartialEq)]
pub struct WaitingApplication {
    /// Which.
    pub device: DeviceCodeHash,
    /// How the application calls itself.
    pub name: String,
    /// Where its icon is.
    pub icon_url: Option<String>,
    /// Where its user may go back to.
    pub return_url: Option<String>,
    /// Where it asked from.
    pub asked_from: ClientAddress,
    /// When.
    pub asked_at: Micros,
    /// When its codes end.
    pub expires_at: Micros,
}

/// Who tries a code.
#[derive(Clone, Copy, Debug)]
pub struct Guesser {
    /// Their session.
    pub session: SessionNumber,
    /// Where they are.
    pub address: ClientAddress,
    /// Now.
    pub at: Micros,
}

/// What came of a code that was tried.
#[derive(Clone, PartialEq)]
pub enum Tried {
    /// An open request has it.
    Found(WaitingApplication),
    /// None has; this is counted.
    Unknown,
    /// Too many were wrong, so that this one was not looked up.
    TooMany {
        /// Seconds until one may be tried again.
        retry_after_seconds: u32,
    },
}

/// What a customer gives an application.
pub struct Approval {
    /// Which application.
    pub device: DeviceCodeHash,
    /// Its key.
    pub key: NewKey,
    /// The token of the key, sealed, for the application to fetch.
    pub token_sealed: Vec<u8>,
    /// Until when it can be fetched at least.
    pub fetch_until: Micros,
}

/// What an application is answered that asks for its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// The judgement.
    pub poll: Poll,
    /// The sealed token, with [`Poll::Fetch`] alone.
    pub token_sealed: Option<Vec<u8>>,
}

/// An application that has a key.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationRow {
    /// How it calls itself.
    pub name: String,
    /// Where its user may go back to.
    pub return_url: Option<String>,
    /// Where it asked from.
    pub asked_from: ClientAddress,
    /// Its key.
    pub key: KeyId,
    /// The customer's words for the key.
    pub description: String,
    /// What the list shows of the key's token.
    pub masked: String,
    /// The user who owns the key.
    pub username: Username,
    /// Who let it in.
    pub approved_by: Username,
    /// When.
    pub approved_at: Micros,
    /// When it fetched its key.
    pub fetched_at: Option<Micros>,
}

/// Applications.
#[async_trait]
pub trait ApplicationStore: Send + Sync {
    /// Keeps a request. `Conflict` if one of its codes is taken, `LimitReached` if too many from there are open, `Overloaded`
    /// if too many are in all.
    async fn insert_application(&self, asked: NewApplication, limits: OpenLimits) -> Result<(), StoreError>;
    /// Looks a code up for somebody who typed it, and counts it if it is wrong.
    async fn try_user_code(&self, code: UserCodeHash, guesser: Guesser) -> Result<Tried, StoreError>;
    /// Finds an open request by the code that a customer typed before.
    async fn find_application(
        &self,
        code: UserCodeHash,
        now: Micros,
    ) -> Result<Option<WaitingApplication>, StoreError>;
    /// Finds an open request by the code of its application.
    async fn find_application_of_device(
        &self,
        device: DeviceCodeHash,
        now: Micros,
    ) -> Result<Option<WaitingApplication>, StoreError>;
    /// Makes a key and gives it to an application, with a line in the history about each, of which the second is told. `NotFound` if the request is not
    /// open any more; besides that it fails as adding a key does.
    async fn approve_application(
        &self,
        approval: Approval,
        generated: Audit,
        approved: Audit,
    ) -> Result<(), StoreError>;
    /// Refuses an application; `NotFound` if its request is not open any more.
    async fn refuse_application(&self, device: DeviceCodeHash, audit: Audit) -> Result<(), StoreError>;
    /// Judges a question of an application by [`PollFacts`], notes it, and hands its token over once; `NotFound` if no
    /// application has the code.
    ///
    /// [`PollFacts`]: domain::application::PollFacts
    async fn fetch_token(&self, device: DeviceCodeHash, now: Micros) -> Result<Fetched, StoreError>;
    /// How many applications have a living key in the scope.
    async fn count_applications(&self, scope: KeyScope) -> Result<u64, StoreError>;
    /// Some of them, the newest approval first.
    async fn list_applications(
        &self,
        scope: KeyScope,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<ApplicationRow>, StoreError>;
    /// Whether a living key in the scope is locked to this address (to its /64 of IPv6), or names it in its allow list.
    async fn is_address_of_keys(&self, scope: KeyScope, address: Address) -> Result<bool, StoreError>;
    /// Forgets some of the requests that ended at that time or before, and tokens that were not fetched by `now`; returns how many.
    async fn forget_applications(&self, ended: Micros, now: Micros) -> Result<u64, StoreError>;
}
