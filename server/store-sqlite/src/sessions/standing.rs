//! How a session begins, is renewed and ends, within the transaction of what it permits; and whether it stands.

use crate::rows::{address, client_bytes, has, user_no};
use crate::statements::{Tx, sql};
use crate::{Trouble, audit};
use domain::ids::SessionNumber;
use domain::session::{LoginFacts, SESSIONS_KEPT, UserState, stands};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Action, Audit, NewSession, Renewal, SessionHash, StoreError};

/// Begins a session within a transaction.
pub(crate) async fn insert(tx: &mut Tx, session: &NewSession) -> Result<(), Trouble> {
    if let Some(replaced) = session.replaces {
        end_replaced(tx, replaced, session).await?;
    }
    let sql = "SELECT u.password_hash, u.totp_sealed IS NOT NULL AS has_factor, u.disabled_at,
               o.disabled_at AS owner_disabled_at
               FROM users u LEFT JOIN users o ON o.no = u.owner_no WHERE u.no = ?";
    let row = tx.one(sql!(sql, session.user.0)).await?;
    let facts = LoginFacts {
        state: user_state(&row)?,
        password_hash: row.try_get("password_hash")?,
        has_factor: row.try_get("has_factor")?,
    };
    if !facts.may_begin(session.verified.as_deref(), session.code_pending) {
        return Err(StoreError::NotFound.into());
    }
    let sql = "INSERT INTO sessions
               (token_hash, user_no, created_at, last_seen_at, proved_at, address, user_agent, code_pending)
               VALUES (?1, ?2, ?3, ?3, ?3, ?4, ?5, ?6)";
    tx.run(sql!(
        sql,
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
    let sql = "DELETE FROM sessions WHERE token_hash = ? RETURNING user_no, address, code_pending,
               (SELECT username FROM users u WHERE u.no = user_no) AS username";
    let ended = tx.optional(sql!(sql, replaced.0.as_slice())).await?;
    let Some(ended) = ended else { return Ok(()) };
    tell_of_end(tx, &ended, by).await
}

/// Ends the oldest sessions of a user who has one more than the most.
async fn end_oldest(tx: &mut Tx, begun: &NewSession) -> Result<(), Trouble> {
    let sql = "DELETE FROM sessions WHERE no IN
               (SELECT no FROM sessions WHERE user_no = ?1 AND code_pending = ?2
               ORDER BY no DESC LIMIT -1 OFFSET ?3)
               RETURNING user_no, address, code_pending,
               (SELECT username FROM users u WHERE u.no = user_no) AS username";
    let ended = tx.all(sql!(sql, begun.user.0, begun.code_pending, SESSIONS_KEPT)).await?;
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
        asker: None,
    };
    audit::write(tx, &audit, None).await
}

/// Fails if the session has ended or still waits for its code, or if its user or their owner is disabled.
pub(crate) async fn check_standing(tx: &mut Tx, session: SessionNumber) -> Result<(), Trouble> {
    let sql = "SELECT s.code_pending, u.disabled_at, o.disabled_at AS owner_disabled_at
               FROM sessions s JOIN users u ON u.no = s.user_no LEFT JOIN users o ON o.no = u.owner_no
               WHERE s.no = ?";
    let row = tx.optional(sql!(sql, session.0)).await?;
    match row {
        Some(row) if stands(row.try_get("code_pending")?, user_state(&row)?) => Ok(()),
        _ => Err(StoreError::SignedOut.into()),
    }
}

/// The same for the session that asks, if one does.
pub(crate) async fn check_asking(tx: &mut Tx, session: Option<SessionNumber>) -> Result<(), Trouble> {
    match session {
        Some(session) => check_standing(tx, session).await,
        None => Ok(()),
    }
}

/// Gives a session that stands another token, and notes when it proved who it is.
pub(crate) async fn renew(tx: &mut Tx, renewal: Renewal, proved_at: Option<Micros>) -> Result<(), Trouble> {
    check_standing(tx, renewal.session).await?;
    let sql = "UPDATE sessions SET token_hash = ?3, proved_at = coalesce(?4, proved_at)
               WHERE no = ?1 AND token_hash IN (?2, ?3)";
    let renewed = tx
        .run(sql!(
            sql,
            renewal.session.0,
            renewal.from.0.as_slice(),
            renewal.to.0.as_slice(),
            proved_at.map(|at| at.0)
        ))
        .await?;
    if renewed == 1 { Ok(()) } else { Err(StoreError::SignedOut.into()) }
}
