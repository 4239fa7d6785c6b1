//! What is delivered to webhooks.

use super::super::notices;
use super::super::rows::{corrupt, micros, number, numbers, optional_micros, sort_out, user_no};
use super::webhook_row;
use crate::statements::{Tx, change, sql};
use crate::{SqliteStore, Trouble};
use contract::Cause;
use domain::ids::{NoticeNumber, UserNumber};
use domain::time::Micros;
use domain::webhook::{
    DeliveryNumber, Evidence, Health, NotSent, TESTS_KEPT, WebhookNumber, check_restart, check_test,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use store::{Attempt, AttemptEnd, DeliveryRow, NewNotice, StoreError, WebhookRow};

/// The first that is due of each webhook: SQLite takes the other columns from the row with the least `due_at`.
/// The unary `+` stops SQLite from using webhook_deliveries_by_webhook for GROUP BY, which would read all that was
/// ever sent.
pub(in super::super) const DUE: &str = "SELECT d.* FROM (SELECT no, min(due_at) FROM webhook_deliveries
    WHERE due_at <= ?1 AND +webhook_no NOT IN (SELECT value FROM json_each(?2)) GROUP BY +webhook_no) AS first
    JOIN webhook_deliveries d ON d.no = first.no
    JOIN webhooks w ON w.no = d.webhook_no JOIN users u ON u.no = w.owner_no
    WHERE w.disabled_at IS NULL AND u.disabled_at IS NULL ORDER BY d.due_at, d.no LIMIT ?3";

/// So many at a time, because changes that people wait for share the writer.
const AT_A_TIME: i64 = 500;
pub(in super::super) const OLD: &str = "DELETE FROM webhook_deliveries WHERE no IN
    (SELECT no FROM webhook_deliveries WHERE created_at < ? LIMIT ?)";

fn delivery_row(row: &SqliteRow) -> Result<DeliveryRow, Trouble> {
    let cause = |number: i64| {
        let cause = u8::try_from(number).ok().and_then(Cause::from_number);
        cause.ok_or_else(|| corrupt("cause of a delivery"))
    };
    let status = |number: i64| u16::try_from(number).map_err(|_| corrupt("status of a delivery"));
    let message_id: String = row.try_get("message_id")?;
    // The id becomes a header.
    if !message_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(corrupt("id of a message"));
    }
    Ok(DeliveryRow {
        number: DeliveryNumber(row.try_get("no")?),
        webhook: WebhookNumber(row.try_get("webhook_no")?),
        message_id,
        notice: row.try_get::<Option<i64>, _>("notice_no")?.map(NoticeNumber),
        cause: row.try_get::<Option<i64>, _>("cause")?.map(cause).transpose()?,
        created_at: micros(row, "created_at")?,
        due_at: optional_micros(row, "due_at")?,
        attempts: number(row.try_get("attempts")?)?,
        tried_at: optional_micros(row, "tried_at")?,
        status: row.try_get::<Option<i64>, _>("status")?.map(status).transpose()?,
        problem: row.try_get("problem")?,
    })
}

/// What a check that refuses is called in the words of the store.
fn refused(why: NotSent) -> StoreError {
    match why {
        NotSent::Off | NotSent::NotFailed => StoreError::NotFound,
        NotSent::TestWaits => StoreError::Conflict,
    }
}

pub(super) async fn insert_test(
    tx: &mut Tx,
    webhook: WebhookNumber,
    message_id: &str,
    at: Micros,
) -> Result<(), Trouble> {
    let sql = "SELECT EXISTS (SELECT 1 FROM webhooks WHERE no = ?1 AND disabled_at IS NULL) AS is_on,
               EXISTS (SELECT 1 FROM webhook_deliveries
               WHERE webhook_no = ?1 AND cause IS NULL AND due_at IS NOT NULL) AS test_waits";
    let facts = tx.one(sql!(sql, webhook.0)).await?;
    check_test(facts.try_get("is_on")?, facts.try_get("test_waits")?).map_err(refused)?;
    let insert = "INSERT INTO webhook_deliveries (webhook_no, message_id, created_at, due_at)
                  VALUES (?1, ?2, ?3, ?3)";
    tx.run(sql!(insert, webhook.0, message_id, at.0)).await?;
    forget_tests(tx, webhook).await
}

