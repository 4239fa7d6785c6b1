//! Webhooks.

pub(super) mod deliveries;

use super::rows::{micros, number, numbers, optional_micros, user_no};
use super::sessions::check_asking;
use super::{SqliteStore, audit};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;
use domain::webhook::{DeliveryNumber, Health, WebhookNumber};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{
    Asker, Attempt, Audit, DeliveryRow, NewWebhook, StoreError, WebhookChange, WebhookRow, WebhookStore,
};

fn webhook_row(row: &SqliteRow) -> Result<WebhookRow, Trouble> {
    let optional = |column: &str| Ok::<_, Trouble>(row.try_get::<Option<i64>, _>(column)?.map(Micros));
    Ok(WebhookRow {
        number: WebhookNumber(row.try_get("no")?),
        owner: user_no(row, "owner_no")?,
        url: row.try_get("url")?,
        secret_sealed: row.try_get("secret_sealed")?,
        causes: number(row.try_get("causes")?)?,
        created_at: micros(row, "created_at")?,
        disabled_at: optional("disabled_at")?,
        failing_since: optional("failing_since")?,
    })
}

async fn insert(tx: &mut Tx, webhook: NewWebhook, audit: &Audit) -> Result<WebhookNumber, Trouble> {
    let sql = "INSERT INTO webhooks (owner_no, url, secret_sealed, causes, created_at)
               SELECT ?1, ?2, x'', ?3, ?4 WHERE (SELECT count(*) FROM webhooks WHERE owner_no = ?1) < ?5
               RETURNING no";
    let row = tx
        .optional(sql!(sql, webhook.owner.0, &webhook.url, webhook.causes, audit.at.0, webhook.most))
        .await?
        .ok_or(StoreError::LimitReached)?;
    let added = WebhookNumber(row.try_get("no")?);
    let sealed = (webhook.seal)(added).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    tx.run(sql!("UPDATE webhooks SET secret_sealed = ? WHERE no = ?", sealed, added.0)).await?;
    audit::write(tx, audit, None).await?;
    Ok(added)
}

/// Returns whether it is otherwise than before.
async fn change(tx: &mut Tx, webhook: WebhookNumber, change: WebhookChange) -> Result<bool, Trouble> {
    let webhook = webhook.0;
    let row = tx.one(sql!("SELECT * FROM webhooks WHERE no = ?", webhook)).await?;
    let before = webhook_row(&row)?;
    if is_so(&before, &change) {
        return Ok(false);
    }
    let health = Health {
        is_on: before.disabled_at.is_none(),
        failing_since: before.failing_since,
        tried_at: optional_micros(&row, "tried_at")?,
    };
    let query = match change {
        WebhookChange::Choices { url, causes } => {
            let after = health.after_move(before.url == url);
            sql!(
                "UPDATE webhooks SET failing_since = ?4, url = ?2, causes = ?3 WHERE no = ?1 RETURNING no",
                webhook,
                url,
                causes,
                after.failing_since.map(|at| at.0)
            )
        }
        WebhookChange::Secret(sealed) => {
            sql!("UPDATE webhooks SET secret_sealed = ?2 WHERE no = ?1 RETURNING no", webhook, sealed)
        }
        WebhookChange::On => sql!(
            "UPDATE webhooks SET disabled_at = NULL, failing_since = NULL WHERE no = ?1 RETURNING no",
            webhook
        ),
    };
    tx.one(query).await?;
    Ok(true)
}

/// Whether a webhook is already as it is to become. A secret is always another.
fn is_so(row: &WebhookRow, change: &WebhookChange) -> bool {
    match change {
        WebhookChange::Choices { url, causes } => row.url == *url && row.causes == *causes,
        WebhookChange::Secret(_) => false,
        WebhookChange::On => row.disabled_at.is_none() && row.failing_since.is_none(),
    }
}

#[async_trait]
impl WebhookStore for SqliteStore {
    async fn insert_webhook(&self, webhook: NewWebhook, audit: Audit) -> Result<WebhookNumber, StoreError> {
        change!(self, |tx| insert(tx, webhook, &audit).await)
    }

    async fn list_webhooks(&self, owner: UserNumber) -> Result<Vec<WebhookRow>, StoreError> {
        self.list(sql!("SELECT * FROM webhooks WHERE owner_no = ? ORDER BY no", owner.0), webhook_row).await
    }

    async fn find_webhook(
        &self,
        owner: UserNumber,
        webhook: WebhookNumber,
    ) -> Result<Option<WebhookRow>, StoreError> {
        let sql = "SELECT * FROM webhooks WHERE owner_no = ? AND no = ?";
        self.find(sql!(sql, owner.0, webhook.0), webhook_row).await
    }

    async fn change_webhook(
        &self,
        webhook: WebhookNumber,
        changed: WebhookChange,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let changed = change(tx, webhook, changed).await?;
            audit::write_if(changed, tx, &audit, None).await
        })
    }

    async fn delete_webhook(&self, webhook: WebhookNumber, audit: Audit) -> Result<(), StoreError> {
        // What was sent in weeks goes in pieces first: others wait for the writer.
        let session = match &audit.asker {
            Some(Asker::Session(session)) => Some(*session),
            _ => None,
        };
        let mut more = true;
        while more {
            more = change!(self, |tx| {
                check_asking(tx, session).await?;
                deliveries::forget_settled(tx, webhook).await
            })?;
        }
        change!(self, |tx| {
            tx.one(sql!("DELETE FROM webhooks WHERE no = ? RETURNING no", webhook.0)).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn insert_test(
        &self,
        webhook: WebhookNumber,
        message_id: String,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            check_asking(tx, session).await?;
            deliveries::insert_test(tx, webhook, &message_id, at).await
        })
    }

    async fn restart_delivery(
        &self,
        webhook: WebhookNumber,
        delivery: DeliveryNumber,
        at: Micros,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            check_asking(tx, session).await?;
            deliveries::restart(tx, webhook, delivery, at).await
        })
    }

    async fn list_deliveries(
        &self,
        webhook: WebhookNumber,
        most: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        self.latest_deliveries(webhook, most).await
    }

    async fn claim_due_deliveries(
        &self,
        now: Micros,
        until: Micros,
        busy: &[WebhookNumber],
        most: u32,
    ) -> Result<Vec<(WebhookRow, DeliveryRow)>, StoreError> {
        let mut claims = self.webhook_claims.at(now).await;
        let busy = numbers(busy.iter().chain(claims.keys()).map(|webhook| webhook.0));
        let due = self.due_deliveries(now, &busy, most).await?;
        claims.extend(due.iter().map(|(webhook, _)| (webhook.number, until)).filter(|_| now < until));
        Ok(due)
    }

    async fn release_delivery(&self, webhook: WebhookNumber) -> Result<(), StoreError> {
        self.webhook_claims.release([webhook]).await;
        Ok(())
    }

    async fn note_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        let webhook = attempt.webhook;
        change!(self, |tx| deliveries::note(tx, &attempt).await)?;
        self.webhook_claims.release([webhook]).await;
        Ok(())
    }

    async fn delete_old_deliveries(&self, before: Micros) -> Result<u64, StoreError> {
        change!(self, |tx| deliveries::delete_old(tx, before).await)
    }
}
