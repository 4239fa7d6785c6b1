//! Refused requests on their way to the statistics: counted in memory by kind (key, hour, code) for a second, then written
//! a few kinds at a time. A crash loses what was not written.

use crate::verify::index::mix;
use hashbrown::{HashMap, hash_map};
use parking_lot::Mutex;
use store::Refusal;

/// The most kinds that are held; refusals of further kinds are not counted.
const KINDS: usize = 200_000;
/// Hash maps; each is small, so that the growth of one does not hold verifications up.
const SHARDS: usize = 128;

/// Refusals that are not being written yet.
pub(super) struct Refusals([Mutex<HashMap<Refusal, u64>>; SHARDS]);

/// Refusals that are being written.
#[derive(Default)]
pub(super) struct Draining {
    next: usize,
    kinds: hash_map::IntoIter<Refusal, u64>,
    /// A chunk that a lock kept from being written.
    again: Vec<(Refusal, u64)>,
}

impl Draining {
    /// Puts a chunk in front of the others.
    pub(super) fn retry(&mut self, refusals: Vec<(Refusal, u64)>) {
        self.again = refusals;
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self([(); SHARDS].map(|()| Mutex::default()))
    }
}

impl Refusals {
    pub(super) fn add(&self, refusal: Refusal) {
        let mut kinds = self.shard(refusal).lock();
        if kinds.len() < KINDS / SHARDS || kinds.contains_key(&refusal) {
            *kinds.entry(refusal).or_default() += 1;
        }
    }

    /// Removes and returns up to `most` kinds; none once all shards were read.
    pub(super) fn next_chunk(&self, draining: &mut Draining, most: usize) -> Vec<(Refusal, u64)> {
        let mut chunk = std::mem::take(&mut draining.again);
        while chunk.len() < most {
            match draining.kinds.next() {
                Some(kind) => chunk.push(kind),
                None if draining.next < SHARDS => {
                    draining.kinds = std::mem::take(&mut *self.0[draining.next].lock()).into_iter();
                    draining.next += 1;
                }
                None => break,
            }
        }
        chunk
    }

    /// Adds what could not be written to what came since.
    pub(super) fn put_back(&self, refusals: Vec<(Refusal, u64)>, draining: Draining) {
        for (refusal, count) in refusals.into_iter().chain(draining.kinds) {
            *self.shard(refusal).lock().entry(refusal).or_default() += count;
        }
    }

    /// How many refusals there are, those included that were being written.
    pub(super) fn count(&self, mut draining: Draining) -> u64 {
        self.next_chunk(&mut draining, usize::MAX).iter().map(|(_, count)| count).sum()
    }

    fn shard(&self, refusal: Refusal) -> &Mutex<HashMap<Refusal, u64>> {
        &self.0[mix(refusal.key.0.cast_unsigned()) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Code;
    use domain::ids::{KeyNumber, UserNumber};

    #[rstest::rstest]
    #[case::dense(1)]
    #[case::sparse(1 << 32)]
    fn all_kinds_are_taken_a_few_at_a_time_and_what_is_held_is_bounded(#[case] step: i64) {
        let numbered = |n: i64| n * step;
        let refusals = Refusals::default();
        let refusal =
            |key| Refusal { key: KeyNumber(key), user: UserNumber(1), hour: 0, code: Code::Deleted };
        for key in (0..300_000).chain(0..10).map(numbered) {
            refusals.add(refusal(key));
        }
        let (mut draining, mut counts) = (Draining::default(), HashMap::new());
        loop {
            let taken = refusals.next_chunk(&mut draining, 100);
            assert!(taken.len() <= 100);
            if taken.is_empty() {
                break;
            }
            counts.extend(taken);
        }
        assert!((KINDS - SHARDS..=KINDS).contains(&counts.len()), "{}", counts.len());
        assert_eq!(counts[&refusal(numbered(3))], 2);
        for key in 0..1000 {
            refusals.add(refusal(key));
        }
        let mut draining = Draining::default();
        let taken = refusals.next_chunk(&mut draining, 100);
        draining.retry(taken);
        let taken = refusals.next_chunk(&mut draining, 100);
        refusals.put_back(taken, draining);
        refusals.add(refusal(0));
        assert_eq!(refusals.count(Draining::default()), 1001, "what could not be written is there");
    }
}
