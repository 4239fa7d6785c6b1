//! Refused requests on their way to the statistics: counted by kind (key, hour, cause) for a second, and written
//! a few kinds at a time.

use hashbrown::{HashMap, hash_map};
use parking_lot::Mutex;
use store::Refusal;

/// Kinds that are held for the next second.
const KINDS: usize = 200_000;
/// Each table is small, so that its growth holds nobody up.
const TABLES: usize = 128;

/// What was refused since it was last written.
pub(super) struct Refusals([Mutex<HashMap<Refusal, u64>>; TABLES]);

/// What is being written.
#[derive(Default)]
pub(super) struct Draining {
    next: usize,
    kinds: hash_map::IntoIter<Refusal, u64>,
    /// What a lock stood in the way of.
    again: Vec<(Refusal, u64)>,
}

impl Draining {
    /// Has this taken again.
    pub(super) fn retry(&mut self, refusals: Vec<(Refusal, u64)>) {
        self.again = refusals;
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self([(); TABLES].map(|()| Mutex::default()))
    }
}

impl Refusals {
    pub(super) fn add(&self, refusal: Refusal) {
        let mut kinds = self.table(refusal).lock();
        if kinds.len() < KINDS / TABLES || kinds.contains_key(&refusal) {
            *kinds.entry(refusal).or_default() += 1;
        }
    }

    /// Takes up to `most` kinds; nothing once all tables were taken.
    pub(super) fn take(&self, draining: &mut Draining, most: usize) -> Vec<(Refusal, u64)> {
        let mut taken = std::mem::take(&mut draining.again);
        while taken.len() < most {
            match draining.kinds.next() {
                Some(kind) => taken.push(kind),
                None if draining.next < TABLES => {
                    draining.kinds = std::mem::take(&mut *self.0[draining.next].lock()).into_iter();
                    draining.next += 1;
                }
                None => break,
            }
        }
        taken
    }

    /// Holds what could not be written, for the next time.
    pub(super) fn put_back(&self, refusals: Vec<(Refusal, u64)>, draining: Draining) {
        for (refusal, count) in refusals.into_iter().chain(draining.kinds) {
            *self.table(refusal).lock().entry(refusal).or_default() += count;
        }
    }

    /// How many there are, with those that were being written.
    pub(super) fn count(&self, mut draining: Draining) -> u64 {
        self.take(&mut draining, usize::MAX).iter().map(|(_, count)| count).sum()
    }

    fn table(&self, refusal: Refusal) -> &Mutex<HashMap<Refusal, u64>> {
        &self.0[refusal.key.0 as usize % TABLES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Code;
    use domain::ids::{KeyNo, UserNo};

    #[test]
    fn all_kinds_are_taken_a_few_at_a_time_and_what_is_held_is_bounded() {
        let refusals = Refusals::default();
        let refusal = |key| Refusal { key: KeyNo(key), user: UserNo(1), hour: 0, code: Code::Deleted };
        for key in (0..300_000).chain(0..10) {
            refusals.add(refusal(key));
        }
        let (mut draining, mut counts) = (Draining::default(), HashMap::new());
        loop {
            let taken = refusals.take(&mut draining, 100);
            assert!(taken.len() <= 100);
            if taken.is_empty() {
                break;
            }
            counts.extend(taken);
        }
        assert!((KINDS - TABLES..=KINDS).contains(&counts.len()), "{}", counts.len());
        assert_eq!(counts[&refusal(3)], 2);
        for key in 0..1000 {
            refusals.add(refusal(key));
        }
        let mut draining = Draining::default();
        let taken = refusals.take(&mut draining, 100);
        draining.retry(taken);
        let taken = refusals.take(&mut draining, 100);
        refusals.put_back(taken, draining);
        refusals.add(refusal(0));
        assert_eq!(refusals.count(Draining::default()), 1001, "what could not be written is there");
    }
}
