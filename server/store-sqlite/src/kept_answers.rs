//! Answers that are given again to the same request of a program.

use super::SqliteStore;
use super::rows::{corrupt, micros};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::KeyId;
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{KeptAnswer, KeptAnswerStore, StoreError};

/// So many at a time, because changes that people wait for share the writer.
const AT_A_TIME: i64 = 500;
pub(super) const OVER: &str = "SELECT rowid FROM kept_answers WHERE until <= ?1 LIMIT ?2";

/// Keeps an answer within the transaction of its change; `Conflict` if the same caller has one of that name.
pub(super) async fn insert(tx: &mut Tx, caller: u32, kept: &KeptAnswer, now: Micros) -> Result<(), Trouble> {
    tx.run(sql!(
        "DELETE FROM kept_answers WHERE caller_no = ? AND name = ? AND until <= ?",
        caller,
        &kept.name,
        now.0
    ))
    .await?;
    let sql = "INSERT INTO kept_answers (caller_no, name, request, sealed, until) VALUES (?, ?, ?, ?, ?)";
    tx.run(sql!(sql, caller, &kept.name, kept.request.as_slice(), &kept.sealed, kept.until.0)).await?;
    Ok(())
}

fn kept(row: &SqliteRow) -> Result<KeptAnswer, Trouble> {
    Ok(KeptAnswer {
        name: row.try_get("name")?,
        request: row.try_get::<Vec<u8>, _>("request")?.try_into().map_err(|_| corrupt("request hash"))?,
        sealed: row.try_get("sealed")?,
        until: micros(row, "until")?,
    })
}

#[async_trait]
impl KeptAnswerStore for SqliteStore {
    async fn find_kept_answer(
        &self,
        caller: KeyId,
        name: &str,
        now: Micros,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let sql = "SELECT a.* FROM kept_answers a JOIN keys k ON k.no = a.caller_no
                   WHERE k.id = ? AND a.name = ? AND a.until > ?";
        self.find(sql!(sql, caller.0, name, now.0), kept).await
    }

    async fn forget_kept_answers(&self, now: Micros) -> Result<u64, StoreError> {
        let any: Option<i64> = self.find(sql!(OVER, now.0, 1), |row| Ok(row.try_get::<i64, _>(0)?)).await?;
        if any.is_none() {
            return Ok(0);
        }
        change!(self, |tx| {
            let sql = format!("DELETE FROM kept_answers WHERE rowid IN ({OVER})");
            tx.run(sql!(sqlx::AssertSqlSafe(sql), now.0, AT_A_TIME)).await
        })
    }
}
