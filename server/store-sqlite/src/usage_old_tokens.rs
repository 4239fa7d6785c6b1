//! Uses by tokens that keys had before: a journal of their own, which few batches write, and what it is folded into.
//!
//! A row of this journal is removed in the transaction that adds it to the tables, so every use is in one of the two, at
//! every commit.

use super::SqliteStore;
use super::rows::{corrupt, stored_address};
use super::usage_journal::insert_uses;
use super::usage_log::SqliteUsageLog;
use super::usage_read::Turns;
use crate::Trouble;
use crate::row_numbers::short;
use crate::statements::sql;
use crate::use_sums::FOLD_ROWS;
use domain::address::Address;
use domain::ids::KeyNumber;
use domain::time::Micros;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sqlx::Row;
use std::collections::{BTreeMap, HashMap};
use store::{ADDRESSES, AddressUses, OldTokenUses, Use};

/// Bytes of one use: key, time of the rotation, address.
const ENTRY: usize = 28;
/// Uses of one row. A step that has begun to write fewer than [`FOLD_ROWS`] rows takes one more of these.
const ROW_USES: usize = FOLD_ROWS / 4;
/// Rows that one step reads.
const ROWS: i64 = 64;

/// A token that a key had until it was rotated at that time.
type Token = (KeyNumber, Micros);

/// Whether rows wait in the journal of old tokens, and whether they are to be folded now.
#[derive(Clone, Copy, Default)]
pub(super) struct OldTokens {
    is_waiting: bool,
    is_due: bool,
}

impl OldTokens {
    /// What an earlier run left.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT EXISTS (SELECT 1 FROM old_token_journal)";
        let is_waiting = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(Self { is_waiting, is_due: false })
    }

    /// Folds what waits, from now on.
    pub(super) fn begin(&mut self) {
        self.is_due = self.is_waiting;
    }

    pub(super) fn is_due(self) -> bool {
        self.is_due
    }

    pub(super) fn is_waiting(self) -> bool {
        self.is_waiting
    }
}

impl SqliteUsageLog {
    /// Commits a batch in which there are uses by old tokens; `buffer` holds it as its row in the journal.
    pub(super) fn append_with_old_tokens(
        &mut self,
        seq: i64,
        at: Micros,
        uses: &[Use],
    ) -> Result<(), Trouble> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        insert_uses(&tx, seq, at, &self.buffer)?;
        let sql = "INSERT INTO old_token_journal (at, entries) VALUES (?, ?)";
        for row in written(uses)?.chunks(ROW_USES * ENTRY) {
            tx.prepare_cached(sql)?.execute(params![at.0, row])?;
        }
        tx.commit()?;
        self.old_tokens.is_waiting = true;
        Ok(())
    }

    /// Moves some rows of the journal of old tokens into the tables. After a lock the same step is tried again, after
    /// another failure when it is due anew.
    pub(super) fn fold_old_tokens(&mut self) -> Result<(), Trouble> {
        let met = self.fold_some_old_tokens();
        match &met {
            Ok(()) => {}
            Err(Trouble(error)) if error.is_lock() => {}
            Err(error) => {
                tracing::error!(%error, "uses of old tokens could not be folded");
                self.old_tokens.is_due = false;
            }
        }
        met
    }

    fn fold_some_old_tokens(&mut self) -> Result<(), Trouble> {
        let (sums, last) = self.sum_old_tokens()?;
        let Some(last) = last else {
            self.old_tokens = OldTokens::default();
            return Ok(());
        };
        self.name(sums.0.keys().map(|(key, _)| *key))?;
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        sums.add(&tx)?;
        tx.prepare_cached("DELETE FROM old_token_journal WHERE seq <= ?")?.execute([last])?;
        tx.commit()?;
        self.bond.counted();
        Ok(())
    }

    /// The sums of the first rows, and the last of these rows.
    fn sum_old_tokens(&self) -> Result<(Sums, Option<i64>), Trouble> {
        let sql = "SELECT seq, at, entries FROM old_token_journal ORDER BY seq LIMIT ?";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([ROWS])?;
        let (mut sums, mut last) = (Sums::default(), None);
        while let Some(row) = rows.next()? {
            if sums.rows() >= FOLD_ROWS {
                break;
            }
            let at = Micros(row.get(1)?);
            for (token, address) in read(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)? {
                sums.0.entry(token).or_default().count(address, at);
            }
            last = Some(row.get(0)?);
        }
        Ok((sums, last))
    }
}

/// The uses by old tokens among these.
fn written(uses: &[Use]) -> Result<Vec<u8>, Trouble> {
    let mut entries = Vec::new();
    for one in uses {
        let Some(rotated_at) = one.rotated_at else { continue };
        entries.extend_from_slice(&short(one.key.0)?.to_le_bytes());
        entries.extend_from_slice(&rotated_at.0.to_le_bytes());
        entries.extend_from_slice(&one.address.to_bytes());
    }
    Ok(entries)
}

/// The uses of one row.
fn read(entries: &[u8]) -> Result<impl Iterator<Item = (Token, Address)> + '_, Trouble> {
    let (entries, rest) = entries.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(corrupt("journal row of old tokens"));
    }
    Ok(entries.iter().map(|entry| {
        let (mut key, mut at, mut address) = ([0; 4], [0; 8], [0; 16]);
        key.copy_from_slice(&entry[..4]);
        at.copy_from_slice(&entry[4..12]);
        address.copy_from_slice(&entry[12..]);
        let token = (KeyNumber(u32::from_le_bytes(key).into()), Micros(i64::from_le_bytes(at)));
        (token, Address::from_bytes(address))
    }))
}

