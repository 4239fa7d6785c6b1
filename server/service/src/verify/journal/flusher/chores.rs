//! What is written besides uses, a piece at a time: refusals, and the upkeep of the log.

use super::*;

impl Flusher {
    /// Whether there is anything to write besides uses, and nothing in its way.
    pub(super) fn has_chores(&self) -> bool {
        !self.lock.is_met() && (self.draining.is_some() || self.log.has_work())
    }

    /// One small transaction, so that no answer waits long behind it. Refusals and the upkeep take turns, as each goes on
    /// for long at times.
    pub(super) async fn do_chore(&mut self) {
        if self.lock.is_met() && !self.lock.is_short() {
            // The next tick finds out whether it lasts.
            return;
        }
        self.upkeep_is_next = !self.upkeep_is_next;
        if self.log.has_work() && (self.upkeep_is_next || self.draining.is_none()) {
            self.keep_up().await;
        } else if self.draining.is_some() {
            self.write_refusals().await;
        }
    }

    /// One step of the upkeep. The log tells of what fails.
    pub(super) async fn keep_up(&mut self) {
        let met = self.log.maintain().await;
        self.note_lock(&met);
        self.journal.figures.note_lag(self.log.lag());
    }

    pub(super) async fn write_refusals(&mut self) {
        let Some(mut draining) = self.draining.take() else { return };
        let chunk = self.journal.refusals.take(&mut draining, REFUSAL_CHUNK);
        if chunk.is_empty() {
            return;
        }
        let written = self.log.refuse(&chunk).await;
        self.note(&written);
        match written {
            Ok(()) => self.draining = Some(draining),
            Err(error) if error.is_lock() => {
                draining.retry(chunk);
                self.draining = Some(draining);
            }
            // The next tick tries again.
            Err(_) => self.journal.refusals.put_back(chunk, draining),
        }
    }
}
