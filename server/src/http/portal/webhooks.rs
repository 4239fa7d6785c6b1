//! Webhooks, as the pages see them.

use super::{RequestPortal, moment};
use crate::flash::Shown;
use app::{
    CauseChoices, Delivery, FreshSecret, PortalError, Proof, ShownToken, WebhookDetails, WebhookId,
    WebhookList, WebhookPortal, WebhookRow,
};
use async_trait::async_trait;
use contract::Cause;
use domain::time_zone::TimeZone;
use secrecy::ExposeSecret;
use service::accounts::Actor;
use service::webhooks::MOST;
use store::{DeliveryRow, WebhookRow as Row};

impl RequestPortal {
    /// The secret that this address shows, if its webhook is one of these.
    fn shown_webhook_secret(&self, actor: &Actor, rows: &[Row]) -> Option<FreshSecret> {
        let Shown::WebhookSecret(no, secret) = self.shown(actor)? else { return None };
        let row = rows.iter().find(|row| row.no == no)?;
        Some(FreshSecret { url: row.url.clone(), secret: ShownToken(secret.expose_secret().to_owned()) })
    }
}

#[async_trait]
impl WebhookPortal for RequestPortal {
    async fn list_webhooks(&self) -> Result<WebhookList, PortalError> {
        let actor = self.note(self.actor())?;
        let rows = self.note(self.services.webhooks.list_webhooks(actor).await)?;
        let fresh = self.shown_webhook_secret(actor, &rows);
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
            fresh: self.shown_webhook_secret(actor, std::slice::from_ref(&row)),
        })
    }

    async fn add_webhook(&self, url: String, causes: CauseChoices, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        let name = self.draw_name()?;
        let added = self.services.webhooks.add_webhook(&actor, &url, &names(&causes)).await;
        let (no, secret) = self.note(added)?;
        self.keep(&actor, name, Shown::WebhookSecret(no, secret));
        Ok(())
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
        let name = self.draw_name()?;
        let rotated = self.services.webhooks.rotate_webhook_secret(&actor, &id.0).await;
        let (no, secret) = self.note(rotated)?;
        self.keep(&actor, name, Shown::WebhookSecret(no, secret));
        Ok(())
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
        let actor = self.changing()?;
        self.note(self.services.webhooks.test_webhook(actor, &id.0).await)
    }

    async fn resend_delivery(&self, id: WebhookId, delivery: String) -> Result<(), PortalError> {
        let actor = self.changing()?;
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
