//! Figures of the journal for operators: atomics that the flusher sets and the metrics read on another thread.

use domain::time::Micros;
use prometheus::{Histogram, HistogramOpts, IntCounter};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::Lag;

/// Figures of the journal since the start.
pub struct Figures {
    /// Accepted uses of each commit.
    pub batch_uses: Histogram,
    /// How long each commit took.
    pub commit_seconds: Histogram,
    /// Commits that failed; their uses were refused.
    pub commit_failures: IntCounter,
    unfolded_uses: AtomicU64,
    /// When the first of them was; 0 for none.
    unfolded_since: AtomicI64,
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
            unfolded_uses: AtomicU64::new(0),
            unfolded_since: AtomicI64::new(0),
        }
    }
}

impl Figures {
    /// Committed uses that are not folded into the totals yet.
    pub fn unfolded_uses(&self) -> u64 {
        self.unfolded_uses.load(Ordering::Relaxed)
    }

    /// When the first of them was.
    pub fn unfolded_since(&self) -> Option<Micros> {
        let since = self.unfolded_since.load(Ordering::Relaxed);
        (since != 0).then_some(Micros(since))
    }

    /// Sets what the log has not folded into the totals yet.
    pub(super) fn set_lag(&self, lag: Lag) {
        self.unfolded_uses.store(lag.uses, Ordering::Relaxed);
        self.unfolded_since.store(lag.since.map_or(0, |since| since.0), Ordering::Relaxed);
    }
}
