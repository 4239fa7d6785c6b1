//! Codes that are typed, and how many of them may be wrong.

use super::{BY_USER_CODE, waiting};
use crate::Trouble;
use crate::rows::{client_bytes, optional_micros, source_range};
use crate::statements::{Query, Tx, sql};
use domain::application::{GuessCounts, GuessLimits, UserCodeHash, WINDOW_SECONDS};
use domain::client_address::ClientAddress;
use sqlx::Row;
use store::{Guesser, Tried};

/// Looks a code up, unless too many were wrong.
pub(super) async fn try_code(tx: &mut Tx, code: UserCodeHash, guesser: Guesser) -> Result<Tried, Trouble> {
    let now = guesser.at;
    // Those that a clock which was set back left far ahead are forgotten too.
    let sql = "DELETE FROM code_guesses WHERE at <= ? OR at > ?";
    tx.run(sql!(sql, now.plus_seconds(-WINDOW_SECONDS).0, now.plus_seconds(WINDOW_SECONDS).0)).await?;
    let session = sql!(
        "SELECT count(*) AS n, min(at) AS oldest FROM code_guesses WHERE session_no = ?",
        guesser.session.0
    );
    let session = counts(tx, session).await?;
    let address = counts_at(tx, guesser.address).await?;
    let all = counts(tx, sql!("SELECT count(*) AS n, min(at) AS oldest FROM code_guesses")).await?;
    if let Some(retry_after_seconds) = GuessLimits::wait_seconds(session, address, all, now) {
        return Ok(Tried::TooMany { retry_after_seconds });
    }
    if let Some(row) = tx.optional(sql!(BY_USER_CODE, code.0.as_slice(), now.0)).await? {
        return Ok(Tried::Found(waiting(&row)?));
    }
    let sql = "INSERT INTO code_guesses (at, session_no, address) VALUES (?, ?, ?)";
    tx.run(sql!(sql, now.0, guesser.session.0, client_bytes(guesser.address))).await?;
    Ok(Tried::Unknown)
}

async fn counts_at(tx: &mut Tx, address: ClientAddress) -> Result<GuessCounts, Trouble> {
    match address.known().map(source_range) {
        Some([first, last]) => {
            let sql =
                "SELECT count(*) AS n, min(at) AS oldest FROM code_guesses WHERE address BETWEEN ? AND ?";
            counts(tx, sql!(sql, first, last)).await
        }
        None => {
            let sql = "SELECT count(*) AS n, min(at) AS oldest FROM code_guesses WHERE address IS NULL";
            counts(tx, sql!(sql)).await
        }
    }
}

async fn counts(tx: &mut Tx, query: Query<'_>) -> Result<GuessCounts, Trouble> {
    let row = tx.one(query).await?;
    Ok(GuessCounts {
        count: row.try_get::<i64, _>("n")?.unsigned_abs(),
        oldest: optional_micros(&row, "oldest")?,
    })
}
