//! The keys' records: a million of them in little more than a hundred megabytes.
//!
//! Records lie side by side in blocks, each at the place of its row number, so a key costs no allocation of
//! its own; blocks never move. The table of hashes holds row numbers only. What few keys have (an allow list)
//! and what is read seldom (the description) lies apart.

use crate::domain::address::{Address, Network};
use crate::domain::ids::{KeyId, KeyNo, UserNo};
use crate::domain::key_type::KeyType;
use crate::domain::rule::{AddressRule, LockWidth, RuleView};
use crate::domain::time::Micros;
use crate::domain::token::TokenHash;
use crate::store::{IndexedKey, Total};
use hashbrown::HashTable;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Records of a block.
const BLOCK: usize = 4096;

/// What is known of a key or tombstone.
pub(super) struct Record {
    token_hash: TokenHash,
    pub(super) id: KeyId,
    times_used: AtomicU64,
    last_used: AtomicI64,
    /// In microseconds; `i64::MAX` is never.
    expires_at: i64,
    pub(super) user: UserNo,
    description: Text,
    pub(super) locked: Option<Address>,
    width: LockWidth,
    pub(super) key_type: KeyType,
    pub(super) deleted: bool,
    pub(super) disabled: bool,
    has_allow_list: bool,
}

impl Record {
    pub(super) fn expires_at(&self) -> Option<Micros> {
        (self.expires_at != i64::MAX).then_some(Micros(self.expires_at))
    }

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

/// A stretch of [`Table::texts`].
#[derive(Clone, Copy, Default)]
struct Text {
    start: u32,
    length: u16,
}

/// All records.
#[derive(Default)]
pub(super) struct Table {
    blocks: Vec<Vec<Option<Record>>>,
    by_hash: HashTable<KeyNo>,
    allow_lists: HashMap<KeyNo, Box<[Network]>>,
    /// The descriptions, one behind the other: they never change.
    texts: String,
}

impl Table {
    pub(super) fn get(&self, no: KeyNo) -> Option<&Record> {
        record(&self.blocks, no)
    }

    pub(super) fn find(&self, hash: &TokenHash) -> Option<(KeyNo, &Record)> {
        let is_it = |no: &KeyNo| self.get(*no).is_some_and(|record| record.token_hash == *hash);
        let no = *self.by_hash.find(hash.part(), is_it)?;
        Some((no, self.get(no)?))
    }

    pub(super) fn rule(&self, no: KeyNo, record: &Record) -> RuleView<'_> {
        let allow_list = if record.has_allow_list { self.allow_lists.get(&no) } else { None };
        RuleView {
            enforced: record.key_type.is_address_bound(),
            locked: record.locked,
            width: record.width,
            allow_list: allow_list.map_or(&[], |list| list),
        }
    }

    /// The customer's words; nothing of a key that was a tombstone when it was added.
    pub(super) fn description(&self, record: &Record) -> &str {
        let start = record.description.start as usize;
        self.texts.get(start..start + usize::from(record.description.length)).unwrap_or_default()
    }

    pub(super) fn add(&mut self, key: IndexedKey) {
        let (no, hash) = (key.no, key.token_hash);
        let description = if key.deleted { Text::default() } else { self.keep(&key.description) };
        let has_allow_list = !key.rule.allow_list.is_empty();
        if has_allow_list {
            self.allow_lists.insert(no, key.rule.allow_list);
        }
        *self.place(no) = Some(Record {
            token_hash: hash,
            id: key.id,
            times_used: AtomicU64::new(0),
            last_used: AtomicI64::new(0),
            expires_at: key.expires_at.map_or(i64::MAX, |at| at.0),
            user: key.user,
            description,
            locked: key.rule.locked,
            width: key.rule.width,
            key_type: key.key_type,
            deleted: key.deleted,
            disabled: key.disabled,
            has_allow_list,
        });
        let blocks = &self.blocks;
        let part = |no: &KeyNo| record(blocks, *no).map_or(0, |record| record.token_hash.part());
        self.by_hash.insert_unique(hash.part(), no, part);
    }

    pub(super) fn set_rule(&mut self, no: KeyNo, rule: AddressRule) {
        let Some(record) = self.get_mut(no) else { return };
        record.locked = rule.locked;
        record.width = rule.width;
        record.has_allow_list = !rule.allow_list.is_empty();
        if rule.allow_list.is_empty() {
            self.allow_lists.remove(&no);
        } else {
            self.allow_lists.insert(no, rule.allow_list);
        }
    }

    /// Makes it a tombstone; answers whose it was.
    pub(super) fn delete(&mut self, no: KeyNo) -> Option<UserNo> {
        let record = self.get_mut(no)?;
        record.deleted = true;
        record.has_allow_list = false;
        let user = record.user;
        self.allow_lists.remove(&no);
        Some(user)
    }

    fn get_mut(&mut self, no: KeyNo) -> Option<&mut Record> {
        let (block, place) = split(no);
        self.blocks.get_mut(block)?.get_mut(place)?.as_mut()
    }

    fn place(&mut self, no: KeyNo) -> &mut Option<Record> {
        let (block, place) = split(no);
        while self.blocks.len() <= block {
            self.blocks.push((0..BLOCK).map(|_| None).collect());
        }
        &mut self.blocks[block][place]
    }

    fn keep(&mut self, text: &str) -> Text {
        let start = u32::try_from(self.texts.len());
        let (Ok(start), Ok(length)) = (start, u16::try_from(text.len())) else { return Text::default() };
        self.texts.push_str(text);
        Text { start, length }
    }
}

fn split(no: KeyNo) -> (usize, usize) {
    (no.0 as usize / BLOCK, no.0 as usize % BLOCK)
}

fn record(blocks: &[Vec<Option<Record>>], no: KeyNo) -> Option<&Record> {
    let (block, place) = split(no);
    blocks.get(block)?.get(place)?.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Option<Record>>() <= 112, "{} bytes", size_of::<Option<Record>>());
    }
}
