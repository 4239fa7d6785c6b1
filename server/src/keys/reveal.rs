//! Showing a token again, and once after a plain form.

use super::Keys;
use crate::accounts::{Actor, store_trouble};
use crate::domain::ids::{KeyId, SessionNo};
use crate::domain::time::Micros;
use crate::domain::token::PlainToken;
use crate::store::{Action, StoreError};
use app::{Field, PortalError, Problem};
use parking_lot::Mutex;
use std::collections::HashMap;

impl Keys {
    /// The token of a key, from its sealed copy; the audit log says so before this returns.
    ///
    /// # Errors
    /// The actor only reads, there is no such key for it, no sealed copy, or the password was not proved.
    pub async fn reveal_key(
        &self,
        actor: &Actor,
        id: &str,
        password: Option<String>,
        code: &str,
    ) -> Result<(KeyId, PlainToken), PortalError> {
        actor.may_manage()?;
        let row = self.find_row(actor, id).await?;
        let not_revealable = || PortalError::field(Field::Form, Problem::NotRevealable);
        let sealing = self.sealing.as_ref().filter(|_| row.is_sealed).ok_or_else(not_revealable)?;
        self.accounts.ask_proof(actor, password, code).await?;
        let audit = actor.audit(self.clock.now(), Action::KeyShown, "");
        let sealed = self.store.reveal_key(row.no, audit).await.map_err(|error| match error {
            StoreError::NotFound => PortalError::NotFound,
            error => store_trouble(error),
        })?;
        let token = sealing.open(row.id, &sealed).map_err(|error| {
            tracing::error!(%error, key = %row.id, "a sealed copy cannot be opened");
            PortalError::Unavailable
        })?;
        Ok((row.id, token))
    }
}

/// Tokens that the next page of a session shows once, because the plain form that asked for them was
/// answered by a redirect. In memory only, and not for long.
#[derive(Default)]
pub struct Flash(Mutex<HashMap<SessionNo, Kept>>);

struct Kept {
    id: KeyId,
    token: PlainToken,
    at: Micros,
}

impl Flash {
    const SECONDS: i64 = 300;

    /// Keeps a token for the session's next page.
    pub fn keep(&self, session: SessionNo, id: KeyId, token: PlainToken, at: Micros) {
        let mut kept = self.0.lock();
        kept.retain(|_, k| at.seconds_since(k.at) < Self::SECONDS);
        kept.insert(session, Kept { id, token, at });
    }

    /// Takes what was kept, if it is of one of these keys.
    pub fn take(&self, session: SessionNo, ids: &[KeyId], now: Micros) -> Option<(KeyId, PlainToken)> {
        let mut kept = self.0.lock();
        if !ids.contains(&kept.get(&session)?.id) {
            return None;
        }
        let found = kept.remove(&session)?;
        (now.seconds_since(found.at) < Self::SECONDS).then_some((found.id, found.token))
    }
}
