//! The counts: accepted uses are committed before they are answered, and readers see no fewer than were answered.

use super::{Change, StoreError};
use async_trait::async_trait;
use contract::Code;
use domain::address::Address;
use domain::ids::{KeyId, KeyNumber, UserNumber};
use domain::time::Micros;

/// The most addresses that are kept of a key; the one that was silent for longest makes room.
pub const ADDRESSES: usize = 1000;

/// One accepted use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The key.
    pub key: KeyNumber,
    /// The user who owns the key.
    pub user: UserNumber,
    /// From where.
    pub address: Address,
    /// When the token was replaced by which it came, if it was not the key's present one.
    pub rotated_at: Option<Micros>,
}

/// Refused requests of one key, by hour and cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The key.
    pub key: KeyNumber,
    /// The user who owns the key.
    pub user: UserNumber,
    /// The hour, counted from 1970.
    pub hour: i64,
    /// The cause.
    pub code: Code,
}

/// A key's accepted uses so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The key.
    pub key: KeyNumber,
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: Micros,
}

/// Accepted uses that are committed and not in the totals yet, as far as this process knows of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// How many.
    pub uses: u64,
    /// When the first of them was.
    pub since: Option<Micros>,
}

/// The writing side. One task owns it and awaits its calls one after the other.
///
/// Each call but [`Self::recover`] and [`Self::close`] is short, because verifications wait meanwhile: whatever takes long
/// is cut into steps of [`Self::maintain`]. An engine that commits inline returns futures that are ready at once; nobody
/// may rely on that.
#[async_trait]
pub trait UsageLog: Send {
    /// Brings into the totals what an earlier run left, then hands over all totals. Called once, before anything else: it
    /// may take long, and may wait for a lock, as nobody is served yet.
    ///
    /// # Errors
    /// The database is in trouble.
    async fn recover(&mut self, each: &mut (dyn FnMut(Total) + Send)) -> Result<(), StoreError>;
    /// Commits one batch of accepted uses. When this returns they survive the death of the process; readers see them.
    ///
    /// Returns what other processes changed before that commit, in the order of the commits: everything of which the watcher
    /// had not been told when this was called. The caller tells the index, and judges the uses anew before they are answered.
    /// An engine of one process returns an empty list, for which nothing is allocated.
    ///
    /// # Errors
    /// Nothing of the batch was kept. A lock ([`StoreError::is_lock`]) is not waited for.
    async fn append(&mut self, at: Micros, uses: &[Use]) -> Result<Vec<Change>, StoreError>;
    /// Adds refused requests, in one transaction.
    ///
    /// # Errors
    /// Nothing was added.
    async fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError>;
    /// Writes nothing new, to find out whether writing works.
    ///
    /// # Errors
    /// Writing does not work.
    async fn probe(&mut self) -> Result<(), StoreError>;
    /// Called every second, and does nothing long: lets the log begin what is due beside counting. `keep_hours` is for how
    /// long statistics are kept; without it they are kept for ever.
    ///
    /// # Errors
    /// The log cannot go on, because a part of it has ended.
    fn begin_maintenance(&mut self, now: Micros, keep_hours: Option<i64>) -> Result<(), StoreError>;
    /// Lets the log begin what is left before the end: after its last step all uses are in the totals.
    fn begin_end(&mut self);
    /// Whether there is a step to take.
    fn has_work(&self) -> bool;
    /// Takes one small step of what was begun, in one transaction. At every step counts and readers add up.
    ///
    /// # Errors
    /// Nothing of the step was kept, and the log has been told. After a lock the same step is tried again; after another
    /// failure it waits until it is due anew.
    async fn maintain(&mut self) -> Result<(), StoreError>;
    /// What is not in the totals yet.
    fn lag(&self) -> Lag;
    /// Ends the work of the log; nothing is appended after it.
    ///
    /// # Errors
    /// The database is in trouble. Nothing that was committed is lost.
    async fn close(&mut self) -> Result<(), StoreError>;
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

/// Uses by the token that a key had before a rotation. They are among the uses of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OldTokenUses {
    /// Since the first hour of today.
    pub today: u64,
    /// From the first hour of yesterday to today.
    pub yesterday: u64,
    /// The addresses it was used from since the rotation, the one that was used last first.
    pub addresses: Vec<AddressUses>,
}

