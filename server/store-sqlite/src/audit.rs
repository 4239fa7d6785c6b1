//! The audit log.

use super::rows::{address, client_bytes, micros};
use super::{SqliteStore, kept_answers, managing_keys, notices, sessions};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::KeyId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Asker, Audit, AuditRow, AuditStore, StoreError};

/// Writes one line within the transaction of what it tells of; fails if the asker may not ask any more.
pub(super) async fn write(tx: &mut Tx, audit: &Audit, key: Option<KeyId>) -> Result<(), Trouble> {
    let via = permit(tx, audit, key).await?;
    notices::tell(tx, audit, key).await?;
    insert(tx, audit, key, via).await
}

/// The same about a part of something that has a line of its own, which tells of both.
pub(super) async fn write_untold(tx: &mut Tx, audit: &Audit, key: Option<KeyId>) -> Result<(), Trouble> {
    let via = permit(tx, audit, key).await?;
    insert(tx, audit, key, via).await
}

async fn insert(tx: &mut Tx, audit: &Audit, key: Option<KeyId>, via: Option<u32>) -> Result<(), Trouble> {
    let sql =
        "INSERT INTO audit (at, action, actor, user_no, key_no, address, detail, via_key_no, account_no)
               VALUES (?1, ?2, ?3, ?4, (SELECT no FROM keys WHERE id = ?5), ?6, ?7, ?8,
               (SELECT coalesce(owner_no, no) FROM users WHERE no = ?4))";
    tx.run(sql!(
        sql,
        audit.at.0,
        audit.action.name(),
        &audit.actor,
        audit.user.map(|u| u.0),
        key.map(|key| key.0),
        audit.address.and_then(client_bytes),
        &audit.detail,
        via
    ))
    .await?;
    Ok(())
}

/// Fails if the asker may not ask any more; keeps the answer that goes with the change. Returns the number of the key
/// that asks, if one does.
async fn permit(tx: &mut Tx, audit: &Audit, key: Option<KeyId>) -> Result<Option<u32>, Trouble> {
    match &audit.asker {
        None => Ok(None),
        Some(Asker::Session(session)) => sessions::check_standing(tx, *session).await.map(|()| None),
        Some(Asker::Itself(asker)) if key == Some(*asker) => {
            managing_keys::check_itself(tx, *asker, audit.at).await.map(Some)
        }
        Some(Asker::Itself(_)) => Err(StoreError::SignedOut.into()),
        Some(Asker::Key(asker, kept)) => {
            let number = managing_keys::check_standing(tx, *asker, audit.at).await?;
            if let Some(kept) = kept {
                kept_answers::insert(tx, number, kept, audit.at).await?;
            }
            Ok(Some(number))
        }
    }
}

/// Writes one line if something was changed. Otherwise it only checks that the asker may still ask.
pub(super) async fn write_if(
    changed: bool,
    tx: &mut Tx,
    audit: &Audit,
    key: Option<KeyId>,
) -> Result<(), Trouble> {
    if changed { write(tx, audit, key).await } else { permit(tx, audit, key).await.map(drop) }
}

pub(super) fn audit_row(row: &SqliteRow) -> Result<AuditRow, Trouble> {
    Ok(AuditRow {
        at: micros(row, "at")?,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        key: row.try_get::<Option<uuid::Uuid>, _>("key_id")?.map(KeyId),
        via: row.try_get::<Option<uuid::Uuid>, _>("via_key_id")?.map(KeyId),
        address: address(row, "address")?,
        detail: row.try_get("detail")?,
    })
}

#[async_trait]
impl AuditStore for SqliteStore {
    async fn record(&self, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            write(tx, &audit, None).await?;
            Ok(())
        })
    }

    async fn list_audit(&self, most: u32) -> Result<Vec<AuditRow>, StoreError> {
        let sql = "SELECT a.at, a.action, a.actor, a.address, a.detail, k.id AS key_id, v.id AS via_key_id
                   FROM audit a LEFT JOIN keys k ON k.no = a.key_no LEFT JOIN keys v ON v.no = a.via_key_no
                   ORDER BY a.no DESC LIMIT ?";
        self.list(sql!(sql, most), audit_row).await
    }
}
