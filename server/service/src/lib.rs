//! Use cases, and the verdict whether a key may pass: what pages, programs, gateways and operators ask for, whatever way
//! they ask. No HTTP, no SQL, no pages.
//!
//! `verify` runs on the thread that serves connections and waits for commits alone; everything else runs on the pages'
//! runtime. A use case that changes something has made it durable when it returns.

pub mod accounts;
pub mod applications;
pub mod dashboard;
pub mod events;
pub mod import;
pub mod keys;
pub mod mail;
pub mod notices;
mod paging;
pub mod priority;
pub mod retries;
pub mod shown_once;
pub mod verify;
pub mod webhooks;

/// Records of the store that use cases return.
pub mod records {
    pub use store::{
        AddressUses, ApplicationRow, DeliveryRow, HistoryLine, HourCounts, InvitationRow, LineKey,
        NoticeChoice, PieceCounts, WaitingAddress, WebhookRow,
    };
}

use accounts::{Accounts, Changes, MailAddresses, PasswordLinks, SubUsers};
use applications::Applications;
use domain::example::ExampleRequest;
use domain::time::Clock;
use keys::Keys;
use mail::Subscriptions;
use notices::Notices;
use retries::Retries;
use shown_once::ShownOnce;
use std::sync::Arc;
use webhooks::Webhooks;

/// All use cases of customers.
pub struct UseCases {
    /// Users and sessions.
    pub accounts: Arc<Accounts>,
    /// How many changes users may make.
    pub changes: Changes,
    /// Mail addresses of users.
    pub mail_addresses: MailAddresses,
    /// Links to set a password.
    pub password_links: PasswordLinks,
    /// Sub-users and invitations.
    pub sub_users: SubUsers,
    /// Keys.
    pub keys: Arc<Keys>,
    /// Applications that ask for keys, unless the operator switched them off.
    pub applications: Option<Applications>,
    /// Notices, and how users get them.
    pub notices: Notices,
    /// Webhooks.
    pub webhooks: Webhooks,
    /// Stopping letters by a link.
    pub subscriptions: Subscriptions,
    /// Requests of programs that may come again.
    pub retries: Retries,
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
    /// How programs reach the API behind the gateway.
    pub example: ExampleRequest,
}
