//! The ids of the keys under whose numbers `usage.db` counts. A number is short and stands in every row, but a restored
//! latchkey.db may give it to another key; the id stands beside the number once and tells.

use super::usage_log::SqliteUsageLog;
use crate::Trouble;
use crate::row_numbers::short;
use crate::usage_journal::unfolded;
use domain::ids::{KeyId, KeyNumber};
use hashbrown::HashMap;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::HashSet;
use std::path::Path;

/// The numbers that mean the same key here and in the state.
const KNOWN: &str =
    "SELECT c.key_no FROM counted_keys c JOIN state.keys k ON k.no = c.key_no AND k.id = c.id";

impl SqliteUsageLog {
    /// Records the ids of the keys with these numbers, as far as they are known and not recorded yet.
    pub(super) fn name(&mut self, keys: impl Iterator<Item = KeyNumber>) -> Result<(), Trouble> {
        let mut new = Vec::new();
        for key in keys {
            let number = short(key.0)?;
            if !self.named.holds(number)
                && let Some(id) = self.watcher.id_of(key)
            {
                new.push((number, id));
            }
        }
        if !new.is_empty() {
            name(&mut self.connection, &new)?;
            new.iter().for_each(|(key, _)| self.named.add(*key));
        }
        Ok(())
    }

    /// Removes what was counted under numbers that are not those of the same keys in `state`.
    pub(super) fn keep_only_known(&mut self, state: &Path) -> Result<(), Trouble> {
        attach(&self.connection, state)?;
        let known = known(&self.connection)?;
        for (generation, sums) in unfolded(&self.connection)? {
            let sums: Vec<_> = sums.into_iter().filter(|sum| known.contains(&sum.key)).collect();
            self.fold_whole(generation, sums)?;
        }
        while self.old_tokens.is_waiting() {
            self.fold_old_tokens()?;
        }
        let removed = keep(&mut self.connection)?;
        tracing::warn!(keys = removed, "counts of keys that latchkey.db does not know are removed");
        Ok(detach(&self.connection)?)
    }
}

/// Which keys were named since the start, a bit for each number, 64 numbers in a row together: each is named once, before
/// anything is kept under its number for good.
#[derive(Default)]
pub(super) struct Named(HashMap<u32, u64>);

impl Named {
    /// Whether it was named.
    fn holds(&self, key: u32) -> bool {
        let (word, bit) = Self::bit(key);
        self.0.get(&word).is_some_and(|word| word & bit != 0)
    }

    /// Remembers that the key is named.
    fn add(&mut self, key: u32) {
        let (word, bit) = Self::bit(key);
        *self.0.entry(word).or_default() |= bit;
    }

    fn bit(key: u32) -> (u32, u64) {
        (key / 64, 1 << (key % 64))
    }
}

/// Notes the keys behind these numbers; those that are noted stay as they are.
fn name(connection: &mut Connection, keys: &[(u32, KeyId)]) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let add = "INSERT INTO counted_keys (key_no, id) VALUES (?, ?) ON CONFLICT DO NOTHING";
    let mut add = tx.prepare_cached(add)?;
    for (number, id) in keys {
        add.execute(params![number, id.0.as_bytes()])?;
    }
    drop(add);
    tx.commit()
}

/// Lets the keys of the state be read as `state`.
pub(super) fn attach(connection: &Connection, state: &Path) -> rusqlite::Result<()> {
    connection.execute("ATTACH DATABASE ? AS state", [state.to_string_lossy()])?;
    Ok(())
}

/// Ends [`attach`].
pub(super) fn detach(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DETACH DATABASE state")
}

/// The numbers that mean the same keys here and in the state.
fn known(connection: &Connection) -> rusqlite::Result<HashSet<KeyNumber>> {
    let mut select = connection.prepare(KNOWN)?;
    let numbers = select.query_map([], |row| Ok(KeyNumber(row.get(0)?)))?;
    numbers.collect()
}

/// Removes what was counted under the other numbers; the sums of users are made anew from what stays. Returns
/// how many keys that were.
fn keep(connection: &mut Connection) -> rusqlite::Result<usize> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    tx.execute_batch(&format!(
        "CREATE TEMP TABLE known (no INTEGER PRIMARY KEY); INSERT INTO known {KNOWN}"
    ))?;
    for table in ["totals", "hourly", "addresses", "old_token_hours", "old_token_addresses"] {
        tx.execute(&format!("DELETE FROM {table} WHERE key_no NOT IN (SELECT no FROM known)"), [])?;
    }
    let removed = tx.execute("DELETE FROM counted_keys WHERE key_no NOT IN (SELECT no FROM known)", [])?;
    tx.execute_batch(
        "DELETE FROM user_hourly;
         INSERT INTO user_hourly (user_no, hour, refused, count)
         SELECT k.user_no, h.hour, h.code <> 0, sum(h.count) FROM hourly h JOIN state.keys k ON k.no = h.key_no
         GROUP BY k.user_no, h.hour, h.code <> 0;
         DROP TABLE known",
    )?;
    tx.commit()?;
    Ok(removed)
}
