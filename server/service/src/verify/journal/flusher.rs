//! The one task that writes counts.
//!
//! It runs on the runtime that answers verifications, and awaits one commit at a time: SQLite's is made inline, as it
//! costs less than the two thread switches that would keep it off. It yields once before it takes the queue, so that every
//! connection that is ready joins the batch; there is no timer in the way of an answer.

mod chores;

use super::lock::Lock;
use super::refusals::Draining;
use super::{Counted, Journal, Waiting};
use crate::verify::KeyIndex;
use domain::time::{Clock, Micros};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{StoreError, UsageLog, Use};
use tokio_util::sync::CancellationToken;

/// How often refusals are written: what a crash may lose of them.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);
/// Uses that one commit holds.
const BATCH: usize = 1024;
/// Refusals that one transaction adds: two rows each.
const REFUSAL_CHUNK: usize = 128;
/// Turns of the scheduler until those who were answered have written it to their clients: the connection
/// itself, and one more for a connection that another task writes.
const WRITING_TURNS: usize = 2;

/// Owns the usage log; the one task that writes counts.
pub struct Flusher {
    journal: Arc<Journal>,
    index: Arc<KeyIndex>,
    log: Box<dyn UsageLog>,
    clock: Arc<dyn Clock>,
    /// Refusals that are being written.
    draining: Option<Draining>,
    upkeep_is_next: bool,
    batch: Vec<Use>,
    lock: Lock,
    tick: Duration,
    /// For how long statistics are kept; without it for ever.
    keep_hours: Option<i64>,
}

impl Drop for Flusher {
    fn drop(&mut self) {
        let mut queue = self.journal.queue.lock();
        queue.closed = true;
        queue.waiting.clear();
    }
}

