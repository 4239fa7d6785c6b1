//! The keys' records: a million of them in little more than a hundred megabytes.
//!
//! Records lie side by side in blocks that never move, each at the index of its row number, so that a key needs no
//! allocation of its own. The hash tables hold row numbers only. What few keys have (an allow list, an expiry) and what
//! is seldom read (the description) lies apart.

use super::descriptions::{Descriptions, RENAMED};
use super::old_tokens::OldTokens;
use contract::{Code, KeyType, LockWidth};
use domain::address::{Address, Network};
use domain::ids::{KeyId, KeyNumber, UserNumber};
use domain::rule::{AddressRule, RuleView};
use domain::time::Micros;
use domain::token::TokenHash;
use hashbrown::HashTable;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::{IndexedKey, KeyChange, OldToken, Total};

/// Records of a block.
const BLOCK: usize = 4096;

/// What is known of a key or tombstone.
pub(super) struct Record {
    token_hash: TokenHash,
    pub(super) id: KeyId,
    times_used: AtomicU64,
    last_used: AtomicI64,
    pub(super) user: UserNumber,
    /// Where in [`Descriptions`] the description begins, and how many bytes it has.
    text: u32,
    text_length: u16,
    pub(super) locked: Option<Address>,
    width: LockWidth,
    pub(super) key_type: KeyType,
    pub(super) deleted: bool,
    pub(super) disabled: bool,
    /// Whether the key has an allow list or an expiry, which lie apart.
    has_more: bool,
}

impl Record {
    pub(super) fn times_used(&self) -> u64 {
        self.times_used.load(Ordering::Acquire)
    }

    pub(super) fn last_used(&self) -> Option<Micros> {
        match self.last_used.load(Ordering::Acquire) {
            0 => None,
            at => Some(Micros(at)),
        }
    }

    pub(super) fn add_use(&self, at: Micros) -> u64 {
        self.last_used.fetch_max(at.0, Ordering::AcqRel);
        self.times_used.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub(super) fn set_total(&self, total: Total) {
        self.times_used.store(total.count, Ordering::Release);
        self.last_used.store(total.last.0, Ordering::Release);
    }
}

/// Hash tables; each is small, so that the growth of one does not hold verifications up.
const SHARDS: usize = 64;
/// All records.
pub(super) struct KeyRecords {
    blocks: Vec<Vec<Option<Record>>>,
    by_hash: [HashTable<KeyNumber>; SHARDS],
    allow_lists: HashMap<KeyNumber, Box<[Network]>>,
    expiries: HashMap<KeyNumber, Micros>,
    descriptions: Descriptions,
    old_tokens: OldTokens,
}

impl Default for KeyRecords {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            by_hash: [const { HashTable::new() }; SHARDS],
            allow_lists: HashMap::new(),
            expiries: HashMap::new(),
            descriptions: Descriptions::default(),
            old_tokens: OldTokens::default(),
        }
    }
}

impl KeyRecords {
    pub(super) fn get(&self, number: KeyNumber) -> Option<&Record> {
        record(&self.blocks, number)
    }

    /// The key that has this token, or had it before.
    pub(super) fn find(&self, hash: &TokenHash) -> Option<(KeyNumber, &Record)> {
        let is_it = |number: &KeyNumber| self.get(*number).is_some_and(|record| record.token_hash == *hash);
        let number = match self.by_hash[shard(hash.part())].find(hash.part(), is_it) {
            Some(number) => *number,
            None => self.old_tokens.get(hash)?.key,
        };
        Some((number, self.get(number)?))
    }

