//! All keys in memory, by token hash and by number. The map is the cache, the database the truth: it learns
//! of changes as the store's watcher, in the order of the commits.

mod lists;
mod table;
mod users;

pub use users::UserEntry;

use contract::{Code, KeyType};
use domain::address::{Address, Network};
use domain::ids::{KeyId, KeyNo, UserNo};
use domain::rule::Ruling;
use domain::time::Micros;
use domain::token::TokenHash;
use domain::verdict::{Facts, judge};
use lists::Lists;
use parking_lot::RwLock;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use store::{Change, IndexedKey, KeyScope, Total, Watcher};
use table::{Record, Table};
use users::Users;

/// A key or tombstone that was found: what never changes about it.
#[derive(Clone)]
pub struct KeyEntry {
    /// The key.
    pub no: KeyNo,
    /// Its public id.
    pub id: KeyId,
    /// Whose it is.
    pub user: Arc<UserEntry>,
    /// Its kind.
    pub key_type: KeyType,
}

/// What a gateway that asks in JSON is told of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFacts {
    /// The customer's words.
    pub description: String,
    /// The locked address.
    pub locked: Option<Address>,
    /// Accepted uses so far.
    pub times_used: u64,
    /// The last accepted use.
    pub last_used: Option<Micros>,
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

/// Keys of a list that are looked at with one hold of the lock.
const STRETCH: usize = 4096;

/// The latest uses found so far, the earliest of them on top.
type Latest = BinaryHeap<Reverse<(Micros, KeyNo)>>;

#[derive(Default)]
struct Known {
    users: Users,
    keys: Table,
    lists: Lists,
}

/// Keys, users and gateways in memory.
#[derive(Default)]
pub struct KeyIndex {
    known: RwLock<Known>,
    gateways: RwLock<HashMap<TokenHash, Arc<str>, BuildHasherDefault<PassThrough>>>,
}

impl KeyIndex {
    /// The key or tombstone with that token hash.
    #[must_use]
    pub fn find(&self, hash: &TokenHash) -> Option<KeyEntry> {
        let known = self.known.read();
        let (no, record) = known.keys.find(hash)?;
        known.entry(no, record)
    }

    /// The key or tombstone with that number.
    #[must_use]
    pub fn get(&self, no: KeyNo) -> Option<KeyEntry> {
        let known = self.known.read();
        known.entry(no, known.keys.get(no)?)
    }

    /// The public id of that key or tombstone.
    #[must_use]
    pub fn id(&self, no: KeyNo) -> Option<KeyId> {
        self.known.read().keys.get(no).map(|record| record.id)
    }

    /// Judges one address by what is known now.
    ///
    /// # Errors
    /// The code of the refusal.
    pub fn judge(&self, key: &KeyEntry, address: Address, now: Micros) -> Result<Ruling, Code> {
        let known = self.known.read();
        let record = known.keys.get(key.no).ok_or(Code::NotFound)?;
        let facts = Facts {
            deleted: record.deleted,
            owner_disabled: key.user.is_disabled(),
            disabled: record.disabled,
            expires_at: known.keys.expires_at(key.no, record),
            rule: known.keys.rule(key.no, record),
        };
        judge(&facts, address, now)
    }

    /// Whether the rule of a key holds the whole network.
    #[must_use]
    pub fn covers(&self, no: KeyNo, network: Network) -> bool {
        let known = self.known.read();
        known.keys.get(no).is_some_and(|record| known.keys.rule(no, record).covers(network))
    }

    /// What may be told of a key.
    #[must_use]
    pub fn facts(&self, no: KeyNo) -> KeyFacts {
        let known = self.known.read();
        known.keys.get(no).map_or_else(KeyFacts::default, |record| KeyFacts {
            description: known.keys.description(record).to_owned(),
            locked: record.locked,
            times_used: record.times_used(),
            last_used: record.last_used(),
        })
    }

    /// How often a key was used, and when last.
    #[must_use]
    pub fn uses(&self, no: KeyNo) -> (u64, Option<Micros>) {
        let known = self.known.read();
        known.keys.get(no).map_or((0, None), |record| (record.times_used(), record.last_used()))
    }

    /// Counts one use that is committed; answers the count with it.
    pub(super) fn add_use(&self, no: KeyNo, at: Micros) -> u64 {
        self.known.read().keys.get(no).map_or(0, |record| record.add_use(at))
    }

