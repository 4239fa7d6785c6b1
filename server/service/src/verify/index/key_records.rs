//! The keys' records: a million of them in little more than a hundred megabytes.
//!
//! Records lie side by side in blocks, so that a key needs no allocation of its own. The hash tables hold places only. What few keys have (an allow list, an expiry) and what is seldom
//! read (the description) lies apart.

use super::blocks::Blocks;
use super::descriptions::{Descriptions, RENAMED};
use super::old_tokens::OldTokens;
use super::place::{Place, PlaceTable, number_hash};
use contract::{Code, KeyType, LockWidth};
use domain::address::{Address, Network};
use domain::ids::{KeyId, KeyNumber};
use domain::key_list::Shown;
use domain::rule::{AddressRule, RuleView};
use domain::time::Micros;
use domain::token::TokenHash;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::{IndexedKey, KeyChange, OldToken, Total};

/// What is known of a key or tombstone.
pub(super) struct Record {
    token_hash: TokenHash,
    pub(super) id: KeyId,
    times_used: AtomicU64,
    last_used: AtomicI64,
    /// Where the entry of its user lies.
    pub(super) user: Place,
    /// Where in [`Descriptions`] the description begins, and how many bytes it has.
    text: u32,
    text_length: u16,
    pub(super) locked: Option<Address>,
    width: LockWidth,
    pub(super) key_type: KeyType,
    /// What lists show of the token.
    pub(super) shown: Shown,
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

/// All records.
#[derive(Default)]
pub(super) struct KeyRecords {
    blocks: Blocks,
    by_hash: PlaceTable,
    by_number: PlaceTable,
    allow_lists: HashMap<Place, Box<[Network]>>,
    expiries: HashMap<Place, Micros>,
    descriptions: Descriptions,
    old_tokens: OldTokens,
}

impl KeyRecords {
    pub(super) fn get(&self, place: Place) -> Option<&Record> {
        self.blocks.get(place)
    }

    /// The public id of a key.
    pub(super) fn id(&self, place: Place) -> Option<KeyId> {
        self.get(place).map(|record| record.id)
    }

    /// The row number of a key.
    pub(super) fn number(&self, place: Place) -> Option<KeyNumber> {
        self.blocks.number(place)
    }

    /// Where a key lies: for changes and totals. A verification finds its key by the hash of the token.
    pub(super) fn find_number(&self, number: KeyNumber) -> Option<Place> {
        self.by_number.find(number_hash(number.0), |place| self.number(place) == Some(number))
    }

    /// The key that has this token, or had it before.
    pub(super) fn find(&self, hash: &TokenHash) -> Option<(Place, &Record)> {
        let is_it = |place| self.get(place).is_some_and(|record| record.token_hash == *hash);
        let place = self.by_hash.find(hash.part(), is_it).or_else(|| self.old_tokens.place(hash))?;
        Some((place, self.get(place)?))
    }

    pub(super) fn rule(&self, place: Place, record: &Record) -> RuleView<'_> {
        let allow_list = if record.has_more { self.allow_lists.get(&place) } else { None };
        RuleView {
            enforced: record.key_type.is_address_bound(),
            locked: record.locked,
            width: record.width,
            allow_list: allow_list.map_or(&[], |list| list),
        }
    }

    /// The customer's description; empty for a key that was a tombstone when it was added.
    pub(super) fn description(&self, place: Place, record: &Record) -> &str {
        self.descriptions.get(place, record.text, record.text_length)
    }

    pub(super) fn expires_at(&self, place: Place, record: &Record) -> Option<Micros> {
        if record.has_more { self.expiries.get(&place).copied() } else { None }
    }

    /// Makes room for so many keys at once.
    pub(super) fn expect(&mut self, count: usize) {
        self.by_hash.expect(count);
        self.by_number.expect(count);
    }

