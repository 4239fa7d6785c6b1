//! Webhooks of an account: its owner says where they lead and what they tell. Who carries the messages stands elsewhere.

use crate::accounts::{Actor, Proved, store_trouble};
use contract::{Cause, Field, Problem, Refusal, WebhookProblem};
use domain::ids::UserNo;
use domain::sealing::SealingKey;
use domain::time::Clock;
use domain::webhook::{
    DeliveryNo, SigningSecret, UrlError, WebhookNo, WebhookUrl, deliveries_kept_since, new_message_id,
};
use secrecy::SecretString;
use std::sync::Arc;
use store::{Action, Audit, DeliveryRow, NewWebhook, Store, StoreError, WebhookChange, WebhookRow};
use tokio::sync::Notify;

/// Webhooks of an account.
pub const MOST: u32 = 5;
/// Deliveries that a page shows.
const SHOWN: u32 = 50;

/// The use cases of webhooks.
pub struct Webhooks {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// With which secrets are sealed.
    pub sealing: SealingKey,
    /// Whether private networks and HTTP are allowed.
    pub allow_private: bool,
    /// Rings the courier.
    pub bell: Arc<Notify>,
}

/// Whose webhooks the actor may see: an account's are its owner's alone.
fn account(actor: &Actor) -> Result<UserNo, Refusal> {
    if !actor.is_owner() { Err(Refusal::NotFound) } else { Ok(actor.user) }
}

/// The same for what changes something.
fn account_to_change(actor: &Actor) -> Result<UserNo, Refusal> {
    actor.may_manage()?;
    account(actor)
}

impl Webhooks {
    /// The webhooks of the actor's account, oldest first.
    ///
    /// # Errors
    /// The actor is no owner, or the store is in trouble.
    pub async fn list_webhooks(&self, actor: &Actor) -> Result<Vec<WebhookRow>, Refusal> {
        let owner = account(actor)?;
        self.store.list_webhooks(owner).await.map_err(store_trouble)
    }

    /// One of them, and its latest deliveries.
    ///
    /// # Errors
    /// There is no such webhook for the actor.
    pub async fn find_webhook(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<(WebhookRow, Vec<DeliveryRow>), Refusal> {
        let row = self.find_row(account(actor)?, id).await?;
        let deliveries = self.store.list_deliveries(row.no, SHOWN).await.map_err(store_trouble)?;
        Ok((row, deliveries))
    }

    /// Adds a webhook; its secret is shown now and never again.
    ///
    /// # Errors
    /// The actor is no owner, has as many as it may, or the address or the causes are wrong.
    pub async fn add_webhook(
        &self,
        actor: &Proved<'_>,
        url: &str,
        causes: &[String],
    ) -> Result<(WebhookNo, SecretString), Refusal> {
        let owner = account_to_change(actor)?;
        let (url, causes) = self.parse(url, causes)?;
        let secret = generate_secret()?;
        let (text, sealing) = (secret.text(), self.sealing.clone());
        let webhook = NewWebhook {
            owner,
            url: url.as_str().to_owned(),
            causes,
            seal: Box::new(move |no| sealing.seal_bytes(&no.sealed_place(), secret.expose())),
            most: MOST,
        };
        let audit = self.audit(actor, Action::WebhookAdded, url.as_str());
        let added = self.store.insert_webhook(webhook, audit).await;
        let no = added.map_err(|error| match error {
            StoreError::Full => Refusal::field(Field::Form, Problem::Webhook(WebhookProblem::Full)),
            error => store_trouble(error),
        })?;
        Ok((no, text))
    }

    /// Changes where a webhook leads and what it tells.
    ///
    /// # Errors
    /// There is no such webhook for the actor, or the address or the causes are wrong.
    pub async fn change_webhook(
        &self,
        actor: &Proved<'_>,
        id: &str,
        url: &str,
        causes: &[String],
    ) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let (url, causes) = self.parse(url, causes)?;
        let change = WebhookChange::Choices { url: url.as_str().to_owned(), causes };
        let audit = self.audit(actor, Action::WebhookChanged, url.as_str());
        self.store.change_webhook(row.no, change, audit).await.map_err(store_trouble)
    }

