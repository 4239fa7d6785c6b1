//! The links of letters.

use super::RequestPortal;
use app::{MailPortal, PortalError};
use async_trait::async_trait;

#[async_trait]
impl MailPortal for RequestPortal {
    async fn find_subscription(&self, token: &str) -> Result<String, PortalError> {
        let found = self.services.subscriptions.find_subscription(token).await;
        self.note(found).map(|cause| cause.name().to_owned())
    }

    async fn unsubscribe(&self, token: &str) -> Result<(), PortalError> {
        let stopped = self.services.subscriptions.unsubscribe(token, &self.visit).await;
        self.note(stopped).map(|_| ())
    }
}
