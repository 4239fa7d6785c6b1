//! What the flusher writes besides uses, in small transactions: refusals, and the maintenance of the log.

use super::*;

impl Flusher {
    /// Whether there is anything to write besides uses, and no lock in its way.
    pub(super) fn has_chores(&self) -> bool {
        !self.lock.is_met() && (self.draining.is_some() || self.log.has_work())
    }

    /// Makes one small transaction, so that no answer waits long behind it. Refusals and maintenance take turns, because
    /// either may go on for long.
    pub(super) async fn do_chore(&mut self) {
        if self.lock.is_met() && !self.lock.is_short() {
            // The next tick finds out whether the lock lasts.
            return;
        }
        self.maintenance_is_next = !self.maintenance_is_next;
        if self.log.has_work() && (self.maintenance_is_next || self.draining.is_none()) {
            self.maintain().await;
        } else if self.draining.is_some() {
            self.write_refusals().await;
        }
    }

    /// Makes one step of maintenance. The log itself reports what fails.
    pub(super) async fn maintain(&mut self) {
        let met = self.log.maintain().await;
        self.observe_lock(&met);
        self.journal.figures.set_lag(self.log.lag());
    }

    pub(super) async fn write_refusals(&mut self) {
        let Some(mut draining) = self.draining.take() else { return };
        let chunk = self.journal.refusals.next_chunk(&mut draining, REFUSAL_CHUNK);
        if chunk.is_empty() {
            return;
        }
        let written = self.log.refuse(&chunk).await;
        self.observe(&written);
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
