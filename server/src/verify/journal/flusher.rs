//! The one task that writes counts.
//!
//! It runs on the runtime that answers verifications and commits inline: a commit costs less than the two
//! thread switches that would keep it off. It yields once before it takes the queue, so that every connection
//! that is ready joins the batch; there is no timer in the way of an answer.

use super::sweep::Sweep;
use super::{Counted, Journal, Waiting};
use crate::domain::time::{Clock, Micros};
use crate::store::{Generation, KeySum, StoreError, UsageLog, Use, UseSums};
use crate::verify::KeyIndex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often refusals are written: what a crash may lose of them.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);
/// After how many of these the journal is folded.
const FOLD_EVERY: u32 = 5;
/// Keys that one fold transaction moves.
const CHUNK: usize = 64;
/// Refusals that one transaction adds.
const REFUSAL_CHUNK: usize = 512;
/// Turns of the scheduler until those who were answered have written it to their clients: the connection
/// itself, and one more for a connection that another task writes.
const WRITING_TURNS: usize = 2;

/// A generation on its way into the totals.
struct Folding {
    generation: Generation,
    sums: std::vec::IntoIter<KeySum>,
}

/// Owns the usage log; the one task that writes counts.
pub struct Flusher {
    journal: Arc<Journal>,
    index: Arc<KeyIndex>,
    log: Box<dyn UsageLog>,
    clock: Arc<dyn Clock>,
    generation: Generation,
    sums: UseSums,
    folding: Option<Folding>,
    /// A fold that the database refused, until the next turn.
    stalled: Option<Folding>,
    batch: Vec<Use>,
    tick: Duration,
    sweep: Sweep,
}

impl Drop for Flusher {
    fn drop(&mut self) {
        let mut queue = self.journal.queue.lock();
        queue.closed = true;
        queue.waiting.clear();
    }
}

impl Flusher {
    /// Folds what a crash left behind, and is then ready to run.
    ///
    /// # Errors
    /// The database is in trouble.
    pub fn start(
        journal: Arc<Journal>,
        index: Arc<KeyIndex>,
        mut log: Box<dyn UsageLog>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let mut last = Generation(0);
        let (mut uses, mut keys) = (0, 0);
        for (generation, sums) in log.unfolded()? {
            uses += sums.iter().map(|s| s.count).sum::<u64>();
            keys += sums.len();
            for chunk in sums.chunks(CHUNK) {
                log.fold(generation, chunk)?;
            }
            while log.drop_generation(generation)? {}
            last = last.max(generation);
        }
        if last > Generation(0) {
            tracing::info!(uses, keys, "the last run left uses in the journal; they are in the totals now");
        }
        let generation = Generation(last.0 + 1);
        Ok(Self {
            journal,
            index,
            log,
            clock,
            generation,
            sums: UseSums::default(),
            folding: None,
            stalled: None,
            batch: Vec::new(),
            tick: REFUSALS_EVERY,
            sweep: Sweep::default(),
        })
    }

    /// Keeps statistics for that many days; without it for ever.
    #[must_use]
    pub fn keeping_days(mut self, days: i64) -> Self {
        self.sweep = Sweep::keeping_days(days);
        self
    }

    /// Writes refusals this often, and folds after a few of these, instead of every second.
    #[must_use]
    pub fn tick_every(mut self, tick: Duration) -> Self {
        self.tick = tick;
        self
    }

    /// Tells the index the totals: complete, as nothing is left in the journal.
    ///
    /// # Errors
    /// The database is in trouble.
    pub fn load_totals(&mut self) -> Result<(), StoreError> {
        let index = Arc::clone(&self.index);
        self.log.totals(&mut |total| index.set_total(total))
    }