    /// Gives a webhook another secret, in force from the next attempt on.
    ///
    /// # Errors
    /// There is no such webhook for the actor.
    pub async fn rotate_webhook_secret(
        &self,
        actor: &Proved<'_>,
        id: &str,
    ) -> Result<(WebhookNo, SecretString), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let secret = generate_secret()?;
        let sealed = self.sealing.seal_bytes(&row.no.sealed_place(), secret.expose());
        let sealed = sealed.map_err(|error| unavailable(&error))?;
        let audit = self.audit(actor, Action::WebhookChanged, &row.url);
        let changed = self.store.change_webhook(row.no, WebhookChange::Secret(sealed), audit).await;
        changed.map_err(store_trouble)?;
        Ok((row.no, secret.text()))
    }

    /// Switches a webhook on again.
    ///
    /// # Errors
    /// There is no such webhook for the actor.
    pub async fn enable_webhook(&self, actor: &Proved<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let audit = self.audit(actor, Action::WebhookChanged, &row.url);
        self.store.change_webhook(row.no, WebhookChange::On, audit).await.map_err(store_trouble)
    }

    /// Removes a webhook and its deliveries.
    ///
    /// # Errors
    /// There is no such webhook for the actor.
    pub async fn remove_webhook(&self, actor: &Proved<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let audit = self.audit(actor, Action::WebhookRemoved, &row.url);
        self.store.delete_webhook(row.no, audit).await.map_err(store_trouble)
    }

    /// Queues a test.
    ///
    /// # Errors
    /// There is no such webhook for the actor, it is off, or a test is on its way.
    pub async fn test_webhook(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let (id, now) = (new_message_id(), self.clock.now());
        let queued = self.store.insert_test(row.no, id, now, Some(actor.session().no)).await;
        queued.map_err(refused_delivery)?;
        self.bell.notify_one();
        Ok(())
    }

    /// Sends a delivery that failed again, now.
    ///
    /// # Errors
    /// There is no such webhook for the actor, it is off, or no such delivery failed.
    pub async fn resend_delivery(&self, actor: &Actor, id: &str, delivery: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let delivery = delivery.parse().map(DeliveryNo).map_err(|_| Refusal::NotFound)?;
        let (now, session) = (self.clock.now(), Some(actor.session().no));
        let restarted = self.store.restart_delivery(row.no, delivery, now, session).await;
        restarted.map_err(refused_delivery)?;
        self.bell.notify_one();
        Ok(())
    }

    /// Forgets deliveries of long ago.
    pub async fn sweep_deliveries(&self) {
        let before = deliveries_kept_since(self.clock.now());
        loop {
            match self.store.delete_old_deliveries(before).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "old deliveries to webhooks cannot be removed");
                    return;
                }
            }
        }
    }

    async fn find_row(&self, owner: UserNo, id: &str) -> Result<WebhookRow, Refusal> {
        let no = id.parse().map(WebhookNo).map_err(|_| Refusal::NotFound)?;
        let row = self.store.find_webhook(owner, no).await.map_err(store_trouble)?;
        row.ok_or(Refusal::NotFound)
    }

    fn audit(&self, actor: &Actor, action: Action, url: &str) -> Audit {
        actor.audit(self.clock.now(), action, WebhookUrl::shown(url))
    }

    fn parse(&self, url: &str, causes: &[String]) -> Result<(WebhookUrl, u32), Refusal> {
        let url = WebhookUrl::parse(url, self.allow_private)
            .map_err(|error| Refusal::field(Field::Url, url_problem(error)));
        let causes =
            parse_causes(causes).map_err(|problem| Refusal::field(Field::Causes, Problem::Webhook(problem)));
        match (url, causes) {
            (Ok(url), Ok(causes)) => Ok((url, causes)),
            (Err(Refusal::Invalid(mut first)), Err(Refusal::Invalid(second))) => {
                first.extend(second);
                Err(Refusal::Invalid(first))
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

fn parse_causes(names: &[String]) -> Result<u32, WebhookProblem> {
    if names.is_empty() {
        return Err(WebhookProblem::NoCause);
    }
    names.iter().try_fold(0, |set, name| {
        let cause = Cause::from_name(name).ok_or(WebhookProblem::UnknownCause)?;
        Ok(set | cause.bit())
    })
}

fn url_problem(error: UrlError) -> Problem {
    match error {
        UrlError::Empty => Problem::Webhook(WebhookProblem::NoUrl),
        UrlError::TooLong => Problem::TooLong { limit: UrlError::LIMIT },
        UrlError::NotAUrl => Problem::Webhook(WebhookProblem::NotAUrl),
        UrlError::NotHttps => Problem::Webhook(WebhookProblem::NotHttps),
        UrlError::Credentials => Problem::Webhook(WebhookProblem::Credentials),
        UrlError::Fragment => Problem::Webhook(WebhookProblem::Fragment),
        UrlError::NotPublic => Problem::Webhook(WebhookProblem::NotPublic),
    }
}

fn refused_delivery(error: StoreError) -> Refusal {
    let refused = |problem| Refusal::field(Field::Form, Problem::Webhook(problem));
    match error {
        StoreError::Conflict => refused(WebhookProblem::TestWaits),
        StoreError::NotFound => refused(WebhookProblem::NotSendable),
        error => store_trouble(error),
    }
}

fn generate_secret() -> Result<SigningSecret, Refusal> {
    SigningSecret::generate().map_err(|error| unavailable(&error))
}

fn unavailable(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a webhook's secret cannot be made");
    Refusal::Unavailable
}
