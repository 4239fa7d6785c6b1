//! Showing a token again.

use super::Keys;
use crate::accounts::{KeyManager, store_trouble};
use contract::{Field, Problem, Refusal};
use domain::attempt::AskedFor;
use domain::ids::KeyId;
use domain::token::PlainToken;
use store::Action;
use zeroize::Zeroizing;

impl Keys {
    /// Opens the sealed copy of a token, after the audit log has a line about it.
    pub async fn reveal_key(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        password: Option<Zeroizing<String>>,
        code: &str,
    ) -> Result<(KeyId, PlainToken), Refusal> {
        let row = self.find_row(&actor, id).await?;
        let not_revealable = || Refusal::field(Field::Form, Problem::NotRevealable);
        let sealing = self.sealing.as_ref().filter(|_| row.is_sealed).ok_or_else(not_revealable)?;
        self.accounts.ask_proof(&actor, password, code, AskedFor::Show).await?;
        let audit = actor.audit(self.clock.now(), Action::KeyShown, "");
        let sealed = self.store.reveal_key(row.id, audit).await.map_err(store_trouble)?;
        let token = sealing.open(row.id, &sealed).map_err(|error| {
            tracing::error!(%error, key = %row.id, "a sealed copy cannot be opened");
            Refusal::Unavailable
        })?;
        Ok((row.id, token))
    }
}