impl OldTokenUses {
    /// Adds `count` of one hour; `days` are the first hours of today and of yesterday.
    pub fn add(&mut self, days: [i64; 2], hour: i64, count: u64) {
        if hour >= days[0] {
            self.today += count;
        } else if hour >= days[1] {
            self.yesterday += count;
        }
    }

    /// The last use.
    #[must_use]
    pub fn last(&self) -> Option<Micros> {
        self.addresses.iter().map(|uses| uses.last).max()
    }
}

/// What a key was used and refused in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HourCounts {
    /// Hours since 1970.
    pub hour: i64,
    /// Accepted uses.
    pub accepted: u64,
    /// Refused ones.
    pub refused: u64,
}

/// What was used and refused in one piece of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PieceCounts {
    /// Accepted uses.
    pub accepted: u64,
    /// Refused ones.
    pub refused: u64,
}

impl PieceCounts {
    /// Adds uses or refusals.
    pub fn add(&mut self, refused: bool, count: u64) {
        *if refused { &mut self.refused } else { &mut self.accepted } += count;
    }

    /// The piece in which an hour lies; none outside of all. `edges` are the first hours of the pieces, then the end.
    #[must_use]
    pub fn place(edges: &[i64], hour: i64) -> Option<usize> {
        let behind = edges.partition_point(|edge| *edge <= hour);
        (behind > 0 && behind < edges.len()).then(|| behind - 1)
    }
}

/// The reading side: no less than was answered, in one snapshot.
#[async_trait]
pub trait UsageReader: Send + Sync {
    /// The figures of these users' keys together for each piece of time. `edges` are the first hours of the pieces, which
    /// follow each other, then the end of the last one.
    async fn count_pieces(&self, users: &[UserNumber], edges: &[i64])
    -> Result<Vec<PieceCounts>, StoreError>;
    /// The same for each of these keys, in their order; nothing but zeros for a key that is not there.
    async fn count_key_pieces(
        &self,
        keys: &[KeyId],
        edges: &[i64],
    ) -> Result<Vec<Vec<PieceCounts>>, StoreError>;
    /// The figures of one key.
    async fn count_key_uses(&self, key: KeyId, starts: SpanStarts) -> Result<SpanCounts, StoreError>;
    /// The hours of a key from `from` to before `until` in which it was used or refused, in their order.
    async fn list_key_hours(&self, key: KeyId, from: i64, until: i64) -> Result<Vec<HourCounts>, StoreError>;
    /// The addresses a key was used from (at most [`ADDRESSES`] and those of the last seconds), the one that
    /// was used last first.
    async fn list_key_addresses(&self, key: KeyId) -> Result<Vec<AddressUses>, StoreError>;
    /// The uses by the token that a key had until it was rotated at that time; `days` are the first hours of today and of
    /// yesterday.
    async fn find_old_token_uses(
        &self,
        key: KeyId,
        rotated_at: Micros,
        days: [i64; 2],
    ) -> Result<OldTokenUses, StoreError>;
    /// The refusals of a key by cause, the most frequent first.
    async fn count_key_refusals(&self, key: KeyId, starts: SpanStarts) -> Result<Vec<Refused>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_lies_in_the_piece_that_has_begun() {
        let places = [9, 10, 11, 12, 19, 20].map(|hour| PieceCounts::place(&[10, 12, 20], hour));
        assert_eq!(places, [None, Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!((PieceCounts::place(&[], 1), PieceCounts::place(&[1], 1)), (None, None));
    }
}
