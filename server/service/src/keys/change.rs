//! Changes of a key beside its address rule: its description, pauses, its end.

use super::Keys;
use super::generate::parse_description;
use crate::accounts::{KeyManager, store_trouble};
use contract::{Field, FieldError, Problem, Refusal};
use domain::expiry::{self, ExpiryError};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{Action, KeyChange, StoreError};

impl Keys {
    /// Gives a key another description.
    ///
    /// # Errors
    /// There is no such key for the actor, or the text is no description.
    pub async fn rename_key(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        description: &str,
    ) -> Result<(), Refusal> {
        let description = parse_description(description).map_err(refuse)?;
        let text = description.as_str().to_owned();
        self.change(actor, id, KeyChange::Description(text.clone()), Action::KeyRenamed, &text).await
    }

    /// Refuses a key from the next request on, until it is resumed.
    ///
    /// # Errors
    /// There is no such key for the actor.
    pub async fn pause_key(&self, actor: KeyManager<'_>, id: &str) -> Result<(), Refusal> {
        self.change(actor, id, KeyChange::Paused(true), Action::KeyPaused, "").await?;
        // Uses that were judged before the pause are answered before it is.
        self.verifier.settle().await;
        Ok(())
    }

    /// Lets a paused key pass again.
    ///
    /// # Errors
    /// There is no such key for the actor.
    pub async fn resume_key(&self, actor: KeyManager<'_>, id: &str) -> Result<(), Refusal> {
        self.change(actor, id, KeyChange::Paused(false), Action::KeyResumed, "").await
    }

    /// Sets when a key expires, by the clocks of a zone; an empty text takes the end back. A key that has expired can
    /// be given a later end.
    ///
    /// # Errors
    /// There is no such key for the actor, or the time is none, over, or too far ahead.
    pub async fn set_key_expiry(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        shown: &str,
        zone: &TimeZone,
    ) -> Result<(), Refusal> {
        let end = parse_expiry(shown, zone, self.clock.now()).map_err(refuse)?;
        let detail = end.map(Micros::rfc_3339).unwrap_or_default();
        self.change(actor, id, KeyChange::ExpiresAt(end), Action::KeyExpirySet, &detail).await
    }

    /// Tells the users of keys that expire soon; returns of how many keys.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn remind_of_expiries(&self) -> Result<u64, StoreError> {
        self.store.remind_of_expiries(self.clock.now()).await
    }

    async fn change(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        change: KeyChange,
        action: Action,
        detail: &str,
    ) -> Result<(), Refusal> {
        let row = self.find_row(&actor, id).await?;
        let audit = actor.audit(self.clock.now(), action, detail);
        self.store.change_key(row.id, change, audit).await.map_err(store_trouble)
    }
}

fn refuse(error: FieldError) -> Refusal {
    Refusal::Invalid(vec![error])
}

/// When a key expires by what was entered; nothing is never.
pub(super) fn parse_expiry(shown: &str, zone: &TimeZone, now: Micros) -> Result<Option<Micros>, FieldError> {
    let refuse = |problem| FieldError { field: Field::ExpiresAt, problem };
    let shown = shown.trim();
    if shown.is_empty() {
        return Ok(None);
    }
    let end = zone.at(shown).ok_or_else(|| refuse(Problem::NotATime))?;
    expiry::check(end, now).map_err(|error| match error {
        ExpiryError::Past => refuse(Problem::InThePast),
        ExpiryError::TooFar => refuse(Problem::TooFarAhead),
    })?;
    Ok(Some(end))
}
