//! Sessions.

use super::rows::{address, client, client_bytes, micros, number, source_range, user_no};
use super::users::user_row;
use super::{SqliteStore, audit};
use crate::Trouble;
use async_trait::async_trait;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{SessionNo, UserNo};
use domain::session::{LoginFacts, SESSIONS_KEPT, UserState, stands};
use domain::time::Micros;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store::{
    Action, Audit, NewSession, Renewal, SessionHash, SessionRow, SessionStore, StoreError, UserRow,
    UserSession,
};

impl SqliteStore {
    async fn delete_some_old_sessions(&self, [seen, begun, asked]: [Micros; 3]) -> Result<u64, StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let query = sqlx::query(OLD).bind(seen.0).bind(begun.0).bind(asked.0).bind(AT_A_TIME);
                    Ok((query.execute(c).await?.rows_affected(), vec![]))
                })
            })
            .await
    }
}

/// So many at a time, because changes that people wait for share the writer.
const AT_A_TIME: i64 = 500;
pub(super) const OLD: &str =
    "DELETE FROM sessions WHERE no IN (SELECT no FROM sessions WHERE last_seen_at < ?1
    UNION SELECT no FROM sessions WHERE created_at < ?2
    UNION SELECT no FROM sessions WHERE code_pending = 1 AND created_at < ?3 LIMIT ?4)";

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

    async fn find_session(&self, hash: SessionHash) -> Result<Option<(SessionRow, UserRow)>, StoreError> {
        crate::reading(async {
            let row = sqlx::query(
                "SELECT u.*, o.disabled_at AS owner_disabled_at,
             s.no AS session_no, s.created_at AS begun_at, s.last_seen_at, s.proved_at, s.code_pending
             FROM sessions s JOIN users u ON u.no = s.user_no LEFT JOIN users o ON o.no = u.owner_no
             WHERE s.token_hash = ?",
            )
            .bind(hash.0.to_vec())
            .fetch_optional(&self.readers)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let session = SessionRow {
                no: session_no(&row, "session_no")?,
                created_at: micros(&row, "begun_at")?,
                last_seen_at: micros(&row, "last_seen_at")?,
                proved_at: micros(&row, "proved_at")?,
                code_pending: row.try_get::<i64, _>("code_pending")? != 0,
            };
            Ok(Some((session, user_row(&row)?)))
        })
        .await
    }

    async fn list_user_sessions(
        &self,
        user: UserNo,
        seen: Micros,
        begun: Micros,
        most: u32,
    ) -> Result<Vec<UserSession>, StoreError> {
        crate::reading(async {
            let rows = sqlx::query(
                "SELECT no, created_at, last_seen_at, address, user_agent FROM sessions
             WHERE user_no = ? AND last_seen_at >= ? AND created_at >= ? AND code_pending = 0
             ORDER BY last_seen_at DESC, created_at DESC, no DESC LIMIT ?",
            )
            .bind(i64::from(user.0))
            .bind(seen.0)
            .bind(begun.0)
            .bind(i64::from(most))
            .fetch_all(&self.readers)
            .await?;
            rows.iter().map(user_session).collect()
        })
        .await
    }

    async fn touch_session(&self, no: SessionNo, at: Micros, from: ClientAddress) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("UPDATE sessions SET last_seen_at = ?, address = ? WHERE no = ?")
                        .bind(at.0)
                        .bind(client_bytes(from))
                        .bind(i64::from(no.0))
                        .execute(c)
                        .await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn prove_session(&self, renewal: Renewal, at: Micros) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    renew(c, renewal, Some(at)).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn delete_session(&self, no: SessionNo, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    // Asked for twice, it ended once. The line comes first: the session may be the one that asks.
                    if goes_on(c, no).await? {
                        audit::write(c, &audit, None).await?;
                        end(c, no).await?;
                    }
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn delete_other_sessions(
        &self,
        user: UserNo,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    renew(c, kept, None).await?;
                    let ended = sqlx::query(
                        "DELETE FROM sessions WHERE user_no = ? AND no <> ? RETURNING address, code_pending",
                    )
                    .bind(i64::from(user.0))
                    .bind(i64::from(kept.session.0))
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
        let mut ended = 0;
        loop {
            let some = self.delete_some_old_sessions([seen, begun, asked]).await?;
            ended += some;
            if some < AT_A_TIME.unsigned_abs() {
                return Ok(ended);
            }
        }
    }

    async fn count_sessions(&self, seen: Micros, begun: Micros) -> Result<u64, StoreError> {
        crate::reading(async {
            let row = sqlx::query(
            "SELECT count(*) FROM sessions WHERE last_seen_at >= ? AND created_at >= ? AND code_pending = 0",
        )
        .bind(seen.0)
        .bind(begun.0)
        .fetch_one(&self.readers)
        .await?;
            Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
        })
        .await
    }

    async fn has_logged_in_from(&self, user: UserNo, address: Address) -> Result<bool, StoreError> {
        crate::reading(async {
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
        })
        .await
    }
}

