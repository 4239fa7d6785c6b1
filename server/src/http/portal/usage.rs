//! From where a key is used, and why it is refused.

use super::{RequestPortal, key_row, moment, spans};
use app::{AddressRow, KeyId, KeyUsage, PortalError, RefusedRow, UsagePortal};
use async_trait::async_trait;

#[async_trait]
impl UsagePortal for RequestPortal {
    async fn find_usage(&self, id: KeyId, page: u32) -> Result<KeyUsage, PortalError> {
        let actor = self.note(self.actor())?;
        let usage = self.note(self.services.keys.find_usage(actor, &id.0, page).await)?;
        let zone = &actor.time_zone;
        let addresses = usage.addresses.iter().map(|uses| AddressRow {
            address: uses.address.to_string(),
            count: uses.count,
            first: moment(uses.first, zone),
            last: moment(uses.last, zone),
        });
        let refused = usage
            .refused
            .iter()
            .map(|cause| RefusedRow { code: cause.code.name().to_owned(), counts: spans(cause.spans) });
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(KeyUsage {
            row: key_row(&usage.key, zone),
            addresses: addresses.collect(),
            page: number(usage.page),
            pages: number(usage.pages),
            total: usage.total as u64,
            refused: refused.collect(),
        })
    }
}
