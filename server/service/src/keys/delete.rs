//! Deleting a key.

use super::Keys;
use crate::accounts::{KeyManager, store_trouble};
use contract::Refusal;
use store::Action;

impl Keys {
    /// Deletes a key. No request that is sent after this returns passes with it.
    pub async fn delete_key(&self, actor: KeyManager<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(&actor, id).await?;
        let audit = actor.audit(self.clock.now(), Action::KeyDeleted, "");
        self.store.delete_key(row.id, audit).await.map_err(store_trouble)?;
        // A use that was accepted just before may still wait for its commit, and is answered first.
        self.verifier.settle().await;
        Ok(())
    }
}
