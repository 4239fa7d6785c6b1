//! What the flusher writes besides uses, a piece at a time: folds, refusals, and the removal of old statistics.

use super::*;

/// A generation on its way into the totals.
pub(super) struct Folding {
    generation: Generation,
    pieces: Pieces,
    /// What the next transaction moves; it stays until it is moved.
    chunk: Vec<Piece>,
}

impl Folding {
    pub(super) fn new(generation: Generation, mut pieces: Pieces) -> Self {
        let chunk = pieces.next_chunk();
        Self { generation, pieces, chunk }
    }

    /// One transaction; answers whether it was the last.
    pub(super) fn step(
        &mut self,
        log: &mut dyn UsageLog,
        names: &mut Names,
        index: &KeyIndex,
    ) -> Result<bool, StoreError> {
        if self.chunk.is_empty() {
            return log.drop_generation(self.generation).map(|more| !more);
        }
        names.note(log, index, self.chunk.iter().map(Piece::key))?;
        log.fold(self.generation, &self.chunk)?;
        self.chunk = self.pieces.next_chunk();
        Ok(false)
    }
}

impl Flusher {
    /// Whether there is anything to write besides uses, and nothing in its way.
    pub(super) fn has_chores(&self) -> bool {
        !self.lock.is_met() && (self.draining.is_some() || self.folding.is_some() || self.sweep.is_due())
    }

    /// One small transaction, so that no answer waits long behind it. Refusals and the fold take turns, as each
    /// goes on for long at times.
    pub(super) fn do_chore(&mut self) {
        if self.lock.is_met() && !self.lock.is_short() {
            // The next tick finds out whether it lasts.
            return;
        }
        self.fold_is_next = !self.fold_is_next;
        if self.folding.is_some() && (self.fold_is_next || self.draining.is_none()) {
            self.fold_chunk();
        } else if self.draining.is_some() {
            self.write_refusals();
        } else if self.sweep.is_due() {
            let met = self.sweep.step(self.log.as_mut(), self.clock.now());
            if !self.note_lock(&met)
                && let Err(error) = met
            {
                tracing::error!(%error, "old statistics could not be removed");
            }
        }
    }

    pub(super) fn begin_fold(&mut self) {
        if self.folding.is_none() {
            self.folding = self.stalled.take();
        }
        if self.folding.is_some() || self.sums.is_empty() {
            return;
        }
        let pieces = std::mem::take(&mut self.sums).into_pieces();
        self.folding = Some(Folding::new(self.generation, pieces));
        self.generation = Generation(self.generation.0 + 1);
        self.journal.figures.fold_began();
    }

    pub(super) fn fold_chunk(&mut self) {
        let Some(folding) = &mut self.folding else { return };
        let met = folding.step(self.log.as_mut(), &mut self.names, &self.index);
        self.note_lock(&met);
        match met {
            Ok(true) => {
                self.folding = None;
                self.journal.figures.fold_ended();
            }
            // It goes on when the lock is gone.
            Ok(false) | Err(StoreError::Locked(_)) => {}
            Err(error) => {
                // The journal keeps everything; the next tick tries again with the same chunk.
                tracing::error!(%error, "the journal could not be folded");
                self.stalled = self.folding.take();
            }
        }
    }

    pub(super) fn write_refusals(&mut self) {
        let Some(mut draining) = self.draining.take() else { return };
        let chunk = self.journal.refusals.take(&mut draining, REFUSAL_CHUNK);
        if chunk.is_empty() {
            return;
        }
        let keys = chunk.iter().map(|(refusal, _)| refusal.key);
        let named = self.names.note(self.log.as_mut(), &self.index, keys);
        let written = named.and_then(|()| self.log.refuse(&chunk));
        self.note(&written);
        match written {
            Ok(()) => self.draining = Some(draining),
            Err(StoreError::Locked(_)) => {
                draining.retry(chunk);
                self.draining = Some(draining);
            }
            // The next tick tries again.
            Err(_) => self.journal.refusals.put_back(chunk, draining),
        }
    }
}
