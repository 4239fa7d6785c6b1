//! All keys in memory, by token hash and by number. The database is the truth and this its cache: the writer of the
//! state tells it of each change, in the order of the commits and before the change is answered.
//!
//! The thread that verifies reads it, other threads change it. One lock guards it, which nobody holds over an await or
//! for more than one stretch of a list.

mod descriptions;
mod key_records;
mod lists;
mod old_tokens;
mod pass_through;
mod users;

pub use users::UserEntry;

use contract::{Code, KeyType};
use domain::address::{Address, Network};
use domain::ids::{KeyId, KeyNumber, UserNumber};
use domain::rule::Ruling;
use domain::time::Micros;
use domain::token::TokenHash;
use domain::verdict::{Facts, judge};
use key_records::{KeyRecords, Record};
use lists::Lists;
use parking_lot::RwLock;
use pass_through::PassThrough;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Change, IndexedKey, KeyScope, Total, Watcher};
use users::Users;

/// What never changes about a key or tombstone.
#[derive(Clone)]
pub struct KeyEntry {
    /// The key.
    pub number: KeyNumber,
    /// Its public id.
    pub id: KeyId,
    /// Its user.
    pub user: Arc<UserEntry>,
    /// Its kind.
    pub key_type: KeyType,
    /// The token by which it was found. It may not be the key's present one.
    token: TokenHash,
}

/// What the present state says to a use of a key that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What the address rule says.
    pub ruling: Ruling,
    /// When the token was replaced by which the key was found, if it was.
    pub rotated_at: Option<Micros>,
}

/// What a gateway is told of a key in the verify API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFacts {
    /// The customer's description.
    pub description: String,
    /// The locked address.
    pub locked: Option<Address>,
    /// Accepted uses so far.
    pub times_used: u64,
    /// The last accepted use.
    pub last_used: Option<Micros>,
}

/// Keys of a list that are read under one hold of the lock.
const STRETCH: usize = 4096;

/// The latest uses found so far, with the earliest of them on top.
type Latest = BinaryHeap<Reverse<(Micros, KeyNumber)>>;

#[derive(Default)]
struct Entries {
    users: Users,
    keys: KeyRecords,
    lists: Lists,
}

/// Keys, users and gateways in memory.
#[derive(Default)]
pub struct KeyIndex {
    entries: RwLock<Entries>,
    gateways: RwLock<HashMap<TokenHash, Arc<str>, BuildHasherDefault<PassThrough>>>,
    admits_foreign: AtomicBool,
}

impl KeyIndex {
    /// The key or tombstone that has that token hash, or had it before.
    pub fn find(&self, hash: &TokenHash) -> Option<KeyEntry> {
        let entries = self.entries.read();
        let (number, record) = entries.keys.find(hash)?;
        entries.entry(hash, number, record)
    }

    /// Some of the users, from a place on; none behind the last one.
    pub fn users(&self, from: usize, take: usize) -> Option<Vec<Arc<UserEntry>>> {
        self.entries.read().users.stretch(from, take)
    }

    /// Whether tokens of other forms than ours are admitted, as a key with one was imported.
    pub fn admits_foreign(&self) -> bool {
        self.admits_foreign.load(Ordering::Acquire)
    }

    /// Returns what the present state says to a use of a key from this address, or the code of the refusal.
    pub fn judge(&self, key: &KeyEntry, address: Address, now: Micros) -> Result<Admission, Code> {
        let entries = self.entries.read();
        let record = entries.keys.get(key.number).ok_or(Code::NotFound)?;
        let old = entries.keys.old_token(record, &key.token)?;
        let facts = Facts {
            deleted: record.deleted,
            old_token_until: old.map(|old| old.until),
            owner_disabled: key.user.is_disabled(),
            disabled: record.disabled,
            expires_at: entries.keys.expires_at(key.number, record),
            rule: entries.keys.rule(key.number, record),
        };
        let ruling = judge(&facts, address, now)?;
        Ok(Admission { ruling, rotated_at: old.map(|old| old.rotated_at) })
    }

    /// Whether the rule of a key lets the whole network pass.
    pub fn covers(&self, key: &KeyEntry, network: Network) -> bool {
        let entries = self.entries.read();
        entries
            .keys
            .get(key.number)
            .is_some_and(|record| entries.keys.rule(key.number, record).covers(network))
    }

    /// What a gateway may be told of a key.
    pub fn facts(&self, key: &KeyEntry) -> KeyFacts {
        let entries = self.entries.read();
        entries.keys.get(key.number).map_or_else(KeyFacts::default, |record| KeyFacts {
            description: entries.keys.description(key.number, record).to_owned(),
            locked: record.locked,
            times_used: record.times_used(),
            last_used: record.last_used(),
        })
    }

    /// How often the key with that token hash was used, and when last.
    pub fn uses(&self, hash: &TokenHash) -> (u64, Option<Micros>) {
        let entries = self.entries.read();
        entries.keys.find(hash).map_or((0, None), |(_, record)| (record.times_used(), record.last_used()))
    }

    /// Counts one committed use, and returns the count with it.
    pub(super) fn add_use(&self, number: KeyNumber, at: Micros) -> u64 {
        self.entries.read().keys.get(number).map_or(0, |record| record.add_use(at))
    }

    /// The gateway with that token hash.
    pub fn gateway(&self, hash: &TokenHash) -> Option<Arc<str>> {
        self.gateways.read().get(hash).cloned()
    }

