//! What can be changed of a key beside its address rule.

use super::{Audit, StoreError};
use async_trait::async_trait;
use contract::LockWidth;
use domain::ids::KeyId;
use domain::time::Micros;

/// One change of a living key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// The key has this description from now on.
    Description(String),
    /// The key is paused, or not any more.
    Paused(bool),
    /// The key expires then, or never.
    ExpiresAt(Option<Micros>),
    /// Its lock is that wide.
    LockWidth(LockWidth),
}

/// Changes of keys.
#[async_trait]
pub trait KeyChangeStore: Send + Sync {
    /// Changes a living key, all at once or not at all; where it is so already, nothing is written. `NotFound` if the key
    /// is deleted.
    async fn change_key(&self, key: KeyId, changes: Vec<(KeyChange, Audit)>) -> Result<(), StoreError>;
    /// Leaves a notice for the user of each key that expires soon and was not told yet; returns for how many keys.
    async fn remind_of_expiries(&self, now: Micros) -> Result<u64, StoreError>;
}
