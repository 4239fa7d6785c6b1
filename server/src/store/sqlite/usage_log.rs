//! The writing side of the counts: `usage.db` through one rusqlite connection.

use super::belonging::holds_counts;
use super::bond::Bond;
use super::checkpoint::{CUT, Checkpointer};
use super::rows::corrupt;
use super::usage_keep::{Addresses, make_room};
use super::{cannot_open, usage_keep, usage_mark, usage_names};
use crate::store::{
    Generation, KeySum, OpenError, Piece, Refusal, StoreError, Total, UsageLog, Use, UseSums, Walk,
};
use domain::address::Address;
use domain::ids::{KeyId, KeyNo, UserNo};
use domain::mark::Mark;
use domain::time::Micros;
use domain::verdict::Code;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Each entry takes the file one version further; `PRAGMA user_version` says where it stands.
pub(super) const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/usage/0001_begin.sql"), include_str!("migrations/usage/0002_marks.sql")];
/// Bytes of one use in a journal row: key, user, address.
const ENTRY: usize = 24;
/// Bytes of one moved address in a journal row: key, address.
const MOVED_ENTRY: usize = 20;
/// Rows of the journal that one transaction removes, and the bytes in them after which it is enough.
const DROP: i64 = 256;
const DROP_BYTES: i64 = 256 * 1024;
/// Kinds of journal rows: uses; keys that are folded; addresses that are folded ahead of their keys.
pub(super) const USES: i64 = 0;
pub(super) const FOLDED: i64 = 1;
pub(super) const MOVED: i64 = 2;

/// The writing connection of `usage.db`.
pub struct SqliteUsageLog {
    pub(super) connection: Connection,
    /// The place of the last row of each generation that has any.
    places: HashMap<Generation, i64>,
    buffer: Vec<u8>,
    checkpointer: Checkpointer,
    pub(super) bond: Arc<Bond>,
    pub(super) mark: Mark,
    pub(super) durable: bool,
}

impl SqliteUsageLog {
    /// Opens the file of an installation. `state` is latchkey.db, whose keys are counted in it.
    pub(super) fn open(
        path: &Path,
        state: &Path,
        installation: Uuid,
        durable: bool,
        bond: Arc<Bond>,
    ) -> Result<Self, OpenError> {
        let (log, owner) = Self::claim(path, state, installation, durable, bond)?;
        if owner == installation { Ok(log) } else { Err(OpenError::Foreign) }
    }

    /// Makes the file of a new installation; answers its id. A file that a crash left here when it was made
    /// is taken, one with counts is somebody else's.
    pub(super) fn begin(
        path: &Path,
        state: &Path,
        durable: bool,
        bond: Arc<Bond>,
    ) -> Result<(Self, Uuid), OpenError> {
        if holds_counts(path)? {
            Err(OpenError::Foreign)
        } else {
            Self::claim(path, state, Uuid::now_v7(), durable, bond)
        }
    }

    fn claim(
        path: &Path,
        state: &Path,
        installation: Uuid,
        durable: bool,
        bond: Arc<Bond>,
    ) -> Result<(Self, Uuid), OpenError> {
        let io = |e: rusqlite::Error| cannot_open(path, e);
        let mut connection = Connection::open(path).map_err(io)?;
        prepare(&mut connection).map_err(io)?;
        let version: usize = connection.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(io)?;
        if version > MIGRATIONS.len() {
            return Err(OpenError::Newer { file: path.display().to_string() });
        }
        if version < MIGRATIONS.len() {
            migrate(&mut connection, version, state).map_err(io)?;
        }
        let owner = claim(&connection, installation).map_err(io)?;
        let places = last_places(&connection).map_err(io)?;
        let (mark, base) = usage_mark::read(&connection).map_err(io)?;
        bond.moved(base);
        let checkpointer = Checkpointer::start(path, Arc::clone(&bond))
            .map_err(|e| OpenError::Io { file: path.display().to_string(), reason: e.to_string() })?;
        let buffer = Vec::new();
        Ok((Self { connection, places, buffer, checkpointer, bond, mark, durable }, owner))
    }