pub(super) async fn restart(
    tx: &mut Tx,
    webhook: WebhookNumber,
    delivery: DeliveryNumber,
    at: Micros,
) -> Result<(), Trouble> {
    let sql = "SELECT EXISTS (SELECT 1 FROM webhooks WHERE no = ?2 AND disabled_at IS NULL) AS is_on,
               EXISTS (SELECT 1 FROM webhook_deliveries
               WHERE no = ?1 AND webhook_no = ?2 AND problem IS NOT NULL) AS has_failed";
    let facts = tx.one(sql!(sql, delivery.0, webhook.0)).await?;
    check_restart(facts.try_get("is_on")?, facts.try_get("has_failed")?).map_err(refused)?;
    let restart = "UPDATE webhook_deliveries SET due_at = ?, attempts = 0 WHERE no = ?";
    tx.run(sql!(restart, at.0, delivery.0)).await.map(drop)
}

/// Removes the oldest tests beyond the most that are kept.
async fn forget_tests(tx: &mut Tx, webhook: WebhookNumber) -> Result<(), Trouble> {
    let sql = "DELETE FROM webhook_deliveries WHERE no IN
               (SELECT no FROM webhook_deliveries WHERE webhook_no = ? AND cause IS NULL AND due_at IS NULL
               ORDER BY no DESC LIMIT 10 OFFSET ?)";
    tx.run(sql!(sql, webhook.0, TESTS_KEPT)).await.map(drop)
}

/// Removes some of what is settled; returns whether there may be more.
pub(super) async fn forget_settled(tx: &mut Tx, webhook: WebhookNumber) -> Result<bool, Trouble> {
    let sql = "DELETE FROM webhook_deliveries WHERE no IN
               (SELECT no FROM webhook_deliveries WHERE webhook_no = ? AND due_at IS NULL LIMIT ?)";
    let done = tx.run(sql!(sql, webhook.0, AT_A_TIME)).await?;
    Ok(done >= AT_A_TIME.unsigned_abs())
}