    pub(super) fn rule(&self, number: KeyNumber, record: &Record) -> RuleView<'_> {
        let allow_list = if record.has_more { self.allow_lists.get(&number) } else { None };
        RuleView {
            enforced: record.key_type.is_address_bound(),
            locked: record.locked,
            width: record.width,
            allow_list: allow_list.map_or(&[], |list| list),
        }
    }

    /// The customer's description; empty for a key that was a tombstone when it was added.
    pub(super) fn description(&self, number: KeyNumber, record: &Record) -> &str {
        self.descriptions.get(number, record.text, record.text_length)
    }

    pub(super) fn expires_at(&self, number: KeyNumber, record: &Record) -> Option<Micros> {
        if record.has_more { self.expiries.get(&number).copied() } else { None }
    }

    /// Makes room for so many keys at once, because hash tables that grow leave holes in memory.
    pub(super) fn expect(&mut self, count: usize) {
        // A sixteenth more, because hashes do not fall evenly into the shards.
        let each = count / SHARDS + count / SHARDS / 16;
        for table in &mut self.by_hash {
            if table.is_empty() {
                *table = HashTable::with_capacity(each);
            }
        }
    }

    /// Adds a key. A key that is there already stays as it is, with its counts and everything that changed since.
    pub(super) fn add(&mut self, key: IndexedKey) {
        let (number, hash) = (key.number, key.token_hash);
        if self.get(number).is_some() {
            return;
        }
        let (text, text_length) = if key.deleted { (0, 0) } else { self.descriptions.keep(&key.description) };
        let has_more = !key.rule.allow_list.is_empty() || key.expires_at.is_some();
        if !key.rule.allow_list.is_empty() {
            self.allow_lists.insert(number, key.rule.allow_list);
        }
        if let Some(expires_at) = key.expires_at {
            self.expiries.insert(number, expires_at);
        }
        *self.slot(number) = Some(Record {
            token_hash: hash,
            id: key.id,
            times_used: AtomicU64::new(0),
            last_used: AtomicI64::new(0),
            user: key.user,
            text,
            text_length,
            locked: key.rule.locked,
            width: key.rule.width,
            key_type: key.key_type,
            deleted: key.deleted,
            disabled: key.disabled,
            has_more,
        });
        self.enter(hash, number);
    }

    /// Lets a key be found by its token.
    fn enter(&mut self, hash: TokenHash, number: KeyNumber) {
        let blocks = &self.blocks;
        let part = |number: &KeyNumber| record(blocks, *number).map_or(0, |record| record.token_hash.part());
        self.by_hash[shard(hash.part())].insert_unique(hash.part(), number, part);
    }

    /// Gives a key another token.
    pub(super) fn set_token(&mut self, number: KeyNumber, hash: TokenHash) {
        let Some(record) = self.get_mut(number) else { return };
        let before = std::mem::replace(&mut record.token_hash, hash);
        let entry = self.by_hash[shard(before.part())].find_entry(before.part(), |known| *known == number);
        if let Ok(entry) = entry {
            entry.remove();
        }
        self.enter(hash, number);
    }

    /// Knows a token that a key had before.
    pub(super) fn add_old_token(&mut self, old: OldToken) {
        self.old_tokens.add(old);
    }

    /// What is known of the token by which a key was found, unless it is the present one.
    pub(super) fn old_token(&self, record: &Record, hash: &TokenHash) -> Result<Option<&OldToken>, Code> {
        if record.token_hash == *hash {
            return Ok(None);
        }
        self.old_tokens.get(hash).map(Some).ok_or(Code::NotFound)
    }

    pub(super) fn set_rule(&mut self, number: KeyNumber, rule: AddressRule) {
        let has_more = !rule.allow_list.is_empty() || self.expiries.contains_key(&number);
        let Some(record) = self.get_mut(number) else { return };
        record.locked = rule.locked;
        record.width = rule.width;
        record.has_more = has_more;
        if rule.allow_list.is_empty() {
            self.allow_lists.remove(&number);
        } else {
            self.allow_lists.insert(number, rule.allow_list);
        }
    }

    /// Takes in another change of a key.
    pub(super) fn change(&mut self, number: KeyNumber, change: KeyChange) {
        let has_list = self.allow_lists.contains_key(&number);
        let Some(record) = self.get_mut(number).filter(|record| !record.deleted) else { return };
        match change {
            KeyChange::Description(text) => {
                record.text_length = RENAMED;
                self.descriptions.rename(number, text);
            }
            KeyChange::Paused(paused) => record.disabled = paused,
            KeyChange::LockWidth(width) => record.width = width,
            KeyChange::ExpiresAt(end) => {
                record.has_more = has_list || end.is_some();
                match end {
                    Some(end) => self.expiries.insert(number, end),
                    None => self.expiries.remove(&number),
                };
            }
        }
    }

    /// Makes a key a tombstone, and returns its user.
    pub(super) fn delete(&mut self, number: KeyNumber) -> Option<UserNumber> {
        let record = self.get_mut(number)?;
        record.deleted = true;
        record.has_more = false;
        let user = record.user;
        self.allow_lists.remove(&number);
        self.expiries.remove(&number);
        self.descriptions.forget(number);
        Some(user)
    }

    fn get_mut(&mut self, number: KeyNumber) -> Option<&mut Record> {
        let (block, slot) = split(number);
        self.blocks.get_mut(block)?.get_mut(slot)?.as_mut()
    }

    fn slot(&mut self, number: KeyNumber) -> &mut Option<Record> {
        let (block, slot) = split(number);
        while self.blocks.len() <= block {
            self.blocks.push((0..BLOCK).map(|_| None).collect());
        }
        &mut self.blocks[block][slot]
    }
}

/// The shard of a hash, by bits that the hash table itself does not look at first.
fn shard(part: u64) -> usize {
    (part >> 40) as usize % SHARDS
}

fn split(number: KeyNumber) -> (usize, usize) {
    (number.0 as usize / BLOCK, number.0 as usize % BLOCK)
}

fn record(blocks: &[Vec<Option<Record>>], number: KeyNumber) -> Option<&Record> {
    let (block, slot) = split(number);
    blocks.get(block)?.get(slot)?.as_ref()
}

#[cfg(test)]
mod tests;
