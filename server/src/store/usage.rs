//! The counts: the journal that is written before an answer, and what readers see of it.

use super::StoreError;
use crate::domain::address::Address;
use crate::domain::ids::{KeyNo, UserNo};
use crate::domain::time::Micros;
use crate::domain::verdict::Code;
use async_trait::async_trait;
use std::collections::HashMap;

/// The most addresses that are kept of a key; the one that was silent for longest makes room.
pub const ADDRESSES: usize = 1000;

/// One accepted use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The key.
    pub key: KeyNo,
    /// Whose it is.
    pub user: UserNo,
    /// From where.
    pub address: Address,
}

/// A run of the journal that is folded as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i64);

/// The uses of one key in one generation, summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySum {
    /// The key.
    pub key: KeyNo,
    /// Whose it is.
    pub user: UserNo,
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: Micros,
    /// By hour (counted from 1970).
    pub hours: Vec<(i64, u64)>,
    /// By address: count, first, last.
    pub addresses: Vec<(Address, u64, Micros, Micros)>,
}

/// Refused requests of one key, by hour and cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The key.
    pub key: KeyNo,
    /// Whose it is.
    pub user: UserNo,
    /// The hour, counted from 1970.
    pub hour: i64,
    /// The cause.
    pub code: Code,
}

/// A key's accepted uses so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The key.
    pub key: KeyNo,
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: Micros,
}

/// The writing side. It is synchronous: one thread owns it and commits inline, because handing the commit
/// to another thread costs more than the commit (docs/decisions.md).
pub trait UsageLog: Send {
    /// Commits one batch of accepted uses.
    ///
    /// # Errors
    /// Nothing of the batch was kept.
    fn append(&mut self, generation: Generation, at: Micros, uses: &[Use]) -> Result<(), StoreError>;
    /// Moves these keys' sums of a generation from the journal into the totals, in one transaction.
    ///
    /// # Errors
    /// Nothing was moved.
    fn fold(&mut self, generation: Generation, sums: &[KeySum]) -> Result<(), StoreError>;
    /// Removes part of a generation that is folded whole; answers whether any is left.
    ///
    /// # Errors
    /// Nothing was removed.
    fn drop_generation(&mut self, generation: Generation) -> Result<bool, StoreError>;
    /// Adds refused requests, in one transaction.
    ///
    /// # Errors
    /// Nothing was added.
    fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError>;
    /// All totals, folded.
    ///
    /// # Errors
    /// The database is in trouble.
    fn totals(&mut self, each: &mut dyn FnMut(Total)) -> Result<(), StoreError>;
    /// The generations that a crash left in the journal and what of each is not folded.
    ///
    /// # Errors
    /// The database is in trouble.
    fn unfolded(&mut self) -> Result<Vec<(Generation, Vec<KeySum>)>, StoreError>;
    /// Writes nothing new, to find out whether writing works again.
    ///
    /// # Errors
    /// It does not.
    fn probe(&mut self) -> Result<(), StoreError>;
    /// One small step of a walk over the statistics: removes what lies before that hour (counted from 1970)
    /// of a few keys or users. Answers where to go on, nothing at the end.
    ///
    /// # Errors
    /// Nothing was removed.
    fn forget(&mut self, before: i64, from: Walk) -> Result<Option<Walk>, StoreError>;
    /// Moves what the write-ahead log holds into the database, as far as readers let it.
    ///
    /// # Errors
    /// The database is in trouble.
    fn checkpoint(&mut self) -> Result<(), StoreError>;
}

/// Where a walk over the statistics stands: behind this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Among the keys.
    Keys(KeyNo),
    /// Among the users, who come after the keys.
    Users(UserNo),
}

impl Walk {
    /// Before all.
    pub const START: Self = Self::Keys(KeyNo(0));
}

/// Hours since 1970, from which three spans are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanStarts {
    /// The first hour of today.
    pub today: i64,
    /// The first hour of the last 7 days.
    pub days_7: i64,
    /// The first hour of the last 30 days.
    pub days_30: i64,
}

