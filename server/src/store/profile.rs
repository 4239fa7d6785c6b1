//! What users choose for themselves.

use super::StoreError;
use crate::domain::ids::UserNo;
use async_trait::async_trait;

/// What users choose for themselves.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// Sets the code of a language; empty: as the browser asks.
    async fn set_language(&self, user: UserNo, code: String) -> Result<(), StoreError>;
    /// Sets the IANA name of a time zone.
    async fn set_time_zone(&self, user: UserNo, name: String) -> Result<(), StoreError>;
}
