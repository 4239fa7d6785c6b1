//! The password and the second factor of the visitor.

use super::{Attempt, RequestPortal};
use app::{Password, PortalError, SecurityPortal};
use async_trait::async_trait;

#[async_trait]
impl SecurityPortal for RequestPortal {
    async fn change_password(&self, password: Password, new_password: Password) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        let present = Attempt::attempt(password.0);
        self.note(self.services.accounts.change_password(actor, present, new_password.0).await)
    }
}
