//! Places: where in memory the records of keys and users lie. An engine's numbers are unique and nothing else, so no record
//! can lie at its number.

use hashbrown::HashTable;

/// The fewest hash tables of a [`PlaceTable`].
const SHARDS: usize = 64;
/// The most places for which a table is made. It has room for 14,336 of them (seven eighths of 16,384), and each table gets
/// a few more than its part, because hashes do not fall evenly.
const EXPECTED: usize = 12_800;

/// Where a record lies among those of its kind. Records stay where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::verify) struct Place(u32);

impl Place {
    /// The place of the next record behind so many others; none if there is no room for it.
    pub(super) fn behind(count: usize) -> Option<Self> {
        u32::try_from(count).ok().map(Self)
    }

    /// How many records lie before it.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Finds places by hashes. It has many hash tables; each is small, so that the growth of one does not hold verifications up.
pub(super) struct PlaceTable(Vec<HashTable<Place>>);

impl Default for PlaceTable {
    fn default() -> Self {
        Self(vec![HashTable::new(); SHARDS])
    }
}

impl PlaceTable {
    /// Makes room for so many places at once, because hash tables that grow leave holes in memory. The number of tables is
    /// chosen so that each is nearly full: a table has a power of two of buckets, and would else be half empty.
    pub(super) fn expect(&mut self, count: usize) {
        if !self.0.iter().all(HashTable::is_empty) {
            return;
        }
        let shards = count.div_ceil(EXPECTED).max(SHARDS);
        let each = count / shards;
        self.0 = (0..shards).map(|_| HashTable::with_capacity(each + each / 16)).collect();
    }

    /// The place under this hash that is the right one.
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(Place) -> bool) -> Option<Place> {
        self.0[self.shard(hash)].find(hash, |place| is_it(*place)).copied()
    }

    /// Adds a place, which is not there yet. `hash_of` returns the hash of any place, for a table that grows.
    pub(super) fn insert(&mut self, hash: u64, place: Place, hash_of: impl Fn(Place) -> u64) {
        let shard = self.shard(hash);
        self.0[shard].insert_unique(hash, place, |place| hash_of(*place));
    }

    /// Removes a place.
    pub(super) fn remove(&mut self, hash: u64, place: Place) {
        let shard = self.shard(hash);
        if let Ok(entry) = self.0[shard].find_entry(hash, |known| *known == place) {
            entry.remove();
        }
    }

    /// The table of a hash, by 32 bits of it that the table itself does not look at: it takes the lowest and the highest.
    fn shard(&self, hash: u64) -> usize {
        let bits = (hash >> 20) & u64::from(u32::MAX);
        ((bits * self.0.len() as u64) >> 32) as usize
    }
}

/// The hash of a row number, under which its place stands. Sixteen numbers in a row lie side by side, because changes and
/// totals often come in the order of the numbers; the sixteens lie anywhere. Engines choose the numbers, so the hash need
/// not resist attackers.
pub(super) fn number_hash(number: i64) -> u64 {
    /// What hashbrown compares before it looks at a place. It differs between neighbours.
    const TAG: u64 = 0x7f << 57;
    let number = number.cast_unsigned();
    (mix(number) & TAG) | (mix(number >> 4) & !TAG & !15) | (number & 15)
}

/// Spreads numbers over all bits, however they were chosen.
pub(in crate::verify) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn table(numbers: &[i64], expected: usize) -> PlaceTable {
        let mut table = PlaceTable::default();
        table.expect(expected);
        for (index, number) in numbers.iter().enumerate() {
            let hash_of = |place: Place| number_hash(numbers[place.index()]);
            table.insert(number_hash(*number), Place::behind(index).unwrap(), hash_of);
        }
        table
    }

    /// Numbers that engines may choose: dense, with gaps of powers of two and others, huge, falling.
    fn numberings() -> Vec<Vec<i64>> {
        let steps = [1, 2, 16, 64, 4096, 1 << 20, 1 << 32, 1000, 999_983];
        let mut all: Vec<Vec<i64>> =
            steps.iter().map(|step| (1..=8_000).map(|n| n * step).collect()).collect();
        all.push((1..=8_000).map(|n| i64::MAX - n).collect());
        all
    }

    #[test]
    fn each_place_is_found_by_its_number_whatever_the_numbers_are() {
        for numbers in numberings() {
            for expected in [0, numbers.len(), 2_000_000] {
                let table = table(&numbers, expected);
                for (index, number) in numbers.iter().enumerate() {
                    let found = table.find(number_hash(*number), |place| numbers[place.index()] == *number);
                    assert_eq!(found.map(Place::index), Some(index), "{number}");
                }
                for other in [0, -1, i64::MIN] {
                    assert_eq!(table.find(number_hash(other), |place| numbers[place.index()] == other), None);
                }
            }
        }
    }

    #[test]
    fn few_places_are_looked_at_in_vain() {
        for numbers in numberings() {
            let table = table(&numbers, numbers.len());
            let mut looked_at = 0;
            for number in &numbers {
                table.find(number_hash(*number), |place| {
                    looked_at += 1;
                    numbers[place.index()] == *number
                });
            }
            assert!(
                looked_at < numbers.len() * 5 / 4,
                "{looked_at} of {} from {}",
                numbers.len(),
                numbers[0]
            );
        }
    }

    #[test]
    fn tables_are_nearly_full_and_none_has_to_grow_for_what_was_expected() {
        let numbers: Vec<i64> = (1..=1_000_000).collect();
        let mut table = PlaceTable::default();
        table.expect(numbers.len());
        let before: Vec<_> = table.0.iter().map(HashTable::capacity).collect();
        for (index, number) in numbers.iter().enumerate() {
            let hash_of = |place: Place| number_hash(numbers[place.index()]);
            table.insert(number_hash(*number), Place::behind(index).unwrap(), hash_of);
        }
        let after: Vec<_> = table.0.iter().map(HashTable::capacity).collect();
        assert_eq!(before, after);
        let bytes: usize = table.0.iter().map(HashTable::allocation_size).sum();
        assert!(bytes < 7_000_000, "{bytes} bytes for a million places");
    }

    #[test]
    fn a_place_that_is_removed_is_not_found() {
        let numbers = [1, i64::MAX, 7_000_000_000];
        let mut table = table(&numbers, 0);
        table.remove(number_hash(i64::MAX), Place(1));
        table.remove(number_hash(5), Place(1));
        let found = |number: i64| table.find(number_hash(number), |place| numbers[place.index()] == number);
        assert_eq!(numbers.map(found), [Some(Place(0)), None, Some(Place(2))]);
    }

    #[test]
    fn mixed_numbers_are_spread_evenly() {
        for numbers in numberings() {
            let spread: HashSet<u64> =
                numbers.iter().map(|number| mix(number.cast_unsigned()) % 128).collect();
            assert_eq!(spread.len(), 128);
        }
    }
}
