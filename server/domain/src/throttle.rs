//! Throttles that slow down guessing.
//!
//! One GCRA bucket per key. Checking is free; the caller says what is charged. Failures are, so that guessing is slow;
//! successes are too where they cost others something, with an allowance of their own. The table has a fixed shape, so that
//! neither its memory nor the work of one call grows with the number of guessers. Nothing here waits or reads a clock.

mod client;
mod source;

pub use client::ClientThrottle;
pub use source::SourceThrottle;

use super::time::{Micros, Steady};
use std::hash::{BuildHasher, Hash, RandomState};

/// Slices of a table that are counted one by one.
pub const SLICES: usize = 32;

/// How many failures are free, and how fast they are forgiven.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Failures in a row before the first wait.
    pub burst: u32,
    /// Seconds until one failure is forgiven.
    pub seconds_each: u32,
}

/// One bucket for each key that failed lately.
pub struct Throttle<K> {
    allowance: Allowance,
    hasher: RandomState,
    /// Keys stand in the row that their hash names.
    rows: Vec<Vec<Bucket<K>>>,
}

struct Bucket<K> {
    key: K,
    /// When it will be empty of failures again.
    clear_at: i64,
}

impl<K: Hash + Eq> Throttle<K> {
    const ROWS: usize = SLICES * Self::SLICE;
    const SLICE: usize = 256;
    /// The most buckets of a row; beyond it the one that clears first makes room.
    const ROW: usize = 8;

    /// No failures yet.
    #[must_use]
    pub fn new(allowance: Allowance) -> Self {
        Self::with_rows(allowance, Self::ROWS)
    }

    fn with_rows(allowance: Allowance, rows: usize) -> Self {
        let rows = std::iter::repeat_with(Vec::new).take(rows).collect();
        Self { allowance, hasher: RandomState::new(), rows }
    }

    /// How many seconds to wait; `None` if a try is free.
    #[must_use]
    pub fn wait_seconds(&self, key: &K, now: Steady) -> Option<u32> {
        let bucket = self.rows[self.row(key)].iter().find(|bucket| bucket.key == *key)?;
        let wait = bucket.clear_at - self.free_until(now);
        (wait > 0).then(|| u32::try_from(wait.div_euclid(Micros::SECOND) + 1).unwrap_or(u32::MAX))
    }

    /// Counts the buckets of one slice of the table that are over their allowance now. There are [`SLICES`] slices, so that
    /// a caller who counts all of them can let others run in between.
    #[must_use]
    pub fn count_waiting(&self, slice: usize, now: Steady) -> usize {
        let free_until = self.free_until(now);
        let rows = &self.rows[slice * Self::SLICE..(slice + 1) * Self::SLICE];
        rows.iter().flatten().filter(|bucket| bucket.clear_at > free_until).count()
    }

    /// Charges one failure.
    pub fn charge(&mut self, key: K, now: Steady) {
        let cost = self.cost();
        // The ceiling keeps a flood from building a wait that outlasts it.
        let most = now.0 + i64::from(self.allowance.burst) * cost;
        let row = self.row(&key);
        let row = &mut self.rows[row];
        if let Some(bucket) = row.iter_mut().find(|bucket| bucket.key == key) {
            bucket.clear_at = (bucket.clear_at.max(now.0) + cost).min(most);
            return;
        }
        let bucket = Bucket { key, clear_at: now.0 + cost };
        if row.len() < Self::ROW {
            row.push(bucket);
        } else if let Some(lightest) = row.iter_mut().min_by_key(|bucket| bucket.clear_at) {
            *lightest = bucket;
        }
    }

    fn row(&self, key: &K) -> usize {
        // The remainder is below the number of rows, whatever is cut off here.
        self.hasher.hash_one(key) as usize % self.rows.len()
    }

    /// A bucket that is clear by then has a try free now.
    fn free_until(&self, now: Steady) -> i64 {
        now.0 + i64::from(self.allowance.burst - 1) * self.cost()
    }

    fn cost(&self) -> i64 {
        i64::from(self.allowance.seconds_each) * Micros::SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Steady {
        Steady(0).plus_seconds(seconds)
    }

    #[test]
    fn failures_cost_and_are_forgiven() {
        let mut throttle = Throttle::new(Allowance { burst: 3, seconds_each: 10 });
        for _ in 0..3 {
            assert_eq!(throttle.wait_seconds(&"a", at(0)), None);
            throttle.charge("a", at(0));
        }
        assert_eq!(throttle.wait_seconds(&"a", at(0)), Some(11));
        assert_eq!(throttle.wait_seconds(&"b", at(0)), None);
        assert_eq!(throttle.wait_seconds(&"a", at(10)), None);
    }

    #[test]
    fn a_flood_builds_no_endless_wait() {
        let mut throttle = Throttle::new(Allowance { burst: 3, seconds_each: 10 });
        for _ in 0..100_000 {
            throttle.charge("a", at(0));
        }
        assert_eq!(throttle.wait_seconds(&"a", at(10)), None);
    }

    #[test]
    fn memory_is_bounded_and_heavy_guessers_stay_in_it() {
        let mut throttle = Throttle::new(Allowance { burst: 3, seconds_each: 10 });
        for _ in 0..3 {
            throttle.charge(0, at(0));
        }
        for key in 1..200_000_u32 {
            throttle.charge(key, at(0));
        }
        let count = throttle.rows.iter().map(Vec::len).sum::<usize>();
        // The hasher's seed is random, and with it which few rows are not quite full.
        let most = Throttle::<u32>::ROWS * Throttle::<u32>::ROW;
        assert!((most * 9 / 10..=most).contains(&count), "{count} of {most}");
        assert!(throttle.wait_seconds(&0, at(0)).is_some());
        assert_eq!((0..SLICES).map(|slice| throttle.count_waiting(slice, at(0))).sum::<usize>(), 1);
    }

    /// Counting holds verifications up for one slice at a time, and never for the whole table.
    #[test]
    fn a_full_table_is_counted_in_small_slices() {
        let mut throttle = Throttle::new(Allowance { burst: 1, seconds_each: 10 });
        for key in 0..200_000_u32 {
            throttle.charge(key, at(0));
        }
        let waiting: Vec<_> = (0..SLICES).map(|slice| throttle.count_waiting(slice, at(0))).collect();
        assert!(waiting.iter().all(|count| (1..=2048).contains(count)), "{waiting:?}");
        assert_eq!(waiting.iter().sum::<usize>(), throttle.rows.iter().map(Vec::len).sum::<usize>());
    }
}
