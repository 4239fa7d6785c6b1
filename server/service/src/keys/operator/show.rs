//! One key of any account, with all that is known of it but its token.

use super::{FoundKey, KeyAsked, KeyVerbError, OperatorKeys};
use crate::keys::span_starts;
use domain::time_zone::TimeZone;
use store::{AddressUses, AuditRow, Refused};

/// Addresses that are shown.
const ADDRESSES: usize = 10;
/// Lines of its history that are shown.
const LINES: u32 = 20;

/// A key with its figures and its history.
pub struct KeyInspection {
    /// The key, with its allow list.
    pub key: FoundKey,
    /// The addresses that it was used from, the one that was used last first.
    pub addresses: Vec<AddressUses>,
    /// How many more there are.
    pub more_addresses: usize,
    /// Why it was refused in the last 30 days, the most frequent cause first; days begin at midnight UTC.
    pub refused: Vec<Refused>,
    /// What was done to it and through it, newest first.
    pub history: Vec<AuditRow>,
}

impl OperatorKeys {
    /// Shows a key or tombstone.
    ///
    /// # Errors
    /// There is no such key, or the store is in trouble.
    pub async fn show(&self, asked: &KeyAsked<'_>) -> Result<KeyInspection, KeyVerbError> {
        let key = self.find_one(asked).await?;
        let id = key.row.key.id;
        let starts = span_starts(self.clock.now(), &TimeZone::default());
        let mut addresses = self.store.list_key_addresses(id).await?;
        let more_addresses = addresses.len().saturating_sub(ADDRESSES);
        addresses.truncate(ADDRESSES);
        let mut refused = self.store.count_key_refusals(id, starts).await?;
        refused.retain(|refused| refused.spans[2] > 0);
        let history = self.store.list_key_audit(id, LINES).await?;
        Ok(KeyInspection { key, addresses, more_addresses, refused, history })
    }
}
