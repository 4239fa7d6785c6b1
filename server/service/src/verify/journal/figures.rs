//! What the journal tells operators about itself. Read by the metrics, on another thread.

use domain::time::Micros;
use prometheus::{Histogram, HistogramOpts, IntCounter};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Figures of the journal since the start.
pub struct Figures {
    /// Accepted uses of each commit.
    pub batch_uses: Histogram,
    /// How long each commit took.
    pub commit_seconds: Histogram,
    /// Commits that failed; their uses were refused.
    pub commit_failures: IntCounter,
    gathering: Unfolded,
    folding: Unfolded,
}

/// Uses that are committed and not yet in the totals.
#[derive(Default)]
struct Unfolded {
    uses: AtomicU64,
    /// When the first of them was; 0 for none.
    since: AtomicI64,
}

impl Unfolded {
    fn set(&self, uses: u64, since: i64) {
        self.uses.store(uses, Ordering::Relaxed);
        self.since.store(since, Ordering::Relaxed);
    }
}

impl Default for Figures {
    fn default() -> Self {
        let histogram = |name, help, buckets: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            Histogram::with_opts(options).expect("the buckets ascend")
        };
        Self {
            batch_uses: histogram(
                "latchkey_batch_uses",
                "Accepted uses that one commit of the journal held.",
                &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0],
            ),
            commit_seconds: histogram(
                "latchkey_commit_seconds",
                "How long one commit of the journal took.",
                &[1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.5],
            ),
            commit_failures: IntCounter::new(
                "latchkey_commit_failures_total",
                "Commits of the journal that failed; the uses in them were refused as UNAVAILABLE.",
            )
            .expect("the name is one"),
            gathering: Unfolded::default(),
            folding: Unfolded::default(),
        }
    }
}

impl Figures {
    /// Committed uses whose sums still have to be folded.
    #[must_use]
    pub fn unfolded_uses(&self) -> u64 {
        self.gathering.uses.load(Ordering::Relaxed) + self.folding.uses.load(Ordering::Relaxed)
    }

    /// The time of the first of them.
    #[must_use]
    pub fn unfolded_since(&self) -> Option<Micros> {
        let times = [&self.folding, &self.gathering].map(|u| u.since.load(Ordering::Relaxed));
        times.into_iter().find(|since| *since != 0).map(Micros)
    }

    pub(super) fn committed(&self, uses: usize, at: Micros) {
        let uses = uses as u64;
        self.batch_uses.observe(uses as f64);
        if self.gathering.uses.fetch_add(uses, Ordering::Relaxed) == 0 {
            self.gathering.since.store(at.0, Ordering::Relaxed);
        }
    }

    pub(super) fn fold_began(&self) {
        let Unfolded { uses, since } = &self.gathering;
        self.folding.set(uses.load(Ordering::Relaxed), since.load(Ordering::Relaxed));
        self.gathering.set(0, 0);
    }

    pub(super) fn fold_ended(&self) {
        self.folding.set(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_that_of_the_oldest_use_that_is_not_folded() {
        let figures = Figures::default();
        let state = |figures: &Figures| (figures.unfolded_uses(), figures.unfolded_since());
        assert_eq!(state(&figures), (0, None));
        figures.committed(3, Micros(100));
        figures.committed(2, Micros(200));
        assert_eq!(state(&figures), (5, Some(Micros(100))));
        figures.fold_began();
        figures.committed(1, Micros(300));
        assert_eq!(state(&figures), (6, Some(Micros(100))));
        figures.fold_ended();
        assert_eq!(state(&figures), (1, Some(Micros(300))));
    }
}
