//! The row numbers of a block of records, by the places of the records.

/// The numbers of a block. Engines mostly number new rows one after the other, and such numbers need no memory of their
/// own.
pub(super) enum Numbers {
    /// Each is one more than the one before; this is the first.
    Consecutive(i64),
    /// All of them.
    Each(Vec<i64>),
}

impl Numbers {
    /// Those of a block that begins with this one.
    pub(super) fn begin(number: i64) -> Self {
        Self::Consecutive(number)
    }

    /// The number in a slot that has one.
    pub(super) fn get(&self, slot: usize) -> Option<i64> {
        match self {
            Self::Consecutive(first) => first.checked_add(slot as i64),
            Self::Each(all) => all.get(slot).copied(),
        }
    }

    /// Adds the number of the next slot, which is the one behind so many others. A block has at most `most`.
    pub(super) fn push(&mut self, slot: usize, number: i64, most: usize) {
        match self {
            Self::Each(all) => all.push(number),
            Self::Consecutive(first) if first.checked_add(slot as i64) == Some(number) => {}
            Self::Consecutive(_) => {
                let mut all = Vec::with_capacity(most);
                all.extend((0..slot).filter_map(|slot| self.get(slot)));
                all.push(number);
                *self = Self::Each(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(numbers: &[i64]) -> (Vec<i64>, bool) {
        let mut kept = Numbers::begin(numbers[0]);
        for (slot, number) in numbers.iter().enumerate().skip(1) {
            kept.push(slot, *number, 8);
        }
        let all = (0..numbers.len()).filter_map(|slot| kept.get(slot)).collect();
        (all, matches!(kept, Numbers::Consecutive(_)))
    }

    #[test]
    fn numbers_stay_what_they_are_and_consecutive_ones_need_no_memory() {
        let dense = [7, 8, 9, 10];
        assert_eq!(kept(&dense), (dense.to_vec(), true));
        for others in [&[1, 2, 4][..], &[1, 3, 4], &[3, 2, 1], &[i64::MAX - 1, i64::MAX, i64::MIN], &[9, 1]] {
            assert_eq!(kept(others), (others.to_vec(), false));
        }
    }
}
