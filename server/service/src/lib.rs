//! Use cases, and the answer whether a key may pass: what pages, programs, gateways and operators ask for, without a
//! word of how they ask. No HTTP, no SQL, no pages.

pub mod accounts;
pub mod events;
pub mod keys;
pub mod mail;
pub mod notices;
pub mod priority;
pub mod shown_once;
pub mod verify;
pub mod webhooks;

/// What is kept, as use cases answer with it.
pub mod records {
    pub use store::{AuditRow, DeliveryRow, InvitationRow, NoticeChoice, WaitingAddress, WebhookRow};
}

use accounts::{Accounts, Changes, MailAddresses, SubUsers};
use domain::time::Clock;
use keys::Keys;
use mail::Subscriptions;
use notices::Notices;
use shown_once::ShownOnce;
use std::sync::Arc;
use webhooks::Webhooks;

/// All use cases of customers.
pub struct UseCases {
    /// Users and sessions.
    pub accounts: Arc<Accounts>,
    /// How much users changed lately.
    pub changes: Changes,
    /// Mail addresses of users.
    pub mail_addresses: MailAddresses,
    /// Sub-users and invitations.
    pub sub_users: SubUsers,
    /// Keys.
    pub keys: Keys,
    /// What users are told of.
    pub notices: Notices,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// Stopping letters by a link.
    pub subscriptions: Subscriptions,
    /// Secrets that are shown once.
    pub shown_once: ShownOnce,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Whether mail can be sent at all: letters are only queued then, and pages say so once if not.
    pub mail_is_on: bool,
    /// Whether a token can be shown again.
    pub revealable: bool,
    /// The host of the pages, by which authenticators name this installation.
    pub installation: String,
}
