//! Sessions.

use super::rows::{address, client, client_bytes, hash, micros, source_range};
use super::users::user_row;
use super::{SqliteStore, audit};
use crate::domain::address::Address;
use crate::domain::client_address::ClientAddress;
use crate::domain::ids::UserNo;
use crate::domain::time::Micros;
use crate::store::{
    Audit, NewSession, SessionHash, SessionRow, SessionStore, StoreError, UserRow, UserSession,
};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

#[async_trait]
impl SessionStore for SqliteStore {
    async fn insert_session(&self, session: NewSession, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    insert(c, &session).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn find_session(&self, hash_: SessionHash) -> Result<Option<(SessionRow, UserRow)>, StoreError> {
        let row = sqlx::query(
            "SELECT u.*, o.disabled_at AS owner_disabled_at,
             s.token_hash, s.created_at AS begun_at, s.last_seen_at, s.proved_at, s.code_pending
             FROM sessions s JOIN users u ON u.no = s.user_no LEFT JOIN users o ON o.no = u.owner_no
             WHERE s.token_hash = ?",
        )
        .bind(hash_.0.to_vec())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let session = SessionRow {
            hash: SessionHash(hash(&row, "token_hash")?),
            created_at: micros(&row, "begun_at")?,
            last_seen_at: micros(&row, "last_seen_at")?,
            proved_at: micros(&row, "proved_at")?,
            code_pending: row.try_get::<i64, _>("code_pending")? != 0,
        };
        Ok(Some((session, user_row(&row)?)))
    }

    async fn list_user_sessions(
        &self,
        user: UserNo,
        seen: Micros,
        begun: Micros,
        most: u32,
    ) -> Result<Vec<UserSession>, StoreError> {
        let rows = sqlx::query(
            "SELECT token_hash, created_at, last_seen_at, address, user_agent FROM sessions
             WHERE user_no = ? AND last_seen_at >= ? AND created_at >= ? AND code_pending = 0
             ORDER BY last_seen_at DESC, created_at DESC, token_hash LIMIT ?",
        )
        .bind(i64::from(user.0))
        .bind(seen.0)
        .bind(begun.0)
        .bind(i64::from(most))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(user_session).collect()
    }

    async fn touch_session(
        &self,
        hash: SessionHash,
        at: Micros,
        from: ClientAddress,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("UPDATE sessions SET last_seen_at = ?, address = ? WHERE token_hash = ?")
                        .bind(at.0)
                        .bind(client_bytes(from))
                        .bind(hash.0.to_vec())
                        .execute(c)
                        .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn prove_session(&self, hash: SessionHash, at: Micros) -> Result<(), StoreError> {
        self.set_time(hash, at, "UPDATE sessions SET proved_at = ? WHERE token_hash = ?").await
    }

    async fn delete_session(&self, hash: SessionHash, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let ended = sqlx::query("DELETE FROM sessions WHERE token_hash = ?")
                        .bind(hash.0.to_vec())
                        .execute(&mut *c)
                        .await?;
                    // Asked for twice, it ended once.
                    if ended.rows_affected() > 0 {
                        audit::write(c, &audit, None).await?;
                    }
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn delete_other_sessions(
        &self,
        user: UserNo,
        kept: SessionHash,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let ended = sqlx::query(
                        "DELETE FROM sessions WHERE user_no = ? AND token_hash <> ?
                         RETURNING address, code_pending",
                    )
                    .bind(i64::from(user.0))
                    .bind(kept.0.to_vec())
                    .fetch_all(&mut *c)
                    .await?;
                    for row in &ended {
                        if row.try_get("code_pending")? {
                            continue;
                        }
                        let from = address(row, "address")?.map(|from| from.to_string());
                        let audit = Audit { detail: from.unwrap_or_default(), ..audit.clone() };
                        audit::write(c, &audit, None).await?;
                    }
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn delete_old_sessions(
        &self,
        seen: Micros,
        begun: Micros,
        asked: Micros,
    ) -> Result<u64, StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let done = sqlx::query(
                        "DELETE FROM sessions WHERE last_seen_at < ? OR created_at < ?
                         OR (code_pending = 1 AND created_at < ?)",
                    )
                    .bind(seen.0)
                    .bind(begun.0)
                    .bind(asked.0)
                    .execute(c)
                    .await?;
                    Ok((done.rows_affected(), vec![]))
                })
            })
            .await
    }

    async fn count_sessions(&self, seen: Micros, begun: Micros) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) FROM sessions WHERE last_seen_at >= ? AND created_at >= ? AND code_pending = 0",
        )
        .bind(seen.0)
        .bind(begun.0)
        .fetch_one(&self.readers)
        .await?;
        Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
    }

    async fn has_logged_in_from(&self, user: UserNo, address: Address) -> Result<bool, StoreError> {
        let [first, last] = source_range(address);
        let row = sqlx::query(
            "SELECT 1 FROM audit WHERE user_no = ? AND address BETWEEN ? AND ? AND action = 'login' LIMIT 1",
        )
        .bind(i64::from(user.0))
        .bind(first)
        .bind(last)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.is_some())
    }
}

fn user_session(row: &SqliteRow) -> Result<UserSession, StoreError> {
    Ok(UserSession {
        hash: SessionHash(hash(row, "token_hash")?),
        created_at: micros(row, "created_at")?,
        last_seen_at: micros(row, "last_seen_at")?,
        address: client(row, "address")?,
        user_agent: row.try_get("user_agent")?,
    })
}

/// Begins a session within a transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    session: &NewSession,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sessions
         (token_hash, user_no, created_at, last_seen_at, proved_at, address, user_agent, code_pending)
         SELECT ?1, ?2, ?3, ?3, ?3, ?4, ?5, ?6 FROM users u LEFT JOIN users o ON o.no = u.owner_no
         WHERE u.no = ?2 AND (?7 IS NULL OR (u.password_hash = ?7 AND (u.totp_sealed IS NOT NULL) = ?6
         AND u.disabled_at IS NULL AND o.disabled_at IS NULL))
         RETURNING user_no",
    )
    .bind(session.hash.0.to_vec())
    .bind(i64::from(session.user.0))
    .bind(session.at.0)
    .bind(client_bytes(session.address))
    .bind(&session.user_agent)
    .bind(i64::from(session.code_pending))
    .bind(&session.verified)
    .fetch_one(connection)
    .await?;
    Ok(())
}

impl SqliteStore {
    async fn set_time(&self, hash: SessionHash, at: Micros, sql: &'static str) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query(sql).bind(at.0).bind(hash.0.to_vec()).execute(c).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}
