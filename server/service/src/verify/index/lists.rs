//! The living keys of each account and of each sub-user, oldest first.

use domain::ids::{KeyNumber, UserNumber};
use std::collections::HashMap;
use store::KeyScope;

/// Hash maps; each is small, so that the growth of one does not hold verifications up.
const SHARDS: usize = 64;

/// All lists.
pub(super) struct Lists {
    shards: Vec<HashMap<KeyScope, Vec<KeyNumber>>>,
    /// Living keys, each counted once although it may stand in two lists.
    living: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self { shards: vec![HashMap::new(); SHARDS], living: 0 }
    }
}

impl Lists {
    pub(super) fn get(&self, scope: KeyScope) -> &[KeyNumber] {
        self.shards[shard(scope)].get(&scope).map_or(&[], Vec::as_slice)
    }

    /// How many keys live.
    pub(super) fn living(&self) -> usize {
        self.living
    }

    /// Adds a key to these lists, in whatever order keys come. A key that is listed already changes nothing.
    pub(super) fn add(&mut self, number: KeyNumber, scopes: &[KeyScope]) {
        let mut is_new = false;
        for scope in scopes {
            let list = self.shards[shard(*scope)].entry(*scope).or_default();
            // Nearly every key is newer than all before it, and is added at the end without a search.
            let found = match list.last() {
                Some(last) if *last >= number => list.binary_search(&number),
                _ => Err(list.len()),
            };
            if let Err(position) = found {
                list.insert(position, number);
                is_new = true;
            }
        }
        self.living += usize::from(is_new);
    }

    pub(super) fn remove(&mut self, number: KeyNumber, scopes: &[KeyScope]) {
        let mut lived = false;
        for scope in scopes {
            if let Some(list) = self.shards[shard(*scope)].get_mut(scope)
                && let Ok(position) = list.binary_search(&number)
            {
                list.remove(position);
                lived = true;
            }
        }
        self.living -= usize::from(lived);
    }
}

fn shard(scope: KeyScope) -> usize {
    let (KeyScope::Account(UserNumber(number)) | KeyScope::User(UserNumber(number))) = scope;
    number as usize % SHARDS
}
