//! The reading side of the counts. Each call reads by one statement, so from one snapshot in which totals and journal add up.

use super::SqliteStore;
use super::rows::{count, key_no};
use super::usage_entries::{FOLDED, folded_keys, uses};
use super::{usage_detail, usage_old_tokens, usage_pieces};
use crate::Trouble;
use crate::statements::{Query, sql};
use async_trait::async_trait;
use domain::ids::{KeyId, KeyNumber, UserNumber};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::{BTreeMap, HashSet};
use store::{
    AddressUses, HourCounts, OldTokenUses, PieceCounts, Refused, SpanCounts, SpanStarts, StoreError,
    UsageReader, Use,
};

/// Hours are summed up as far as they lie in the same spans: one of them stands for all.
const OF_KEY: &str =
    "SELECT NULL AS seq, 0 AS kind, min(hour) AS at, code <> 0 AS refused, sum(count) AS count,
    NULL AS entries
    FROM usage.hourly WHERE key_no = ?1 AND hour >= ?2
    GROUP BY code <> 0, (hour >= ?3) + (hour >= ?4)
    UNION ALL SELECT seq, kind, at, 0, 0, entries FROM usage.journal WHERE kind IN (0, 1)";

const HOURS_OF_KEY: &str =
    "SELECT NULL AS seq, 0 AS kind, hour AS at, code <> 0 AS refused, count, NULL AS entries
    FROM usage.hourly WHERE key_no = ?1 AND hour >= ?2 AND hour < ?3
    UNION ALL SELECT seq, kind, at, 0, 0, entries FROM usage.journal WHERE kind IN (0, 1)";

/// A piece of what counts are made of.
pub(super) enum Found<'a> {
    /// A row that holds a sum.
    Sum(&'a SqliteRow),
    /// A use that is in no sum yet, and its hour.
    Use(&'a Use, i64),
}

#[async_trait]
impl UsageReader for SqliteStore {
    async fn count_pieces(
        &self,
        users: &[UserNumber],
        edges: &[i64],
    ) -> Result<Vec<PieceCounts>, StoreError> {
        Ok(usage_pieces::of_users(self, users, edges).await?)
    }

    async fn count_key_pieces(
        &self,
        keys: &[KeyId],
        edges: &[i64],
    ) -> Result<Vec<Vec<PieceCounts>>, StoreError> {
        Ok(usage_pieces::of_keys(self, keys, edges).await?)
    }

    async fn count_key_uses(&self, key: KeyId, starts: SpanStarts) -> Result<SpanCounts, StoreError> {
        let key = self.number_of(key).await?;
        let query = sql!(OF_KEY, key.0, starts.days_30, starts.days_7, starts.today);
        let mut counts = SpanCounts::default();
        let add = |hour, refused, count| counts.add(starts, hour, refused, count);
        self.add_up(query, |one| one.key == key, add).await?;
        Ok(counts)
    }

    async fn list_key_hours(&self, key: KeyId, from: i64, until: i64) -> Result<Vec<HourCounts>, StoreError> {
        let key = self.number_of(key).await?;
        let mut hours = BTreeMap::<i64, HourCounts>::new();
        let add = |hour, refused, count| {
            if (from..until).contains(&hour) {
                let counts = hours.entry(hour).or_insert(HourCounts { hour, ..HourCounts::default() });
                *if refused { &mut counts.refused } else { &mut counts.accepted } += count;
            }
        };
        self.add_up(sql!(HOURS_OF_KEY, key.0, from, until), |one| one.key == key, add).await?;
        Ok(hours.into_values().collect())
    }

    async fn list_key_addresses(&self, key: KeyId) -> Result<Vec<AddressUses>, StoreError> {
        Ok(usage_detail::addresses(self, self.number_of(key).await?).await?)
    }

    async fn find_old_token_uses(
        &self,
        key: KeyId,
        rotated_at: Micros,
        days: [i64; 2],
    ) -> Result<OldTokenUses, StoreError> {
        Ok(usage_old_tokens::find(self, self.number_of(key).await?, rotated_at, days).await?)
    }

    async fn count_key_refusals(&self, key: KeyId, starts: SpanStarts) -> Result<Vec<Refused>, StoreError> {
        Ok(usage_detail::refused(self, self.number_of(key).await?, starts).await?)
    }
}

/// Lets others have a turn from time to time while a full journal is read: pages share their thread.
#[derive(Default)]
pub(super) struct Turns {
    bytes: usize,
}

impl Turns {
    /// Bytes of the journal that are read in one turn.
    const BYTES: usize = 128 * 1024;

    pub(super) async fn read(&mut self, entries: &[u8]) {
        self.bytes += entries.len();
        if self.bytes >= Self::BYTES {
            self.bytes = 0;
            tokio::task::yield_now().await;
        }
    }
}

impl SqliteStore {
    /// Under which number a key is counted; `NotFound` if there is none.
    async fn number_of(&self, key: KeyId) -> Result<KeyNumber, StoreError> {
        let found =
            self.find(sql!("SELECT no FROM keys WHERE id = ?", key.0), |row| key_no(row, "no")).await?;
        found.ok_or(StoreError::NotFound)
    }

    /// Hands to `add` (hour, whether refused, how many) what the hours hold, and what of the journal is wanted and not in
    /// them yet.
    async fn add_up(
        &self,
        query: Query<'_>,
        wanted: impl Fn(&Use) -> bool,
        mut add: impl FnMut(i64, bool, u64),
    ) -> Result<(), Trouble> {
        let each = |found: Found<'_>| {
            match found {
                Found::Sum(row) => {
                    add(row.try_get("at")?, row.try_get::<i64, _>("refused")? != 0, count(row, "count")?);
                }
                Found::Use(one, hour) if wanted(one) => add(hour, false, 1),
                Found::Use(..) => {}
            }
            Ok(())
        };
        self.read_counts(query, each).await
    }

    /// Hands each sum to `each`, and each use of the journal that is in none of them yet. Rows of the journal are those with
    /// a `seq`.
    pub(super) async fn read_counts(
        &self,
        query: Query<'_>,
        mut each: impl FnMut(Found<'_>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let rows = query.fetch_all(&self.readers).await?;
        let mut turns = Turns::default();
        let mut folded: HashSet<(i64, KeyNumber)> = HashSet::new();
        for row in &rows {
            let seq: Option<i64> = row.try_get("seq")?;
            if let Some(seq) = seq.filter(|_| row.get::<i64, _>("kind") == FOLDED) {
                folded.extend(folded_keys(row.try_get("entries")?).map(|key| (seq >> 32, key)));
            }
        }
        for row in &rows {
            match row.try_get::<Option<i64>, _>("seq")? {
                None => each(Found::Sum(row))?,
                Some(_) if row.try_get::<i64, _>("kind")? == FOLDED => {}
                Some(seq) => {
                    let (at, entries): (i64, &[u8]) = (row.try_get("at")?, row.try_get("entries")?);
                    turns.read(entries).await;
                    for one in uses(entries)? {
                        if !folded.contains(&(seq >> 32, one.key)) {
                            each(Found::Use(&one, Micros(at).hour()))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_full_journal_is_read_in_turns_with_others() {
        let (batch, others) = (vec![0; 24 * 1000], Cell::new(0));
        let reading = async {
            let mut turns = Turns::default();
            for _ in 0..300 {
                turns.read(&batch).await;
            }
        };
        let other = async {
            loop {
                others.set(others.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = reading => {}
            () = other => {}
        }
        assert!(others.get() >= 300_000 * 24 / (Turns::BYTES + batch.len()), "{}", others.get());
    }
}
