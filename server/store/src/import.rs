//! Keys that come from another system, with the users they belong to.

use super::{Audit, StoreError};
use async_trait::async_trait;
use contract::KeyType;
use domain::address::{Address, Network};
use domain::ids::{KeyId, Username};
use domain::import::ImportRefusal;
use domain::time::Micros;
use domain::token::TokenHash;

/// A file of keys: all of it becomes part of the state, or nothing.
pub struct KeyImport {
    /// The keys, in the order of their lines.
    pub keys: Vec<ImportKey>,
    /// Whether users who are missing are made, without a password.
    pub create_users: bool,
    /// Whether only the outcome is asked for, and nothing is to be kept.
    pub dry_run: bool,
    /// The most living keys that an account may have, if there is a limit.
    pub most: Option<u32>,
}

/// A key of a file.
pub struct ImportKey {
    /// The number of its line.
    pub line: u64,
    /// The user it belongs to.
    pub username: Username,
    /// The owner of the account of that user, where the line names one.
    pub owner: Option<Username>,
    /// Its public id.
    pub id: KeyId,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// The hash under which it is looked up.
    pub token_hash: TokenHash,
    /// Another hash under which a key with the same token may stand.
    pub other_hash: Option<TokenHash>,
    /// Whether its token may have another form than ours.
    pub is_foreign: bool,
    /// What the list shows of its token.
    pub masked: String,
    /// The sealed copy of its token.
    pub sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Micros,
    /// When it expires.
    pub expires_at: Option<Micros>,
    /// The address that it is locked to.
    pub locked: Option<Address>,
    /// Further addresses that it passes from.
    pub allow_list: Box<[Network]>,
}

/// What came of an import, or would come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Keys that were added.
    pub keys: u64,
    /// Lines whose key was there already, tombstones included.
    pub known: u64,
    /// How many of these are tombstones, and stay so.
    pub deleted: u64,
    /// Users who were made.
    pub users: u64,
    /// Lines that cannot be taken, by their number. If there is one, nothing was kept.
    pub refused: Vec<(u64, ImportRefusal)>,
}

/// Imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Adds the users and keys of a file in one transaction, or nothing of them where a line is refused. A key with the same
    /// token of the same user is there already, deleted or not, and stays as it is. The first key that `is_foreign` has
    /// tokens of other forms admitted from then on. Each user who gets keys has one audit line with their number; each user
    /// who is made has one too, as all users.
    async fn import_keys(&self, import: KeyImport, audit: Audit) -> Result<Imported, StoreError>;
}