impl SqliteStore {
    /// The latest deliveries of a webhook. One that was set aside cannot be shown.
    pub(super) async fn latest_deliveries(
        &self,
        webhook: WebhookNumber,
        most: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let sql = "SELECT * FROM webhook_deliveries WHERE webhook_no = ? ORDER BY no DESC LIMIT ?";
        let found = self.list(sql!(sql, webhook.0, most), |row| Ok(delivery_row(row).ok())).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Finds what is due to other webhooks than these. What cannot be read is set aside and asked past.
    pub(super) async fn due_deliveries(
        &self,
        now: Micros,
        busy: &str,
        most: u32,
    ) -> Result<Vec<(WebhookRow, DeliveryRow)>, Trouble> {
        let webhooks_of = "SELECT * FROM webhooks WHERE no IN (SELECT value FROM json_each(?))";
        loop {
            let rows = sql!(DUE, now.0, busy, most).fetch_all(&self.readers).await?;
            let (due, bad_deliveries) = sort_out("webhook_deliveries", &rows, "no", delivery_row)?;
            let wanted = numbers(due.iter().map(|delivery| delivery.webhook.0));
            let rows = sql!(webhooks_of, wanted).fetch_all(&self.readers).await?;
            let (webhooks, bad_webhooks) = sort_out("webhooks", &rows, "no", webhook_row)?;
            if bad_deliveries.is_empty() && bad_webhooks.is_empty() {
                let mut webhooks: HashMap<_, _> = webhooks.into_iter().map(|one| (one.number, one)).collect();
                // One that was removed between the two questions has nothing due any more.
                return Ok(due.into_iter().filter_map(|d| Some((webhooks.remove(&d.webhook)?, d))).collect());
            }
            self.set_aside(bad_deliveries, bad_webhooks, now).await?;
        }
    }

    /// Deliveries are settled without being sent, webhooks are switched off.
    async fn set_aside(
        &self,
        deliveries: Vec<i64>,
        webhooks: Vec<i64>,
        now: Micros,
    ) -> Result<(), StoreError> {
        let deliveries_aside = "UPDATE webhook_deliveries SET due_at = NULL, problem = 'unreadable'
            WHERE no IN (SELECT value FROM json_each(?))";
        let webhooks_aside =
            "UPDATE webhooks SET disabled_at = ? WHERE no IN (SELECT value FROM json_each(?))";
        change!(self, |tx| {
            tx.run(sql!(deliveries_aside, numbers(deliveries.into_iter()))).await?;
            tx.run(sql!(webhooks_aside, now.0, numbers(webhooks.into_iter()))).await.map(drop)
        })
    }
}

pub(super) async fn note(tx: &mut Tx, attempt: &Attempt) -> Result<(), Trouble> {
    let (problem, next, evidence) = match &attempt.end {
        AttemptEnd::Delivered => (None, None, Evidence::Works),
        AttemptEnd::Dropped { problem } => (Some(*problem), None, Evidence::None),
        AttemptEnd::Failed { problem, next, evidence, .. } => (Some(*problem), *next, *evidence),
    };
    let sql =
        "UPDATE webhook_deliveries SET attempts = attempts + 1, tried_at = ?2, status = ?3, problem = ?4,
               due_at = ?5 WHERE no = ?1";
    tx.run(sql!(sql, attempt.delivery.0, attempt.at.0, attempt.status, problem, next.map(|next| next.0)))
        .await?;
    let sql = "SELECT owner_no, disabled_at IS NULL AS is_on, failing_since, tried_at
               FROM webhooks WHERE no = ?";
    let row = tx.optional(sql!(sql, attempt.webhook.0)).await?;
    let Some(row) = row else { return Ok(()) };
    let before = health(&row)?;
    let after = before.after_attempt(evidence, attempt.at);
    let sql = "UPDATE webhooks SET tried_at = ?2, failing_since = ?3 WHERE no = ?1";
    tx.run(sql!(sql, attempt.webhook.0, after.tried_at.map(|at| at.0), after.failing_since.map(|at| at.0)))
        .await?;
    match &attempt.end {
        AttemptEnd::Failed { shown, .. } if before.is_on && !after.is_on => {
            switch_off(tx, attempt, user_no(&row, "owner_no")?, shown).await
        }
        _ => Ok(()),
    }
}

fn health(row: &SqliteRow) -> Result<Health, Trouble> {
    let optional = |column: &str| Ok::<_, Trouble>(row.try_get::<Option<i64>, _>(column)?.map(Micros));
    Ok(Health {
        is_on: row.try_get("is_on")?,
        failing_since: optional("failing_since")?,
        tried_at: optional("tried_at")?,
    })
}

async fn switch_off(tx: &mut Tx, attempt: &Attempt, owner: UserNumber, shown: &str) -> Result<(), Trouble> {
    tx.run(sql!("UPDATE webhooks SET disabled_at = ?2 WHERE no = ?1", attempt.webhook.0, attempt.at.0))
        .await?;
    let sql = "UPDATE webhook_deliveries SET due_at = NULL, problem = coalesce(problem, 'webhook_off')
               WHERE webhook_no = ? AND due_at IS NOT NULL";
    tx.run(sql!(sql, attempt.webhook.0)).await?;
    let notice = NewNotice {
        user: owner,
        cause: Cause::WebhookOff,
        key: None,
        at: attempt.at,
        count: 1,
        addresses: Vec::new(),
        detail: shown.to_owned(),
    };
    notices::insert(tx, &notice).await
}

pub(super) async fn delete_old(tx: &mut Tx, before: Micros) -> Result<u64, Trouble> {
    let done = tx.run(sql!(OLD, before.0, AT_A_TIME)).await?;
    Ok(done)
}
