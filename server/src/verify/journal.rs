//! The usage journal: accepted uses are committed in batches, and only then answered.
//!
//! The flusher runs on the runtime that answers verifications and commits inline: a commit costs less than
//! the two thread switches that would keep it off. It yields once before it takes the queue, so that every
//! connection that is ready joins the batch; there is no timer in the way of an answer.

mod figures;

pub use figures::Figures;

use super::index::{KeyEntry, KeyIndex};
use crate::domain::address::Address;
use crate::domain::time::{Clock, Micros};
use crate::store::{Generation, KeySum, Refusal, StoreError, UsageLog, Use, UseSums};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

/// Uses that may wait for a commit; more is refused as overload.
const QUEUE: usize = 65_536;
/// How often refusals are written: what a crash may lose of them.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);
/// After how many of these the journal is folded.
const FOLD_EVERY: u32 = 5;
/// Keys that one fold transaction moves.
const CHUNK: usize = 64;
/// Refusals that one transaction adds.
const REFUSAL_CHUNK: usize = 512;
/// Kinds of refusals (key, hour, cause) that are held for the next second.
const REFUSAL_KINDS: usize = 200_000;

/// An accepted use that is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The key's uses with this one.
    pub times_used: u64,
    /// When this one was.
    pub at: Micros,
}

struct Waiting {
    /// Nothing, for who only waits until all before are answered.
    used: Option<Use>,
    answer: oneshot::Sender<Result<Counted, StoreError>>,
}

#[derive(Default)]
struct Queue {
    /// The flusher is gone: nobody would answer.
    closed: bool,
    waiting: Vec<Waiting>,
}

/// The way to the flusher.
#[derive(Default)]
pub struct Journal {
    queue: Mutex<Queue>,
    refusals: Mutex<HashMap<Refusal, u64>>,
    wake: Notify,
    figures: Figures,
}

impl Journal {
    /// Counts one accepted use; it is committed when this returns.
    ///
    /// # Errors
    /// It was not counted: the queue is full, or the database is in trouble.
    pub async fn record(&self, key: &KeyEntry, address: Address) -> Result<Counted, StoreError> {
        self.wait(Some(Use { key: key.no, user: key.user.no, address })).await
    }

    /// Waits until every use that was accepted before is answered.
    pub async fn settle(&self) {
        // Only a stopped flusher fails here, and then nothing waits.
        let _ = self.wait(None).await;
    }

    /// What it tells operators about itself.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Accepted uses that wait for their commit.
    #[must_use]
    pub fn waiting_uses(&self) -> usize {
        self.queue.lock().waiting.len()
    }

    /// Counts one refused request, on disk within a second.
    pub fn refuse(&self, refusal: Refusal) {
        let mut refusals = self.refusals.lock();
        if refusals.len() < REFUSAL_KINDS || refusals.contains_key(&refusal) {
            *refusals.entry(refusal).or_default() += 1;
        }
    }

    async fn wait(&self, used: Option<Use>) -> Result<Counted, StoreError> {
        let (answer, receiver) = oneshot::channel();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(stopped());
            }
            if queue.waiting.len() >= QUEUE {
                return Err(StoreError::Overloaded);
            }
            queue.waiting.push(Waiting { used, answer });
        }
        self.wake.notify_one();
        receiver.await.map_err(|_| stopped())?
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the journal has stopped".to_owned())
}

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
        for (generation, sums) in log.unfolded()? {
            for chunk in sums.chunks(CHUNK) {
                log.fold(generation, chunk)?;
            }
            while log.drop_generation(generation)? {}
            last = last.max(generation);
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
        })
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
                () = journal.wake.notified() => {}
                _ = tick.tick() => {
                    ticks += 1;
                    self.write_refusals();
                    if ticks.is_multiple_of(FOLD_EVERY) {
                        self.begin_fold();
                    }
                }
                () = std::future::ready(()), if self.folding.is_some() => {}
            }
            tokio::task::yield_now().await;
            self.flush();
            self.fold_chunk();
        }
        self.finish();
    }

    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.journal.queue.lock().waiting);
        if waiting.is_empty() {
            return;
        }
        let at = self.clock.now();
        self.batch.clear();
        self.batch.extend(waiting.iter().filter_map(|w| w.used));
        let committed = match self.batch.is_empty() {
            true => Ok(()),
            false => self.append(at),
        };
        for Waiting { used, answer } in waiting {
            let result = committed
                .clone()
                .map(|()| Counted { times_used: used.map_or(0, |one| self.index.add_use(one.key, at)), at });
            // Who asked may have gone away; the use is counted all the same.
            let _ = answer.send(result);
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
            Err(error) => {
                figures.commit_failures.inc();
                tracing::error!(%error, "uses could not be counted and were refused");
            }
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
            if let Err(error) = self.log.refuse(chunk) {
                tracing::error!(%error, "refused requests could not be counted");
                let mut held = self.journal.refusals.lock();
                for (refusal, count) in chunk {
                    *held.entry(*refusal).or_default() += count;
                }
            }
        }
    }

    fn finish(mut self) {
        self.flush();
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
