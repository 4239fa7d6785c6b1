//! The writing side of the counts: `usage.db` through one rusqlite connection.

use super::belonging::holds_counts;
use super::bond::Bond;
use super::checkpoint::Checkpointer;
use super::usage_entries::{
    FOLDED, MOVED, USES, folded_keys, folded_marks, moved_addresses, moved_marks, uses, write_uses,
};
use super::usage_fold::{Hours, Unfolded, add_pieces, add_user_hours};
use super::usage_open::{MIGRATIONS, claim, last_places, migrate, prepare};
use super::{cannot_open, usage_keep, usage_mark, usage_names};
use crate::OpenError;
use crate::Trouble;
use domain::ids::{KeyId, KeyNo, UserNo};
use domain::mark::Mark;
use domain::time::Micros;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Generation, KeySum, Piece, Refusal, StoreError, Total, UsageLog, Use, Walk};
use uuid::Uuid;

/// Rows of the journal that one transaction removes, and the bytes in them after which it is enough.
const DROP: i64 = 256;
const DROP_BYTES: i64 = 256 * 1024;
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
    fn end_of_drop(&self, from: i64, to: i64) -> Result<Option<(i64, bool)>, Trouble> {
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

impl SqliteUsageLog {
    fn wait_for_nobody(&mut self) -> Result<(), Trouble> {
        Ok(self.connection.busy_timeout(Duration::ZERO)?)
    }

    fn is_emptied(&self) -> bool {
        self.bond.is_emptying()
    }

    fn append(&mut self, generation: Generation, at: Micros, uses: &[Use]) -> Result<(), Trouble> {
        let seq = self.next_seq(generation);
        write_uses(&mut self.buffer, uses);
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO journal (seq, kind, at, entries) VALUES (?, ?, ?, ?)")?;
        insert.execute(params![seq, USES, at.0, self.buffer])?;
        Ok(())
    }

    fn fold(&mut self, generation: Generation, pieces: &[Piece]) -> Result<(), Trouble> {
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

    fn drop_generation(&mut self, generation: Generation) -> Result<bool, Trouble> {
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

    fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), Trouble> {
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

    fn totals(&mut self, each: &mut dyn FnMut(Total)) -> Result<(), Trouble> {
        let mut select = self.connection.prepare("SELECT key_no, times_used, last_used FROM totals")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            each(Total { key: KeyNo(row.get(0)?), count: row.get(1)?, last: Micros(row.get(2)?) });
        }
        Ok(())
    }

    fn unfolded(&mut self) -> Result<Vec<(Generation, Vec<KeySum>)>, Trouble> {
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

    fn probe(&mut self) -> Result<(), Trouble> {
        self.connection.execute("UPDATE installation SET only = only", [])?;
        Ok(())
    }

    fn forget(&mut self, before: i64, from: Walk) -> Result<Option<Walk>, Trouble> {
        Ok(usage_keep::forget(&self.connection, before, from)?)
    }

    fn helpers(&self) -> Result<(), Trouble> {
        self.checkpointer.alive()
    }

    fn checkpoint(&mut self) -> Result<(), Trouble> {
        if usage_mark::empty_log(&self.connection, "PASSIVE")? {
            self.bond.moved(self.mark);
        }
        Ok(())
    }

    fn name_keys(&mut self, keys: &[(KeyNo, KeyId)]) -> Result<(), Trouble> {
        Ok(usage_names::name(&mut self.connection, keys)?)
    }

    fn upkeep(&mut self) -> Result<(), Trouble> {
        let wanted = self.bond.wanted();
        if wanted > self.mark {
            self.take(wanted)?;
        }
        Ok(())
    }
}

/// What the engine says, in the words of the store.
impl UsageLog for SqliteUsageLog {
    fn wait_for_nobody(&mut self) -> Result<(), StoreError> {
        Ok(Self::wait_for_nobody(self)?)
    }

    fn is_emptied(&self) -> bool {
        Self::is_emptied(self)
    }

    fn append(&mut self, generation: Generation, at: Micros, uses: &[Use]) -> Result<(), StoreError> {
        Ok(Self::append(self, generation, at, uses)?)
    }

    fn fold(&mut self, generation: Generation, pieces: &[Piece]) -> Result<(), StoreError> {
        Ok(Self::fold(self, generation, pieces)?)
    }

    fn drop_generation(&mut self, generation: Generation) -> Result<bool, StoreError> {
        Ok(Self::drop_generation(self, generation)?)
    }

    fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        Ok(Self::refuse(self, refusals)?)
    }

    fn totals(&mut self, each: &mut dyn FnMut(Total)) -> Result<(), StoreError> {
        Ok(Self::totals(self, each)?)
    }

    fn name_keys(&mut self, keys: &[(KeyNo, KeyId)]) -> Result<(), StoreError> {
        Ok(Self::name_keys(self, keys)?)
    }

    fn unfolded(&mut self) -> Result<Vec<(Generation, Vec<KeySum>)>, StoreError> {
        Ok(Self::unfolded(self)?)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        Ok(Self::probe(self)?)
    }

    fn forget(&mut self, before: i64, from: Walk) -> Result<Option<Walk>, StoreError> {
        Ok(Self::forget(self, before, from)?)
    }

    fn helpers(&self) -> Result<(), StoreError> {
        Ok(Self::helpers(self)?)
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        Ok(Self::checkpoint(self)?)
    }

    fn upkeep(&mut self) -> Result<(), StoreError> {
        Ok(Self::upkeep(self)?)
    }
}

#[cfg(test)]
mod tests;
