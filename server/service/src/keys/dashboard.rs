//! What the first page tells of keys.

use super::{Keys, ListedKey};
use crate::accounts::{Actor, store_trouble};
use crate::verify::{Survey, Surveyed};
use contract::Refusal;
use domain::attention::Matter;
use domain::ids::KeyId;
use domain::range::Range;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::PieceCounts;

/// The busiest keys that are shown.
const SHOWN: usize = 5;
/// Keys among which they are looked for: those with the most uses ever. Counting the uses of one range takes a question to
/// the database, which is not asked about every key.
const CANDIDATES: usize = 8;

/// A key, and how often it was used in each piece of the range.
pub struct BusyKey {
    /// The key.
    pub key: ListedKey,
    /// Its uses in each piece.
    pub uses: Vec<u64>,
}

/// Uses and refusals over a range.
pub struct RangeFigures {
    /// The range.
    pub range: Range,
    /// When its pieces begin, and when the last one ends.
    pub edges: Vec<Micros>,
    /// What was used and refused in each, deleted keys included.
    pub pieces: Vec<PieceCounts>,
    /// The same since midnight.
    pub today: PieceCounts,
    /// Now.
    pub now: Micros,
}

/// What the first page tells of the keys that a user may see.
pub struct KeysOverview {
    /// Uses and refusals.
    pub figures: RangeFigures,
    /// Living keys.
    pub keys: usize,
    /// Those that are neither paused nor expired.
    pub active: usize,
    /// Those that were used in the range.
    pub used: usize,
    /// Those that were never used.
    pub never_used: usize,
    /// What needs attention: of how many keys, and the only key where it is one.
    pub matters: Vec<(Matter, usize, Option<ListedKey>)>,
    /// The keys with the most uses in the range, the busiest first.
    pub busiest: Vec<BusyKey>,
    /// The key that was used last.
    pub last_used: Option<ListedKey>,
}

/// Hours of a range, and what is asked with them.
struct Hours {
    range: Range,
    now: Micros,
    edges: Vec<i64>,
    /// The first hour of today.
    today: i64,
}

impl Hours {
    fn new(range: Range, now: Micros, zone: &TimeZone) -> Self {
        Self { range, now, edges: range.edges(now, zone), today: zone.midnight(now, 0).hour() }
    }

    fn figures(self, pieces: Vec<PieceCounts>) -> RangeFigures {
        let mut today = PieceCounts::default();
        for (_, piece) in self.edges.iter().zip(&pieces).filter(|(start, _)| **start >= self.today) {
            today.add(false, piece.accepted);
            today.add(true, piece.refused);
        }
        let edges = self.edges.into_iter().map(|hour| Micros(hour * Micros::HOUR)).collect();
        RangeFigures { range: self.range, edges, pieces, today, now: self.now }
    }
}

impl Keys {
    /// What the first page tells of the keys that the actor may see.
    pub async fn overview(
        &self,
        actor: &Actor,
        zone: &TimeZone,
        range: Range,
    ) -> Result<KeysOverview, Refusal> {
        let scope = actor.scope();
        let hours = Hours::new(range, self.clock.now(), zone);
        let since = Micros(hours.edges.first().map_or(hours.now.0, |hour| hour * Micros::HOUR));
        let wanted = Surveyed { now: hours.now, since, busiest: CANDIDATES };
        let survey = self.index.survey(scope, wanted).await;
        let users = self.index.users_of(scope);
        let pieces = self.store.count_pieces(&users, &hours.edges).await.map_err(store_trouble)?;
        let used = self.store.count_key_pieces(&survey.busiest, &hours.edges).await.map_err(store_trouble)?;
        let rows = self.store.list_keys(scope, &named(&survey)).await.map_err(store_trouble)?;
        let named: Vec<ListedKey> = rows.into_iter().map(|row| self.with_counts(row)).collect();
        let find = |id: KeyId| named.iter().find(|key| key.row.id == id).cloned();
        let matters = survey.matters.iter();
        let matters =
            matters.map(|(matter, count, first)| (*matter, *count, find(*first).filter(|_| *count == 1)));
        Ok(KeysOverview {
            keys: survey.keys,
            active: survey.active,
            used: survey.used,
            never_used: survey.never_used,
            matters: matters.collect(),
            busiest: busiest(survey.busiest.iter().map(|id| find(*id)).zip(used)),
            last_used: survey.last_used.and_then(find),
            figures: hours.figures(pieces),
        })
    }

    /// How often a key the actor may see was used and refused over a range.
    pub async fn find_range(
        &self,
        actor: &Actor,
        zone: &TimeZone,
        id: &str,
        range: Range,
    ) -> Result<RangeFigures, Refusal> {
        let row = self.find_row(actor, id).await?;
        let hours = Hours::new(range, self.clock.now(), zone);
        let counts = self.store.count_key_pieces(&[row.id], &hours.edges).await.map_err(store_trouble)?;
        Ok(hours.figures(counts.into_iter().next().unwrap_or_default()))
    }
}

/// The keys of which the page shows more than a number.
fn named(survey: &Survey) -> Vec<KeyId> {
    let single = survey.matters.iter().filter(|(_, count, _)| *count == 1).map(|(_, _, first)| *first);
    survey.busiest.iter().copied().chain(survey.last_used).chain(single).collect()
}

/// The busiest of these keys. One that was deleted meanwhile is left out.
fn busiest(found: impl Iterator<Item = (Option<ListedKey>, Vec<PieceCounts>)>) -> Vec<BusyKey> {
    let key = |(key, pieces): (Option<ListedKey>, Vec<PieceCounts>)| {
        Some(BusyKey { key: key?, uses: pieces.iter().map(|piece| piece.accepted).collect() })
    };
    let mut keys: Vec<_> = found.filter_map(key).collect();
    keys.sort_by_key(|busy| std::cmp::Reverse(busy.uses.iter().sum::<u64>()));
    keys.truncate(SHOWN);
    keys
}
