//! The list of keys and one key in full.

use super::{Keys, OldToken, span_starts};
use crate::accounts::{Actor, store_trouble};
use contract::{KeyState, Refusal};
use domain::expiry;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{KeyRow, SpanCounts};

/// Records on a page of the list.
const PAGE: usize = 20;

/// A key with its counts from memory, which are never less than what was answered.
#[derive(Clone)]
pub struct ListedKey {
    /// The key.
    pub row: KeyRow,
    /// Accepted uses.
    pub times_used: u64,
    /// The last of them.
    pub last_used: Option<Micros>,
    /// Whether it passes.
    pub state: KeyState,
}

/// One page of the list.
pub struct KeyList {
    /// Newest first.
    pub keys: Vec<ListedKey>,
    /// This page, from 1; 0 when there is no record.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
    /// How many records there are.
    pub total: usize,
    /// How many records stand before this page.
    pub skipped: usize,
}

/// One key and its figures.
pub struct KeyFigures {
    /// The key.
    pub key: ListedKey,
    /// Its uses over three spans.
    pub spans: SpanCounts,
    /// The token before the present one, while it passes too.
    pub old_token: Option<OldToken>,
}

impl Keys {
    /// One page of the keys the actor may see; a page past the end is the last one.
    pub async fn list_keys(&self, actor: &Actor, page: u32) -> Result<KeyList, Refusal> {
        let scope = actor.scope();
        let pages = self.index.count(scope).div_ceil(PAGE).max(1);
        let page = (page.max(1) as usize).min(pages);
        let skipped = (page - 1) * PAGE;
        let (ids, total) = self.index.page(scope, skipped, PAGE);
        let rows = self.store.list_keys(scope, &ids).await.map_err(store_trouble)?;
        let keys = rows.into_iter().map(|row| self.with_counts(row)).collect();
        Ok(KeyList { keys, page: if total == 0 { 0 } else { page }, pages, total, skipped })
    }

    /// One key the actor may see.
    pub async fn find_listed(&self, actor: &Actor, id: &str) -> Result<ListedKey, Refusal> {
        Ok(self.with_counts(self.find_row(actor, id).await?))
    }

    /// One key the actor may see, with its figures.
    pub async fn find_key(&self, actor: &Actor, zone: &TimeZone, id: &str) -> Result<KeyFigures, Refusal> {
        let row = self.find_row(actor, id).await?;
        let starts = span_starts(self.clock.now(), zone);
        let spans = self.store.count_key_uses(row.id, starts).await.map_err(store_trouble)?;
        let key = self.with_counts(row);
        let old_token = self.find_old_token(&key, zone).await?;
        Ok(KeyFigures { key, spans, old_token })
    }

    pub(super) fn with_counts(&self, row: KeyRow) -> ListedKey {
        let (times_used, last_used) = self.index.uses(&row.token_hash);
        let state = expiry::state(row.paused, row.expires_at, self.clock.now());
        ListedKey { row, times_used, last_used, state }
    }
}
