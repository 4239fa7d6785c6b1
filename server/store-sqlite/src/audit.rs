//! The audit log.

use super::rows::{address, client_bytes, micros};
use super::{SqliteStore, notices, sessions};
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::{KeyId, KeyNo, UserNo};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store::{Audit, AuditRow, AuditStore, StoreError};

/// Writes one line within the transaction of what it tells of; fails if the session that asks has ended.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    audit: &Audit,
    key: Option<KeyNo>,
) -> Result<(), Trouble> {
    sessions::check_asking(connection, audit.session).await?;
    notices::tell(connection, audit, key).await?;
    sqlx::query(
        "INSERT INTO audit (at, action, actor, user_no, key_no, address, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(audit.at.0)
    .bind(audit.action.name())
    .bind(&audit.actor)
    .bind(audit.user.map(|u| i64::from(u.0)))
    .bind(key.map(|k| i64::from(k.0)))
    .bind(audit.address.and_then(client_bytes))
    .bind(&audit.detail)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes one line if something was changed. What changes nothing is not told either, but whoever asks has to stand.
pub(super) async fn write_if(
    changed: bool,
    connection: &mut SqliteConnection,
    audit: &Audit,
    key: Option<KeyNo>,
) -> Result<(), Trouble> {
    if changed {
        write(connection, audit, key).await
    } else {
        sessions::check_asking(connection, audit.session).await
    }
}

fn audit_row(row: &SqliteRow) -> Result<AuditRow, Trouble> {
    Ok(AuditRow {
        at: micros(row, "at")?,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        key: row.try_get::<Option<uuid::Uuid>, _>("key_id")?.map(KeyId),
        address: address(row, "address")?,
        detail: row.try_get("detail")?,
    })
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
        crate::reading(async {
            let rows = sqlx::query(
                "SELECT a.at, a.action, a.actor, a.address, a.detail, k.id AS key_id
             FROM audit a LEFT JOIN keys k ON k.no = a.key_no ORDER BY a.no DESC LIMIT ?",
            )
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
            rows.iter().map(audit_row).collect()
        })
        .await
    }

    async fn count_user_audit(&self, user: UserNo) -> Result<u64, StoreError> {
        crate::reading(async {
            let row = sqlx::query("SELECT count(*) FROM audit WHERE user_no = ?")
                .bind(i64::from(user.0))
                .fetch_one(&self.readers)
                .await?;
            Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
        })
        .await
    }

    async fn list_user_audit(
        &self,
        user: UserNo,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        crate::reading(async {
            // The numbers come from the index alone, so that what is skipped is never read.
            let rows = sqlx::query(
                "SELECT a.at, a.action, a.actor, a.address, a.detail, k.id AS key_id
             FROM audit a LEFT JOIN keys k ON k.no = a.key_no
             WHERE a.no IN (SELECT no FROM audit WHERE user_no = ? ORDER BY no DESC LIMIT ? OFFSET ?)
             ORDER BY a.no DESC",
            )
            .bind(i64::from(user.0))
            .bind(i64::from(most))
            .bind(i64::from(skipped))
            .fetch_all(&self.readers)
            .await?;
            rows.iter().map(audit_row).collect()
        })
        .await
    }
}
