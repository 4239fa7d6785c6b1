//! Deleting a key.

use super::Keys;
use crate::accounts::{Actor, store_trouble};
use contract::Refusal;
use store::Action;

impl Keys {
    /// Deletes a key; when this returns, no request that is sent now passes with it.
    ///
    /// # Errors
    /// The actor only reads, there is no such key for it.
    pub async fn delete_key(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        actor.may_manage()?;
        let row = self.find_row(actor, id).await?;
        let audit = actor.audit(self.clock.now(), Action::KeyDeleted, "");
        self.store.delete_key(row.no, audit).await.map_err(store_trouble)?;
        // A use that was accepted just before may still wait for its commit: it is answered first.
        self.verifier.settle().await;
        Ok(())
    }
}
