//! The figures of the first page.

use super::{Keys, ListedKey, span_starts};
use crate::accounts::{Actor, store_trouble};
use contract::Refusal;
use domain::time_zone::TimeZone;
use store::SpanCounts;

/// Keys that are shown as used last.
const LAST_USED: usize = 5;

/// What the first page shows.
pub struct DashboardFigures {
    /// Keys that exist.
    pub keys: usize,
    /// Uses of all keys over three spans, deleted keys included.
    pub spans: SpanCounts,
    /// The keys that were used last.
    pub last_used: Vec<ListedKey>,
}

impl Keys {
    /// The figures of the keys that the actor may see.
    pub async fn dashboard(&self, actor: &Actor, zone: &TimeZone) -> Result<DashboardFigures, Refusal> {
        let scope = actor.scope();
        let users = self.index.users_of(scope);
        let starts = span_starts(self.clock.now(), zone);
        let spans = self.store.count_uses(&users, starts).await.map_err(store_trouble)?;
        let ids = self.index.last_used(scope, LAST_USED).await;
        let rows = self.store.list_keys(scope, &ids).await.map_err(store_trouble)?;
        let mut last_used: Vec<_> = rows.into_iter().map(|row| self.with_counts(row)).collect();
        last_used.sort_by_key(|key| std::cmp::Reverse(key.last_used));
        Ok(DashboardFigures { keys: self.index.count(scope), spans, last_used })
    }
}
