//! What the task that sends mail works with.

use crate::dial::Resolve;
use crate::settings::SmtpSettings;
use domain::sealing::SealingKey;
use domain::time::Clock;
use domain::token::Pepper;
use std::sync::Arc;
use store::Store;

/// What the mailer works with.
pub struct MailerParts {
    /// Where letters wait.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// The key that seals letters.
    pub sealing: SealingKey,
    /// The key that signs links.
    pub pepper: Pepper,
    /// The public address of the pages.
    pub origin: String,
    /// The mail server, if there is one.
    pub smtp: Option<SmtpSettings>,
    /// Looks up the addresses of its name.
    pub resolver: Arc<dyn Resolve>,
}
