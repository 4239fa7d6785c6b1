//! The living keys of each account and of each sub-user, the oldest first.
//!
//! Keys stand in the order of their ids, which are made when a key is generated: what an engine's numbers say of the order
//! is its own affair.

use super::key_records::KeyRecords;
use super::place::{Place, mix};
use super::{Entries, KeyIndex};
use domain::ids::{KeyId, UserNumber};
use std::collections::HashMap;
use store::KeyScope;

/// Hash maps; each is small, so that the growth of one does not hold verifications up.
const SHARDS: usize = 64;
/// Keys of a list that are read under one hold of the lock.
pub(super) const STRETCH: usize = 4096;

/// All lists.
pub(super) struct Lists {
    shards: Vec<HashMap<KeyScope, Vec<Place>>>,
    /// Living keys, each counted once although it may stand in two lists.
    living: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self { shards: vec![HashMap::new(); SHARDS], living: 0 }
    }
}

impl Lists {
    pub(super) fn get(&self, scope: KeyScope) -> &[Place] {
        self.shards[shard(scope)].get(&scope).map_or(&[], Vec::as_slice)
    }

    /// Adds a key to these lists, in whatever order keys come. A key that is listed already changes nothing.
    pub(super) fn add(&mut self, place: Place, scopes: &[KeyScope], keys: &KeyRecords) {
        let mut is_new = false;
        for scope in scopes {
            let list = self.shards[shard(*scope)].entry(*scope).or_default();
            // Nearly every key is newer than all before it, and is added at the end without a search.
            let found = match list.last() {
                Some(last) if keys.id(*last) >= keys.id(place) => search(list, place, keys),
                _ => Err(list.len()),
            };
            if let Err(position) = found {
                list.insert(position, place);
                is_new = true;
            }
        }
        self.living += usize::from(is_new);
    }

    pub(super) fn remove(&mut self, place: Place, scopes: &[KeyScope], keys: &KeyRecords) {
        let mut lived = false;
        for scope in scopes {
            if let Some(list) = self.shards[shard(*scope)].get_mut(scope)
                && let Ok(position) = search(list, place, keys)
            {
                list.remove(position);
                lived = true;
            }
        }
        self.living -= usize::from(lived);
    }
}

/// Where a key stands in a list, or where it would.
fn search(list: &[Place], place: Place, keys: &KeyRecords) -> Result<usize, usize> {
    list.binary_search_by_key(&keys.id(place), |listed| keys.id(*listed))
}

fn shard(scope: KeyScope) -> usize {
    let (KeyScope::Account(UserNumber(number)) | KeyScope::User(UserNumber(number))) = scope;
    mix(number.cast_unsigned()) as usize % SHARDS
}

impl KeyIndex {
    /// How many living keys a scope has.
    pub fn count(&self, scope: KeyScope) -> usize {
        self.entries.read().lists.get(scope).len()
    }

    /// How many living keys there are.
    pub fn count_all(&self) -> usize {
        self.entries.read().lists.living
    }

    /// A stretch of the living keys of a scope, newest or oldest first, and how many there are.
    pub fn page(&self, scope: KeyScope, skip: usize, take: usize, newest: bool) -> (Vec<KeyId>, usize) {
        let Entries { lists, keys, .. } = &*self.entries.read();
        let list = lists.get(scope);
        let place = |at: usize| if newest { list[list.len() - 1 - at] } else { list[at] };
        let places = (skip..list.len().min(skip + take)).map(place);
        (places.filter_map(|place| keys.id(place)).collect(), list.len())
    }

    /// Some of the living keys of a scope that are older than one of them, newest first. That one may be gone by now.
    pub fn older(&self, scope: KeyScope, than: Option<KeyId>, take: usize) -> Vec<KeyId> {
        let Entries { lists, keys, .. } = &*self.entries.read();
        let list = lists.get(scope);
        let end = than.map_or(list.len(), |than| list.partition_point(|place| keys.id(*place) < Some(than)));
        list[..end].iter().rev().take(take).filter_map(|place| keys.id(*place)).collect()
    }
}
