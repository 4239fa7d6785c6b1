//! Webhooks.

pub(super) mod deliveries;

use super::rows::{micros, number, user_no};
use super::sessions::check_asking;
use super::{SqliteStore, audit};
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::{SessionNo, UserNo};
use domain::time::Micros;
use domain::webhook::{DeliveryNo, Health, WebhookNo};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store::{Attempt, Audit, DeliveryRow, NewWebhook, StoreError, WebhookChange, WebhookRow, WebhookStore};

fn webhook_row(row: &SqliteRow) -> Result<WebhookRow, Trouble> {
    let optional = |column: &str| Ok::<_, Trouble>(row.try_get::<Option<i64>, _>(column)?.map(Micros));
    Ok(WebhookRow {
        no: WebhookNo(number(row.try_get("no")?)?),
        owner: user_no(row, "owner_no")?,
        url: row.try_get("url")?,
        secret_sealed: row.try_get("secret_sealed")?,
        causes: number(row.try_get("causes")?)?,
        created_at: micros(row, "created_at")?,
        disabled_at: optional("disabled_at")?,
        failing_since: optional("failing_since")?,
    })
}

async fn insert(
    connection: &mut SqliteConnection,
    webhook: NewWebhook,
    audit: &Audit,
) -> Result<WebhookNo, Trouble> {
    let row = sqlx::query(
        "INSERT INTO webhooks (owner_no, url, secret_sealed, causes, created_at)
         SELECT ?1, ?2, x'', ?3, ?4 WHERE (SELECT count(*) FROM webhooks WHERE owner_no = ?1) < ?5
         RETURNING no",
    )
    .bind(i64::from(webhook.owner.0))
    .bind(&webhook.url)
    .bind(i64::from(webhook.causes))
    .bind(audit.at.0)
    .bind(i64::from(webhook.most))
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StoreError::Full)?;
    let no = WebhookNo(number(row.try_get("no")?)?);
    let sealed = (webhook.seal)(no).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    sqlx::query("UPDATE webhooks SET secret_sealed = ? WHERE no = ?")
        .bind(sealed)
        .bind(i64::from(no.0))
        .execute(&mut *connection)
        .await?;
    audit::write(connection, audit, None).await?;
    Ok(no)
}

/// Answers whether it is otherwise than before.
async fn change(
    connection: &mut SqliteConnection,
    no: WebhookNo,
    change: WebhookChange,
) -> Result<bool, Trouble> {
    let no = i64::from(no.0);
    let row = sqlx::query("SELECT * FROM webhooks WHERE no = ?").bind(no).fetch_one(&mut *connection).await?;
    let before = webhook_row(&row)?;
    if is_so(&before, &change) {
        return Ok(false);
    }
    let health = Health {
        is_on: before.disabled_at.is_none(),
        failing_since: before.failing_since,
        tried_at: row.try_get::<Option<i64>, _>("tried_at")?.map(Micros),
    };
    let query = match change {
        WebhookChange::Choices { url, causes } => {
            let after = health.after_move(before.url == url);
            sqlx::query(
                "UPDATE webhooks SET failing_since = ?4, url = ?2, causes = ?3 WHERE no = ?1 RETURNING no",
            )
            .bind(no)
            .bind(url)
            .bind(i64::from(causes))
            .bind(after.failing_since.map(|at| at.0))
        }
        WebhookChange::Secret(sealed) => {
            sqlx::query("UPDATE webhooks SET secret_sealed = ?2 WHERE no = ?1 RETURNING no")
                .bind(no)
                .bind(sealed)
        }
        WebhookChange::On => sqlx::query(
            "UPDATE webhooks SET disabled_at = NULL, failing_since = NULL WHERE no = ?1 RETURNING no",
        )
        .bind(no),
    };
    query.fetch_one(connection).await?;
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
    async fn insert_webhook(&self, webhook: NewWebhook, audit: Audit) -> Result<WebhookNo, StoreError> {
        self.writer
            .run(move |c| Box::pin(async move { Ok((insert(c, webhook, &audit).await?, vec![])) }))
            .await
    }

    async fn list_webhooks(&self, owner: UserNo) -> Result<Vec<WebhookRow>, StoreError> {
        crate::reading(async {
            let rows = sqlx::query("SELECT * FROM webhooks WHERE owner_no = ? ORDER BY no")
                .bind(i64::from(owner.0))
                .fetch_all(&self.readers)
                .await?;
            rows.iter().map(webhook_row).collect()
        })
        .await
    }

    async fn find_webhook(&self, owner: UserNo, no: WebhookNo) -> Result<Option<WebhookRow>, StoreError> {
        crate::reading(async {
            let row = sqlx::query("SELECT * FROM webhooks WHERE owner_no = ? AND no = ?")
                .bind(i64::from(owner.0))
                .bind(i64::from(no.0))
                .fetch_optional(&self.readers)
                .await?;
            row.as_ref().map(webhook_row).transpose()
        })
        .await
    }

    async fn change_webhook(
        &self,
        no: WebhookNo,
        changed: WebhookChange,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let changed = change(c, no, changed).await?;
                    audit::write_if(changed, c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn delete_webhook(&self, no: WebhookNo, audit: Audit) -> Result<(), StoreError> {
        // What was sent in weeks goes in pieces first: others wait for the writer.
        let session = audit.session;
        let mut more = true;
        while more {
            let some = self.writer.run(move |c| {
                Box::pin(async move {
                    check_asking(c, session).await?;
                    Ok((deliveries::forget_settled(c, no).await?, vec![]))
                })
            });
            more = some.await?;
        }
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM webhooks WHERE no = ? RETURNING no")
                        .bind(i64::from(no.0))
                        .fetch_one(&mut *c)
                        .await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn insert_test(
        &self,
        no: WebhookNo,
        message_id: String,
        at: Micros,
        session: Option<SessionNo>,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    check_asking(c, session).await?;
                    Ok((deliveries::insert_test(c, no, &message_id, at).await?, vec![]))
                })
            })
            .await
    }

    async fn restart_delivery(
        &self,
        webhook: WebhookNo,
        no: DeliveryNo,
        at: Micros,
        session: Option<SessionNo>,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    check_asking(c, session).await?;
                    Ok((deliveries::restart(c, webhook, no, at).await?, vec![]))
                })
            })
            .await
    }

    async fn list_deliveries(&self, webhook: WebhookNo, most: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        crate::reading(async { deliveries::list(&self.readers, webhook, most).await }).await
    }

    async fn list_due_deliveries(
        &self,
        at: Micros,
        busy: &[WebhookNo],
        most: u32,
    ) -> Result<Vec<(WebhookRow, DeliveryRow)>, StoreError> {
        crate::reading(async { deliveries::list_due(&self.readers, &self.writer, at, busy, most).await })
            .await
    }

    async fn note_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.writer
            .run(move |c| Box::pin(async move { Ok((deliveries::note(c, &attempt).await?, vec![])) }))
            .await
    }

    async fn delete_old_deliveries(&self, before: Micros) -> Result<u64, StoreError> {
        self.writer
            .run(move |c| Box::pin(async move { Ok((deliveries::delete_old(c, before).await?, vec![])) }))
            .await
    }
}