    /// The last row that a transaction removes of these, and whether more are left; nothing where there is none.
    fn end_of_drop(&self, from: i64, to: i64) -> Result<Option<(i64, bool)>, StoreError> {
        let sql = "SELECT seq, length(entries) FROM journal WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![from, to, DROP])?;
        let (mut last, mut taken, mut bytes) = (None, 0, 0);
        while let Some(row) = rows.next()? {
            taken += 1;
            last = Some(row.get(0)?);
            bytes += row.get::<_, i64>(1)?;
            if bytes >= DROP_BYTES {
                break;
            }
        }
        Ok(last.map(|last| (last, taken == DROP || bytes >= DROP_BYTES)))
    }

    /// The primary key of the next row of a generation.
    fn next_seq(&mut self, generation: Generation) -> i64 {
        let place = self.places.entry(generation).or_default();
        *place += 1;
        (generation.0 << 32) | *place
    }
}

fn last_places(connection: &Connection) -> rusqlite::Result<HashMap<Generation, i64>> {
    let mut select =
        connection.prepare("SELECT seq >> 32, max(seq) & 4294967295 FROM journal GROUP BY seq >> 32")?;
    let places = select.query_map([], |row| Ok((Generation(row.get(0)?), row.get(1)?)))?;
    places.collect()
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The file itself and whose it is are safe from power loss, whatever the setting says of uses.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints run beside the hot path.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", CUT)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn migrate(connection: &mut Connection, version: usize, state: &Path) -> rusqlite::Result<()> {
    usage_names::attach(connection, state)?;
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        // Deferred: an immediate one would lock the state too.
        let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", done + 1)?;
        tx.commit()?;
    }
    usage_names::detach(connection)
}

/// Writes the installation into a new file; answers the one it belongs to.
fn claim(connection: &Connection, installation: Uuid) -> rusqlite::Result<Uuid> {
    connection.execute(
        "INSERT INTO installation (only, id) VALUES (1, ?) ON CONFLICT DO NOTHING",
        [installation.as_bytes().as_slice()],
    )?;
    let bytes: [u8; 16] = connection.query_row("SELECT id FROM installation", [], |r| r.get(0))?;
    Ok(Uuid::from_bytes(bytes))
}

