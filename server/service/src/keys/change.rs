//! Changes of a key beside its addresses: its description, pauses, its end, how wide its lock is.

use super::Keys;
use super::generate::parse_description;
use crate::accounts::{KeyManager, store_trouble};
use contract::{Field, FieldError, LockWidth, Problem, Refusal};
use domain::expiry::{self, ExpiryError};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{Action, KeyChange, KeyRow, StoreError};

/// What is to be changed of a key; nothing: it stays as it is.
#[derive(Clone, Copy, Default)]
pub struct KeyEdit<'a> {
    /// The customer's words.
    pub description: Option<&'a str>,
    /// When it expires. A key that has expired can be given a later end.
    pub expires_at: Option<AskedEnd<'a>>,
    /// Whether it is refused, from the next request on, until it is resumed.
    pub paused: Option<bool>,
    /// How much of an IPv6 address its lock compares.
    pub lock_width: Option<LockWidth>,
}

impl Keys {
    /// Changes a key, all at once or not at all.
    ///
    /// # Errors
    /// There is no such key for the actor, or a field is wrong.
    pub async fn change_key(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        edit: KeyEdit<'_>,
    ) -> Result<(), Refusal> {
        let row = self.find_row(&actor, id).await?;
        let changes = self.parse_edit(&row, edit)?;
        let now = self.clock.now();
        let lines = changes.into_iter().map(|change| {
            let (action, detail) = line(&change);
            let audit = actor.audit(now, action, detail);
            (change, audit)
        });
        self.store.change_key(row.id, lines.collect()).await.map_err(store_trouble)?;
        if edit.paused == Some(true) {
            // Uses that were judged before the pause are answered before it is.
            self.verifier.settle().await;
        }
        Ok(())
    }

    /// All changes, with every message at its field.
    fn parse_edit(&self, row: &KeyRow, edit: KeyEdit<'_>) -> Result<Vec<KeyChange>, Refusal> {
        let description = edit
            .description
            .map(|text| parse_description(text).map(|text| KeyChange::Description(text.as_str().to_owned())));
        let expires_at = edit.expires_at.map(|end| end.parse(self.clock.now()).map(KeyChange::ExpiresAt));
        let width = edit.lock_width.map(|width| match row.key_type.is_address_bound() {
            true => Ok(KeyChange::LockWidth(width)),
            false => Err(FieldError { field: Field::LockWidth, problem: Problem::NotADefaultKey }),
        });
        let paused = edit.paused.map(|paused| Ok(KeyChange::Paused(paused)));
        let mut errors = Vec::new();
        let changes = [description, expires_at, width, paused].into_iter().flatten();
        let changes = changes.filter_map(|change| change.map_err(|error| errors.push(error)).ok()).collect();
        if errors.is_empty() { Ok(changes) } else { Err(Refusal::Invalid(errors)) }
    }

    /// Tells the users of keys that expire soon; returns of how many keys.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn remind_of_expiries(&self) -> Result<u64, StoreError> {
        self.store.remind_of_expiries(self.clock.now()).await
    }
}

/// What the audit log says of a change.
fn line(change: &KeyChange) -> (Action, String) {
    match change {
        KeyChange::Description(text) => (Action::KeyRenamed, text.clone()),
        KeyChange::Paused(true) => (Action::KeyPaused, String::new()),
        KeyChange::Paused(false) => (Action::KeyResumed, String::new()),
        KeyChange::ExpiresAt(end) => (Action::KeyExpirySet, end.map(Micros::rfc_3339).unwrap_or_default()),
        KeyChange::LockWidth(width) => (Action::LockWidthSet, format!("/{}", *width as u8)),
    }
}

/// When a key is to expire, as it is asked for.
#[derive(Clone, Copy)]
pub enum AskedEnd<'a> {
    /// Never.
    Never,
    /// When the clocks of a zone show this; nothing is never.
    Shown(&'a str, &'a TimeZone),
    /// RFC 3339.
    Written(&'a str),
}

impl AskedEnd<'_> {
    /// The time, if it is one that a key may be given.
    pub(super) fn parse(self, now: Micros) -> Result<Option<Micros>, FieldError> {
        let refuse = |problem| FieldError { field: Field::ExpiresAt, problem };
        let read = match self {
            Self::Never => return Ok(None),
            Self::Shown(text, _) if text.trim().is_empty() => return Ok(None),
            Self::Shown(text, zone) => zone.at(text.trim()),
            Self::Written(text) => Micros::parse_rfc_3339(text),
        };
        let end = read.ok_or_else(|| refuse(Problem::NotATime))?;
        expiry::check(end, now).map_err(|error| match error {
            ExpiryError::Past => refuse(Problem::InThePast),
            ExpiryError::TooFar => refuse(Problem::TooFarAhead),
        })?;
        Ok(Some(end))
    }
}
