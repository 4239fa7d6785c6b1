//! What belongs to the user itself.

use super::RequestPortal;
use app::{PortalError, Profile, ProfilePortal};
use async_trait::async_trait;

#[async_trait]
impl ProfilePortal for RequestPortal {
    async fn profile(&self) -> Result<Profile, PortalError> {
        let actor = self.note(self.actor())?;
        Ok(Profile { language: actor.language.map_or("", |language| language.code()).to_owned() })
    }

    async fn set_language(&self, language: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.accounts.set_language(actor, &language).await)
    }
}
