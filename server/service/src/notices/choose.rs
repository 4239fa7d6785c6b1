//! How a user wants to get notices.

use super::Notices;
use crate::accounts::{Actor, Proved, store_trouble};
use contract::Refusal;
use store::{Action, NoticeChoice};

impl Notices {
    /// The actor's settings for each cause.
    pub async fn list_choices(&self, actor: &Actor) -> Result<Vec<NoticeChoice>, Refusal> {
        self.store.list_notice_choices(actor.user).await.map_err(store_trouble)
    }

    /// Saves the user's notification settings. A sub-user who only reads may change their own; the webhook column is
    /// ignored for sub-users, because webhooks belong to the owner.
    pub async fn choose(&self, actor: &Proved<'_>, mut wanted: Vec<NoticeChoice>) -> Result<(), Refusal> {
        if !actor.is_owner() {
            wanted.iter_mut().for_each(|choice| choice.by_webhook = true);
        }
        let audit = actor.audit(self.clock.now(), Action::NoticesChosen, String::new());
        self.store.set_notice_choices(actor.user, wanted, audit).await.map_err(store_trouble)
    }

    /// Whether the actor has a confirmed mail address.
    pub async fn has_mail_address(&self, actor: &Actor) -> Result<bool, Refusal> {
        let user = self.store.find_user(&actor.username).await.map_err(store_trouble)?;
        Ok(user.is_some_and(|user| user.email.is_some() && user.email_confirmed))
    }
}
