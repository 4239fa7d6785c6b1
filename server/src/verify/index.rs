//! All keys in memory, by token hash and by number. The map is the cache, the database the truth: it learns
//! of changes as the store's watcher, in the order of the commits.

use crate::domain::address::Address;
use crate::domain::ids::{KeyId, KeyNo, UserNo, Username};
use crate::domain::key_type::KeyType;
use crate::domain::rule::{AddressRule, Ruling};
use crate::domain::time::Micros;
use crate::domain::token::TokenHash;
use crate::domain::verdict::{Code, Facts, judge};
use crate::store::{Change, IndexedKey, IndexedUser, KeyScope, Total, Watcher};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// A user in memory.
pub struct UserEntry {
    /// The user.
    pub no: UserNo,
    /// Its name.
    pub username: Username,
    /// The owner of its account, if it is a sub-user.
    pub owner: Option<Arc<UserEntry>>,
    disabled: AtomicBool,
}

impl UserEntry {
    /// Whether it or the owner of its account is disabled.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Acquire) || self.owner.as_ref().is_some_and(|o| o.is_disabled())
    }
}

/// A key in memory.
pub struct KeyEntry {
    /// The key.
    pub no: KeyNo,
    /// Its public id.
    pub id: KeyId,
    /// Whose it is.
    pub user: Arc<UserEntry>,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: Box<str>,
    standing: RwLock<Standing>,
    times_used: AtomicU64,
    last_used: AtomicI64,
}

/// What may change about a key.
struct Standing {
    deleted: bool,
    disabled: bool,
    expires_at: Option<Micros>,
    rule: AddressRule,
}

impl KeyEntry {
    /// Judges one address by what is known now.
    ///
    /// # Errors
    /// The code of the refusal.
    pub fn judge(&self, address: Address, now: Micros) -> Result<Ruling, Code> {
        let standing = self.standing.read();
        let facts = Facts {
            deleted: standing.deleted,
            owner_disabled: self.user.is_disabled(),
            disabled: standing.disabled,
            expires_at: standing.expires_at,
            rule: &standing.rule,
        };
        judge(&facts, address, now)
    }

    /// The locked address.
    #[must_use]
    pub fn locked(&self) -> Option<Address> {
        self.standing.read().rule.locked
    }

    /// Accepted uses so far.
    #[must_use]
    pub fn times_used(&self) -> u64 {
        self.times_used.load(Ordering::Acquire)
    }

    /// The last accepted use.
    #[must_use]
    pub fn last_used(&self) -> Option<Micros> {
        match self.last_used.load(Ordering::Acquire) {
            0 => None,
            at => Some(Micros(at)),
        }
    }

    /// Counts one use that is committed; answers the count with it.
    pub(super) fn add_use(&self, at: Micros) -> u64 {
        self.last_used.fetch_max(at.0, Ordering::AcqRel);
        self.times_used.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn set_total(&self, total: Total) {
        self.times_used.store(total.count, Ordering::Release);
        self.last_used.store(total.last.0, Ordering::Release);
    }
}

/// Takes the number it is given for the hash: token hashes are keyed hashes already.
#[derive(Default)]
pub struct PassThrough(u64);

impl Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[derive(Default)]
struct Keys {
    by_hash: HashMap<TokenHash, KeyNo, BuildHasherDefault<PassThrough>>,
    by_no: Vec<Option<Arc<KeyEntry>>>,
    /// The living keys of each account and of each sub-user, oldest first.
    lists: HashMap<KeyScope, Vec<KeyNo>>,
}

/// Keys, users and gateways in memory.
#[derive(Default)]
pub struct KeyIndex {
    keys: RwLock<Keys>,
    users: RwLock<HashMap<UserNo, Arc<UserEntry>>>,
    gateways: RwLock<HashMap<TokenHash, Arc<str>, BuildHasherDefault<PassThrough>>>,
}

impl KeyIndex {
    /// The key or tombstone with that token hash.
    #[must_use]
    pub fn find(&self, hash: &TokenHash) -> Option<Arc<KeyEntry>> {
        let keys = self.keys.read();
        let no = *keys.by_hash.get(hash)?;
        keys.by_no.get(no.0 as usize)?.clone()
    }

    /// The key or tombstone with that number.
    #[must_use]
    pub fn get(&self, no: KeyNo) -> Option<Arc<KeyEntry>> {
        self.keys.read().by_no.get(no.0 as usize)?.clone()
    }

    /// The gateway with that token hash.
    #[must_use]
    pub fn gateway(&self, hash: &TokenHash) -> Option<Arc<str>> {
        self.gateways.read().get(hash).cloned()
    }

