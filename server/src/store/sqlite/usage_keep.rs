//! What is kept of the statistics, and for how long: so many addresses of a key, so many hours of counts.

use crate::domain::ids::{KeyNo, UserNo};
use crate::store::{ADDRESSES, KeySum, Walk};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Rows that a step of the walk passes over before it looks for the end of the key or user it has come to.
const STEP: i64 = 2000;

/// Adds the addresses of one key; beyond [`ADDRESSES`] the ones that were silent for longest go.
pub(super) fn add_addresses(tx: &Transaction<'_>, sum: &KeySum) -> rusqlite::Result<()> {
    let mut is_longer = false;
    for (address, count, first, last) in &sum.addresses {
        let mut upsert = tx.prepare_cached(
            "INSERT INTO addresses (key_no, address, count, first_at, last_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (key_no, address) DO UPDATE SET count = count + excluded.count,
             first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
             RETURNING count",
        )?;
        let row = params![sum.key.0, address.to_bytes(), count, first.0, last.0];
        let total: u64 = upsert.query_row(row, |row| row.get(0))?;
        is_longer |= total == *count;
    }
    if is_longer { make_room(tx, sum.key) } else { Ok(()) }
}

fn make_room(tx: &Transaction<'_>, key: KeyNo) -> rusqlite::Result<()> {
    let most = i64::try_from(ADDRESSES).unwrap_or(i64::MAX);
    let held: i64 = tx
        .prepare_cached("SELECT count(*) FROM addresses WHERE key_no = ?")?
        .query_row([key.0], |row| row.get(0))?;
    if held > most {
        tx.prepare_cached(
            "DELETE FROM addresses WHERE key_no = ?1 AND address IN (SELECT address FROM addresses
             WHERE key_no = ?1 ORDER BY last_at DESC, address LIMIT -1 OFFSET ?2)",
        )?
        .execute(params![key.0, most])?;
    }
    Ok(())
}

/// The statements of one table's walk: the last row of a step, and the removal up to it.
struct Table {
    end: &'static str,
    remove: &'static str,
}

const KEYS: Table = Table {
    end: "SELECT key_no FROM hourly WHERE key_no > ? ORDER BY key_no, hour, code LIMIT 1 OFFSET ?",
    remove: "DELETE FROM hourly WHERE key_no > ? AND key_no <= ? AND hour < ?",
};
const USERS: Table = Table {
    end: "SELECT user_no FROM user_hourly WHERE user_no > ? ORDER BY user_no, hour, refused LIMIT 1 OFFSET ?",
    remove: "DELETE FROM user_hourly WHERE user_no > ? AND user_no <= ? AND hour < ?",
};

/// One step of the walk; see `UsageLog::forget`.
pub(super) fn forget(connection: &Connection, before: i64, from: Walk) -> rusqlite::Result<Option<Walk>> {
    Ok(match from {
        Walk::Keys(KeyNo(after)) => {
            let end = step(connection, &KEYS, before, after)?;
            Some(end.map_or(Walk::Users(UserNo(0)), |end| Walk::Keys(KeyNo(end))))
        }
        Walk::Users(UserNo(after)) => {
            step(connection, &USERS, before, after)?.map(|end| Walk::Users(UserNo(end)))
        }
    })
}

fn step(connection: &Connection, table: &Table, before: i64, after: u32) -> rusqlite::Result<Option<u32>> {
    let end: Option<u32> =
        connection.prepare_cached(table.end)?.query_row(params![after, STEP], |row| row.get(0)).optional()?;
    let last = end.unwrap_or(u32::MAX);
    connection.prepare_cached(table.remove)?.execute(params![after, last, before])?;
    Ok(end)
}
