//! Webhooks of an account: its owner says where they lead and what they send. The deliverer in `server` sends it.

use crate::accounts::{Actor, Proved, store_trouble, unavailable};
use contract::{Cause, Field, FieldError, Problem, Refusal, WebhookProblem};
use domain::ids::UserNumber;
use domain::sealing::SealingKey;
use domain::time::Clock;
use domain::webhook::{
    DeliveryNumber, SigningSecret, UrlError, WebhookNumber, WebhookUrl, deliveries_kept_since, new_message_id,
};
use secrecy::SecretString;
use std::sync::Arc;
use store::{Action, Audit, DeliveryRow, NewWebhook, Store, StoreError, WebhookChange, WebhookRow};
use tokio::sync::Notify;

/// The most webhooks per account.
pub const MOST: u32 = 5;
/// Deliveries that a page shows.
const SHOWN: u32 = 50;
/// The words of the log where a secret fails.
const NO_SECRET: &str = "a webhook's secret cannot be made";

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
    /// Wakes the deliverer.
    pub bell: Arc<Notify>,
}

/// The account whose webhooks the actor may change.
fn account_to_change(actor: &Actor) -> Result<UserNumber, Refusal> {
    actor.may_manage()?;
    actor.owned_account()
}

impl Webhooks {
    /// The webhooks of the actor's account, oldest first; `NotFound` for a sub-user.
    pub async fn list_webhooks(&self, actor: &Actor) -> Result<Vec<WebhookRow>, Refusal> {
        let owner = actor.owned_account()?;
        self.store.list_webhooks(owner).await.map_err(store_trouble)
    }

    /// A webhook of the actor's account, and its latest deliveries.
    pub async fn find_webhook(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<(WebhookRow, Vec<DeliveryRow>), Refusal> {
        let row = self.find_row(actor.owned_account()?, id).await?;
        let deliveries = self.store.list_deliveries(row.number, SHOWN).await.map_err(store_trouble)?;
        Ok((row, deliveries))
    }

    /// Adds a webhook, and returns its secret, which is never shown again.
    pub async fn add_webhook(
        &self,
        actor: &Proved<'_>,
        url: &str,
        causes: &[String],
    ) -> Result<(WebhookNumber, SecretString), Refusal> {
        let owner = account_to_change(actor)?;
        let (url, causes) = self.parse(url, causes)?;
        let secret = generate_secret()?;
        let (text, sealing) = (secret.text(), self.sealing.clone());
        let webhook = NewWebhook {
            owner,
            url: url.as_str().to_owned(),
            causes,
            seal: Box::new(move |number| sealing.seal_bytes(&number.sealed_place(), secret.expose())),
            most: MOST,
        };
        let audit = self.audit(actor, Action::WebhookAdded, url.as_str());
        let added = self.store.insert_webhook(webhook, audit).await;
        let number = added.map_err(|error| match error {
            StoreError::LimitReached => {
                Refusal::field(Field::Form, Problem::Webhook(WebhookProblem::LimitReached))
            }
            error => store_trouble(error),
        })?;
        Ok((number, text))
    }

    /// Changes where a webhook leads and what it sends.
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
        self.store.change_webhook(row.number, change, audit).await.map_err(store_trouble)
    }

    /// Gives a webhook another secret, in force from the next attempt on.
    pub async fn rotate_webhook_secret(
        &self,
        actor: &Proved<'_>,
        id: &str,
    ) -> Result<(WebhookNumber, SecretString), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let secret = generate_secret()?;
        let sealed = self.sealing.seal_bytes(&row.number.sealed_place(), secret.expose());
        let sealed = sealed.map_err(unavailable(NO_SECRET))?;
        let audit = self.audit(actor, Action::WebhookChanged, &row.url);
        let changed = self.store.change_webhook(row.number, WebhookChange::Secret(sealed), audit).await;
        changed.map_err(store_trouble)?;
        Ok((row.number, secret.text()))
    }

    /// Switches a webhook on again.
    pub async fn enable_webhook(&self, actor: &Proved<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let audit = self.audit(actor, Action::WebhookChanged, &row.url);
        self.store.change_webhook(row.number, WebhookChange::On, audit).await.map_err(store_trouble)
    }

    /// Removes a webhook and its deliveries.
    pub async fn remove_webhook(&self, actor: &Proved<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let audit = self.audit(actor, Action::WebhookRemoved, &row.url);
        self.store.delete_webhook(row.number, audit).await.map_err(store_trouble)
    }

    /// Queues a test message.
    pub async fn test_webhook(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let (id, now) = (new_message_id(), self.clock.now());
        let queued = self.store.insert_test(row.number, id, now, Some(actor.session()?.number)).await;
        queued.map_err(refused_delivery)?;
        self.bell.notify_one();
        Ok(())
    }

    /// Sends a failed delivery again, now.
    pub async fn resend_delivery(&self, actor: &Actor, id: &str, delivery: &str) -> Result<(), Refusal> {
        let row = self.find_row(account_to_change(actor)?, id).await?;
        let delivery = delivery.parse().map(DeliveryNumber).map_err(|_| Refusal::NotFound)?;
        let (now, session) = (self.clock.now(), Some(actor.session()?.number));
        let restarted = self.store.restart_delivery(row.number, delivery, now, session).await;
        restarted.map_err(refused_delivery)?;
        self.bell.notify_one();
        Ok(())
    }

    /// Removes deliveries that are too old.
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

    async fn find_row(&self, owner: UserNumber, id: &str) -> Result<WebhookRow, Refusal> {
        let number = id.parse().map(WebhookNumber).map_err(|_| Refusal::NotFound)?;
        let row = self.store.find_webhook(owner, number).await.map_err(store_trouble)?;
        row.ok_or(Refusal::NotFound)
    }

    fn audit(&self, actor: &Actor, action: Action, url: &str) -> Audit {
        actor.audit(self.clock.now(), action, WebhookUrl::shown(url))
    }

    fn parse(&self, url: &str, causes: &[String]) -> Result<(WebhookUrl, u32), Refusal> {
        let url = WebhookUrl::parse(url, self.allow_private)
            .map_err(|error| FieldError { field: Field::Url, problem: url_problem(error) });
        let causes = parse_causes(causes)
            .map_err(|problem| FieldError { field: Field::Causes, problem: Problem::Webhook(problem) });
        Refusal::join(url, causes)
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
    SigningSecret::generate().map_err(unavailable(NO_SECRET))
}
