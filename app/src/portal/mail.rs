//! What a letter's links ask of the server.

use async_trait::async_trait;

use super::PortalError;

/// The links of letters: their token stands for the user, so nobody has to log in.
#[async_trait]
pub trait MailPortal: Send + Sync {
    /// The name of the cause whose letters this token stops.
    async fn find_subscription(&self, token: &str) -> Result<String, PortalError>;
    /// Stops them.
    async fn unsubscribe(&self, token: &str) -> Result<(), PortalError>;
}
