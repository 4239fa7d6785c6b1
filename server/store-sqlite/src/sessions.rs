//! Sessions.

use super::rows::{address, client, client_bytes, has, micros, number, source_range, user_no};
use super::users::user_row;
use super::{SqliteStore, audit};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{SessionNo, UserNo};
use domain::session::{LoginFacts, SESSIONS_KEPT, UserState, stands};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{
    Action, Audit, NewSession, Renewal, SessionHash, SessionRow, SessionStore, StoreError, UserRow,
    UserSession,
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
        user: UserNo,
        seen: Micros,
        begun: Micros,
        most: u32,
    ) -> Result<Vec<UserSession>, StoreError> {
        self.list(
            sql!(
                "SELECT no, created_at, last_seen_at, address, user_agent FROM sessions
                 WHERE user_no = ? AND last_seen_at >= ? AND created_at >= ? AND code_pending = 0
                 ORDER BY last_seen_at DESC, created_at DESC, no DESC LIMIT ?",
                user.0,
                seen.0,
                begun.0,
                most
            ),
            user_session,
        )
        .await
    }

    async fn touch_session(&self, no: SessionNo, at: Micros, from: ClientAddress) -> Result<(), StoreError> {
        change!(self, |tx| {
            tx.run(sql!(
                "UPDATE sessions SET last_seen_at = ?, address = ? WHERE no = ?",
                at.0,
                client_bytes(from),
                no.0
            ))
            .await?;
            Ok(())
        })
    }

    async fn prove_session(&self, renewal: Renewal, at: Micros) -> Result<(), StoreError> {
        change!(self, |tx| renew(tx, renewal, Some(at)).await)
    }

    async fn delete_session(&self, no: SessionNo, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            // Asked for twice, it ended once. The line comes first: the session may be the one that asks.
            if goes_on(tx, no).await? {
                audit::write(tx, &audit, None).await?;
                end(tx, no).await?;
            }
            Ok(())
        })
    }

    async fn delete_other_sessions(
        &self,
        user: UserNo,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, kept, None).await?;
            let ended = tx
                .all(sql!(
                    "DELETE FROM sessions WHERE user_no = ? AND no <> ? RETURNING address, code_pending",
                    user.0,
                    kept.session.0
                ))
                .await?;
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
        self.count(sql!(
            "SELECT count(*) FROM sessions WHERE last_seen_at >= ? AND created_at >= ? AND code_pending = 0",
            seen.0,
            begun.0
        ))
        .await
    }

    async fn has_logged_in_from(&self, user: UserNo, address: Address) -> Result<bool, StoreError> {
        let sql =
            "SELECT 1 FROM audit WHERE user_no = ? AND address BETWEEN ? AND ? AND action = 'login' LIMIT 1";
        let [first, last] = source_range(address);
        Ok(self.find(sql!(sql, user.0, first, last), |_| Ok(())).await?.is_some())
    }
}