    /// Adds a key of the user whose entry lies there, and returns its place. A key that is there already stays as it is,
    /// with its counts and everything that changed since.
    pub(super) fn add(&mut self, key: IndexedKey, user: Place) -> Option<Place> {
        if self.find_number(key.number).is_some() {
            return None;
        }
        let (text, text_length) = if key.deleted { (0, 0) } else { self.descriptions.keep(&key.description) };
        let has_more = !key.rule.allow_list.is_empty() || key.expires_at.is_some();
        let record = Record {
            token_hash: key.token_hash,
            id: key.id,
            times_used: AtomicU64::new(0),
            last_used: AtomicI64::new(0),
            user,
            text,
            text_length,
            locked: key.rule.locked,
            width: key.rule.width,
            key_type: key.key_type,
            shown: Shown::of(&key.masked),
            deleted: key.deleted,
            disabled: key.disabled,
            has_more,
        };
        let Some(place) = self.blocks.push(key.number, record) else {
            tracing::error!(key = key.number.0, "there is no place left for a key");
            return None;
        };
        if !key.rule.allow_list.is_empty() {
            self.allow_lists.insert(place, key.rule.allow_list);
        }
        if let Some(expires_at) = key.expires_at {
            self.expiries.insert(place, expires_at);
        }
        self.enter(key.token_hash, place);
        self.enter_number(key.number, place);
        Some(place)
    }

    /// Lets a key be found by its token.
    fn enter(&mut self, hash: TokenHash, place: Place) {
        let blocks = &self.blocks;
        let part = |place| blocks.get(place).map_or(0, |record| record.token_hash.part());
        self.by_hash.insert(hash.part(), place, part);
    }

    /// Lets a key be found by its number.
    fn enter_number(&mut self, key: KeyNumber, place: Place) {
        let blocks = &self.blocks;
        let hash_of = |place| blocks.number(place).map_or(0, |number| number_hash(number.0));
        self.by_number.insert(number_hash(key.0), place, hash_of);
    }

    /// Gives a key another token.
    pub(super) fn set_token(&mut self, number: KeyNumber, hash: TokenHash, masked: &str) {
        let Some((place, record)) = self.find_mut(number) else { return };
        record.shown = Shown::of(masked);
        let before = std::mem::replace(&mut record.token_hash, hash);
        self.by_hash.remove(before.part(), place);
        self.enter(hash, place);
    }

    /// Knows a token that a key had before.
    pub(super) fn add_old_token(&mut self, old: OldToken) {
        match self.find_number(old.key) {
            Some(place) => self.old_tokens.add(place, old),
            None => tracing::error!(key = old.key.0, "an old token without its key"),
        }
    }

    /// What is known of the token by which a key was found, unless it is the present one.
    pub(super) fn old_token(&self, record: &Record, hash: &TokenHash) -> Result<Option<&OldToken>, Code> {
        if record.token_hash == *hash {
            return Ok(None);
        }
        self.old_tokens.get(hash).map(Some).ok_or(Code::NotFound)
    }

    pub(super) fn set_rule(&mut self, number: KeyNumber, rule: AddressRule) {
        let Some(place) = self.find_number(number) else { return };
        let has_more = !rule.allow_list.is_empty() || self.expiries.contains_key(&place);
        let Some(record) = self.blocks.get_mut(place) else { return };
        record.locked = rule.locked;
        record.width = rule.width;
        record.has_more = has_more;
        if rule.allow_list.is_empty() {
            self.allow_lists.remove(&place);
        } else {
            self.allow_lists.insert(place, rule.allow_list);
        }
    }

    /// Takes in another change of a key.
    pub(super) fn change(&mut self, number: KeyNumber, change: KeyChange) {
        let Some(place) = self.find_number(number) else { return };
        let has_list = self.allow_lists.contains_key(&place);
        let record = self.blocks.get_mut(place).filter(|record| !record.deleted);
        let Some(record) = record else { return };
        match change {
            KeyChange::Description(text) => {
                record.text_length = RENAMED;
                self.descriptions.rename(place, text);
            }
            KeyChange::Paused(paused) => record.disabled = paused,
            KeyChange::LockWidth(width) => record.width = width,
            KeyChange::ExpiresAt(end) => {
                record.has_more = has_list || end.is_some();
                match end {
                    Some(end) => self.expiries.insert(place, end),
                    None => self.expiries.remove(&place),
                };
            }
        }
    }

    /// Makes a key a tombstone, and returns its place and that of its user.
    pub(super) fn delete(&mut self, number: KeyNumber) -> Option<(Place, Place)> {
        let (place, record) = self.find_mut(number)?;
        record.deleted = true;
        record.has_more = false;
        let user = record.user;
        self.allow_lists.remove(&place);
        self.expiries.remove(&place);
        self.descriptions.forget(place);
        Some((place, user))
    }

    fn find_mut(&mut self, number: KeyNumber) -> Option<(Place, &mut Record)> {
        let place = self.find_number(number)?;
        Some((place, self.blocks.get_mut(place)?))
    }
}

#[cfg(test)]
mod tests;
