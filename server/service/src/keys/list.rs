//! The list of keys and one key in full.

use super::{Keys, OldToken, span_starts};
use crate::accounts::{Actor, store_trouble};
use crate::verify::Wanted;
use contract::{KeyState, Refusal};
use domain::expiry;
use domain::ids::KeyId;
use domain::key_list::{Column, KeyListQuery, ListState, MOST_FOUND, Total};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use std::collections::HashSet;
use std::sync::Arc;
use store::{KeyMark, KeyRow, KeyScope, SpanCounts};

/// For how many seconds the list says that a key was refused: a week.
const LATELY: i64 = 7 * 24 * 3600;
/// The most keys that are asked of the store for one mark. A list of more of them says "more than".
const MOST_MARKED: u32 = MOST_FOUND as u32 + 1;

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
    /// In the order that was asked for.
    pub keys: Vec<ListedKey>,
    /// Those of them that were refused lately.
    pub refused: HashSet<KeyId>,
    /// This page, from 1; 0 when there is no record.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
    /// How many records there are.
    pub total: Total,
    /// How many records stand before this page.
    pub skipped: usize,
    /// Whether the account has sub-users, so that the list says whose a key is.
    pub has_sub_users: bool,
    /// Their names, for an owner to choose from.
    pub sub_users: Vec<Arc<str>>,
    /// Now.
    pub now: Micros,
}

/// One key and its figures.
pub struct KeyFigures {
    /// The key.
    pub key: ListedKey,
    /// Its uses over three spans.
    pub spans: SpanCounts,
    /// The token before the present one, while it passes too.
    pub old_token: Option<OldToken>,
    /// Whether its user or the user's account is disabled.
    pub owner_disabled: bool,
}

impl Keys {
    /// One page of the keys the actor may see and that the query wants; a page past the end is the last one.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list_keys(&self, actor: &Actor, query: &KeyListQuery) -> Result<KeyList, Refusal> {
        let (scope, now) = (actor.scope(), self.clock.now());
        let size = query.size as usize;
        let cut = |total: Total| {
            let pages = total.reached().div_ceil(size).max(1);
            let page = (query.page.max(1) as usize).min(pages);
            (page, pages, (page - 1) * size)
        };
        let (ids, total, (page, pages, skipped)) =
            if query.filter.is_open() && query.order.column == Column::Created {
                let at = cut(Total::Exact(self.index.count(scope)));
                let (ids, total) = self.index.page(scope, at.2, size, query.order.descending);
                (ids, Total::Exact(total), at)
            } else {
                let (found, total) = self.find_ids(scope, query, now).await?;
                let at = cut(total);
                (found.into_iter().skip(at.2).take(size).collect(), total, at)
            };
        let keys = self.rows_of(scope, &ids).await?;
        let refused = self.marked(scope, ListState::Refused, now).await?;
        let sub_users = if actor.is_owner() { self.index.sub_users_of(actor.account) } else { Vec::new() };
        Ok(KeyList {
            keys,
            refused,
            page: if total == Total::Exact(0) { 0 } else { page },
            pages,
            total,
            skipped,
            has_sub_users: !actor.is_owner() || !sub_users.is_empty(),
            sub_users,
            now,
        })
    }

    /// The ids of the keys that a query wants, in its order, as far as pages lead to them.
    pub(super) async fn find_ids(
        &self,
        scope: KeyScope,
        query: &KeyListQuery,
        now: Micros,
    ) -> Result<(Vec<KeyId>, Total), Refusal> {
        let marked = self.marked_of(scope, query, now).await?;
        let wanted = Wanted { filter: &query.filter, order: query.order, marked: marked.as_ref(), now };
        Ok(self.index.find_wanted(scope, &wanted).await)
    }

    /// The keys that the store has in the state of the filter, if that state is marked.
    pub(super) async fn marked_of(
        &self,
        scope: KeyScope,
        query: &KeyListQuery,
        now: Micros,
    ) -> Result<Option<HashSet<KeyId>>, Refusal> {
        match query.filter.state.filter(|state| state.is_marked()) {
            Some(state) => self.marked(scope, state, now).await.map(Some),
            None => Ok(None),
        }
    }

    async fn marked(
        &self,
        scope: KeyScope,
        state: ListState,
        now: Micros,
    ) -> Result<HashSet<KeyId>, Refusal> {
        let mark = match state {
            ListState::Rotating => KeyMark::Rotating(now),
            ListState::ManagesKeys => KeyMark::ManagesKeys,
            _ => KeyMark::RefusedSince(now.plus_seconds(-LATELY)),
        };
        let ids = self.store.list_marked_keys(scope, mark, MOST_MARKED).await.map_err(store_trouble)?;
        Ok(ids.into_iter().collect())
    }

    /// Keys by their ids, in this order; those that were deleted meanwhile are left out.
    pub(super) async fn rows_of(&self, scope: KeyScope, ids: &[KeyId]) -> Result<Vec<ListedKey>, Refusal> {
        let rows = self.store.list_keys(scope, ids).await.map_err(store_trouble)?;
        let mut keys: Vec<_> = rows.into_iter().map(|row| self.with_counts(row)).collect();
        let place = |key: &ListedKey| ids.iter().position(|id| *id == key.row.id);
        keys.sort_by_cached_key(place);
        Ok(keys)
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
        let entry = self.index.find(&key.row.token_hash);
        let owner_disabled = entry.is_some_and(|entry| entry.user.is_disabled());
        Ok(KeyFigures { key, spans, old_token, owner_disabled })
    }

    pub(super) fn with_counts(&self, row: KeyRow) -> ListedKey {
        let (times_used, last_used) = self.index.uses(&row.token_hash);
        let state = expiry::state(row.paused, row.expires_at, self.clock.now());
        ListedKey { row, times_used, last_used, state }
    }
}
