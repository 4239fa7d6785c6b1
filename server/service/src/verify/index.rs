//! All keys in memory, by token hash, and by number for changes and totals. The database is the truth and this its cache:
//! the writer of the state tells it of each change, in the order of the commits and before the change is answered.
//!
//! The thread that verifies reads it, other threads change it. One lock guards it, which nobody holds over an await or
//! for more than one stretch of a list.

mod blocks;
mod descriptions;
mod found;
mod key_records;
mod lists;
mod numbers;
mod old_tokens;
mod pass_through;
mod place;
mod survey;
mod users;
mod watching;

pub use found::Wanted;
pub(in crate::verify) use place::{Place, mix};
pub use survey::{Survey, Surveyed};
pub use users::UserEntry;

use contract::{Code, KeyType};
use domain::address::{Address, Network};
use domain::ids::{KeyId, KeyNumber};
use domain::rule::Ruling;
use domain::time::Micros;
use domain::token::TokenHash;
use domain::verdict::{Explained, Facts, explain, judge};
use key_records::{KeyRecords, Record};
use lists::Lists;
use parking_lot::RwLock;
use pass_through::PassThrough;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use store::Total;
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
    /// Where its record lies.
    place: Place,
    /// The token by which it was found. It may not be the key's present one.
    token: TokenHash,
}

impl KeyEntry {
    /// Where its record lies, for what is counted.
    pub(in crate::verify) fn place(&self) -> Place {
        self.place
    }
}

/// What the present state says to a use of a key that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What the address rule says.
    pub ruling: Ruling,
    /// When the token was replaced by which the key was found, if it was.
    pub rotated_at: Option<Micros>,
    /// How many times the index had taken in changes of other processes.
    elsewhere: u64,
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
    /// How many times changes of other processes were taken in.
    elsewhere: AtomicU64,
}

impl KeyIndex {
    /// The key or tombstone that has that token hash, or had it before.
    pub fn find(&self, hash: &TokenHash) -> Option<KeyEntry> {
        let entries = self.entries.read();
        let (place, record) = entries.keys.find(hash)?;
        entries.entry(hash, place, record)
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
        // Before the state: changes that come between are then missed by the number, and the use is judged again.
        let elsewhere = self.elsewhere.load(Ordering::Acquire);
        let entries = self.entries.read();
        let record = entries.keys.get(key.place).ok_or(Code::NotFound)?;
        let old = entries.keys.old_token(record, &key.token)?;
        let facts = Facts { old_token_until: old.map(|old| old.until), ..entries.judged(key, record) };
        let ruling = judge(&facts, address, now)?;
        Ok(Admission { ruling, rotated_at: old.map(|old| old.rotated_at), elsewhere })
    }

    /// Explains what [`judge`](Self::judge) says now of a key with its present token; none if it is deleted.
    pub fn explain(&self, key: &KeyEntry, address: Address, now: Micros) -> Option<Explained> {
        let entries = self.entries.read();
        let record = entries.keys.get(key.place).filter(|record| !record.deleted)?;
        Some(explain(&entries.judged(key, record), address, now))
    }

    /// Whether no change of another process was taken in since that judgement.
    pub fn is_current(&self, admission: &Admission) -> bool {
        self.elsewhere.load(Ordering::Acquire) == admission.elsewhere
    }

    /// Whether the rule of a key lets the whole network pass.
    pub fn covers(&self, key: &KeyEntry, network: Network) -> bool {
        let entries = self.entries.read();
        entries.keys.get(key.place).is_some_and(|record| entries.keys.rule(key.place, record).covers(network))
    }

    /// What a gateway may be told of a key.
    pub fn facts(&self, key: &KeyEntry) -> KeyFacts {
        let entries = self.entries.read();
        entries.keys.get(key.place).map_or_else(KeyFacts::default, |record| KeyFacts {
            description: entries.keys.description(key.place, record).to_owned(),
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
    pub(super) fn add_use(&self, place: Place, at: Micros) -> u64 {
        self.entries.read().keys.get(place).map_or(0, |record| record.add_use(at))
    }

    /// The gateway with that token hash.
    pub fn gateway(&self, hash: &TokenHash) -> Option<Arc<str>> {
        self.gateways.read().get(hash).cloned()
    }

    /// Sets the count of one key, when the index is built.
    pub fn set_total(&self, total: Total) {
        let keys = &self.entries.read().keys;
        if let Some(record) = keys.find_number(total.key).and_then(|place| keys.get(place)) {
            record.set_total(total);
        }
    }
}

impl Entries {
    fn entry(&self, token: &TokenHash, place: Place, record: &Record) -> Option<KeyEntry> {
        let number = self.keys.number(place)?;
        let user = Arc::clone(self.users.get(record.user)?);
        Some(KeyEntry { number, id: record.id, user, key_type: record.key_type, place, token: *token })
    }

    /// What the verdict on a key with its present token goes by.
    fn judged<'a>(&'a self, key: &KeyEntry, record: &'a Record) -> Facts<'a> {
        Facts {
            deleted: record.deleted,
            old_token_until: None,
            owner_disabled: key.user.is_disabled(),
            disabled: record.disabled,
            expires_at: self.keys.expires_at(key.place, record),
            rule: self.keys.rule(key.place, record),
        }
    }
}

#[cfg(test)]
mod tests;
