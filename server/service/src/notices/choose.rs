//! How a user wants to be told.

use super::Notices;
use crate::accounts::{Actor, Proved, store_trouble};
use contract::Refusal;
use store::{Action, NoticeChoice};

impl Notices {
    /// How the actor wants to be told of each cause.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list_choices(&self, actor: &Actor) -> Result<Vec<NoticeChoice>, Refusal> {
        self.store.list_notice_choices(actor.user).await.map_err(store_trouble)
    }

    /// Sets that; also who may only read keys decides how it is told. What webhooks tell is for the owner of the
    /// account to choose, whose they are.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn choose(&self, actor: &Proved<'_>, mut wanted: Vec<NoticeChoice>) -> Result<(), Refusal> {
        if !actor.is_owner() {
            wanted.iter_mut().for_each(|choice| choice.by_webhook = true);
        }
        let audit = actor.audit(self.clock.now(), Action::NoticesChosen, String::new());
        self.store.set_notice_choices(actor.user, wanted, audit).await.map_err(store_trouble)
    }

    /// Whether the actor has a mail address that it confirmed.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn has_mail_address(&self, actor: &Actor) -> Result<bool, Refusal> {
        let user = self.store.find_user(&actor.username).await.map_err(store_trouble)?;
        Ok(user.is_some_and(|user| user.email.is_some() && user.email_confirmed))
    }
}
