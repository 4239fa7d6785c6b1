//! The writing side of the counts: `usage.db` through one rusqlite connection, on the thread that verifies.
//!
//! What is appended survives the death of the process when the call returns, with `durable` also power loss. A lock is waited
//! for only before the first use; from then on it is an error at once. No transaction writes many rows.

use super::belonging::holds_counts;
use super::bond::Bond;
use super::checkpoint::Checkpointer;
use super::usage_fold::{Hours, add_user_hours};
use super::usage_folding::{Folding, Gathered};
use super::usage_journal::Generation;
use super::usage_names::Named;
use super::usage_old_tokens::OldTokens;
use super::usage_open::{MIGRATIONS, claim, last_places, migrate, prepare};
use super::usage_sweep::Sweep;
use super::{cannot_open, row_numbers, usage_keep, usage_mark};
use crate::OpenError;
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::UserNumber;
use domain::mark::Mark;
use domain::time::Micros;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Change, Lag, Refusal, StoreError, Total, UsageLog, Use, Watcher};
use uuid::Uuid;

/// After how many seconds the journal is folded.
const FOLD_EVERY: u32 = 5;

/// The writing connection of `usage.db`.
pub struct SqliteUsageLog {
    pub(super) connection: Connection,
    /// The place of the last row of each generation that has any.
    pub(super) places: HashMap<Generation, i64>,
    pub(super) buffer: Vec<u8>,
    /// Knows the ids of the keys that are counted.
    pub(super) watcher: Arc<dyn Watcher>,
    /// The generation that is being written, and its sums.
    pub(super) generation: Generation,
    pub(super) gathered: Gathered,
    pub(super) folding: Option<Folding>,
    /// A fold that the database refused, until the next one is due.
    pub(super) stalled: Option<Folding>,
    pub(super) named: Named,
    pub(super) old_tokens: OldTokens,
    sweep: Sweep,
    /// Seconds that were counted.
    seconds: u32,
    /// Whether the state has announced a mark that is to be written.
    pub(super) mark_is_due: bool,
    /// Whether the last mark was refused, which is logged once.
    pub(super) mark_failed: bool,
    /// Whether the last write that somebody waited for worked.
    works: bool,
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
        watcher: Arc<dyn Watcher>,
    ) -> Result<Self, OpenError> {
        let (log, owner) = Self::claim(path, state, installation, durable, bond, watcher)?;
        if owner == installation { Ok(log) } else { Err(OpenError::Foreign) }
    }

    /// Makes the file of a new installation; returns its id. A file that a crash left while it was made is taken, one with
    /// counts belongs to another installation.
    pub(super) fn begin(
        path: &Path,
        state: &Path,
        durable: bool,
        bond: Arc<Bond>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<(Self, Uuid), OpenError> {
        if holds_counts(path)? {
            Err(OpenError::Foreign)
        } else {
            Self::claim(path, state, Uuid::now_v7(), durable, bond, watcher)
        }
    }

    fn claim(
        path: &Path,
        state: &Path,
        installation: Uuid,
        durable: bool,
        bond: Arc<Bond>,
        watcher: Arc<dyn Watcher>,
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
        let old_tokens = OldTokens::read(&connection).map_err(io)?;
        let (mark, base) = usage_mark::read(&connection).map_err(io)?;
        bond.moved(base);
        let checkpointer = Checkpointer::start(path, Arc::clone(&bond))
            .map_err(|e| OpenError::Io { file: path.display().to_string(), reason: e.to_string() })?;
        let log = Self {
            connection,
            places,
            buffer: Vec::new(),
            watcher,
            generation: Generation::default(),
            gathered: Gathered::default(),
            folding: None,
            stalled: None,
            named: Named::default(),
            old_tokens,
            sweep: Sweep::default(),
            seconds: 0,
            mark_is_due: false,
            mark_failed: false,
            works: true,
            checkpointer,
            bond,
            mark,
            durable,
        };
        Ok((log, owner))
    }
}

impl SqliteUsageLog {
    /// Takes in what a write met that somebody waits for.
    fn met<T>(&mut self, met: Result<T, Trouble>) -> Result<T, StoreError> {
        self.works = met.is_ok();
        self.told(met)
    }

