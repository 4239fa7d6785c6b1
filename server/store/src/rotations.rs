//! Rotation of keys: another token for the same key.

use super::{Audit, StoreError};
use async_trait::async_trait;
use domain::ids::KeyId;
use domain::time::Micros;
use domain::token::TokenHash;

/// A token that a key is given.
pub struct NewToken {
    /// The hash under which it is looked up.
    pub token_hash: TokenHash,
    /// What the list shows of it.
    pub masked: String,
    /// The sealed copy of it.
    pub sealed: Option<Vec<u8>>,
}

/// The last rotation of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// When it was.
    pub at: Micros,
    /// Until when the token before passes.
    pub until: Micros,
    /// What the list showed of the token before.
    pub masked: String,
}

/// Rotation of keys.
#[async_trait]
pub trait RotationStore: Send + Sync {
    /// Gives a living key another token. The one before passes until `until`, and is known as rotated for good.
    /// `NotFound` if the key is deleted, `LimitReached` while the token before the present one passes, `Conflict` if the hash is
    /// taken.
    async fn rotate_key(
        &self,
        key: KeyId,
        token: NewToken,
        until: Micros,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Refuses the token before the present one from now on; `NotFound` if it does not pass any more.
    async fn end_old_token(&self, key: KeyId, audit: Audit) -> Result<(), StoreError>;
}