/// Uses by token.
#[derive(Default)]
struct Sums(BTreeMap<Token, Sum>);

#[derive(Default)]
struct Sum {
    hours: BTreeMap<i64, u64>,
    addresses: HashMap<Address, AddressUses>,
}

impl Sum {
    fn count(&mut self, address: Address, at: Micros) {
        *self.hours.entry(at.hour()).or_default() += 1;
        self.add(AddressUses { address, count: 1, first: at, last: at });
    }

    fn add(&mut self, uses: AddressUses) {
        let known = self.addresses.entry(uses.address).or_insert(AddressUses { count: 0, ..uses });
        known.count += uses.count;
        known.first = known.first.min(uses.first);
        known.last = known.last.max(uses.last);
    }
}

impl Sums {
    /// Rows that adding them writes.
    fn rows(&self) -> usize {
        self.0.values().map(|sum| sum.hours.len() + sum.addresses.len()).sum()
    }

    fn add(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut hour = tx.prepare_cached(
            "INSERT INTO old_token_hours (key_no, hour, rotated_at, count) VALUES (?, ?, ?, ?)
             ON CONFLICT (key_no, hour, rotated_at) DO UPDATE SET count = count + excluded.count",
        )?;
        let mut address = tx.prepare_cached(
            "INSERT INTO old_token_addresses (key_no, rotated_at, address, count, first_at, last_at)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (key_no, rotated_at, address) DO UPDATE SET count = count + excluded.count,
             first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)",
        )?;
        let mut room = FOLD_ROWS;
        for ((key, rotated_at), sum) in &self.0 {
            for (at, count) in &sum.hours {
                hour.execute(params![key.0, at, rotated_at.0, count])?;
            }
            for uses in sum.addresses.values() {
                let from = uses.address.to_bytes();
                address.execute(params![key.0, rotated_at.0, from, uses.count, uses.first.0, uses.last.0])?;
            }
            room -= make_room(tx, *key, *rotated_at, room)?.min(room);
        }
        Ok(())
    }
}

/// Removes at most so many addresses: those of earlier rotations of the key, then those beyond [`ADDRESSES`] that were
/// silent for longest. Returns how many.
fn make_room(
    tx: &Transaction<'_>,
    key: KeyNumber,
    rotated_at: Micros,
    most: usize,
) -> rusqlite::Result<usize> {
    let earlier = tx
        .prepare_cached(
            "DELETE FROM old_token_addresses WHERE (key_no, rotated_at, address) IN
             (SELECT key_no, rotated_at, address FROM old_token_addresses
             WHERE key_no = ?1 AND rotated_at < ?2 LIMIT ?3)",
        )?
        .execute(params![key.0, rotated_at.0, most])?;
    let held: usize = tx
        .prepare_cached("SELECT count(*) FROM old_token_addresses WHERE key_no = ? AND rotated_at = ?")?
        .query_row(params![key.0, rotated_at.0], |row| row.get(0))?;
    let more = held.saturating_sub(ADDRESSES).min(most.saturating_sub(earlier));
    if more == 0 {
        return Ok(earlier);
    }
    let silent = tx
        .prepare_cached(
            "DELETE FROM old_token_addresses WHERE key_no = ?1 AND rotated_at = ?2 AND address IN
             (SELECT address FROM old_token_addresses WHERE key_no = ?1 AND rotated_at = ?2
             ORDER BY last_at, address DESC LIMIT ?3)",
        )?
        .execute(params![key.0, rotated_at.0, more])?;
    Ok(earlier + silent)
}

/// What is folded and what waits, from one snapshot.
const USES: &str =
    "SELECT 0 AS kind, hour AS at, 0 AS last_at, count, NULL AS entries FROM usage.old_token_hours
    WHERE key_no = ?1 AND rotated_at = ?2 AND hour >= ?3
    UNION ALL SELECT 1, first_at, last_at, count, address FROM usage.old_token_addresses
    WHERE key_no = ?1 AND rotated_at = ?2
    UNION ALL SELECT 2, at, 0, 0, entries FROM usage.old_token_journal";
const HOURS: i64 = 0;
const ADDRESS: i64 = 1;

/// The uses by the token that a key had until it was rotated at that time.
pub(super) async fn find(
    store: &SqliteStore,
    key: KeyNumber,
    rotated_at: Micros,
    days: [i64; 2],
) -> Result<OldTokenUses, Trouble> {
    let rows = sql!(USES, key.0, rotated_at.0, days[1]).fetch_all(&store.readers).await?;
    let (mut found, mut seen, mut turns) = (OldTokenUses::default(), Sum::default(), Turns::default());
    for row in &rows {
        let (at, count) = (row.try_get("at")?, row.try_get::<i64, _>("count")?.unsigned_abs());
        match row.try_get::<i64, _>("kind")? {
            HOURS => found.add(days, at, count),
            ADDRESS => {
                let address = stored_address(row.try_get("entries")?)?;
                let last = Micros(row.try_get("last_at")?);
                seen.add(AddressUses { address, count, first: Micros(at), last });
            }
            _ => {
                let entries: &[u8] = row.try_get("entries")?;
                turns.read(entries).await;
                let wanted = read(entries)?.filter(|(token, _)| *token == (key, rotated_at));
                wanted.for_each(|(_, address)| seen.count(address, Micros(at)));
            }
        }
    }
    for (hour, count) in seen.hours {
        found.add(days, hour, count);
    }
    found.addresses = seen.addresses.into_values().collect();
    found.addresses.sort_unstable_by_key(|uses| (std::cmp::Reverse(uses.last), uses.address.to_bytes()));
    Ok(found)
}