    /// A lock that the checkpoint of our own log holds is told apart from one of another program.
    fn told<T>(&self, met: Result<T, Trouble>) -> Result<T, StoreError> {
        met.map_err(|Trouble(error)| match error {
            StoreError::Locked(_) if self.bond.is_emptying() => {
                StoreError::Busy("the checkpoint of usage.db is in the way".to_owned())
            }
            error => error,
        })
    }

    pub(super) fn write_refusals(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), Trouble> {
        self.name(refusals.iter().map(|(refusal, _)| refusal.key))?;
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut users: HashMap<(UserNumber, i64), u64> = HashMap::new();
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

    fn read_totals(&self, each: &mut dyn FnMut(Total)) -> Result<(), Trouble> {
        let mut select = self.connection.prepare("SELECT key_no, times_used, last_used FROM totals")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            each(Total {
                key: row_numbers::key(row.get(0)?)?,
                count: row.get(1)?,
                last: Micros(row.get(2)?),
            });
        }
        Ok(())
    }

    fn sweep(&mut self) -> Result<(), Trouble> {
        let met = self.sweep.step(|before, from| usage_keep::forget(&self.connection, before, from));
        let met = met.map_err(Trouble::from);
        if let Err(Trouble(error)) = &met
            && !error.is_lock()
        {
            tracing::error!(%error, "old statistics could not be removed");
        }
        met
    }

    pub(super) fn checkpoint(&mut self) -> Result<(), Trouble> {
        if usage_mark::empty_log(&self.connection, "PASSIVE")? {
            self.bond.moved(self.mark);
        }
        Ok(())
    }
}

/// Everything is done inline: handing a commit to another thread costs more than the commit (docs/decisions.md).
#[async_trait]
impl UsageLog for SqliteUsageLog {
    async fn recover(&mut self, each: &mut (dyn FnMut(Total) + Send)) -> Result<(), StoreError> {
        self.fold_what_is_left()?;
        self.read_totals(each)?;
        // From here on others are served: a lock is an error at once.
        Ok(self.connection.busy_timeout(Duration::ZERO).map_err(Trouble::from)?)
    }

    async fn append(&mut self, at: Micros, uses: &[Use]) -> Result<Vec<Change>, StoreError> {
        let met = self.append_row(at, uses);
        self.met(met)?;
        self.gathered.add(at, uses);
        // No other process changes anything: the data directory is locked.
        Ok(Vec::new())
    }

    async fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        let met = self.write_refusals(refusals);
        self.met(met)
    }

    async fn probe(&mut self) -> Result<(), StoreError> {
        let met = self.connection.execute("UPDATE installation SET only = only", []);
        self.met(met.map(drop).map_err(Trouble::from))
    }

    fn begin_maintenance(&mut self, now: Micros, keep_hours: Option<i64>) -> Result<(), StoreError> {
        self.checkpointer.alive()?;
        self.mark_is_due = self.works && self.bond.wanted() > self.mark;
        self.seconds += 1;
        if self.seconds.is_multiple_of(FOLD_EVERY) {
            self.begin_fold();
            self.old_tokens.begin();
        }
        if let Some(keep_hours) = keep_hours {
            self.sweep.begin(now, keep_hours);
        }
        Ok(())
    }

    fn begin_end(&mut self) {
        self.mark_is_due = false;
        self.sweep.pause();
        self.begin_fold();
        self.old_tokens.begin();
    }

    fn has_work(&self) -> bool {
        self.folding.is_some() || self.mark_is_due || self.old_tokens.is_due() || self.sweep.is_due()
    }

    async fn maintain(&mut self) -> Result<(), StoreError> {
        let met = if self.mark_is_due {
            self.write_mark()
        } else if self.folding.is_some() {
            self.fold_step()
        } else if self.old_tokens.is_due() {
            self.fold_old_tokens()
        } else {
            self.sweep()
        };
        // This says nothing of whether uses can be written: on an idle server no use would come to show that they can.
        self.told(met)
    }

    fn lag(&self) -> Lag {
        let folding = self.folding.iter().chain(&self.stalled).map(|folding| folding.lag);
        folding.chain([self.gathered.lag]).fold(Lag::default(), |sum, more| Lag {
            uses: sum.uses + more.uses,
            since: sum.since.or(more.since),
        })
    }

    async fn close(&mut self) -> Result<(), StoreError> {
        Ok(self.checkpoint()?)
    }
}

#[cfg(test)]
mod tests;
