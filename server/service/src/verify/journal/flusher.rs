//! The one task that writes counts.
//!
//! It runs on the runtime that answers verifications, and awaits one commit at a time. SQLite's is made inline, because it
//! costs less than the two thread switches that would keep it off. The task yields once before it takes the queue, so that
//! every connection that is ready joins the batch; no timer delays an answer. It waits for no lock: what meets one is tried
//! again. A use is committed when it is answered, a refusal within a second.

mod batches;
mod chores;

use super::lock::Lock;
use super::refusals::Draining;
use super::{Accepted, Counted, Journal, Waiting};
use crate::verify::KeyIndex;
use domain::time::Clock;
use std::sync::Arc;
use std::time::Duration;
use store::{StoreError, UsageLog, Use};
use tokio_util::sync::CancellationToken;

/// How often refusals are written. A crash loses those of this time.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);
/// Kinds of refusals that one transaction adds, two rows each.
const REFUSAL_CHUNK: usize = 128;

/// Owns the usage log; the one task that writes counts.
pub struct Flusher {
    journal: Arc<Journal>,
    index: Arc<KeyIndex>,
    log: Box<dyn UsageLog>,
    clock: Arc<dyn Clock>,
    /// Refusals that are being written.
    draining: Option<Draining>,
    maintenance_is_next: bool,
    batch: Vec<Use>,
    lock: Lock,
    tick: Duration,
    /// For how long statistics are kept; none: for ever.
    keep_hours: Option<i64>,
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.turn_away();
    }
}

impl Flusher {
    /// Lets nobody wait for it, where it is not run because nobody is served.
    pub fn turn_away(&mut self) {
        let mut queue = self.journal.queue.lock();
        queue.closed = true;
        queue.waiting.clear();
    }

    /// A flusher whose log has recovered what an earlier run left, and whose index has the totals, which are complete then.
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
            maintenance_is_next: false,
            batch: Vec::new(),
            lock: Lock::default(),
            tick: REFUSALS_EVERY,
            keep_hours: None,
        })
    }

    /// Keeps statistics for so many days instead of for ever.
    #[must_use]
    pub fn keeping_days(mut self, days: i64) -> Self {
        self.keep_hours = Some(days * 24);
        self
    }

    /// Ticks this often instead of every second.
    #[must_use]
    pub fn tick_every(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Commits and maintains the log until `stop`, and then writes what is left. Returns an error if the log cannot go on
    /// before.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let journal = Arc::clone(&self.journal);
        let mut tick = tokio::time::interval(self.tick);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Before the uses, because under load a use always waits.
                _ = tick.tick() => {
                    if let Err(error) = self.tick().await {
                        self.finish().await;
                        return Err(error);
                    }
                }
                // While uses wait for a lock, newer ones wait with them.
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

    /// Tries a write while the last one failed, so that trouble ends also when no use comes.
    async fn probe(&mut self) {
        if self.lock.is_met() || self.journal.ready().is_err() {
            let met = self.log.probe().await;
            self.observe(&met);
        }
    }

    async fn finish(mut self) {
        self.flush_and_settle().await;
        while self.lock.is_short() {
            Lock::pause().await;
            self.flush_and_settle().await;
            self.probe().await;
        }
        // First what is being written, then what came since.
        for _ in 0..2 {
            self.draining.get_or_insert_default();
            while self.draining.is_some() && self.lock.wait_for_retry().await {
                self.write_refusals().await;
            }
        }
        self.log.begin_end();
        while self.log.has_work() && self.lock.wait_for_retry().await {
            self.maintain().await;
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