/// Accepted and refused over three spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanCounts {
    /// Accepted: today, 7 days, 30 days.
    pub accepted: [u64; 3],
    /// Refused: today, 7 days, 30 days.
    pub refused: [u64; 3],
}

impl SpanCounts {
    /// Adds `count` of one hour to every span the hour lies in.
    pub fn add(&mut self, starts: SpanStarts, hour: i64, refused: bool, count: u64) {
        let spans = if refused { &mut self.refused } else { &mut self.accepted };
        add_to(spans, starts, hour, count);
    }
}

/// The uses of a key from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressUses {
    /// From where.
    pub address: Address,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Micros,
    /// The last of them.
    pub last: Micros,
}

/// The refusals of a key for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The cause.
    pub code: Code,
    /// Today, 7 days, 30 days.
    pub spans: [u64; 3],
}

impl Refused {
    /// Adds `count` of one hour to every span the hour lies in.
    pub fn add(&mut self, starts: SpanStarts, hour: i64, count: u64) {
        add_to(&mut self.spans, starts, hour, count);
    }
}

fn add_to(spans: &mut [u64; 3], starts: SpanStarts, hour: i64, count: u64) {
    for (sum, start) in spans.iter_mut().zip([starts.today, starts.days_7, starts.days_30]) {
        if hour >= start {
            *sum += count;
        }
    }
}

/// The reading side: no less than was answered, in one snapshot.
#[async_trait]
pub trait UsageReader: Send + Sync {
    /// The figures of these users' keys together.
    async fn count_uses(&self, users: &[UserNo], starts: SpanStarts) -> Result<SpanCounts, StoreError>;
    /// The figures of one key.
    async fn count_key_uses(&self, key: KeyNo, starts: SpanStarts) -> Result<SpanCounts, StoreError>;
    /// The addresses a key was used from (at most [`ADDRESSES`] and those of the last seconds), the one that
    /// was used last first.
    async fn list_key_addresses(&self, key: KeyNo) -> Result<Vec<AddressUses>, StoreError>;
    /// The refusals of a key by cause, the most frequent first.
    async fn count_key_refusals(&self, key: KeyNo, starts: SpanStarts) -> Result<Vec<Refused>, StoreError>;
    /// The keys of these users that were used last, latest first, tombstones too.
    async fn last_used(&self, users: &[UserNo], most: u32) -> Result<Vec<KeyNo>, StoreError>;
}

/// Sums of uses by key, as a generation gathers them.
#[derive(Default)]
pub struct UseSums(HashMap<KeyNo, KeySum>);

impl UseSums {
    /// Adds one use.
    pub fn add(&mut self, one: Use, at: Micros) {
        let sum = self.0.entry(one.key).or_insert_with(|| KeySum {
            key: one.key,
            user: one.user,
            count: 0,
            last: at,
            hours: Vec::new(),
            addresses: Vec::new(),
        });
        sum.count += 1;
        sum.last = sum.last.max(at);
        match sum.hours.iter_mut().find(|(hour, _)| *hour == at.hour()) {
            Some((_, count)) => *count += 1,
            None => sum.hours.push((at.hour(), 1)),
        }
        let is_full = sum.addresses.len() >= ADDRESSES;
        match sum.addresses.iter_mut().find(|(address, ..)| *address == one.address) {
            Some((_, count, _, last)) => {
                *count += 1;
                *last = at.max(*last);
            }
            None if !is_full => sum.addresses.push((one.address, 1, at, at)),
            None => {
                if let Some(oldest) = sum.addresses.iter_mut().min_by_key(|(_, _, _, last)| *last) {
                    *oldest = (one.address, 1, at, at);
                }
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By row number, which is the order the database likes.
    #[must_use]
    pub fn into_sorted(self) -> Vec<KeySum> {
        let mut sums: Vec<_> = self.0.into_values().collect();
        sums.sort_unstable_by_key(|s| s.key);
        sums
    }
}
