//! Changes of keys beside their address rules, and reminders that they expire.

use super::rows::{key_id, micros, user_no};
use super::rules::find_living;
use super::{SqliteStore, audit, notices};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use crate::tell_each::tell_each;
use async_trait::async_trait;
use contract::Cause;
use domain::expiry::{self, ExpiryFacts};
use domain::ids::{KeyId, KeyNumber};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Audit, Change, KeyChange, KeyChangeStore, NewNotice, StoreError};

macro_rules! select {
    () => {
        "SELECT k.id, k.user_no, k.expires_at, k.reminded_days FROM keys k WHERE k.deleted_at IS NULL AND "
    };
}

/// Keys that expire soon.
pub(super) const EXPIRING: &str = concat!(select!(), "k.expires_at > ? AND k.expires_at <= ?");
const OF_KEY: &str = concat!(select!(), "k.expires_at IS NOT NULL AND k.id = ?");

#[async_trait]
impl KeyChangeStore for SqliteStore {
    async fn change_key(&self, key: KeyId, changes: Vec<(KeyChange, Audit)>) -> Result<(), StoreError> {
        change!(self, |tx| {
            let number = find_living(tx, key).await?;
            for (change, audit) in changes {
                let changed = apply(tx, number, &change, audit.at).await?;
                audit::write_if(changed, tx, &audit, Some(key)).await?;
                if changed {
                    tx.tell(Change::KeyChanged(number, change));
                }
            }
            Ok(())
        })
    }

    async fn remind_of_expiries(&self, now: Micros) -> Result<u64, StoreError> {
        let due: Vec<KeyId> = crate::reading(async {
            // Read apart from the writer: most of the time there is nothing to write.
            let [over, until] = expiry::window(now);
            let rows = sql!(EXPIRING, over.0, until.0).fetch_all(&self.readers).await?;
            let mut due = Vec::new();
            for row in &rows {
                if expiry::due(&facts(row)?, now).is_some() {
                    due.push(key_id(row, "id")?);
                }
            }
            Ok(due)
        })
        .await?;
        tell_each(&due, |keys| self.remind_of(keys, now)).await
    }
}

/// Returns whether anything is different now.
async fn apply(tx: &mut Tx, key: KeyNumber, change: &KeyChange, at: Micros) -> Result<bool, Trouble> {
    let changed = tx.run(match change {
        KeyChange::Description(text) => {
            sql!("UPDATE keys SET description = ?2 WHERE no = ?1 AND description <> ?2", key.0, text)
        }
        KeyChange::Paused(true) => {
            sql!("UPDATE keys SET disabled_at = ?2 WHERE no = ?1 AND disabled_at IS NULL", key.0, at.0)
        }
        KeyChange::Paused(false) => {
            sql!("UPDATE keys SET disabled_at = NULL WHERE no = ?1 AND disabled_at IS NOT NULL", key.0)
        }
        KeyChange::ExpiresAt(end) => sql!(
            "UPDATE keys SET expires_at = ?2, reminded_days = NULL WHERE no = ?1 AND expires_at IS NOT ?2",
            key.0,
            end.map(|end| end.0)
        ),
        KeyChange::LockWidth(width) => {
            sql!("UPDATE keys SET lock_width = ?2 WHERE no = ?1 AND lock_width <> ?2", key.0, *width as u8)
        }
    });
    Ok(changed.await? > 0)
}

fn facts(row: &SqliteRow) -> Result<ExpiryFacts, Trouble> {
    Ok(ExpiryFacts { end: micros(row, "expires_at")?, reminded_days: row.try_get("reminded_days")? })
}

impl SqliteStore {
    /// Tells the users of these keys.
    async fn remind_of(&self, keys: Vec<KeyId>, now: Micros) -> Result<u64, StoreError> {
        change!(self, |tx| {
            let mut told = 0;
            for key in keys {
                told += u64::from(remind_of_one(tx, key, now).await?);
            }
            Ok(told)
        })
    }
}

/// Tells the user of one key, if the reminder is still due in this transaction.
async fn remind_of_one(tx: &mut Tx, key: KeyId, now: Micros) -> Result<bool, Trouble> {
    let Some(row) = tx.optional(sql!(OF_KEY, key.0)).await? else { return Ok(false) };
    let facts = facts(&row)?;
    let Some(days) = expiry::due(&facts, now) else { return Ok(false) };
    tx.run(sql!("UPDATE keys SET reminded_days = ? WHERE id = ?", days, key.0)).await?;
    let notice = NewNotice {
        user: user_no(&row, "user_no")?,
        cause: Cause::KeyExpiring,
        key: Some(key),
        at: now,
        count: 1,
        addresses: Vec::new(),
        detail: expiry::days_left(facts.end, now).to_string(),
    };
    notices::insert(tx, &notice).await?;
    Ok(true)
}
