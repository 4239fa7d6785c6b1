//! The one task that writes counts.
//!
//! It runs on the runtime that answers verifications and commits inline: a commit costs less than the two
//! thread switches that would keep it off. It yields once before it takes the queue, so that every connection
//! that is ready joins the batch; there is no timer in the way of an answer.

mod chores;

use super::lock::Lock;
use super::names::Names;
use super::refusals::Draining;
use super::sweep::Sweep;
use super::{Counted, Journal, Waiting};
use crate::verify::KeyIndex;
use chores::Folding;
use domain::time::{Clock, Micros};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Generation, Piece, Pieces, StoreError, UsageLog, Use, UseSums};
use tokio_util::sync::CancellationToken;

/// How often refusals are written: what a crash may lose of them.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);
/// After how many of these the journal is folded.
const FOLD_EVERY: u32 = 5;
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
    generation: Generation,
    sums: UseSums,
    folding: Option<Folding>,
    /// A fold that the database refused, until the next tick.
    stalled: Option<Folding>,
    /// Refusals that are being written.
    draining: Option<Draining>,
    fold_is_next: bool,
    batch: Vec<Use>,
    lock: Lock,
    names: Names,
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
        let mut names = Names::default();
        for (generation, sums) in log.unfolded()? {
            uses += sums.iter().map(|s| s.count).sum::<u64>();
            keys += sums.len();
            let mut folding = Folding::new(generation, sums.into());
            while !folding.step(log.as_mut(), &mut names, &index)? {}
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
            draining: None,
            fold_is_next: false,
            batch: Vec::new(),
            lock: Lock::default(),
            names,
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
    ///
    /// # Errors
    /// It ended before, because whoever helps the log has.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        self.log.wait_for_nobody()?;
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
                    if let Err(error) = self.tick(ticks.is_multiple_of(FOLD_EVERY)) {
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
            self.do_chore();
        }
        self.finish().await;
        Ok(())
    }

    fn tick(&mut self, is_fold_due: bool) -> Result<(), StoreError> {
        self.log.helpers()?;
        self.probe();
        self.keep_up();
        self.draining.get_or_insert_default();
        if is_fold_due {
            self.begin_fold();
        }
        self.sweep.begin(self.clock.now());
        Ok(())
    }

    /// Commits what waits and answers it; those who only wait go on when the answers are written.
    async fn flush_and_settle(&mut self) {
        let settling = self.flush();
        if !settling.is_empty() {
            for _ in 0..WRITING_TURNS {
                tokio::task::yield_now().await;
            }
            drop(settling);
        }
    }

    /// Commits what waits and answers it. Returns those who only wait until that is written: dropping them
    /// lets them go on.
    fn flush(&mut self) -> Vec<Waiting> {
        let waiting = self.take_waiting();
        self.batch.clear();
        self.batch.extend(waiting.iter().filter_map(|w| w.used));
        let at = self.clock.now();
        let committed = if self.batch.is_empty() { Ok(()) } else { self.append(at) };
        if matches!(committed, Err(StoreError::Locked(_))) && self.lock.is_short() {
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
    fn probe(&mut self) {
        if self.lock.is_met() || self.journal.ready().is_err() {
            let met = self.log.probe();
            self.note(&met);
        }
    }

    fn keep_up(&mut self) {
        if self.lock.is_met() || self.journal.ready().is_err() {
            return;
        }
        match self.log.upkeep() {
            Ok(()) | Err(StoreError::Locked(_)) => {}
            Err(error) => tracing::warn!(%error, "usage.db could not take its mark; it is tried again"),
        }
    }

    fn append(&mut self, at: Micros) -> Result<(), StoreError> {
        let began = Instant::now();
        let committed = self.log.append(self.generation, at, &self.batch);
        if self.note(&committed) {
            return committed;
        }
        let figures = &self.journal.figures;
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
        self.lock.note(met, self.log.is_emptied())
    }

    async fn finish(mut self) {
        self.flush_and_settle().await;
        while self.lock.is_short() {
            Lock::pause().await;
            self.flush_and_settle().await;
            self.probe();
        }
        // What was being written, and then what came since.
        for _ in 0..2 {
            self.draining.get_or_insert_default();
            while self.draining.is_some() && self.lock.lets_go_on().await {
                self.write_refusals();
            }
        }
        self.begin_fold();
        while self.folding.is_some() && self.lock.lets_go_on().await {
            self.fold_chunk();
        }
        let lost = self.journal.refusals.count(self.draining.take().unwrap_or_default());
        if lost > 0 {
            tracing::warn!(
                refusals = lost,
                "the last refusals could not be written, and are in no statistics"
            );
        }
        if let Err(error) = self.log.checkpoint() {
            tracing::warn!(%error, "usage.db could not be checkpointed");
        }
    }
}

#[cfg(test)]
mod tests;