impl UsageLog for SqliteUsageLog {
    fn wait_for_nobody(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.busy_timeout(Duration::ZERO)?)
    }

    fn is_emptied(&self) -> bool {
        self.bond.is_emptying()
    }

    fn append(&mut self, generation: Generation, at: Micros, uses: &[Use]) -> Result<(), StoreError> {
        let seq = self.next_seq(generation);
        self.buffer.clear();
        for one in uses {
            self.buffer.extend_from_slice(&one.key.0.to_le_bytes());
            self.buffer.extend_from_slice(&one.user.0.to_le_bytes());
            self.buffer.extend_from_slice(&one.address.to_bytes());
        }
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO journal (seq, kind, at, entries) VALUES (?, ?, ?, ?)")?;
        insert.execute(params![seq, USES, at.0, self.buffer])?;
        Ok(())
    }

    fn fold(&mut self, generation: Generation, pieces: &[Piece]) -> Result<(), StoreError> {
        let marks = [(FOLDED, folded_marks(pieces)), (MOVED, moved_marks(pieces))]
            .map(|(kind, entries)| (self.next_seq(generation), kind, entries));
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        add_pieces(&tx, pieces)?;
        for (seq, kind, entries) in marks.iter().filter(|(.., entries)| !entries.is_empty()) {
            tx.prepare_cached("INSERT INTO journal (seq, kind, at, entries) VALUES (?, ?, 0, ?)")?
                .execute(params![seq, kind, entries])?;
        }
        tx.commit()?;
        self.bond.counted();
        Ok(())
    }

    fn drop_generation(&mut self, generation: Generation) -> Result<bool, StoreError> {
        // In the order of seq: the rows that say "folded" go last, so a crash in between counts nothing twice.
        let (from, to) = (generation.0 << 32, (generation.0 + 1) << 32);
        let Some((last, more)) = self.end_of_drop(from, to)? else {
            self.places.remove(&generation);
            return Ok(false);
        };
        self.connection
            .prepare_cached("DELETE FROM journal WHERE seq >= ? AND seq <= ?")?
            .execute(params![from, last])?;
        if !more {
            self.places.remove(&generation);
        }
        Ok(more)
    }

    fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut users: HashMap<(UserNo, i64), u64> = HashMap::new();
        let mut hours = Hours::prepare(&tx)?;
        for (refusal, count) in refusals {
            hours.add(refusal.key, refusal.hour, refusal.code, *count)?;
            *users.entry((refusal.user, refusal.hour)).or_default() += count;
        }
        drop(hours);
        add_user_hours(&tx, true, users)?;
        tx.commit()?;
        self.bond.counted();
        Ok(())
    }

    fn totals(&mut self, each: &mut dyn FnMut(Total)) -> Result<(), StoreError> {
        let mut select = self.connection.prepare("SELECT key_no, times_used, last_used FROM totals")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            each(Total { key: KeyNo(row.get(0)?), count: row.get(1)?, last: Micros(row.get(2)?) });
        }
        Ok(())
    }

    fn unfolded(&mut self) -> Result<Vec<(Generation, Vec<KeySum>)>, StoreError> {
        let mut select =
            self.connection.prepare("SELECT seq, kind, at, entries FROM journal ORDER BY seq")?;
        let mut rows = select.query([])?;
        let mut found: BTreeMap<Generation, Unfolded> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let left = found.entry(Generation(row.get::<_, i64>(0)? >> 32)).or_default();
            let entries: Vec<u8> = row.get(3)?;
            match row.get(1)? {
                FOLDED => left.folded.extend(folded_keys(&entries)),
                MOVED => left.moved.extend(moved_addresses(&entries)),
                _ => {
                    let at = Micros(row.get(2)?);
                    uses(&entries)?.for_each(|one| left.sums.add(one, at));
                }
            }
        }
        Ok(found.into_iter().map(|(generation, left)| (generation, left.into_sums())).collect())
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.connection.execute("UPDATE installation SET only = only", [])?;
        Ok(())
    }

    fn forget(&mut self, before: i64, from: Walk) -> Result<Option<Walk>, StoreError> {
        Ok(usage_keep::forget(&self.connection, before, from)?)
    }

    fn helpers(&self) -> Result<(), StoreError> {
        self.checkpointer.alive()
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        if usage_mark::empty_log(&self.connection, "PASSIVE")? {
            self.bond.moved(self.mark);
        }
        Ok(())
    }

    fn name_keys(&mut self, keys: &[(KeyNo, KeyId)]) -> Result<(), StoreError> {
        Ok(usage_names::name(&mut self.connection, keys)?)
    }

    fn upkeep(&mut self) -> Result<(), StoreError> {
        let wanted = self.bond.wanted();
        if wanted > self.mark {
            self.take(wanted)?;
        }
        Ok(())
    }
}

/// What a run that was not stopped left of a generation.
#[derive(Default)]
struct Unfolded {
    sums: UseSums,
    folded: HashSet<KeyNo>,
    moved: HashSet<(KeyNo, Address)>,
}

impl Unfolded {
    fn into_sums(self) -> Vec<KeySum> {
        let Self { sums, folded, moved } = self;
        let mut left = sums.into_sorted();
        left.retain(|sum| !folded.contains(&sum.key));
        for sum in &mut left {
            let key = sum.key;
            sum.addresses.retain(|(address, ..)| !moved.contains(&(key, *address)));
        }
        left
    }
}

fn add_pieces(tx: &Transaction<'_>, pieces: &[Piece]) -> rusqlite::Result<()> {
    let mut users: HashMap<(UserNo, i64), u64> = HashMap::new();
    let (mut totals, mut hours) = (tx.prepare_cached(ADD_TOTAL)?, Hours::prepare(tx)?);
    let mut addresses = Addresses::prepare(tx)?;
    for piece in pieces {
        match piece {
            Piece::Addresses(key, more) => {
                addresses.add(*key, more)?;
            }
            Piece::Key(sum) => {
                totals.execute(params![sum.key.0, sum.user.0, sum.count, sum.last.0])?;
                for (hour, count) in &sum.hours {
                    hours.add(sum.key, *hour, Code::Valid, *count)?;
                    *users.entry((sum.user, *hour)).or_default() += count;
                }
                if addresses.add(sum.key, &sum.addresses)? {
                    make_room(tx, sum.key)?;
                }
            }
            Piece::Room(key) => make_room(tx, *key)?,
        }
    }
    add_user_hours(tx, false, users)
}

