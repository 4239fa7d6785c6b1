//! Sums of the uses of a generation, and the pieces in which they are folded: so many rows at a time, however many keys or
//! addresses they are of.

use domain::address::Address;
use domain::ids::{KeyNumber, UserNumber};
use domain::time::Micros;
use hashbrown::HashMap;
use store::{ADDRESSES, Use};

/// Rows that one transaction of a fold writes, and about as many that it may remove.
pub(crate) const FOLD_ROWS: usize = 256;
/// Neighbouring keys per table: they are folded together, because their rows lie side by side in the database.
const RUN: usize = 64;
/// Many small tables, so that growing or sorting one of them takes no time that a verification would notice.
const TABLES: usize = 256;

/// The uses from one address: how many, the first and the last.
pub(crate) type AddressSum = (Address, u64, Micros, Micros);

/// The uses of one key in one generation, summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeySum {
    /// The key.
    pub(crate) key: KeyNumber,
    /// The user it belongs to.
    pub(crate) user: UserNumber,
    /// How many.
    pub(crate) count: u64,
    /// The last of them.
    pub(crate) last: Micros,
    /// By hour (counted from 1970).
    pub(crate) hours: Vec<(i64, u64)>,
    /// By address.
    pub(crate) addresses: Vec<AddressSum>,
}

/// What a transaction of a fold moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Some of the addresses of a key that has many, ahead of the rest.
    Addresses(KeyNumber, Vec<AddressSum>),
    /// A key with everything of it that was not moved ahead.
    Key(KeySum),
    /// Removes addresses of a key beyond [`store::ADDRESSES`] that earlier pieces brought.
    Room(KeyNumber),
}

impl Piece {
    /// The key that it is of.
    pub(crate) fn key(&self) -> KeyNumber {
        match self {
            Self::Addresses(key, _) | Self::Room(key) => *key,
            Self::Key(sum) => sum.key,
        }
    }
}

impl KeySum {
    fn begin(one: Use, at: Micros) -> Self {
        let (hours, addresses) = (Vec::new(), Vec::new());
        Self { key: one.key, user: one.user, count: 0, last: at, hours, addresses }
    }

    fn add(&mut self, one: Use, at: Micros) {
        self.count += 1;
        self.last = self.last.max(at);
        match self.hours.iter_mut().find(|(hour, _)| *hour == at.hour()) {
            Some((_, count)) => *count += 1,
            None => self.hours.push((at.hour(), 1)),
        }
        let is_full = self.addresses.len() >= ADDRESSES;
        match self.addresses.iter_mut().find(|(address, ..)| *address == one.address) {
            Some((_, count, _, last)) => {
                *count += 1;
                *last = at.max(*last);
            }
            None if !is_full => self.addresses.push((one.address, 1, at, at)),
            None => {
                if let Some(oldest) = self.addresses.iter_mut().min_by_key(|(_, _, _, last)| *last) {
                    *oldest = (one.address, 1, at, at);
                }
            }
        }
    }

    /// Rows that it writes: of the key, of its hours and its user's, of its addresses.
    fn rows(&self) -> usize {
        1 + 2 * self.hours.len() + self.addresses.len()
    }
}

/// Sums of uses by key. The maps need no hash that resists attackers, because the numbers of keys are assigned here.
pub(crate) struct UseSums(Vec<HashMap<KeyNumber, KeySum>>);

impl Default for UseSums {
    fn default() -> Self {
        Self(vec![HashMap::new(); TABLES])
    }
}

impl UseSums {
    /// Adds one use.
    pub(crate) fn add(&mut self, one: Use, at: Micros) {
        let table = &mut self.0[one.key.0 as usize / RUN % TABLES];
        table.entry(one.key).or_insert_with(|| KeySum::begin(one, at)).add(one, at);
    }

    /// By row number.
    pub(crate) fn into_sorted(self) -> Vec<KeySum> {
        sorted(self.0.into_iter().flat_map(HashMap::into_values).collect())
    }

    /// To be folded, a little at a time.
    pub(crate) fn into_pieces(self) -> Pieces {
        Pieces { tables: self.0.into_iter(), ..Pieces::from(vec![]) }
    }
}

