//! Which keys the log of uses knows by their ids: it is told once in a run of each that something is kept of.

use crate::verify::KeyIndex;
use domain::ids::KeyNo;
use store::{StoreError, UsageLog};

/// A bit for each number that was told.
#[derive(Default)]
pub(super) struct Names(Vec<u64>);

impl Names {
    /// Tells the log of those among `keys` that it was not told of.
    pub(super) fn note(
        &mut self,
        log: &mut dyn UsageLog,
        index: &KeyIndex,
        keys: impl Iterator<Item = KeyNo>,
    ) -> Result<(), StoreError> {
        let new: Vec<_> = keys
            .filter(|key| !self.holds(*key))
            .filter_map(|key| index.id(key).map(|id| (key, id)))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        log.name_keys(&new)?;
        new.iter().for_each(|(key, _)| self.add(*key));
        Ok(())
    }

    fn holds(&self, key: KeyNo) -> bool {
        let (word, bit) = place(key);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn add(&mut self, key: KeyNo) {
        let (word, bit) = place(key);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }
}

fn place(key: KeyNo) -> (usize, u64) {
    (key.0 as usize / 64, 1 << (key.0 % 64))
}