    /// Commits and folds until `stop`, and then what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        let journal = Arc::clone(&self.journal);
        let mut tick = tokio::time::interval(self.tick);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ticks = 0_u32;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Before the uses: under load there is always one that waits.
                _ = tick.tick() => {
                    ticks += 1;
                    self.probe();
                    self.write_refusals();
                    if ticks.is_multiple_of(FOLD_EVERY) {
                        self.begin_fold();
                    }
                    self.sweep.step(self.log.as_mut(), self.clock.now());
                }
                () = journal.wake.notified() => {}
                () = std::future::ready(()), if self.folding.is_some() => {}
            }
            tokio::task::yield_now().await;
            let settling = self.flush();
            if !settling.is_empty() {
                for _ in 0..WRITING_TURNS {
                    tokio::task::yield_now().await;
                }
                drop(settling);
            }
            self.fold_chunk();
        }
        self.finish();
    }

    /// Commits what waits and answers it. Returns those who only wait until that is written: dropping them
    /// lets them go on.
    fn flush(&mut self) -> Vec<Waiting> {
        let mut waiting = std::mem::take(&mut self.journal.queue.lock().waiting);
        let settling = waiting.extract_if(.., |w| w.used.is_none()).collect();
        if waiting.is_empty() {
            return settling;
        }
        let at = self.clock.now();
        self.batch.clear();
        self.batch.extend(waiting.iter().filter_map(|w| w.used));
        let committed = self.append(at);
        self.journal.trouble.note(&committed);
        for Waiting { used, answer } in waiting {
            let result = committed
                .clone()
                .map(|()| Counted { times_used: used.map_or(0, |one| self.index.add_use(one.key, at)), at });
            // Who asked may have gone away; the use is counted all the same.
            let _ = answer.send(result);
        }
        settling
    }

    /// Finds out whether the trouble is over, also when nobody asks any more.
    fn probe(&mut self) {
        if self.journal.ready().is_err() {
            self.journal.trouble.note(&self.log.probe());
        }
    }

    fn append(&mut self, at: Micros) -> Result<(), StoreError> {
        let figures = &self.journal.figures;
        let began = Instant::now();
        let committed = self.log.append(self.generation, at, &self.batch);
        figures.commit_seconds.observe(began.elapsed().as_secs_f64());
        match &committed {
            Ok(()) => {
                figures.committed(self.batch.len(), at);
                self.batch.iter().for_each(|one| self.sums.add(*one, at));
            }
            Err(_) => figures.commit_failures.inc(),
        }
        committed
    }

    fn begin_fold(&mut self) {
        if self.folding.is_none() {
            self.folding = self.stalled.take();
        }
        if self.folding.is_some() || self.sums.is_empty() {
            return;
        }
        let sums = std::mem::take(&mut self.sums).into_sorted().into_iter();
        self.folding = Some(Folding { generation: self.generation, sums });
        self.generation = Generation(self.generation.0 + 1);
        self.journal.figures.fold_began();
    }

    /// One small transaction of the fold, so that no answer waits long behind it.
    fn fold_chunk(&mut self) {
        let Some(folding) = &mut self.folding else { return };
        let rest = folding.sums.as_slice();
        let chunk = &rest[..rest.len().min(CHUNK)];
        let result = match chunk {
            [] => self.log.drop_generation(folding.generation).map(|more| !more),
            chunk => self.log.fold(folding.generation, chunk).map(|()| false),
        };
        match result {
            Ok(true) => {
                self.folding = None;
                self.journal.figures.fold_ended();
            }
            Ok(false) => {
                let moved = chunk.len();
                folding.sums.by_ref().take(moved).for_each(drop);
            }
            Err(error) => {
                // The journal keeps everything; the next tick tries again with the same chunk.
                tracing::error!(%error, "the journal could not be folded");
                self.stalled = self.folding.take();
            }
        }
    }

    fn write_refusals(&mut self) {
        let refusals: Vec<_> = std::mem::take(&mut *self.journal.refusals.lock()).into_iter().collect();
        for chunk in refusals.chunks(REFUSAL_CHUNK) {
            let written = self.log.refuse(chunk);
            self.journal.trouble.note(&written);
            if written.is_err() {
                let mut held = self.journal.refusals.lock();
                for (refusal, count) in chunk {
                    *held.entry(*refusal).or_default() += count;
                }
            }
        }
    }

    fn finish(mut self) {
        drop(self.flush());
        self.write_refusals();
        self.begin_fold();
        while self.folding.is_some() {
            self.fold_chunk();
        }
        if let Err(error) = self.log.checkpoint() {
            tracing::warn!(%error, "usage.db could not be checkpointed");
        }
    }
}

#[cfg(test)]
mod tests;