    /// How many living keys a scope has.
    #[must_use]
    pub fn count(&self, scope: KeyScope) -> usize {
        self.keys.read().lists.get(&scope).map_or(0, Vec::len)
    }

    /// How many living keys there are.
    #[must_use]
    pub fn count_all(&self) -> usize {
        let keys = self.keys.read();
        keys.lists
            .iter()
            .map(|(scope, list)| if matches!(scope, KeyScope::Account(_)) { list.len() } else { 0 })
            .sum()
    }

    /// A stretch of the living keys of a scope, newest first, and how many there are.
    #[must_use]
    pub fn page(&self, scope: KeyScope, skip: usize, take: usize) -> (Vec<KeyNo>, usize) {
        let keys = self.keys.read();
        let Some(list) = keys.lists.get(&scope) else { return (vec![], 0) };
        (list.iter().rev().skip(skip).take(take).copied().collect(), list.len())
    }

    /// The users whose keys lie in a scope.
    #[must_use]
    pub fn users_of(&self, scope: KeyScope) -> Vec<UserNo> {
        match scope {
            KeyScope::User(no) => vec![no],
            KeyScope::Account(owner) => {
                let users = self.users.read();
                let is_member = |u: &Arc<UserEntry>| u.owner.as_ref().map_or(u.no, |o| o.no) == owner;
                users.values().filter(|u| is_member(u)).map(|u| u.no).collect()
            }
        }
    }

    /// Takes in the count of one key, when the index is built.
    pub fn set_total(&self, total: Total) {
        if let Some(entry) = self.get(total.key) {
            entry.set_total(total);
        }
    }

    fn add_user(&self, user: IndexedUser) {
        let mut users = self.users.write();
        let owner = user.owner.and_then(|o| users.get(&o).cloned());
        let entry = UserEntry {
            no: user.no,
            username: user.username,
            owner,
            disabled: AtomicBool::new(user.disabled),
        };
        users.insert(user.no, Arc::new(entry));
    }

    fn add_key(&self, key: IndexedKey) {
        let Some(user) = self.users.read().get(&key.user).cloned() else {
            tracing::error!(key = key.no.0, "a key without a user");
            return;
        };
        let mut keys = self.keys.write();
        if !key.deleted {
            for scope in scopes(&user) {
                keys.lists.entry(scope).or_default().push(key.no);
            }
        }
        let place = key.no.0 as usize;
        if keys.by_no.len() <= place {
            keys.by_no.resize(place + 1, None);
        }
        keys.by_hash.insert(key.token_hash, key.no);
        keys.by_no[place] = Some(Arc::new(KeyEntry {
            no: key.no,
            id: key.id,
            user,
            key_type: key.key_type,
            description: key.description.into(),
            standing: RwLock::new(Standing {
                deleted: key.deleted,
                disabled: key.disabled,
                expires_at: key.expires_at,
                rule: key.rule,
            }),
            times_used: AtomicU64::new(0),
            last_used: AtomicI64::new(0),
        }));
    }

    fn delete_key(&self, no: KeyNo) {
        let Some(entry) = self.get(no) else { return };
        entry.standing.write().deleted = true;
        let mut keys = self.keys.write();
        for scope in scopes(&entry.user) {
            if let Some(list) = keys.lists.get_mut(&scope)
                && let Ok(place) = list.binary_search(&no)
            {
                list.remove(place);
            }
        }
    }
}

/// The lists in which a user's keys stand.
fn scopes(user: &UserEntry) -> Vec<KeyScope> {
    match &user.owner {
        None => vec![KeyScope::Account(user.no)],
        Some(owner) => vec![KeyScope::Account(owner.no), KeyScope::User(user.no)],
    }
}

impl Watcher for KeyIndex {
    fn committed(&self, change: Change) {
        match change {
            Change::UserAdded(user) => self.add_user(user),
            Change::UserDisabled(no, disabled) => {
                if let Some(user) = self.users.read().get(&no) {
                    user.disabled.store(disabled, Ordering::Release);
                }
            }
            Change::KeyAdded(key) => self.add_key(*key),
            Change::KeyRule(no, rule) => {
                if let Some(entry) = self.get(no) {
                    entry.standing.write().rule = rule;
                }
            }
            Change::KeyDeleted(no) => self.delete_key(no),
            Change::GatewayAdded(hash, name) => {
                self.gateways.write().insert(hash, name.into());
            }
            Change::GatewayRemoved(hash) => {
                self.gateways.write().remove(&hash);
            }
        }
    }
}
