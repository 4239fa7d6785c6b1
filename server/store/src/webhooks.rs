//! Webhooks, and what is delivered to them.

use super::{Audit, StoreError};
use async_trait::async_trait;
use contract::Cause;
use domain::ids::{NoticeNumber, SessionNumber, UserNumber};
use domain::sealing::SealError;
use domain::time::Micros;
use domain::webhook::{DeliveryNumber, Evidence, WebhookNumber};

/// A webhook's row.
#[derive(Clone)]
pub struct WebhookRow {
    /// The webhook.
    pub number: WebhookNumber,
    /// The owner of the account it belongs to.
    pub owner: UserNumber,
    /// Where it leads, in canonical form.
    pub url: String,
    /// The sealed secret.
    pub secret_sealed: Vec<u8>,
    /// The set of its causes: [`Cause::bit`] of each.
    pub causes: u32,
    /// When it was added.
    pub created_at: Micros,
    /// When it was switched off.
    pub disabled_at: Option<Micros>,
    /// Since when no delivery succeeded.
    pub failing_since: Option<Micros>,
}

/// Seals a secret for the row of a webhook, whose number is known only once it is there.
pub type Seal = Box<dyn FnOnce(WebhookNumber) -> Result<Vec<u8>, SealError> + Send>;

/// A webhook to add.
pub struct NewWebhook {
    /// The owner of the account it belongs to.
    pub owner: UserNumber,
    /// Where it leads.
    pub url: String,
    /// The set of its causes.
    pub causes: u32,
    /// Makes its sealed secret.
    pub seal: Seal,
    /// The most an account has.
    pub most: u32,
}

/// What of a webhook is changed.
#[derive(Clone)]
pub enum WebhookChange {
    /// Where it leads, and its causes.
    Choices {
        /// Where it leads.
        url: String,
        /// The set of its causes.
        causes: u32,
    },
    /// The sealed secret.
    Secret(Vec<u8>),
    /// The webhook is switched on again.
    On,
}

/// A delivery's row.
#[derive(Clone)]
pub struct DeliveryRow {
    /// The delivery.
    pub number: DeliveryNumber,
    /// To which webhook.
    pub webhook: WebhookNumber,
    /// What its messages are called.
    pub message_id: String,
    /// What it tells of; none: it is a test, or the notice is gone.
    pub notice: Option<NoticeNumber>,
    /// Why it is sent; none: it is a test.
    pub cause: Option<Cause>,
    /// Since when it waits.
    pub created_at: Micros,
    /// When it is tried next; none: it is settled.
    pub due_at: Option<Micros>,
    /// How often it was tried.
    pub attempts: u32,
    /// When last.
    pub tried_at: Option<Micros>,
    /// What the receiver answered then.
    pub status: Option<u16>,
    /// Why it failed then, by its name.
    pub problem: Option<String>,
}

/// What became of an attempt.
pub struct Attempt {
    /// Of which delivery.
    pub delivery: DeliveryNumber,
    /// To which webhook.
    pub webhook: WebhookNumber,
    /// When.
    pub at: Micros,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// How the delivery goes on.
    pub end: AttemptEnd,
}

/// How a delivery goes on after an attempt.
pub enum AttemptEnd {
    /// The message is delivered.
    Delivered,
    /// The message cannot be sent any more, which is not the receiver's fault.
    Dropped {
        /// Why, by its name.
        problem: &'static str,
    },
    /// The attempt failed.
    Failed {
        /// Why, by its name.
        problem: &'static str,
        /// When it is tried again; none: never.
        next: Option<Micros>,
        /// What that tells of the receiver.
        evidence: Evidence,
        /// How the webhook is named to its owner if it is switched off.
        shown: String,
    },
}

/// Webhooks. Changes of them are written to the audit log, deliveries are not.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Adds one; `LimitReached` if the account has as many as it may.
    async fn insert_webhook(&self, webhook: NewWebhook, audit: Audit) -> Result<WebhookNumber, StoreError>;
    /// The webhooks of an account, oldest first.
    async fn list_webhooks(&self, owner: UserNumber) -> Result<Vec<WebhookRow>, StoreError>;
    /// One of them.
    async fn find_webhook(
        &self,
        owner: UserNumber,
        webhook: WebhookNumber,
    ) -> Result<Option<WebhookRow>, StoreError>;
    /// Changes one; `NotFound` if it is gone. If it is so already, nothing is written.
    async fn change_webhook(
        &self,
        webhook: WebhookNumber,
        change: WebhookChange,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Removes one with its deliveries; `NotFound` if it is gone.
    async fn delete_webhook(&self, webhook: WebhookNumber, audit: Audit) -> Result<(), StoreError>;
    /// Queues a test; `Conflict` if one waits, `NotFound` if the webhook is off or gone, `SignedOut` if the session
    /// that asks has ended.
    async fn insert_test(
        &self,
        webhook: WebhookNumber,
        message_id: String,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError>;
    /// Starts a failed delivery anew; `NotFound` if it did not fail, or the webhook is off; `SignedOut` as above.
    async fn restart_delivery(
        &self,
        webhook: WebhookNumber,
        delivery: DeliveryNumber,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError>;
    /// The latest deliveries of a webhook, newest first.
    async fn list_deliveries(
        &self,
        webhook: WebhookNumber,
        most: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError>;
    /// Claims what is due by `now`, the longest waiting first: one for each webhook that is on, of an account that is
    /// enabled, and not among the `busy` ones.
    ///
    /// A claim ends at `until`, or earlier when an attempt is noted or the delivery is released. Until then no other call,
    /// of this process or of another one on the same data, returns a delivery to that webhook.
    async fn claim_due_deliveries(
        &self,
        now: Micros,
        until: Micros,
        busy: &[WebhookNumber],
        most: u32,
    ) -> Result<Vec<(WebhookRow, DeliveryRow)>, StoreError>;
    /// Ends the claim on the delivery to a webhook whose attempt cannot be noted.
    async fn release_delivery(&self, webhook: WebhookNumber) -> Result<(), StoreError>;
    /// Records what became of an attempt, and switches the webhook off if its [`domain::webhook::Health`] says so: its
    /// owner is told, and what waits for it is settled. What is gone by then is left alone.
    async fn note_attempt(&self, attempt: Attempt) -> Result<(), StoreError>;
    /// Removes the deliveries that began before then; returns how many.
    async fn delete_old_deliveries(&self, before: Micros) -> Result<u64, StoreError>;
}
