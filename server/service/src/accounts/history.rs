//! What happened in the account of a user.

use super::{Accounts, Actor, store_trouble};
use crate::paging::Paging;
use contract::Refusal;
use store::AuditRow;

/// Records on a page.
const PAGE: u32 = 50;

/// One page of the audit log of a user.
pub struct History {
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// This page, from 1; 0 when there is no record.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
}

impl Accounts {
    /// One page of what concerns the actor; a page past the end is the last one.
    pub async fn list_history(&self, actor: &Actor, page: u32) -> Result<History, Refusal> {
        let total = self.store.count_user_audit(actor.user).await.map_err(store_trouble)?;
        let Paging { page, pages, skipped } = Paging::new(total, page, PAGE);
        let rows = self.store.list_user_audit(actor.user, skipped, PAGE).await.map_err(store_trouble)?;
        Ok(History { rows, page, pages })
    }
}
