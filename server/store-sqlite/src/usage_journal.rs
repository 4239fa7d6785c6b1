//! The journal of `usage.db`: batches of uses, by generations that are folded whole.

use super::usage_log::SqliteUsageLog;
use crate::Trouble;
use crate::usage_entries::{
    FOLDED, MOVED, USES, folded_keys, folded_marks, moved_addresses, moved_marks, uses, write_uses,
};
use crate::usage_fold::{Unfolded, add_pieces};
use crate::use_sums::{KeySum, Piece};
use domain::time::Micros;
use rusqlite::{Connection, TransactionBehavior, params};
use std::collections::BTreeMap;
use store::Use;

/// Rows of the journal that one transaction removes, and the bytes in them after which it is enough.
pub(super) const DROP: i64 = 256;
pub(super) const DROP_BYTES: i64 = 256 * 1024;

/// A run of the journal that is folded as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Generation(pub(super) i64);

impl Generation {
    /// The one after it.
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Writes the row of a batch.
pub(super) fn insert_uses(
    connection: &Connection,
    seq: i64,
    at: Micros,
    entries: &[u8],
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO journal (seq, kind, at, entries) VALUES (?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![seq, USES, at.0, entries]).map(drop)
}

/// The generations that stand in the journal and what of each is not folded.
pub(super) fn unfolded(connection: &Connection) -> Result<Vec<(Generation, Vec<KeySum>)>, Trouble> {
    let mut select = connection.prepare("SELECT seq, kind, at, entries FROM journal ORDER BY seq")?;
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

impl SqliteUsageLog {
    /// Commits a batch as one row.
    pub(super) fn append_row(&mut self, at: Micros, uses: &[Use]) -> Result<(), Trouble> {
        let seq = self.next_seq(self.generation);
        write_uses(&mut self.buffer, uses)?;
        if uses.iter().any(|one| one.rotated_at.is_some()) {
            return self.append_with_old_tokens(seq, at, uses);
        }
        insert_uses(&self.connection, seq, at, &self.buffer)?;
        Ok(())
    }

    /// Moves pieces of a generation from the journal into the totals, in one transaction.
    pub(super) fn fold(&mut self, generation: Generation, pieces: &[Piece]) -> Result<(), Trouble> {
        let marks = [(FOLDED, folded_marks(pieces)?), (MOVED, moved_marks(pieces)?)]
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

    /// Removes part of a generation that is folded whole; returns whether any is left.
    pub(super) fn drop_generation(&mut self, generation: Generation) -> Result<bool, Trouble> {
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
