//! Sessions.

mod standing;

pub(super) use standing::{check_asking, check_standing, insert, renew};

use super::rows::{address, client, client_bytes, micros, source_range};
use super::users::user_row;
use super::{SqliteStore, audit};
use crate::Trouble;
use crate::statements::{change, sql};
use async_trait::async_trait;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{
    Audit, NewSession, Renewal, SessionHash, SessionRow, SessionStore, StoreError, UserRow, UserSession,
};

/// So many at a time, because changes that people wait for share the writer.
const AT_A_TIME: i64 = 500;
pub(super) const OLD: &str =
    "DELETE FROM sessions WHERE no IN (SELECT no FROM sessions WHERE last_seen_at < ?1
    UNION SELECT no FROM sessions WHERE created_at < ?2
    UNION SELECT no FROM sessions WHERE code_pending = 1 AND created_at < ?3 LIMIT ?4)";

const FIND: &str = "SELECT u.*, o.disabled_at AS owner_disabled_at,
    s.no AS session_no, s.created_at AS begun_at, s.last_seen_at, s.proved_at, s.code_pending
    FROM sessions s JOIN users u ON u.no = s.user_no LEFT JOIN users o ON o.no = u.owner_no
    WHERE s.token_hash = ?";

#[async_trait]
impl SessionStore for SqliteStore {
    async fn insert_session(&self, session: NewSession, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            insert(tx, &session).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn find_session(&self, hash: SessionHash) -> Result<Option<(SessionRow, UserRow)>, StoreError> {
        self.find(sql!(FIND, hash.0.as_slice()), |row| Ok((session_row(row)?, user_row(row)?))).await
    }

    async fn list_user_sessions(
        &self,
        user: UserNumber,
        seen: Micros,
        begun: Micros,
        most: u32,
    ) -> Result<Vec<UserSession>, StoreError> {
        let sql = "SELECT no, created_at, last_seen_at, address, user_agent FROM sessions
                   WHERE user_no = ? AND last_seen_at >= ? AND created_at >= ? AND code_pending = 0
                   ORDER BY last_seen_at DESC, created_at DESC, no DESC LIMIT ?";
        self.list(sql!(sql, user.0, seen.0, begun.0, most), user_session).await
    }

    async fn touch_session(
        &self,
        session: SessionNumber,
        at: Micros,
        from: ClientAddress,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql = "UPDATE sessions SET last_seen_at = ?, address = ? WHERE no = ?";
            tx.run(sql!(sql, at.0, client_bytes(from), session.0)).await.map(drop)
        })
    }

    async fn prove_session(&self, renewal: Renewal, at: Micros) -> Result<(), StoreError> {
        change!(self, |tx| renew(tx, renewal, Some(at)).await)
    }

    async fn delete_session(&self, number: SessionNumber, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            // Asked for twice, it ended once. The line comes first: the session may be the one that asks.
            if tx.optional(sql!("SELECT 1 FROM sessions WHERE no = ?", number.0)).await?.is_some() {
                audit::write(tx, &audit, None).await?;
                tx.run(sql!("DELETE FROM sessions WHERE no = ?", number.0)).await?;
            }
            Ok(())
        })
    }

    async fn delete_other_sessions(
        &self,
        user: UserNumber,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, kept, None).await?;
            let sql = "DELETE FROM sessions WHERE user_no = ? AND no <> ? RETURNING address, code_pending";
            let ended = tx.all(sql!(sql, user.0, kept.session.0)).await?;
            for row in &ended {
                if row.try_get("code_pending")? {
                    continue;
                }
                let from = address(row, "address")?.map(|from| from.to_string());
                let audit = Audit { detail: from.unwrap_or_default(), ..audit.clone() };
                audit::write(tx, &audit, None).await?;
            }
            Ok(())
        })
    }

    async fn delete_old_sessions(
        &self,
        seen: Micros,
        begun: Micros,
        asked: Micros,
    ) -> Result<u64, StoreError> {
        let mut ended = 0;
        loop {
            let some = change!(self, |tx| tx.run(sql!(OLD, seen.0, begun.0, asked.0, AT_A_TIME)).await)?;
            ended += some;
            if some < AT_A_TIME.unsigned_abs() {
                return Ok(ended);
            }
        }
    }

    async fn count_sessions(&self, seen: Micros, begun: Micros) -> Result<u64, StoreError> {
        let sql =
            "SELECT count(*) FROM sessions WHERE last_seen_at >= ? AND created_at >= ? AND code_pending = 0";
        self.count(sql!(sql, seen.0, begun.0)).await
    }

    async fn has_logged_in_from(&self, user: UserNumber, address: Address) -> Result<bool, StoreError> {
        let sql =
            "SELECT 1 FROM audit WHERE user_no = ? AND address BETWEEN ? AND ? AND action = 'login' LIMIT 1";
        let [first, last] = source_range(address);
        Ok(self.find(sql!(sql, user.0, first, last), |_| Ok(())).await?.is_some())
    }
}

fn session_row(row: &SqliteRow) -> Result<SessionRow, Trouble> {
    Ok(SessionRow {
        number: session_no(row, "session_no")?,
        created_at: micros(row, "begun_at")?,
        last_seen_at: micros(row, "last_seen_at")?,
        proved_at: micros(row, "proved_at")?,
        code_pending: row.try_get("code_pending")?,
    })
}

fn user_session(row: &SqliteRow) -> Result<UserSession, Trouble> {
    Ok(UserSession {
        number: session_no(row, "no")?,
        created_at: micros(row, "created_at")?,
        last_seen_at: micros(row, "last_seen_at")?,
        address: client(row, "address")?,
        user_agent: row.try_get("user_agent")?,
    })
}

fn session_no(row: &SqliteRow, column: &str) -> Result<SessionNumber, Trouble> {
    Ok(SessionNumber(row.try_get(column)?))
}
