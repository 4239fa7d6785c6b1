//! What the first page tells of all living keys of a scope, found in one walk through the memory.

use super::lists::STRETCH;
use super::place::Place;
use super::{Entries, KeyIndex};
use domain::attention::{KeyFacts, Matter};
use domain::ids::KeyId;
use domain::time::Micros;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use store::KeyScope;

/// What a survey goes by.
#[derive(Clone, Copy, Debug)]
pub struct Surveyed {
    /// Now.
    pub now: Micros,
    /// Since when a key counts as used, and may be one of the busiest.
    pub since: Micros,
    /// How many of the busiest are named.
    pub busiest: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Living keys.
    pub keys: usize,
    /// Those that are neither paused nor expired.
    pub active: usize,
    /// Those that were used since then.
    pub used: usize,
    /// Those that were never used.
    pub never_used: usize,
    /// For each matter how many keys it is about, and the oldest of them; the most urgent first.
    pub matters: Vec<(Matter, usize, KeyId)>,
    /// The keys that were used since then, the one with the most uses ever first.
    pub busiest: Vec<KeyId>,
    /// The key that was used last.
    pub last_used: Option<KeyId>,
}

/// A survey on its way.
#[derive(Default)]
struct Finding {
    keys: usize,
    active: usize,
    used: usize,
    never_used: usize,
    matters: BTreeMap<Matter, (usize, KeyId)>,
    /// With the least busy of them on top.
    busiest: BinaryHeap<Reverse<(u64, KeyId)>>,
    last: Option<(Micros, KeyId)>,
}

impl KeyIndex {
    /// Looks at all living keys of a scope. Between stretches of the list it yields the thread, for other pages, and the
    /// lock.
    pub async fn survey(&self, scope: KeyScope, wanted: Surveyed) -> Survey {
        let (mut finding, mut from) = (Finding::default(), 0);
        while finding.add_stretch(&self.entries.read(), scope, from, wanted) {
            from += STRETCH;
            tokio::task::yield_now().await;
        }
        finding.end()
    }
}

impl Finding {
    /// Looks at the keys of one stretch of a list, and returns whether there is another stretch.
    fn add_stretch(&mut self, entries: &Entries, scope: KeyScope, from: usize, wanted: Surveyed) -> bool {
        let list = entries.lists.get(scope);
        for place in list.iter().skip(from).take(STRETCH) {
            self.add(entries, *place, wanted);
        }
        list.len() > from + STRETCH
    }

    fn add(&mut self, entries: &Entries, place: Place, wanted: Surveyed) {
        let Some(record) = entries.keys.get(place) else { return };
        let id = record.id;
        let last_used = record.last_used();
        let facts = KeyFacts {
            made_at: id.made_at(),
            last_used,
            expires_at: entries.keys.expires_at(place, record),
            is_paused: record.disabled,
            allow_list: entries.keys.rule(place, record).allow_list,
        };
        self.keys += 1;
        self.active += usize::from(facts.is_active(wanted.now));
        self.never_used += usize::from(last_used.is_none());
        for matter in facts.matters(wanted.now) {
            self.matters.entry(matter).or_insert((0, id)).0 += 1;
        }
        self.last = self.last.max(last_used.map(|at| (at, id)));
        if last_used.is_some_and(|at| at >= wanted.since) {
            self.used += 1;
            self.busiest.push(Reverse((record.times_used(), id)));
            if self.busiest.len() > wanted.busiest {
                self.busiest.pop();
            }
        }
    }

    /// What was found.
    fn end(self) -> Survey {
        let matters = self.matters.into_iter();
        let busiest = self.busiest.into_sorted_vec().into_iter();
        Survey {
            keys: self.keys,
            active: self.active,
            used: self.used,
            never_used: self.never_used,
            matters: matters.map(|(matter, (count, first))| (matter, count, first)).collect(),
            busiest: busiest.map(|Reverse((_, id))| id).collect(),
            last_used: self.last.map(|(_, id)| id),
        }
    }
}
