//! The mark of `usage.db`: in its row, and in the header of the file, where it is read without the log.

use super::moves::header;
use super::usage_log::SqliteUsageLog;
use crate::Trouble;
use domain::mark::Mark;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;
use store::StoreError;

impl SqliteUsageLog {
    /// The mark that the file has.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// Takes the mark of a start, synced, and begins a new log on it; uses are counted after that.
    pub(super) fn begin_with(&mut self, mark: Mark) -> Result<(), Trouble> {
        self.take(mark)?;
        self.bond.make_durable(mark);
        self.checkpoint()?;
        self.take(mark)?;
        if !self.durable {
            self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        Ok(())
    }

    /// Takes a mark.
    pub(super) fn take(&mut self, mark: Mark) -> rusqlite::Result<()> {
        write(&self.connection, mark, self.bond.base())?;
        self.mark = mark;
        self.bond.take(mark);
        Ok(())
    }

    /// Writes the mark that the state has announced. Any failure but a lock waits for the next second.
    pub(super) fn write_mark(&mut self) -> Result<(), Trouble> {
        let met = self.take(self.bond.wanted()).map_err(Trouble::from);
        self.mark_is_due = matches!(met, Err(Trouble(StoreError::Locked(_))));
        let refused = met.as_ref().err().filter(|_| !self.mark_is_due);
        if let Some(error) = refused.filter(|_| !self.mark_failed) {
            tracing::warn!(%error, "usage.db could not take its mark; it is tried again");
        }
        self.mark_failed = refused.is_some();
        met
    }

    /// Writes the mark of the end, through a connection of its own, once the log of uses is closed.
    pub(super) fn write_last_mark(path: &Path, mark: Mark) -> Result<(), Trouble> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(1))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let (_, base) = read(&connection)?;
        Ok(write(&connection, mark, base)?)
    }
}

/// The mark, and the one that the log was begun on.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<(Mark, Mark)> {
    connection
        .query_row("SELECT mark, base FROM installation", [], |r| Ok((Mark(r.get(0)?), Mark(r.get(1)?))))
}

/// Writes the mark and the one that the log was begun on, in one transaction.
pub(super) fn write(connection: &Connection, mark: Mark, base: Mark) -> rusqlite::Result<()> {
    let (header, mark, base) = (header(mark), mark.0, base.0);
    let done = connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; UPDATE installation SET mark = {mark}, base = {base};
         PRAGMA application_id = {header}; COMMIT"
    ));
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}

/// Moves the log into the file as far as others let it; returns whether that was all of it.
pub(super) fn empty_log(connection: &Connection, how: &str) -> rusqlite::Result<bool> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        let (busy, pages, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && pages == moved)
    })
}