    /// The gateway with that token hash.
    #[must_use]
    pub fn gateway(&self, hash: &TokenHash) -> Option<Arc<str>> {
        self.gateways.read().get(hash).cloned()
    }

    /// How many living keys a scope has.
    #[must_use]
    pub fn count(&self, scope: KeyScope) -> usize {
        self.known.read().lists.get(scope).len()
    }

    /// How many living keys there are.
    #[must_use]
    pub fn count_all(&self) -> usize {
        self.known.read().lists.living()
    }

    /// A stretch of the living keys of a scope, newest first, and how many there are.
    #[must_use]
    pub fn page(&self, scope: KeyScope, skip: usize, take: usize) -> (Vec<KeyNo>, usize) {
        let known = self.known.read();
        let list = known.lists.get(scope);
        (list.iter().rev().skip(skip).take(take).copied().collect(), list.len())
    }

    /// The living keys of a scope that were used last, latest first. Whoever asks lets others in between: of
    /// the pages, who wait for this thread, and of those who wait for the lock.
    pub async fn last_used(&self, scope: KeyScope, most: usize) -> Vec<KeyNo> {
        let (mut latest, mut from) = (BinaryHeap::new(), 0);
        while self.add_last_used(scope, from, most, &mut latest) {
            from += STRETCH;
            tokio::task::yield_now().await;
        }
        latest.into_sorted_vec().into_iter().map(|Reverse((_, no))| no).collect()
    }

    /// Takes in one stretch of a list; answers whether there is another.
    fn add_last_used(&self, scope: KeyScope, from: usize, most: usize, latest: &mut Latest) -> bool {
        let known = self.known.read();
        let list = known.lists.get(scope);
        for no in list.iter().skip(from).take(STRETCH) {
            if let Some(at) = known.keys.get(*no).and_then(Record::last_used) {
                latest.push(Reverse((at, *no)));
                if latest.len() > most {
                    latest.pop();
                }
            }
        }
        list.len() > from + STRETCH
    }

    /// The users whose keys lie in a scope.
    #[must_use]
    pub fn users_of(&self, scope: KeyScope) -> Vec<UserNo> {
        match scope {
            KeyScope::User(no) => vec![no],
            KeyScope::Account(owner) => self.known.read().users.of_account(owner),
        }
    }

    /// Takes in the count of one key, when the index is built.
    pub fn set_total(&self, total: Total) {
        if let Some(record) = self.known.read().keys.get(total.key) {
            record.set_total(total);
        }
    }
}

impl Known {
    fn entry(&self, no: KeyNo, record: &Record) -> Option<KeyEntry> {
        let user = Arc::clone(self.users.get(record.user)?);
        Some(KeyEntry { no, id: record.id, user, key_type: record.key_type })
    }

    /// Adds a key. A key that is known already changes nothing: it may have been deleted since.
    fn add_key(&mut self, key: IndexedKey) {
        if self.keys.get(key.no).is_some() {
            return;
        }
        let Some(user) = self.users.get(key.user) else {
            tracing::error!(key = key.no.0, "a key without a user");
            return;
        };
        if !key.deleted {
            self.lists.add(key.no, &user.scopes());
        }
        self.keys.add(key);
    }

    fn delete_key(&mut self, no: KeyNo) {
        let user = self.keys.delete(no).and_then(|user| self.users.get(user));
        self.lists.remove(no, &user.map(|user| user.scopes()).unwrap_or_default());
    }
}

impl Watcher for KeyIndex {
    fn id_of(&self, key: KeyNo) -> Option<KeyId> {
        self.id(key)
    }

    fn committed(&self, change: Change) {
        match change {
            Change::UserAdded(user) => self.known.write().users.add(user),
            Change::UserDisabled(no, disabled) => self.known.read().users.set_disabled(no, disabled),
            Change::KeyAdded(key) => self.known.write().add_key(*key),
            Change::KeyRule(no, rule) => self.known.write().keys.set_rule(no, rule),
            Change::KeyDeleted(no) => self.known.write().delete_key(no),
            Change::GatewayAdded(hash, name) => {
                self.gateways.write().insert(hash, name.into());
            }
            Change::GatewayRemoved(hash) => {
                self.gateways.write().remove(&hash);
            }
        }
    }

    fn expect_keys(&self, count: usize) {
        self.known.write().keys.expect(count);
    }
}

#[cfg(test)]
mod tests;
