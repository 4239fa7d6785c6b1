//! What is kept of the statistics, and for how long: so many addresses of a key, so many hours of counts.

use crate::use_sums::{AddressSum, FOLD_ROWS};
use domain::ids::KeyNumber;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, params};
use store::ADDRESSES;

/// Rows that a step of the walk passes over; it removes no more.
const STEP: i64 = 256;

/// Adds addresses of keys, with a statement that is prepared once for the rows of a transaction.
pub(super) struct Addresses<'c>(CachedStatement<'c>);

impl<'c> Addresses<'c> {
    /// Ready to add.
    pub(super) fn prepare(tx: &'c Transaction<'_>) -> rusqlite::Result<Self> {
        let add = "INSERT INTO addresses (key_no, address, count, first_at, last_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (key_no, address) DO UPDATE SET count = count + excluded.count,
             first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
             RETURNING count";
        tx.prepare_cached(add).map(Self)
    }

    /// Adds those of one key; returns whether the key has more than before.
    pub(super) fn add(&mut self, key: KeyNumber, addresses: &[AddressSum]) -> rusqlite::Result<bool> {
        let mut is_longer = false;
        for (address, count, first, last) in addresses {
            let row = params![key.0, address.to_bytes(), count, first.0, last.0];
            let total: u64 = self.0.query_row(row, |row| row.get(0))?;
            is_longer |= total == *count;
        }
        Ok(is_longer)
    }
}

/// Removes some of the addresses beyond [`ADDRESSES`], those that were silent for longest.
pub(super) fn make_room(tx: &Transaction<'_>, key: KeyNumber) -> rusqlite::Result<()> {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let held: i64 = tx
        .prepare_cached("SELECT count(*) FROM addresses WHERE key_no = ?")?
        .query_row([key.0], |row| row.get(0))?;
    let more = held - number(ADDRESSES);
    if more > 0 {
        tx.prepare_cached(
            "DELETE FROM addresses WHERE key_no = ?1 AND address IN (SELECT address FROM addresses
             WHERE key_no = ?1 ORDER BY last_at, address DESC LIMIT ?2)",
        )?
        .execute(params![key.0, more.min(number(FOLD_ROWS))])?;
    }
    Ok(())
}

/// Where a walk over the statistics stands: behind this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// Among the hours of keys.
    Keys(HourRow),
    /// Among the hours of users, which come after those of the keys.
    Users(HourRow),
    /// Among the hours of old tokens, which come last.
    OldTokens(HourRow),
}

impl Walk {
    /// Before all.
    pub(super) const START: Self = Self::Keys(HourRow { owner_no: 0, hour: 0, kind: 0 });
}

/// The primary key of a row that counts one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HourRow {
    /// Number of the key or the user that the hour is of.
    owner_no: i64,
    /// Counted from 1970.
    hour: i64,
    /// Cause, whether refused, or when the token was replaced.
    kind: i64,
}

/// The statements of one table's walk: the last row of a step, and the removal up to it.
struct WalkStatements {
    end: &'static str,
    remove: &'static str,
}

const KEYS: WalkStatements = WalkStatements {
    end: "SELECT key_no, hour, code FROM hourly WHERE (key_no, hour, code) > (?, ?, ?)
          ORDER BY key_no, hour, code LIMIT 1 OFFSET ?",
    remove: "DELETE FROM hourly WHERE (key_no, hour, code) > (?, ?, ?) AND (key_no, hour, code) <= (?, ?, ?)
             AND hour < ?",
};
const USERS: WalkStatements = WalkStatements {
    end: "SELECT user_no, hour, refused FROM user_hourly WHERE (user_no, hour, refused) > (?, ?, ?)
          ORDER BY user_no, hour, refused LIMIT 1 OFFSET ?",
    remove: "DELETE FROM user_hourly WHERE (user_no, hour, refused) > (?, ?, ?)
             AND (user_no, hour, refused) <= (?, ?, ?) AND hour < ?",
};
const OLD_TOKENS: WalkStatements = WalkStatements {
    end: "SELECT key_no, hour, rotated_at FROM old_token_hours WHERE (key_no, hour, rotated_at) > (?, ?, ?)
          ORDER BY key_no, hour, rotated_at LIMIT 1 OFFSET ?",
    remove: "DELETE FROM old_token_hours WHERE (key_no, hour, rotated_at) > (?, ?, ?)
             AND (key_no, hour, rotated_at) <= (?, ?, ?) AND hour < ?",
};

/// One step of the walk: passes over some rows and removes those of them that lie before that hour. Returns where to go
/// on, nothing at the end.
pub(super) fn forget(connection: &Connection, before: i64, from: Walk) -> rusqlite::Result<Option<Walk>> {
    Ok(match from {
        Walk::Keys(after) => {
            let end = step(connection, &KEYS, before, after)?;
            Some(end.map_or(Walk::Users(HourRow::default()), Walk::Keys))
        }
        Walk::Users(after) => {
            let end = step(connection, &USERS, before, after)?;
            Some(end.map_or(Walk::OldTokens(HourRow::default()), Walk::Users))
        }
        Walk::OldTokens(after) => step(connection, &OLD_TOKENS, before, after)?.map(Walk::OldTokens),
    })
}

fn step(
    connection: &Connection,
    table: &WalkStatements,
    before: i64,
    after: HourRow,
) -> rusqlite::Result<Option<HourRow>> {
    let HourRow { owner_no, hour, kind } = after;
    let end = connection
        .prepare_cached(table.end)?
        .query_row(params![owner_no, hour, kind, STEP - 1], |row| {
            Ok(HourRow { owner_no: row.get(0)?, hour: row.get(1)?, kind: row.get(2)? })
        })
        .optional()?;
    let last = end.unwrap_or(HourRow { owner_no: i64::MAX, hour: i64::MAX, kind: i64::MAX });
    connection.prepare_cached(table.remove)?.execute(params![
        owner_no,
        hour,
        kind,
        last.owner_no,
        last.hour,
        last.kind,
        before
    ])?;
    Ok(end)
}
