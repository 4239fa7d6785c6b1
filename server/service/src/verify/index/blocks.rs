//! The records of keys, side by side in blocks that never move, in the order in which the keys came.

use super::key_records::Record;
use super::numbers::Numbers;
use super::place::Place;
use domain::ids::KeyNumber;

/// Records of a block.
const BLOCK: usize = 4096;

/// Records that came one after the other.
struct Block {
    numbers: Numbers,
    records: Vec<Record>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Blocks(Vec<Block>);

impl Blocks {
    pub(super) fn get(&self, place: Place) -> Option<&Record> {
        self.0.get(place.index() / BLOCK)?.records.get(place.index() % BLOCK)
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut Record> {
        self.0.get_mut(place.index() / BLOCK)?.records.get_mut(place.index() % BLOCK)
    }

    /// The row number of a key.
    pub(super) fn number(&self, place: Place) -> Option<KeyNumber> {
        let block = self.0.get(place.index() / BLOCK)?;
        block.numbers.get(place.index() % BLOCK).map(KeyNumber)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * BLOCK + last.records.len())
    }

    /// Puts a record behind all others. There may be no place left for it.
    pub(super) fn push(&mut self, number: KeyNumber, record: Record) -> Option<Place> {
        let place = Place::behind(self.count())?;
        match self.0.last_mut().filter(|block| block.records.len() < BLOCK) {
            Some(block) => {
                block.numbers.push(block.records.len(), number.0, BLOCK);
                block.records.push(record);
            }
            None => {
                let mut records = Vec::with_capacity(BLOCK);
                records.push(record);
                self.0.push(Block { numbers: Numbers::begin(number.0), records });
            }
        }
        Some(place)
    }
}
