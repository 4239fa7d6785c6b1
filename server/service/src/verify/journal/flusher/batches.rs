//! Batches of uses: taken out of the queue, committed together, answered one by one.

use super::*;
use domain::time::Micros;
use std::time::Instant;
use store::{Change, Watcher};

/// Uses that one commit holds.
pub(super) const BATCH: usize = 1024;
/// Turns of the scheduler until connections have written the answers they were given: one for the connection itself, and
/// one more where another task writes for it.
const WRITING_TURNS: usize = 2;

impl Flusher {
    /// Commits what waits and answers it. Barriers are let go when those answers are written.
    pub(super) async fn flush_and_settle(&mut self) {
        let barriers = self.flush().await;
        if !barriers.is_empty() {
            for _ in 0..WRITING_TURNS {
                tokio::task::yield_now().await;
            }
            drop(barriers);
        }
    }

    /// Commits what waits and answers it. Returns the barriers, whose callers go on when they are dropped.
    async fn flush(&mut self) -> Vec<Waiting> {
        let waiting = self.next_batch();
        self.batch.clear();
        self.batch.extend(waiting.iter().filter_map(|w| Some(w.accepted?.used)));
        let at = self.clock.now();
        let committed = if self.batch.is_empty() { Ok(()) } else { self.append(at).await };
        if committed.as_ref().is_err_and(StoreError::is_lock) && self.lock.is_short() {
            self.put_back(waiting);
            return Vec::new();
        }
        let mut barriers = Vec::new();
        for one in waiting {
            let Some(Accepted { place, .. }) = one.accepted else {
                barriers.push(one);
                continue;
            };
            let result =
                committed.clone().map(|()| Counted { times_used: self.index.add_use(place, at), at });
            // The caller may be gone; the use is counted all the same.
            let _ = one.answer.send(result);
        }
        barriers
    }

    /// Takes those whose turn it is out of the queue, so few that their commit does not take long.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut queue = self.journal.queue.lock();
        if queue.waiting.len() <= BATCH {
            return std::mem::take(&mut queue.waiting);
        }
        let mut rest = queue.waiting.split_off(BATCH);
        // A use may have been judged before a barrier came and queued behind it, so a barrier goes behind the present
        // queue once. This thread judges, so nothing that was judged is still on its way here.
        let turn = std::mem::take(&mut queue.waiting);
        let (barriers, turn): (Vec<_>, _) =
            turn.into_iter().partition(|waiting| waiting.accepted.is_none() && !waiting.is_last);
        rest.extend(barriers.into_iter().map(|waiting| Waiting { is_last: true, ..waiting }));
        queue.waiting = rest;
        // Nobody else wakes the flusher for the rest.
        self.journal.wake.notify_one();
        turn
    }

    /// Puts back what has to wait for a lock, in front of what came since.
    fn put_back(&self, waiting: Vec<Waiting>) {
        let mut queue = self.journal.queue.lock();
        let newer = std::mem::replace(&mut queue.waiting, waiting);
        queue.waiting.extend(newer);
    }

    async fn append(&mut self, at: Micros) -> Result<(), StoreError> {
        let began = Instant::now();
        let appended = self.log.append(at, &self.batch).await;
        // Before anybody is answered. The callers then judge their uses anew, as does everybody whose use was judged
        // meanwhile and waits for the next commit.
        let committed = appended.map(|changes| self.take_in(changes));
        if self.observe(&committed) {
            return committed;
        }
        let figures = &self.journal.figures;
        figures.commit_seconds.observe(began.elapsed().as_secs_f64());
        match &committed {
            Ok(()) => {
                figures.batch_uses.observe(self.batch.len() as f64);
                figures.set_lag(self.log.lag());
            }
            Err(_) => figures.commit_failures.inc(),
        }
        committed
    }

    /// Takes in what other processes changed before the batch was committed.
    fn take_in(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.index.committed_elsewhere(changes);
        }
    }

    /// Records the result of a write of uses. Returns whether to wait for a lock.
    pub(super) fn observe(&mut self, met: &Result<(), StoreError>) -> bool {
        let is_short = self.observe_lock(met);
        if !is_short {
            self.journal.last_commit.observe(met);
        }
        is_short
    }

    /// The same for a write of something else, which does not tell whether uses can be counted.
    pub(super) fn observe_lock<T>(&mut self, met: &Result<T, StoreError>) -> bool {
        self.lock.observe(met)
    }
}
