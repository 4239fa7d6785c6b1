//! The living keys of each account and of each sub-user, oldest first.

use domain::ids::{KeyNo, UserNo};
use std::collections::HashMap;
use store::KeyScope;

/// Each shard is small, so that its growth holds nobody up.
const SHARDS: usize = 64;

/// All lists.
pub(super) struct Lists {
    shards: Vec<HashMap<KeyScope, Vec<KeyNo>>>,
    /// Living keys, each counted once.
    living: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self { shards: vec![HashMap::new(); SHARDS], living: 0 }
    }
}

impl Lists {
    pub(super) fn get(&self, scope: KeyScope) -> &[KeyNo] {
        self.shards[shard(scope)].get(&scope).map_or(&[], Vec::as_slice)
    }

    /// How many keys live.
    pub(super) fn living(&self) -> usize {
        self.living
    }

    /// Adds a key to these lists, in whatever order keys come; one that stands there already changes nothing.
    pub(super) fn add(&mut self, no: KeyNo, scopes: &[KeyScope]) {
        let mut is_new = false;
        for scope in scopes {
            let list = self.shards[shard(*scope)].entry(*scope).or_default();
            // Nearly every key is newer than all before it, and is added at the end without a search.
            let place = match list.last() {
                Some(last) if *last >= no => list.binary_search(&no),
                _ => Err(list.len()),
            };
            if let Err(place) = place {
                list.insert(place, no);
                is_new = true;
            }
        }
        self.living += usize::from(is_new);
    }

    pub(super) fn remove(&mut self, no: KeyNo, scopes: &[KeyScope]) {
        let mut lived = false;
        for scope in scopes {
            if let Some(list) = self.shards[shard(*scope)].get_mut(scope)
                && let Ok(place) = list.binary_search(&no)
            {
                list.remove(place);
                lived = true;
            }
        }
        self.living -= usize::from(lived);
    }
}

fn shard(scope: KeyScope) -> usize {
    let (KeyScope::Account(UserNo(no)) | KeyScope::User(UserNo(no))) = scope;
    no as usize % SHARDS
}
