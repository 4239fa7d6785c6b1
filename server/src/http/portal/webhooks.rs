//! Webhooks, as the pages see them.

use super::{RequestPortal, moment};
use crate::accounts::Place;
use crate::domain::notice::Cause;
use crate::domain::time_zone::TimeZone;
use crate::domain::webhook::WebhookNo;
use crate::store::{DeliveryRow, WebhookRow as Row};
use crate::webhooks::MOST;
use app::{
    CauseChoices, Delivery, FreshSecret, PortalError, Proof, ShownToken, WebhookDetails, WebhookId,
    WebhookList, WebhookPortal, WebhookRow,
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

impl RequestPortal {
    /// Keeps a secret for the next page, with the webhook that it is of.
    fn keep_webhook_secret(&self, (no, secret): (WebhookNo, SecretString)) -> Result<(), PortalError> {
        let kept = format!("{} {}", no.0, secret.expose_secret()).into();
        let session = self.actor()?.session;
        self.services.once.keep(session, Place::WebhookSecret, kept, self.services.clock.now());
        Ok(())
    }

    /// The secret that was kept, if its webhook is one of these.
    fn take_webhook_secret(&self, rows: &[Row]) -> Result<Option<FreshSecret>, PortalError> {
        let session = self.actor()?.session;
        let kept = self.services.once.take(session, Place::WebhookSecret, self.services.clock.now());
        Ok(kept.and_then(|kept| {
            let (no, secret) = kept.expose_secret().split_once(' ')?;
            let row = rows.iter().find(|row| row.no.0.to_string() == no)?;
            Some(FreshSecret { url: row.url.clone(), secret: ShownToken(secret.to_owned()) })
        }))
    }
}

#[async_trait]
impl WebhookPortal for RequestPortal {
    async fn list_webhooks(&self) -> Result<WebhookList, PortalError> {
        let actor = self.note(self.actor())?;
        let rows = self.note(self.services.webhooks.list_webhooks(actor).await)?;
        let fresh = self.take_webhook_secret(&rows)?;
        Ok(WebhookList {
            rows: rows.iter().map(|row| webhook_row(row, &actor.time_zone)).collect(),
            most: MOST,
            causes: all_causes(),
            fresh,
        })
    }

    async fn find_webhook(&self, id: WebhookId) -> Result<WebhookDetails, PortalError> {
        let actor = self.note(self.actor())?;
        let (row, deliveries) = self.note(self.services.webhooks.find_webhook(actor, &id.0).await)?;
        Ok(WebhookDetails {
            row: webhook_row(&row, &actor.time_zone),
            causes: all_causes(),
            deliveries: deliveries.iter().map(|row| delivery(row, &actor.time_zone)).collect(),
            fresh: self.take_webhook_secret(&[row])?,
        })
    }

    async fn add_webhook(&self, url: String, causes: CauseChoices, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        let added = self.services.webhooks.add_webhook(&actor, &url, &names(&causes)).await;
        self.keep_webhook_secret(self.note(added)?)
    }

    async fn change_webhook(
        &self,
        id: WebhookId,
        url: String,
        causes: CauseChoices,
        proof: Proof,
    ) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.webhooks.change_webhook(&actor, &id.0, &url, &names(&causes)).await)
    }

    async fn rotate_webhook_secret(&self, id: WebhookId, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        let rotated = self.services.webhooks.rotate_webhook_secret(&actor, &id.0).await;
        self.keep_webhook_secret(self.note(rotated)?)
    }

    async fn enable_webhook(&self, id: WebhookId, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.webhooks.enable_webhook(&actor, &id.0).await)
    }

    async fn remove_webhook(&self, id: WebhookId, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        self.note(self.services.webhooks.remove_webhook(&actor, &id.0).await)
    }

    async fn test_webhook(&self, id: WebhookId) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.webhooks.test_webhook(actor, &id.0).await)
    }

    async fn resend_delivery(&self, id: WebhookId, delivery: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.webhooks.resend_delivery(actor, &id.0, &delivery).await)
    }
}

fn names(causes: &CauseChoices) -> Vec<String> {
    causes.names().map(str::to_owned).collect()
}

fn all_causes() -> Vec<String> {
    Cause::ALL.map(|cause| cause.name().to_owned()).into()
}

fn webhook_row(row: &Row, zone: &TimeZone) -> WebhookRow {
    let causes = Cause::ALL.into_iter().filter(|cause| row.causes & cause.bit() != 0);
    WebhookRow {
        id: WebhookId(row.no.0.to_string()),
        url: row.url.clone(),
        causes: causes.map(|cause| cause.name().to_owned()).collect(),
        created: moment(row.created_at, zone),
        off_since: row.disabled_at.map(|at| moment(at, zone)),
        failing_since: row.failing_since.map(|at| moment(at, zone)),
    }
}

fn delivery(row: &DeliveryRow, zone: &TimeZone) -> Delivery {
    Delivery {
        id: row.no.0.to_string(),
        created: moment(row.created_at, zone),
        cause: row.cause.map(|cause| cause.name().to_owned()),
        attempts: row.attempts,
        tried: row.tried_at.map(|at| moment(at, zone)),
        next: row.due_at.map(|at| moment(at, zone)),
        status: row.status,
        problem: row.problem.clone(),
    }
}
