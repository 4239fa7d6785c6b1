//! Moves the mark on (domain/mark.rs): at the start, while anything changes, and at the end. Runs on the writer of the state.
//!
//! The order of the steps lets a crash at any moment leave two files that are one state: latchkey.db announces the mark,
//! synced; usage.db takes it; when that is synced too, latchkey.db records that usage.db has it. No other mark is announced
//! before that.

use super::bond::Bond;
use super::usage_log::SqliteUsageLog;
use crate::Trouble;
use domain::mark::Mark;
use domain::time::Micros;
use sqlx::{AssertSqlSafe, Executor, Row, SqliteConnection};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use store::StoreError;

/// How often the next step of a move is due.
pub(super) const EVERY: Duration = Duration::from_millis(2500);
/// The pages that the log of latchkey.db may hold before a move empties it. SQLite itself empties it far later (open.rs),
/// because a log that SQLite begins anew holds no mark until the next move.
const GROWN: i64 = 256;

/// Where the marks of the two files stand.
pub(super) struct Moves {
    bond: Arc<Bond>,
    usage: PathBuf,
    mark: Mark,
    base: Mark,
    /// The mark is announced, and the counts may not have it yet.
    is_announced: bool,
    changed: bool,
}

impl Moves {
    /// The move of a start, whole, before anything else is written. So each later copy of a file names its run, and each log
    /// begins on a file of this run.
    pub(super) async fn begin(
        connection: &mut SqliteConnection,
        log: &mut SqliteUsageLog,
        bond: Arc<Bond>,
        usage: PathBuf,
    ) -> Result<Self, Trouble> {
        let row = sqlx::query("SELECT mark, base FROM installation").fetch_one(&mut *connection).await?;
        let (mark, base) = (mark(&row, 0)?, mark(&row, 1)?);
        let counts = log.mark();
        let mut moves =
            Self { bond, usage, mark: mark.max(counts), base, is_announced: false, changed: false };
        moves.announce(connection, counts).await?;
        moves.empty_log(connection, "TRUNCATE").await;
        log.begin_with(moves.mark)?;
        moves.bond.want(moves.mark);
        moves.note_taken(connection).await?;
        Ok(moves)
    }

    /// Something of the state changed.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// The next step, if one is due; returns whether one was.
    pub(super) async fn step(&mut self, connection: &mut SqliteConnection) -> Result<bool, Trouble> {
        if self.is_announced {
            if !self.bond.is_durable(self.mark) {
                return Ok(false);
            }
            return self.note_taken(connection).await.map(|()| true);
        }
        let counted = self.bond.has_counted();
        if !counted && !self.changed {
            return Ok(false);
        }
        self.changed = false;
        if let Err(error) = self.announce(connection, self.mark).await {
            self.changed = true;
            return Err(error);
        }
        self.bond.want(self.mark);
        if log_pages(connection).await? >= GROWN {
            self.empty_log(connection, "PASSIVE").await;
            if self.base == self.mark {
                // The next commit begins the log anew. It has to be this one: a log without a base is not told
                // from the log of another file, should the process be killed before the move ends.
                commit(connection, format!("UPDATE installation SET base = {}", self.base.0)).await?;
            }
        }
        Ok(true)
    }

    /// The last move, whole. The log of uses is closed by now, so this writes its mark too.
    pub(super) async fn end(mut self, connection: &mut SqliteConnection) -> Result<(), Trouble> {
        if !self.is_announced {
            if !self.bond.has_counted() && !self.changed {
                return Ok(());
            }
            self.announce(connection, self.mark).await?;
        }
        let (usage, mark) = (self.usage.clone(), self.mark);
        let written =
            tokio::task::spawn_blocking(move || SqliteUsageLog::write_last_mark(&usage, mark)).await;
        written.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        self.note_taken(connection).await
    }

    /// `known`: the mark that the counts have.
    async fn announce(&mut self, connection: &mut SqliteConnection, known: Mark) -> Result<(), Trouble> {
        let mark = self.mark.next(now());
        let sql = format!(
            "UPDATE installation SET mark = {}, known = {}; PRAGMA application_id = {}",
            mark.0,
            known.0,
            header(mark)
        );
        commit(connection, sql).await?;
        (self.mark, self.is_announced) = (mark, true);
        Ok(())
    }

    async fn note_taken(&mut self, connection: &mut SqliteConnection) -> Result<(), Trouble> {
        let (mark, base) = (self.mark.0, self.base.0);
        commit(connection, format!("UPDATE installation SET known = {mark}, base = {base}")).await?;
        self.is_announced = false;
        Ok(())
    }

    /// Moves the log into the file as far as readers let it. If all of it was moved, the next log begins on this mark.
    async fn empty_log(&mut self, connection: &mut SqliteConnection, how: &str) {
        match checkpoint(connection, how).await {
            Ok((0, pages, moved)) if pages == moved => self.base = self.mark,
            Ok(_) => {}
            // Nothing is lost: the log keeps what it holds.
            Err(error) => tracing::warn!(%error, "latchkey.db could not be checkpointed"),
        }
    }
}

/// The mark as SQLite takes it into the header of a file.
pub(super) fn header(mark: Mark) -> i32 {
    mark.short().cast_signed()
}

fn mark(row: &sqlx::sqlite::SqliteRow, column: usize) -> Result<Mark, Trouble> {
    Ok(Mark(row.try_get(column)?))
}

fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

async fn log_pages(connection: &mut SqliteConnection) -> Result<i64, Trouble> {
    Ok(checkpoint(connection, "NOOP").await?.1)
}

/// Returns whether another connection was in the way, the pages of the log, and how many of them are in the file now.
async fn checkpoint(connection: &mut SqliteConnection, how: &str) -> Result<(i64, i64, i64), Trouble> {
    let sql = AssertSqlSafe(format!("PRAGMA wal_checkpoint({how})"));
    let row = sqlx::query(sql).fetch_one(connection).await?;
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

async fn commit(connection: &mut SqliteConnection, sql: String) -> Result<(), Trouble> {
    let sql = format!("BEGIN IMMEDIATE; {sql}; COMMIT");
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await;
    if done.is_err() {
        // The transaction may have failed before it began; then there is nothing to roll back.
        let _ = connection.execute("ROLLBACK").await;
    }
    done.map(drop).map_err(Into::into)
}