fn session_row(row: &SqliteRow) -> Result<SessionRow, Trouble> {
    Ok(SessionRow {
        no: session_no(row, "session_no")?,
        created_at: micros(row, "begun_at")?,
        last_seen_at: micros(row, "last_seen_at")?,
        proved_at: micros(row, "proved_at")?,
        code_pending: row.try_get("code_pending")?,
    })
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
pub(super) async fn insert(tx: &mut Tx, session: &NewSession) -> Result<(), Trouble> {
    if let Some(replaced) = session.replaces {
        end_replaced(tx, replaced, session).await?;
    }
    let row = tx
        .one(sql!(
            "SELECT u.password_hash, u.totp_sealed IS NOT NULL AS has_factor, u.disabled_at,
             o.disabled_at AS owner_disabled_at
             FROM users u LEFT JOIN users o ON o.no = u.owner_no WHERE u.no = ?",
            session.user.0
        ))
        .await?;
    let facts = LoginFacts {
        state: user_state(&row)?,
        password_hash: row.try_get("password_hash")?,
        has_factor: row.try_get("has_factor")?,
    };
    if !facts.may_begin(session.verified.as_deref(), session.code_pending) {
        return Err(StoreError::NotFound.into());
    }
    tx.run(sql!(
        "INSERT INTO sessions
         (token_hash, user_no, created_at, last_seen_at, proved_at, address, user_agent, code_pending)
         VALUES (?1, ?2, ?3, ?3, ?3, ?4, ?5, ?6)",
        session.hash.0.as_slice(),
        session.user.0,
        session.at.0,
        client_bytes(session.address),
        &session.user_agent,
        session.code_pending
    ))
    .await?;
    end_oldest(tx, session).await
}

/// Whether the user of a row may act.
fn user_state(row: &SqliteRow) -> Result<UserState, Trouble> {
    Ok(UserState { disabled: has(row, "disabled_at")?, owner_disabled: has(row, "owner_disabled_at")? })
}

/// Ends the session that a browser had before it began another.
async fn end_replaced(tx: &mut Tx, replaced: SessionHash, by: &NewSession) -> Result<(), Trouble> {
    let ended = tx
        .optional(sql!(
            "DELETE FROM sessions WHERE token_hash = ? RETURNING user_no, address, code_pending,
             (SELECT username FROM users u WHERE u.no = user_no) AS username",
            replaced.0.as_slice()
        ))
        .await?;
    let Some(ended) = ended else { return Ok(()) };
    tell_of_end(tx, &ended, by).await
}

/// Ends the oldest sessions of a user who has one more than the most.
async fn end_oldest(tx: &mut Tx, begun: &NewSession) -> Result<(), Trouble> {
    let ended = tx
        .all(sql!(
            "DELETE FROM sessions WHERE no IN
             (SELECT no FROM sessions WHERE user_no = ?1 AND code_pending = ?2
             ORDER BY no DESC LIMIT -1 OFFSET ?3)
             RETURNING user_no, address, code_pending,
             (SELECT username FROM users u WHERE u.no = user_no) AS username",
            begun.user.0,
            begun.code_pending,
            SESSIONS_KEPT
        ))
        .await?;
    for row in &ended {
        tell_of_end(tx, row, begun).await?;
    }
    Ok(())
}

/// The line about a session that ended because another began; one that waited for its code was no session yet.
async fn tell_of_end(tx: &mut Tx, ended: &SqliteRow, by: &NewSession) -> Result<(), Trouble> {
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
    audit::write(tx, &audit, None).await
}

/// Fails if the session has ended or still waits for its code, or if its user or their owner is disabled.
pub(super) async fn check_standing(tx: &mut Tx, no: SessionNo) -> Result<(), Trouble> {
    let row = tx
        .optional(sql!(
            "SELECT s.code_pending, u.disabled_at, o.disabled_at AS owner_disabled_at
             FROM sessions s JOIN users u ON u.no = s.user_no LEFT JOIN users o ON o.no = u.owner_no
             WHERE s.no = ?",
            no.0
        ))
        .await?;
    match row {
        Some(row) if stands(row.try_get("code_pending")?, user_state(&row)?) => Ok(()),
        _ => Err(StoreError::SignedOut.into()),
    }
}

/// The same for whoever asks, if a session does.
pub(super) async fn check_asking(tx: &mut Tx, session: Option<SessionNo>) -> Result<(), Trouble> {
    match session {
        Some(session) => check_standing(tx, session).await,
        None => Ok(()),
    }
}

/// Gives a session that stands another token, and notes when it proved who it is.
pub(super) async fn renew(tx: &mut Tx, renewal: Renewal, proved_at: Option<Micros>) -> Result<(), Trouble> {
    check_standing(tx, renewal.session).await?;
    let renewed = tx
        .run(sql!(
            "UPDATE sessions SET token_hash = ?3, proved_at = coalesce(?4, proved_at)
             WHERE no = ?1 AND token_hash IN (?2, ?3)",
            renewal.session.0,
            renewal.from.0.as_slice(),
            renewal.to.0.as_slice(),
            proved_at.map(|at| at.0)
        ))
        .await?;
    if renewed == 1 { Ok(()) } else { Err(StoreError::SignedOut.into()) }
}

async fn goes_on(tx: &mut Tx, no: SessionNo) -> Result<bool, Trouble> {
    let row = tx.optional(sql!("SELECT 1 FROM sessions WHERE no = ?", no.0)).await?;
    Ok(row.is_some())
}

async fn end(tx: &mut Tx, no: SessionNo) -> Result<(), Trouble> {
    tx.run(sql!("DELETE FROM sessions WHERE no = ?", no.0)).await?;
    Ok(())
}