const ADD_TOTAL: &str = "INSERT INTO totals (key_no, user_no, times_used, last_used) VALUES (?, ?, ?, ?)
    ON CONFLICT (key_no) DO UPDATE SET times_used = times_used + excluded.times_used,
    last_used = max(last_used, excluded.last_used)";

/// Adds to the hours of keys. It is prepared once for the rows of a transaction, as looking a statement up is a
/// good part of what a row costs.
struct Hours<'c>(CachedStatement<'c>);

impl<'c> Hours<'c> {
    fn prepare(tx: &'c Transaction<'_>) -> rusqlite::Result<Self> {
        let add = "INSERT INTO hourly (key_no, hour, code, count) VALUES (?, ?, ?, ?)
             ON CONFLICT (key_no, hour, code) DO UPDATE SET count = count + excluded.count";
        tx.prepare_cached(add).map(Self)
    }

    fn add(&mut self, key: KeyNo, hour: i64, code: Code, count: u64) -> rusqlite::Result<()> {
        self.0.execute(params![key.0, hour, code as u8, count]).map(drop)
    }
}

fn add_user_hours(
    tx: &Transaction<'_>,
    refused: bool,
    users: HashMap<(UserNo, i64), u64>,
) -> rusqlite::Result<()> {
    let mut add = tx.prepare_cached(
        "INSERT INTO user_hourly (user_no, hour, refused, count) VALUES (?, ?, ?, ?)
         ON CONFLICT (user_no, hour, refused) DO UPDATE SET count = count + excluded.count",
    )?;
    for ((user, hour), count) in users {
        add.execute(params![user.0, hour, refused, count])?;
    }
    Ok(())
}

/// The uses of one journal row.
pub(super) fn uses(entries: &[u8]) -> Result<impl Iterator<Item = Use> + '_, StoreError> {
    let (entries, rest) = entries.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(corrupt("journal row"));
    }
    Ok(entries.iter().map(|entry| {
        let number = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
        let mut address = [0_u8; 16];
        address.copy_from_slice(&entry[8..]);
        Use { key: KeyNo(number(0)), user: UserNo(number(4)), address: Address::from_bytes(address) }
    }))
}

/// The keys that a row of folded ones names.
pub(super) fn folded_keys(entries: &[u8]) -> impl Iterator<Item = KeyNo> + '_ {
    entries.as_chunks::<4>().0.iter().map(|bytes| KeyNo(u32::from_le_bytes(*bytes)))
}

fn folded_marks(pieces: &[Piece]) -> Vec<u8> {
    let folded = pieces.iter().filter_map(|piece| match piece {
        Piece::Key(sum) => Some(sum.key.0.to_le_bytes()),
        Piece::Addresses(..) | Piece::Room(_) => None,
    });
    folded.flatten().collect()
}

fn moved_marks(pieces: &[Piece]) -> Vec<u8> {
    let mut marks = Vec::new();
    for piece in pieces {
        let Piece::Addresses(key, addresses) = piece else { continue };
        for (address, ..) in addresses {
            marks.extend_from_slice(&key.0.to_le_bytes());
            marks.extend_from_slice(&address.to_bytes());
        }
    }
    marks
}

/// The addresses that a row of moved ones names, with their keys.
pub(super) fn moved_addresses(entries: &[u8]) -> impl Iterator<Item = (KeyNo, Address)> + '_ {
    entries.as_chunks::<MOVED_ENTRY>().0.iter().map(|bytes| {
        let (mut key, mut address) = ([0_u8; 4], [0_u8; 16]);
        key.copy_from_slice(&bytes[..4]);
        address.copy_from_slice(&bytes[4..]);
        (KeyNo(u32::from_le_bytes(key)), Address::from_bytes(address))
    })
}

#[cfg(test)]
mod tests;