/// Sums on their way into the totals.
pub(crate) struct Pieces {
    tables: std::vec::IntoIter<HashMap<KeyNumber, KeySum>>,
    sums: std::vec::IntoIter<KeySum>,
    /// A key that did not fit in, or whose addresses go ahead of it.
    begun: Option<KeySum>,
    /// Times that a key with many addresses has to make room.
    room: Option<(KeyNumber, usize)>,
}

impl From<Vec<KeySum>> for Pieces {
    fn from(sums: Vec<KeySum>) -> Self {
        Self { tables: vec![].into_iter(), sums: sums.into_iter(), begun: None, room: None }
    }
}

impl Pieces {
    /// What the next transaction moves; nothing at the end.
    pub(crate) fn next_chunk(&mut self) -> Vec<Piece> {
        if let Some((key, times)) = self.room.take_if(|_| self.begun.is_none()) {
            self.room = (times > 1).then_some((key, times - 1));
            return vec![Piece::Room(key)];
        }
        let (mut chunk, mut left) = (Vec::new(), FOLD_ROWS);
        while let Some(mut sum) = self.next_sum() {
            if sum.rows() <= left {
                left -= sum.rows();
                chunk.push(Piece::Key(sum));
            } else if !chunk.is_empty() {
                self.begun = Some(sum);
            } else if sum.addresses.len() < FOLD_ROWS {
                // Only hours are left: the fold waited for days.
                chunk.push(Piece::Key(sum));
            } else {
                let ahead = sum.addresses.split_off(sum.addresses.len() - FOLD_ROWS);
                self.room = Some((sum.key, self.room.map_or(1, |(_, times)| times + 1)));
                chunk.push(Piece::Addresses(sum.key, ahead));
                self.begun = Some(sum);
            }
            if self.begun.is_some() || self.room.is_some() || left == 0 {
                break;
            }
        }
        chunk
    }

    fn next_sum(&mut self) -> Option<KeySum> {
        if let Some(sum) = self.begun.take().or_else(|| self.sums.next()) {
            return Some(sum);
        }
        let table = self.tables.find(|table| !table.is_empty())?;
        self.sums = sorted(table.into_values().collect()).into_iter();
        self.sums.next()
    }
}

fn sorted(mut sums: Vec<KeySum>) -> Vec<KeySum> {
    sums.sort_unstable_by_key(|s| s.key);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(keys: u32, addresses: u32) -> UseSums {
        let mut sums = UseSums::default();
        for key in 1..=keys {
            for n in 0..addresses {
                let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + n).into());
                sums.add(
                    Use { key: KeyNumber(key.into()), user: UserNumber(1), address, rotated_at: None },
                    Micros(i64::from(n)),
                );
            }
        }
        sums
    }

    fn rows(piece: &Piece) -> usize {
        match piece {
            Piece::Addresses(_, addresses) => addresses.len(),
            Piece::Key(sum) => sum.rows(),
            Piece::Room(_) => FOLD_ROWS,
        }
    }

    #[test]
    fn a_transaction_moves_so_many_rows_whatever_they_are_of() {
        for (keys, addresses) in [(1, 1), (64, 1000), (20_000, 1), (3, 255), (5, 256), (300, 7)] {
            let mut pieces = sums(keys, addresses).into_pieces();
            let (mut moved, mut whole) = (HashMap::<KeyNumber, usize>::new(), 0);
            loop {
                let chunk = pieces.next_chunk();
                if chunk.is_empty() {
                    break;
                }
                let written: usize = chunk.iter().map(rows).sum();
                assert!(written <= FOLD_ROWS + 2, "{keys} keys with {addresses} addresses: {written} rows");
                for piece in chunk {
                    match piece {
                        Piece::Addresses(key, ahead) => *moved.entry(key).or_default() += ahead.len(),
                        Piece::Key(sum) => {
                            *moved.entry(sum.key).or_default() += sum.addresses.len();
                            assert_eq!(sum.count, u64::from(addresses));
                            whole += 1;
                        }
                        Piece::Room(_) => {}
                    }
                }
            }
            assert_eq!(whole, keys);
            assert!(moved.values().all(|moved| *moved == addresses as usize) && moved.len() == keys as usize);
        }
    }

    #[test]
    fn keys_that_lie_side_by_side_are_folded_together() {
        let mut pieces = sums(200, 1).into_pieces();
        let Some(Piece::Key(first)) = pieces.next_chunk().into_iter().next() else { panic!("no key") };
        assert_eq!(first.key, KeyNumber(1));
    }
}
