//! Applications that were let in.

use super::Applications;
use crate::accounts::{Actor, store_trouble};
use crate::paging::Paging;
use contract::Refusal;
use store::ApplicationRow;

/// Applications on a page.
const PAGE: u32 = 50;

/// One page of the applications that have a key.
pub struct ApplicationList {
    /// The newest approval first.
    pub applications: Vec<ApplicationRow>,
    /// This page, from 1; 0 when there is none.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
}

impl Applications {
    /// One page of the applications that have a key which the actor may see; a page past the end is the last one.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list_applications(&self, actor: &Actor, page: u32) -> Result<ApplicationList, Refusal> {
        let total = self.store.count_applications(actor.scope()).await.map_err(store_trouble)?;
        let Paging { page, pages, skipped } = Paging::new(total, page, PAGE);
        let listed = self.store.list_applications(actor.scope(), skipped, PAGE).await;
        Ok(ApplicationList { applications: listed.map_err(store_trouble)?, page, pages })
    }
}
