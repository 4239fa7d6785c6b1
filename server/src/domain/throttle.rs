//! Slowing down who guesses.
//!
//! A bucket a key (GCRA): asking costs nothing, only failures are charged, so who knows the secret is never
//! slowed down by its own success. The memory is bounded; a bucket that has refilled is forgotten.

use super::time::Micros;
use std::collections::HashMap;
use std::hash::Hash;

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
    /// When each bucket will be empty of failures again.
    clear_at: HashMap<K, i64>,
}

impl<K: Hash + Eq> Throttle<K> {
    /// The most buckets; beyond it the ones that clear first are forgotten.
    const CAPACITY: usize = 50_000;

    /// No failures yet.
    #[must_use]
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, clear_at: HashMap::new() }
    }

    /// How many seconds to wait; `None` if a try is free.
    #[must_use]
    pub fn wait_seconds(&self, key: &K, now: Micros) -> Option<u32> {
        let room = i64::from(self.allowance.burst - 1) * self.cost();
        let wait = self.clear_at.get(key)? - now.0 - room;
        (wait > 0).then(|| u32::try_from(wait.div_euclid(Micros::SECOND) + 1).unwrap_or(u32::MAX))
    }

    /// Charges one failure.
    pub fn charge(&mut self, key: K, now: Micros) {
        let cost = self.cost();
        if self.clear_at.len() >= Self::CAPACITY {
            self.forget(now);
        }
        let most = now.0 + i64::from(self.allowance.burst) * cost;
        let clear_at = self.clear_at.entry(key).or_insert(now.0);
        // The ceiling keeps a flood from building a wait that outlasts it.
        *clear_at = ((*clear_at).max(now.0) + cost).min(most);
    }

    fn cost(&self) -> i64 {
        i64::from(self.allowance.seconds_each) * Micros::SECOND
    }

    fn forget(&mut self, now: Micros) {
        self.clear_at.retain(|_, at| *at > now.0);
        if self.clear_at.len() >= Self::CAPACITY {
            let mut times: Vec<i64> = self.clear_at.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(Self::CAPACITY / 2);
            let middle = *middle;
            self.clear_at.retain(|_, at| *at > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Micros {
        Micros(seconds * Micros::SECOND)
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
    fn memory_is_bounded() {
        let mut throttle = Throttle::new(Allowance { burst: 3, seconds_each: 10 });
        for key in 0..200_000_u32 {
            throttle.charge(key, at(0));
        }
        assert!(throttle.clear_at.len() <= Throttle::<u32>::CAPACITY);
    }
}
