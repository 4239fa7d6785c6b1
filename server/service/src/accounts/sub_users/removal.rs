//! Removing a sub-user for good.

use super::SubUsers;
use crate::accounts::{Actor, Proved, store_trouble};
use crate::mail::Letter;
use contract::{Language, Refusal};
use domain::ids::Username;
use domain::time::Micros;
use store::{Action, KeyScope, NewMail, Removal, UserRow};

/// What hangs on a sub-user who may be removed.
pub struct RemovalAsked {
    /// Their name.
    pub username: Username,
    /// How many living keys they have.
    pub keys: usize,
}

impl SubUsers {
    /// What would go with a sub-user.
    ///
    /// # Errors
    /// `NotFound`: the actor has no such sub-user.
    pub async fn find_removal(&self, actor: &Actor, username: &str) -> Result<RemovalAsked, Refusal> {
        let user = self.find_sub_user(actor, username).await?;
        Ok(RemovalAsked { keys: self.index.count(KeyScope::User(user.number)), username: user.username })
    }

    /// Removes a sub-user. No request that is sent after this returns passes with one of their keys. They are told by mail,
    /// where they have a confirmed address; `language` is for those who chose none.
    ///
    /// # Errors
    /// `NotFound`: the actor has no such sub-user, or has none any more.
    pub async fn remove(
        &self,
        actor: &Proved<'_>,
        username: &str,
        language: Language,
    ) -> Result<(), Refusal> {
        let user = self.find_sub_user(actor, username).await?;
        let at = self.clock.now();
        let letter = self.farewell(actor, &user, language, at)?;
        let audit = actor.audit(at, Action::SubUserRemoved, user.username.as_str());
        let removal = Removal { user: user.number, letter, audit };
        self.store.remove_sub_user(removal).await.map_err(store_trouble)?;
        // Uses that were accepted just before may still wait for their commit, and are answered first.
        self.verifier.settle().await;
        Ok(())
    }

    fn farewell(
        &self,
        actor: &Actor,
        user: &UserRow,
        language: Language,
        at: Micros,
    ) -> Result<Option<NewMail>, Refusal> {
        let to = user.email.clone().filter(|_| user.email_confirmed && self.mail_is_on);
        let Some(to) = to else { return Ok(None) };
        let language = Language::from_code(&user.language).unwrap_or(language);
        let (username, owner) = (user.username.to_string(), actor.username.to_string());
        let letter = Letter::Removed { to, language, username, owner };
        Ok(Some(NewMail { user: None, payload: self.seal(&letter)?, due_at: at }))
    }
}
