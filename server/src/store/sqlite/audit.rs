//! The audit log.

use super::SqliteStore;
use super::rows::{address, micros};
use crate::domain::ids::{KeyId, KeyNo};
use crate::store::{Audit, AuditRow, AuditStore, StoreError};
use async_trait::async_trait;
use sqlx::{Row, SqliteConnection};

/// Writes one line within the transaction of what it tells of.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    audit: &Audit,
    key: Option<KeyNo>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at, action, actor, user_no, key_no, address, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(audit.at.0)
    .bind(audit.action.name())
    .bind(&audit.actor)
    .bind(audit.user.map(|u| i64::from(u.0)))
    .bind(key.map(|k| i64::from(k.0)))
    .bind(audit.address.map(|a| a.to_bytes().to_vec()))
    .bind(&audit.detail)
    .execute(connection)
    .await?;
    Ok(())
}

#[async_trait]
impl AuditStore for SqliteStore {
    async fn record(&self, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn list_audit(&self, most: u32) -> Result<Vec<AuditRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.at, a.action, a.actor, a.address, a.detail, k.id AS key_id
             FROM audit a LEFT JOIN keys k ON k.no = a.key_no ORDER BY a.no DESC LIMIT ?",
        )
        .bind(i64::from(most))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditRow {
                    at: micros(row, "at")?,
                    action: row.try_get("action")?,
                    actor: row.try_get("actor")?,
                    key: row.try_get::<Option<uuid::Uuid>, _>("key_id")?.map(KeyId),
                    address: address(row, "address")?,
                    detail: row.try_get("detail")?,
                })
            })
            .collect()
    }
}