impl Flusher {
    /// Has the log take in what an earlier run left, and tells the index the totals, which are complete then.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn start(
        journal: Arc<Journal>,
        index: Arc<KeyIndex>,
        mut log: Box<dyn UsageLog>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        log.recover(&mut |total| index.set_total(total)).await?;
        Ok(Self {
            journal,
            index,
            log,
            clock,
            draining: None,
            upkeep_is_next: false,
            batch: Vec::new(),
            lock: Lock::default(),
            tick: REFUSALS_EVERY,
            keep_hours: None,
        })
    }

    /// Keeps statistics for that many days; without it for ever.
    #[must_use]
    pub fn keeping_days(mut self, days: i64) -> Self {
        self.keep_hours = Some(days * 24);
        self
    }

    /// Lets this be the second: for tests.
    #[must_use]
    pub fn tick_every(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Commits, and has the log do its upkeep, until `stop`, and then what is left.
    ///
    /// # Errors
    /// It ended before, because the log cannot go on.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let journal = Arc::clone(&self.journal);
        let mut tick = tokio::time::interval(self.tick);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Before the uses: under load there is always one that waits.
                _ = tick.tick() => {
                    if let Err(error) = self.tick().await {
                        self.finish().await;
                        return Err(error);
                    }
                }
                // Who comes while others wait for a lock waits with them.
                () = journal.wake.notified(), if !self.lock.is_short() => {}
                () = Lock::pause(), if self.lock.is_short() => {}
                () = std::future::ready(()), if self.has_chores() => {}
            }
            tokio::task::yield_now().await;
            self.flush_and_settle().await;
            self.do_chore().await;
        }
        self.finish().await;
        Ok(())
    }

    async fn tick(&mut self) -> Result<(), StoreError> {
        self.probe().await;
        self.draining.get_or_insert_default();
        self.log.begin_maintenance(self.clock.now(), self.keep_hours)
    }

    /// Commits what waits and answers it; those who only wait go on when the answers are written.
    async fn flush_and_settle(&mut self) {
        let settling = self.flush().await;
        if !settling.is_empty() {
            for _ in 0..WRITING_TURNS {
                tokio::task::yield_now().await;
            }
            drop(settling);
        }
    }

    /// Commits what waits and answers it. Returns those who only wait until that is written: dropping them
    /// lets them go on.
    async fn flush(&mut self) -> Vec<Waiting> {
        let waiting = self.take_waiting();
        self.batch.clear();
        self.batch.extend(waiting.iter().filter_map(|w| w.used));
        let at = self.clock.now();
        let committed = if self.batch.is_empty() { Ok(()) } else { self.append(at).await };
        if committed.as_ref().is_err_and(StoreError::is_lock) && self.lock.is_short() {
            self.wait_on(waiting);
            return Vec::new();
        }
        let mut settling = Vec::new();
        for one in waiting {
            let Some(used) = one.used else {
                settling.push(one);
                continue;
            };
            let result =
                committed.clone().map(|()| Counted { times_used: self.index.add_use(used.key, at), at });
            // Who asked may have gone away; the use is counted all the same.
            let _ = one.answer.send(result);
        }
        settling
    }

    /// Those whose turn it is: not so many that their commit would take long.
    fn take_waiting(&self) -> Vec<Waiting> {
        let mut queue = self.journal.queue.lock();
        if queue.waiting.len() <= BATCH {
            return std::mem::take(&mut queue.waiting);
        }
        let mut rest = queue.waiting.split_off(BATCH);
        // A use may have been judged before they came and queued behind them: whoever waits for all uses waits for
        // the present queue too, once. This thread judges, so nothing that was judged is still on its way here.
        let turn = std::mem::take(&mut queue.waiting);
        let (settling, turn): (Vec<_>, _) =
            turn.into_iter().partition(|waiting| waiting.used.is_none() && !waiting.is_last);
        rest.extend(settling.into_iter().map(|waiting| Waiting { is_last: true, ..waiting }));
        queue.waiting = rest;
        // Nobody else wakes it for these.
        self.journal.wake.notify_one();
        turn
    }

    /// Puts back those who wait for a lock, in front of who came since.
    fn wait_on(&self, waiting: Vec<Waiting>) {
        let mut queue = self.journal.queue.lock();
        let newer = std::mem::replace(&mut queue.waiting, waiting);
        queue.waiting.extend(newer);
    }

    /// Finds out whether the trouble is over, also when nobody asks any more.
    async fn probe(&mut self) {
        if self.lock.is_met() || self.journal.ready().is_err() {
            let met = self.log.probe().await;
            self.note(&met);
        }
    }

    async fn append(&mut self, at: Micros) -> Result<(), StoreError> {
        let began = Instant::now();
        let committed = self.log.append(at, &self.batch).await;
        if self.note(&committed) {
            return committed;
        }
        let figures = &self.journal.figures;
        figures.commit_seconds.observe(began.elapsed().as_secs_f64());
        match &committed {
            Ok(()) => {
                figures.batch_uses.observe(self.batch.len() as f64);
                figures.note_lag(self.log.lag());
            }
            Err(_) => figures.commit_failures.inc(),
        }
        committed
    }

    /// Takes in what a write met; answers whether it only waits for a lock for a moment.
    fn note(&mut self, met: &Result<(), StoreError>) -> bool {
        let is_short = self.note_lock(met);
        if !is_short {
            self.journal.trouble.note(met);
        }
        is_short
    }

    /// The same for what is no use: whether it works tells nothing of them.
    fn note_lock<T>(&mut self, met: &Result<T, StoreError>) -> bool {
        self.lock.note(met)
    }

    async fn finish(mut self) {
        self.flush_and_settle().await;
        while self.lock.is_short() {
            Lock::pause().await;
            self.flush_and_settle().await;
            self.probe().await;
        }
        // What was being written, and then what came since.
        for _ in 0..2 {
            self.draining.get_or_insert_default();
            while self.draining.is_some() && self.lock.lets_go_on().await {
                self.write_refusals().await;
            }
        }
        self.log.begin_end();
        while self.log.has_work() && self.lock.lets_go_on().await {
            self.keep_up().await;
        }
        let lost = self.journal.refusals.count(self.draining.take().unwrap_or_default());
        if lost > 0 {
            tracing::warn!(
                refusals = lost,
                "the last refusals could not be written, and are in no statistics"
            );
        }
        if let Err(error) = self.log.close().await {
            tracing::warn!(%error, "usage.db could not be checkpointed");
        }
    }
}

#[cfg(test)]
mod tests;
