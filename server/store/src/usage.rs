//! The counts: the journal that is written before an answer, and what readers see of it.

use super::{KeySum, Piece, StoreError};
use async_trait::async_trait;
use contract::Code;
use domain::address::Address;
use domain::ids::{KeyId, KeyNo, UserNo};
use domain::time::Micros;

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
    /// From here on whoever writes has others to serve: a lock that another program holds is an error at once.
    /// Before, it is waited for a few seconds: a start that folds what is left has nobody to serve yet.
    ///
    /// # Errors
    /// The database is in trouble.
    fn wait_for_nobody(&mut self) -> Result<(), StoreError>;
    /// Whether the lock that keeps writers out is its own, held by a checkpoint.
    fn is_emptied(&self) -> bool;
    /// Commits one batch of accepted uses.
    ///
    /// # Errors
    /// Nothing of the batch was kept.
    fn append(&mut self, generation: Generation, at: Micros, uses: &[Use]) -> Result<(), StoreError>;
    /// Moves these sums of a generation from the journal into the totals, in one transaction.
    ///
    /// # Errors
    /// Nothing was moved.
    fn fold(&mut self, generation: Generation, pieces: &[Piece]) -> Result<(), StoreError>;
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
    /// Writes nothing new, to find out whether writing works.
    ///
    /// # Errors
    /// It does not.
    fn probe(&mut self) -> Result<(), StoreError>;
    /// One small step of a walk over the statistics: passes over some rows and removes those of them that lie
    /// before that hour (counted from 1970). Answers where to go on, nothing at the end.
    ///
    /// # Errors
    /// Nothing was removed.
    fn forget(&mut self, before: i64, from: Walk) -> Result<Option<Walk>, StoreError>;
    /// Answers while whoever helps it (checkpoints run on a thread of their own) is alive.
    ///
    /// # Errors
    /// A helper has ended.
    fn helpers(&self) -> Result<(), StoreError>;
    /// Notes whose these numbers are, before anything is kept under them for good.
    ///
    /// # Errors
    /// Nothing was noted.
    fn name_keys(&mut self, keys: &[(KeyNo, KeyId)]) -> Result<(), StoreError>;
    /// Whatever the log has to do beside counting; called every second.
    ///
    /// # Errors
    /// It is tried again the next time.
    fn upkeep(&mut self) -> Result<(), StoreError>;
    /// Moves what a log of the engine holds into its place, as far as readers let it.
    ///
    /// # Errors
    /// The database is in trouble.
    fn checkpoint(&mut self) -> Result<(), StoreError>;
}

/// Where a walk over the statistics stands: behind this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Among the hours of keys.
    Keys(Place),
    /// Among the hours of users, which come after those of the keys.
    Users(Place),
}

/// A row among the hours: whose, which hour, and which count of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Number of the key or the user.
    pub no: u32,
    /// Counted from 1970.
    pub hour: i64,
    /// Cause, or whether refused.
    pub kind: i64,
}

impl Walk {
    /// Before all.
    pub const START: Self = Self::Keys(Place { no: 0, hour: 0, kind: 0 });
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
}
