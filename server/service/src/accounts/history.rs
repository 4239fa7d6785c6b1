//! What happened in the account of a user: an owner reads of all its users, a sub-user of what concerns them.

use super::{Accounts, Actor, store_trouble};
use crate::paging::Paging;
use contract::Refusal;
use domain::history::HistoryQuery;
use domain::ids::Username;
use domain::key_list::{MOST_FOUND, Total};
use store::{HistoryFilter, HistoryFrom, HistoryLine, KeyScope, LineKey};

/// Lines on a page.
const PAGE: u32 = 50;
/// Lines of a file that are read at a time.
const STRETCH: u32 = 500;
/// Lines that pages lead to, and that are counted one by one.
const MOST: u32 = MOST_FOUND as u32;

/// One page of the history.
pub struct History {
    /// Newest first.
    pub lines: Vec<HistoryLine>,
    /// The key that the query names, if the reader may see it.
    pub key: Option<LineKey>,
    /// This page, from 1; 0 when there is no line.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many lines there are.
    pub total: Total,
}

/// What is left of an export.
pub struct HistoryExport {
    /// None: nothing is wanted, or all was read.
    filter: Option<HistoryFilter>,
    from: HistoryFrom,
}

impl Accounts {
    /// One page of the lines that the actor may see and that the query wants; a page past the end is the last one.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list_history(&self, actor: &Actor, query: &HistoryQuery) -> Result<History, Refusal> {
        let (filter, key) = self.history_filter(actor, query).await?;
        let Some(filter) = filter else {
            return Ok(History { lines: Vec::new(), key, page: 0, pages: 1, total: Total::Exact(0) });
        };
        let counted = self.store.count_history(filter, MOST + 1).await.map_err(store_trouble)?;
        let reached = counted.min(MOST.into());
        let total = if counted > reached { Total::More } else { Total::Exact(reached as usize) };
        let Paging { page, pages, skipped } = Paging::new(reached, query.page, PAGE);
        let lines = self.store.list_history(filter, HistoryFrom::Skipping(skipped), PAGE).await;
        Ok(History { lines: lines.map_err(store_trouble)?, key, page, pages, total })
    }

    /// Begins an export of all lines that the actor may see and that the query wants, whatever its page.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn begin_history_export(
        &self,
        actor: &Actor,
        query: &HistoryQuery,
    ) -> Result<HistoryExport, Refusal> {
        let (filter, _) = self.history_filter(actor, query).await?;
        Ok(HistoryExport { filter, from: HistoryFrom::Skipping(0) })
    }

    /// The next lines of an export, newest first; none at its end.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn next_of_history(&self, export: &mut HistoryExport) -> Result<Vec<HistoryLine>, Refusal> {
        let Some(filter) = export.filter else { return Ok(Vec::new()) };
        let lines = self.store.list_history(filter, export.from, STRETCH).await.map_err(store_trouble)?;
        match lines.last() {
            Some(HistoryLine { number, .. }) => export.from = HistoryFrom::Before(*number),
            None => export.filter = None,
        }
        Ok(lines)
    }

    /// What a query asks for; no filter where it names a user or a key that the actor may not see, which nobody tells from
    /// one that is not there.
    async fn history_filter(
        &self,
        actor: &Actor,
        query: &HistoryQuery,
    ) -> Result<(Option<HistoryFilter>, Option<LineKey>), Refusal> {
        let reader = actor.scope();
        let key = match query.key {
            Some(id) => self.store.find_line_key(reader, id).await.map_err(store_trouble)?,
            None => None,
        };
        let mut filter = HistoryFilter { action: query.action, key: query.key, ..HistoryFilter::all(reader) };
        let mut is_known = key.is_some() == query.key.is_some();
        if let Some(name) = &query.user {
            filter.user = match (reader, Username::parse(name)) {
                (KeyScope::Account(owner), Ok(name)) => {
                    self.store.find_account_user(owner, &name).await.map_err(store_trouble)?
                }
                (KeyScope::User(user), Ok(name)) => {
                    (name.folded() == actor.username.folded()).then_some(user)
                }
                (_, Err(_)) => None,
            };
            is_known &= filter.user.is_some();
        }
        Ok((is_known.then_some(filter), key))
    }
}
