//! What an application is answered that asks for its key.

use crate::rows::{corrupt, has, micros, number, optional_micros};
use crate::statements::{change, sql};
use crate::{SqliteStore, Trouble};
use domain::application::{DeviceCodeHash, Poll, PollFacts, RequestState};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Fetched, StoreError};

const FIND: &str = "SELECT a.*, k.deleted_at AS key_deleted_at
    FROM applications a LEFT JOIN keys k ON k.no = a.key_no WHERE a.device_hash = ?";

fn facts(row: &SqliteRow) -> Result<PollFacts, Trouble> {
    let state = RequestState::from_number(row.try_get("state")?).ok_or_else(|| corrupt("state"))?;
    Ok(PollFacts {
        state,
        expires_at: micros(row, "expires_at")?,
        interval_seconds: number(row.try_get("interval_seconds")?)?,
        polled_at: optional_micros(row, "polled_at")?,
        key_is_gone: has(row, "key_deleted_at")?,
    })
}

/// Judges a question. Only one whose answer has to be noted goes to the writer, and is judged there once more.
pub(super) async fn fetch(
    store: &SqliteStore,
    device: DeviceCodeHash,
    now: Micros,
) -> Result<Fetched, StoreError> {
    let read = store.find(sql!(FIND, device.0.as_slice()), facts).await?.ok_or(StoreError::NotFound)?;
    let poll = read.judge(now);
    if read.is_flooding(now) || matches!(poll, Poll::Expired | Poll::Denied | Poll::Used) {
        return Ok(Fetched { poll, token_sealed: None });
    }
    change!(store, |tx| {
        let row = tx.one(sql!(FIND, device.0.as_slice())).await?;
        let facts = facts(&row)?;
        let poll = facts.judge(now);
        let device = device.0.as_slice();
        match poll {
            Poll::Expired | Poll::Denied | Poll::Used => Ok(Fetched { poll, token_sealed: None }),
            Poll::Pending | Poll::SlowDown { .. } => {
                let interval = match poll {
                    Poll::SlowDown { interval_seconds } => interval_seconds,
                    _ => facts.interval_seconds,
                };
                let sql = "UPDATE applications SET polled_at = ?, interval_seconds = ? WHERE device_hash = ?";
                tx.run(sql!(sql, now.0, interval, device)).await?;
                Ok(Fetched { poll, token_sealed: None })
            }
            Poll::Fetch => {
                let sealed: Option<Vec<u8>> = row.try_get("token_sealed")?;
                let sealed = sealed.ok_or_else(|| corrupt("token of an application"))?;
                let sql = "UPDATE applications SET state = ?, token_sealed = NULL, fetched_at = ? WHERE device_hash = ?";
                tx.run(sql!(sql, RequestState::Fetched as u8, now.0, device)).await?;
                Ok(Fetched { poll, token_sealed: Some(sealed) })
            }
        }
    })
}
