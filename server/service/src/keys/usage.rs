//! The addresses from which a key is used, and why it is refused.

use super::{Keys, ListedKey, span_starts};
use crate::accounts::{Actor, store_trouble};
use contract::Refusal;
use domain::time_zone::TimeZone;
use store::{AddressUses, HourCounts, Refused};

/// Addresses on a page.
const PAGE: usize = 50;

/// How a key is used.
pub struct KeyUsage {
    /// The key.
    pub key: ListedKey,
    /// One page of its addresses, the one that was used last first.
    pub addresses: Vec<AddressUses>,
    /// This page, from 1; 0 when there is no record.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
    /// How many addresses there are.
    pub total: usize,
    /// Its refusals by cause over three spans.
    pub refused: Vec<Refused>,
}

impl Keys {
    /// The addresses that a key of the actor was used from, the one that was used last first.
    pub async fn list_addresses(&self, actor: &Actor, id: &str) -> Result<Vec<AddressUses>, Refusal> {
        let row = self.find_row(actor, id).await?;
        self.store.list_key_addresses(row.id).await.map_err(store_trouble)
    }

    /// The hours of a key of the actor, from `from` to before `until` (hours since 1970), in which it was used or refused.
    pub async fn list_hours(
        &self,
        actor: &Actor,
        id: &str,
        from: i64,
        until: i64,
    ) -> Result<Vec<HourCounts>, Refusal> {
        let row = self.find_row(actor, id).await?;
        self.store.list_key_hours(row.id, from, until).await.map_err(store_trouble)
    }

    /// How a key the actor may see is used; a page of addresses past the end is the last one.
    pub async fn find_usage(
        &self,
        actor: &Actor,
        zone: &TimeZone,
        id: &str,
        page: u32,
    ) -> Result<KeyUsage, Refusal> {
        let row = self.find_row(actor, id).await?;
        let addresses = self.store.list_key_addresses(row.id).await.map_err(store_trouble)?;
        let starts = span_starts(self.clock.now(), zone);
        let refused = self.store.count_key_refusals(row.id, starts).await.map_err(store_trouble)?;
        let (total, pages) = (addresses.len(), addresses.len().div_ceil(PAGE).max(1));
        let page = (page.max(1) as usize).min(pages);
        let addresses = addresses.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
        let page = if total == 0 { 0 } else { page };
        Ok(KeyUsage { key: self.with_counts(row), addresses, page, pages, total, refused })
    }
}
