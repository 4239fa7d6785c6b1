//! Reminders that passwords end.

use super::StoreError;
use async_trait::async_trait;
use domain::reminder::Reminders;

/// Reminders that passwords end.
#[async_trait]
pub trait ReminderStore: Send + Sync {
    /// Leaves a notice for each user who has to be reminded and was not yet; returns for how many.
    async fn remind_of_passwords(&self, reminders: Reminders) -> Result<u64, StoreError>;
}
