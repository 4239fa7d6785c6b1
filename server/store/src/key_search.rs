//! Keys as the operator looks for them: of every account, tombstones too.

use super::{AuditRow, KeyRow, StoreError};
use async_trait::async_trait;
use domain::ids::{KeyId, UserNumber, Username};
use domain::key_text::KeyText;
use domain::time::Micros;

/// A key of any account, or what stays of it.
#[derive(Clone)]
pub struct AnyKeyRow {
    /// The key.
    pub key: KeyRow,
    /// The owner of the account.
    pub account: Username,
    /// Whether its user or that owner is disabled.
    pub user_is_disabled: bool,
    /// When it was deleted.
    pub deleted_at: Option<Micros>,
}

/// Which keys are wanted; nothing: all.
#[derive(Clone, Default)]
pub struct KeySearch {
    /// Whose.
    pub user: Option<UserNumber>,
    /// What their description contains, whatever the case of its ASCII letters, or what is shown of their present token or
    /// of one before.
    pub text: Option<KeyText>,
    /// Whether tombstones are left out.
    pub living: bool,
}

/// Keys that were found.
#[derive(Clone, Default)]
pub struct AnyKeys {
    /// Newest first, without their allow lists.
    pub keys: Vec<AnyKeyRow>,
    /// How many there are in all.
    pub total: u64,
}

/// Keys of every account.
#[async_trait]
pub trait KeySearchStore: Send + Sync {
    /// Finds keys, at most so many of them.
    async fn search_keys(&self, search: KeySearch, most: u32) -> Result<AnyKeys, StoreError>;
    /// One key or tombstone.
    async fn find_any_key(&self, id: KeyId) -> Result<Option<AnyKeyRow>, StoreError>;
    /// The latest lines of the audit log about a key, and those of what was asked for through it, newest first: as far as
    /// they concern its user or the owner of the account.
    async fn list_key_audit(&self, key: KeyId, most: u32) -> Result<Vec<AuditRow>, StoreError>;
}
