//! Keys and their address rules.

use super::{Audit, Rotation, StoreError, Watcher};
use async_trait::async_trait;
use contract::KeyType;
use domain::address::{Address, Network};
use domain::ids::{KeyId, UserNumber, Username};
use domain::rule::AddressRule;
use domain::time::Micros;
use domain::token::{MaskedPrefix, TokenHash};
use std::sync::Arc;

/// A key's row, as the pages show it; counts come from the usage side.
#[derive(Clone)]
pub struct KeyRow {
    /// Its public id.
    pub id: KeyId,
    /// The user it belongs to.
    pub user: UserNumber,
    /// That user's name.
    pub username: Username,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// The hash under which the index in memory has it.
    pub token_hash: TokenHash,
    /// What the list shows of its token.
    pub masked: String,
    /// Whether its token can be shown again.
    pub is_sealed: bool,
    /// When it was generated.
    pub created_at: Micros,
    /// Whether it is paused.
    pub paused: bool,
    /// When it expires.
    pub expires_at: Option<Micros>,
    /// Whether programs may manage keys with it.
    pub manages_keys: bool,
    /// The addresses it passes from.
    pub rule: AddressRule,
    /// When it was given its present token, if that is not its first.
    pub rotation: Option<Rotation>,
}

/// A key to add.
pub struct NewKey {
    /// Its public id.
    pub id: KeyId,
    /// The user it belongs to.
    pub user: UserNumber,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// The hash under which it is looked up.
    pub token_hash: TokenHash,
    /// What the list shows of its token.
    pub masked: String,
    /// The sealed copy of its token.
    pub sealed: Option<Vec<u8>>,
    /// When it expires.
    pub expires_at: Option<Micros>,
    /// Whether programs may manage keys with it.
    pub manages_keys: bool,
    /// Now.
    pub at: Micros,
    /// The most living keys that the account may have, if there is a limit.
    pub most: Option<u32>,
}

/// The keys that a user may see: all of the account, or their own. Every query by id carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// The owner: all keys of the account.
    Account(UserNumber),
    /// A sub-user: their own keys.
    User(UserNumber),
}

/// What the store alone knows of keys, and lists are filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMark {
    /// Programs may manage keys with it.
    ManagesKeys,
    /// The token before its present one still passes at this time.
    Rotating(Micros),
    /// Its user was told after this time that it is refused from an address that it does not know.
    RefusedSince(Micros),
}

/// A prefix that tokens of living keys begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixInUse {
    /// The prefix.
    pub prefix: MaskedPrefix,
    /// Of how many keys.
    pub keys: u64,
}

/// Keys.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Hands every user, then every key and tombstone, to `watcher`: the start of the index in memory. Owners come before their
    /// sub-users, and keys before their old tokens; keys in the order of their ids are taken in fastest. Tells it too whether
    /// tokens of other forms are admitted. Returns the prefixes of the living keys whose tokens have our form.
    ///
    /// Every change that is committed later is told to the watcher of the engine. Up to where this read is for the engine
    /// alone to know, because it is the engine that goes on telling from there.
    async fn load(&self, watcher: Arc<dyn Watcher>) -> Result<Vec<PrefixInUse>, StoreError>;
    /// Adds a key; `Conflict` if the token hash is taken, `LimitReached` if the account has as many keys as it may.
    async fn insert_key(&self, key: NewKey, audit: Audit) -> Result<(), StoreError>;
    /// The rows of these keys, newest first (by their ids, as the index lists them); those outside of the scope and tombstones are left out.
    async fn list_keys(&self, scope: KeyScope, keys: &[KeyId]) -> Result<Vec<KeyRow>, StoreError>;
    /// Living keys of the scope that have a mark, in whatever order; at most `most` of them.
    async fn list_marked_keys(
        &self,
        scope: KeyScope,
        mark: KeyMark,
        most: u32,
    ) -> Result<Vec<KeyId>, StoreError>;
    /// Finds a key that is in the scope and not deleted.
    async fn find_key(&self, scope: KeyScope, id: KeyId) -> Result<Option<KeyRow>, StoreError>;
    /// Returns the sealed copy and writes to the audit log that it is shown; `NotFound` if there is none.
    async fn reveal_key(&self, key: KeyId, audit: Audit) -> Result<Vec<u8>, StoreError>;
    /// Wipes the sealed copy and the rule, leaves the tombstone; `NotFound` if it is one already.
    async fn delete_key(&self, key: KeyId, audit: Audit) -> Result<(), StoreError>;
}

/// The address rules of keys.
#[async_trait]
pub trait RuleStore: Send + Sync {
    /// Makes `address` the locked one if there is none, the allow list permits it, and the key passes at that time (it is
    /// not paused, expired or deleted, and neither its user nor their owner is disabled): one compare-and-set. Returns
    /// the rule that now holds, by which the caller sees whether this address won.
    async fn bind_first_address(
        &self,
        key: KeyId,
        address: Address,
        at: Micros,
    ) -> Result<AddressRule, StoreError>;
    /// Adds to the allow list; `Conflict` if it is there, `LimitReached` at `limit` entries.
    async fn insert_network(
        &self,
        key: KeyId,
        network: Network,
        limit: u32,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Takes off the allow list; `NotFound` if it is not there.
    async fn delete_network(&self, key: KeyId, network: Network, audit: Audit) -> Result<(), StoreError>;
    /// Forgets the locked address; without one, nothing is written.
    async fn release_lock(&self, key: KeyId, audit: Audit) -> Result<(), StoreError>;
}