    /// How many living keys a scope has.
    pub fn count(&self, scope: KeyScope) -> usize {
        self.entries.read().lists.get(scope).len()
    }

    /// How many living keys there are.
    pub fn count_all(&self) -> usize {
        self.entries.read().lists.living()
    }

    /// A stretch of the living keys of a scope, newest first, and how many there are.
    pub fn page(&self, scope: KeyScope, skip: usize, take: usize) -> (Vec<KeyId>, usize) {
        let entries = self.entries.read();
        let list = entries.lists.get(scope);
        let numbers = list.iter().rev().skip(skip).take(take);
        (numbers.filter_map(|number| entries.id(*number)).collect(), list.len())
    }

    /// Some of the living keys of a scope that are older than one of them, newest first.
    pub fn older(&self, scope: KeyScope, than: Option<KeyNumber>, take: usize) -> Vec<(KeyNumber, KeyId)> {
        let entries = self.entries.read();
        let list = entries.lists.get(scope);
        let end = than.map_or(list.len(), |than| list.partition_point(|number| *number < than));
        let id = |number: &KeyNumber| Some((*number, entries.keys.get(*number)?.id));
        list[..end].iter().rev().take(take).filter_map(id).collect()
    }

    /// The living keys of a scope that were used last, latest first. Between stretches of the list it yields the thread,
    /// for other pages, and the lock.
    pub async fn last_used(&self, scope: KeyScope, most: usize) -> Vec<KeyId> {
        let (mut latest, mut from) = (BinaryHeap::new(), 0);
        while self.add_last_used(scope, from, most, &mut latest) {
            from += STRETCH;
            tokio::task::yield_now().await;
        }
        let entries = self.entries.read();
        let numbers = latest.into_sorted_vec().into_iter();
        numbers.filter_map(|Reverse((_, number))| entries.id(number)).collect()
    }

    /// Adds the keys of one stretch of a list, and returns whether there is another stretch.
    fn add_last_used(&self, scope: KeyScope, from: usize, most: usize, latest: &mut Latest) -> bool {
        let entries = self.entries.read();
        let list = entries.lists.get(scope);
        for number in list.iter().skip(from).take(STRETCH) {
            if let Some(at) = entries.keys.get(*number).and_then(Record::last_used) {
                latest.push(Reverse((at, *number)));
                if latest.len() > most {
                    latest.pop();
                }
            }
        }
        list.len() > from + STRETCH
    }

    /// The users whose keys lie in a scope.
    pub fn users_of(&self, scope: KeyScope) -> Vec<UserNumber> {
        match scope {
            KeyScope::User(number) => vec![number],
            KeyScope::Account(owner) => self.entries.read().users.of_account(owner),
        }
    }

    /// Sets the count of one key, when the index is built.
    pub fn set_total(&self, total: Total) {
        if let Some(record) = self.entries.read().keys.get(total.key) {
            record.set_total(total);
        }
    }
}

impl Entries {
    fn id(&self, number: KeyNumber) -> Option<KeyId> {
        self.keys.get(number).map(|record| record.id)
    }

    fn entry(&self, token: &TokenHash, number: KeyNumber, record: &Record) -> Option<KeyEntry> {
        let user = Arc::clone(self.users.get(record.user)?);
        Some(KeyEntry { number, id: record.id, user, key_type: record.key_type, token: *token })
    }

    /// Adds a key. A key that is known already changes nothing: it may have been deleted since.
    fn add_key(&mut self, key: IndexedKey) {
        if self.keys.get(key.number).is_some() {
            return;
        }
        let Some(user) = self.users.get(key.user) else {
            tracing::error!(key = key.number.0, "a key without a user");
            return;
        };
        if !key.deleted {
            self.lists.add(key.number, &user.scopes());
        }
        self.keys.add(key);
    }

    fn delete_key(&mut self, number: KeyNumber) {
        let user = self.keys.delete(number).and_then(|user| self.users.get(user));
        self.lists.remove(number, &user.map(|user| user.scopes()).unwrap_or_default());
    }
}

impl Watcher for KeyIndex {
    fn id_of(&self, key: KeyNumber) -> Option<KeyId> {
        self.entries.read().id(key)
    }

    fn committed(&self, change: Change) {
        match change {
            Change::UserAdded(user) => self.entries.write().users.add(user),
            Change::UserDisabled(number, disabled) => {
                self.entries.read().users.set_disabled(number, disabled);
            }
            Change::KeyAdded(key) => self.entries.write().add_key(*key),
            Change::KeyRule(number, rule) => self.entries.write().keys.set_rule(number, rule),
            Change::KeyChanged(number, change) => self.entries.write().keys.change(number, change),
            Change::KeyToken(number, hash) => self.entries.write().keys.set_token(number, hash),
            Change::OldToken(old) => self.entries.write().keys.add_old_token(old),
            Change::KeyDeleted(number) => self.entries.write().delete_key(number),
            Change::ForeignTokensAdmitted => self.admits_foreign.store(true, Ordering::Release),
            Change::GatewayAdded(hash, name) => {
                self.gateways.write().insert(hash, name.into());
            }
            Change::GatewayRemoved(hash) => {
                self.gateways.write().remove(&hash);
            }
        }
    }

    fn expect_keys(&self, count: usize) {
        self.entries.write().keys.expect(count);
    }
}

#[cfg(test)]
mod tests;
