//! The keys of a list, one stretch after the other, for a file.

use super::{Keys, ListedKey};
use crate::accounts::Actor;
use crate::verify::Wanted;
use contract::Refusal;
use domain::ids::KeyId;
use domain::key_list::{Column, KeyListQuery, Order, Total};
use domain::time::Micros;
use std::collections::{HashSet, VecDeque};
use store::KeyScope;

/// Rows that are read at a time.
const STRETCH: usize = 500;

/// What is left of an export.
pub struct Export {
    scope: KeyScope,
    query: KeyListQuery,
    marked: Option<HashSet<KeyId>>,
    now: Micros,
    ids: VecDeque<KeyId>,
    /// The last key that was looked at, where the list is still walked; none once all ids are known.
    walk: Option<Option<KeyId>>,
}

impl Keys {
    /// Begins an export of all keys that the actor may see and that the query wants, whatever its page. They come in its
    /// order as far as pages lead to them; where there are more, all of them come newest first.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn begin_export(&self, actor: &Actor, mut query: KeyListQuery) -> Result<Export, Refusal> {
        let (scope, now) = (actor.scope(), self.clock.now());
        let marked = self.marked_of(scope, &query, now).await?;
        let (mut ids, mut walk) = (VecDeque::new(), Some(None));
        if query.order.column != Column::Created {
            let (found, total) = self.find_ids(scope, &query, now).await?;
            match total {
                Total::Exact(_) => (ids, walk) = (found.into(), None),
                Total::More => query.order = Order::default(),
            }
        }
        Ok(Export { scope, query, marked, now, ids, walk })
    }

    /// The next keys of an export; none at its end.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn next_of_export(&self, export: &mut Export) -> Result<Vec<ListedKey>, Refusal> {
        loop {
            while let Some(from) = &mut export.walk
                && export.ids.len() < STRETCH
            {
                let (filter, order) = (&export.query.filter, export.query.order);
                let wanted = Wanted { filter, order, marked: export.marked.as_ref(), now: export.now };
                let mut found = Vec::new();
                let goes_on = self.index.add_next(export.scope, from, &wanted, &mut found);
                export.ids.extend(found);
                if !goes_on {
                    export.walk = None;
                }
                tokio::task::yield_now().await;
            }
            let ids: Vec<_> = export.ids.drain(..STRETCH.min(export.ids.len())).collect();
            let keys = self.rows_of(export.scope, &ids).await?;
            // A stretch of which every key was deleted meanwhile is not the end.
            if !keys.is_empty() || ids.is_empty() {
                return Ok(keys);
            }
        }
    }
}