fn user_session(row: &SqliteRow) -> Result<UserSession, Trouble> {
    Ok(UserSession {
        no: session_no(row, "no")?,
        created_at: micros(row, "created_at")?,
        last_seen_at: micros(row, "last_seen_at")?,
        address: client(row, "address")?,
        user_agent: row.try_get("user_agent")?,
    })
}

fn session_no(row: &SqliteRow, column: &str) -> Result<SessionNo, Trouble> {
    number(row.try_get(column)?).map(SessionNo)
}

/// Begins a session within a transaction.
pub(super) async fn insert(connection: &mut SqliteConnection, session: &NewSession) -> Result<(), Trouble> {
    if let Some(replaced) = session.replaces {
        end_replaced(connection, replaced, session).await?;
    }
    let row = sqlx::query(
        "SELECT u.password_hash, u.totp_sealed IS NOT NULL AS has_factor, u.disabled_at, o.disabled_at AS owner_disabled_at
         FROM users u LEFT JOIN users o ON o.no = u.owner_no WHERE u.no = ?",
    )
    .bind(i64::from(session.user.0))
    .fetch_one(&mut *connection)
    .await?;
    let facts = LoginFacts {
        state: user_state(&row)?,
        password_hash: row.try_get("password_hash")?,
        has_factor: row.try_get("has_factor")?,
    };
    if !facts.may_begin(session.verified.as_deref(), session.code_pending) {
        return Err(StoreError::NotFound.into());
    }
    sqlx::query(
        "INSERT INTO sessions
         (token_hash, user_no, created_at, last_seen_at, proved_at, address, user_agent, code_pending)
         VALUES (?1, ?2, ?3, ?3, ?3, ?4, ?5, ?6)",
    )
    .bind(session.hash.0.to_vec())
    .bind(i64::from(session.user.0))
    .bind(session.at.0)
    .bind(client_bytes(session.address))
    .bind(&session.user_agent)
    .bind(i64::from(session.code_pending))
    .execute(&mut *connection)
    .await?;
    end_oldest(connection, session).await
}

/// Whether the user of a row may act.
fn user_state(row: &SqliteRow) -> Result<UserState, Trouble> {
    Ok(UserState {
        disabled: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
        owner_disabled: row.try_get::<Option<i64>, _>("owner_disabled_at")?.is_some(),
    })
}

/// Ends the session that a browser had before it began another.
async fn end_replaced(
    connection: &mut SqliteConnection,
    replaced: SessionHash,
    by: &NewSession,
) -> Result<(), Trouble> {
    let ended = sqlx::query(
        "DELETE FROM sessions WHERE token_hash = ? RETURNING user_no, address, code_pending,
         (SELECT username FROM users u WHERE u.no = user_no) AS username",
    )
    .bind(replaced.0.to_vec())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(ended) = ended else { return Ok(()) };
    tell_of_end(connection, &ended, by).await
}

/// Ends the oldest sessions of a user who has one more than the most.
async fn end_oldest(connection: &mut SqliteConnection, begun: &NewSession) -> Result<(), Trouble> {
    let ended = sqlx::query(
        "DELETE FROM sessions WHERE no IN
         (SELECT no FROM sessions WHERE user_no = ?1 AND code_pending = ?2 ORDER BY no DESC LIMIT -1 OFFSET ?3)
         RETURNING user_no, address, code_pending,
         (SELECT username FROM users u WHERE u.no = user_no) AS username",
    )
    .bind(i64::from(begun.user.0))
    .bind(i64::from(begun.code_pending))
    .bind(i64::from(SESSIONS_KEPT))
    .fetch_all(&mut *connection)
    .await?;
    for row in &ended {
        tell_of_end(connection, row, begun).await?;
    }
    Ok(())
}

/// The line about a session that ended because another began; one that waited for its code was no session yet.
async fn tell_of_end(
    connection: &mut SqliteConnection,
    ended: &SqliteRow,
    by: &NewSession,
) -> Result<(), Trouble> {
    if ended.try_get("code_pending")? {
        return Ok(());
    }
    let from = address(ended, "address")?;
    let audit = Audit {
        at: by.at,
        action: Action::SessionEnded,
        actor: ended.try_get("username")?,
        user: Some(user_no(ended, "user_no")?),
        address: Some(by.address),
        detail: from.map(|from| from.to_string()).unwrap_or_default(),
        session: None,
    };
    audit::write(connection, &audit, None).await
}

/// Fails if the session has ended or still waits for its code, or if its user or their owner is disabled.
pub(super) async fn check_standing(connection: &mut SqliteConnection, no: SessionNo) -> Result<(), Trouble> {
    let row = sqlx::query(
        "SELECT s.code_pending, u.disabled_at, o.disabled_at AS owner_disabled_at
         FROM sessions s JOIN users u ON u.no = s.user_no LEFT JOIN users o ON o.no = u.owner_no
         WHERE s.no = ?",
    )
    .bind(i64::from(no.0))
    .fetch_optional(connection)
    .await?;
    match row {
        Some(row) if stands(row.try_get("code_pending")?, user_state(&row)?) => Ok(()),
        _ => Err(StoreError::SignedOut.into()),
    }
}

/// The same for whoever asks, if a session does.
pub(super) async fn check_asking(
    connection: &mut SqliteConnection,
    session: Option<SessionNo>,
) -> Result<(), Trouble> {
    match session {
        Some(session) => check_standing(connection, session).await,
        None => Ok(()),
    }
}

/// Gives a session that stands another token, and notes when it proved who it is.
pub(super) async fn renew(
    connection: &mut SqliteConnection,
    renewal: Renewal,
    proved_at: Option<Micros>,
) -> Result<(), Trouble> {
    check_standing(connection, renewal.session).await?;
    let renewed = sqlx::query(
        "UPDATE sessions SET token_hash = ?3, proved_at = coalesce(?4, proved_at)
         WHERE no = ?1 AND token_hash IN (?2, ?3)",
    )
    .bind(i64::from(renewal.session.0))
    .bind(renewal.from.0.to_vec())
    .bind(renewal.to.0.to_vec())
    .bind(proved_at.map(|at| at.0))
    .execute(connection)
    .await?;
    if renewed.rows_affected() == 1 { Ok(()) } else { Err(StoreError::SignedOut.into()) }
}

async fn goes_on(connection: &mut SqliteConnection, no: SessionNo) -> Result<bool, Trouble> {
    let row = sqlx::query("SELECT 1 FROM sessions WHERE no = ?")
        .bind(i64::from(no.0))
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

async fn end(connection: &mut SqliteConnection, no: SessionNo) -> Result<(), Trouble> {
    sqlx::query("DELETE FROM sessions WHERE no = ?").bind(i64::from(no.0)).execute(connection).await?;
    Ok(())
}
