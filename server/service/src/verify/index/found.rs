//! Keys of a list that a filter wants, in an order. The list is walked in stretches, and neither the lock nor the thread is
//! held between two of them.

use super::key_records::Record;
use super::lists::STRETCH;
use super::place::Place;
use super::{Entries, KeyIndex};
use contract::KeyState;
use domain::expiry;
use domain::ids::KeyId;
use domain::key_list::{Column, ListFacts, ListFilter, MOST_FOUND, Order, Rank, Total, UserFit};
use domain::time::Micros;
use std::cmp::Reverse;
use std::collections::HashSet;
use store::KeyScope;

/// Which keys are wanted, and in which order.
pub struct Wanted<'a> {
    /// The filter.
    pub filter: &'a ListFilter,
    /// The order.
    pub order: Order,
    /// The keys that the store has in the state of the filter, where that state is marked.
    pub marked: Option<&'a HashSet<KeyId>>,
    /// Now.
    pub now: Micros,
}

/// A key and what its place in the order goes by: the smaller first, of equal ones the newest.
type Ranked = (Rank, Reverse<KeyId>, Place);

/// What was found so far.
#[derive(Default)]
struct Found {
    ranked: Vec<Ranked>,
    /// Whether there are more than [`MOST_FOUND`].
    more: bool,
    /// What stands behind this one is of no interest, as so many stand before it.
    limit: Option<Ranked>,
}

impl Found {
    /// Adds a key. Twice as many as are wanted are gathered before the last half is dropped, so that a key costs no more
    /// than a few comparisons.
    fn add(&mut self, key: Ranked) {
        if self.limit.is_some_and(|limit| key > limit) {
            return;
        }
        self.ranked.push(key);
        if self.ranked.len() == 2 * MOST_FOUND {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.ranked.len() > MOST_FOUND {
            self.more = true;
            let (_, last, _) = self.ranked.select_nth_unstable(MOST_FOUND - 1);
            self.limit = Some(*last);
            self.ranked.truncate(MOST_FOUND);
        }
    }
}

impl KeyIndex {
    /// The keys of a scope that are wanted, at most [`MOST_FOUND`] of them in their order, and how many there are.
    pub async fn find_wanted(&self, scope: KeyScope, wanted: &Wanted<'_>) -> (Vec<KeyId>, Total) {
        if wanted.order.column == Column::Created {
            return self.first_wanted(scope, wanted).await;
        }
        let (mut found, mut from) = (Found::default(), 0);
        while self.add_wanted(scope, from, wanted, &mut found) {
            from += STRETCH;
            tokio::task::yield_now().await;
        }
        found.cut();
        found.ranked.sort_unstable();
        let total = if found.more { Total::More } else { Total::Exact(found.ranked.len()) };
        (self.settle_texts(&found.ranked, wanted.order), total)
    }

    /// Does the same where the list has the order already: the walk ends as soon as enough are found.
    async fn first_wanted(&self, scope: KeyScope, wanted: &Wanted<'_>) -> (Vec<KeyId>, Total) {
        let (mut ids, mut from) = (Vec::new(), None);
        while ids.len() <= MOST_FOUND && self.add_next(scope, &mut from, wanted, &mut ids) {
            tokio::task::yield_now().await;
        }
        let total = if ids.len() > MOST_FOUND { Total::More } else { Total::Exact(ids.len()) };
        ids.truncate(MOST_FOUND);
        (ids, total)
    }

    /// Adds the wanted keys of the next stretch, and returns whether there may be another one. `from` is the last key of
    /// the stretch before, which may be deleted meanwhile.
    pub(crate) fn add_next(
        &self,
        scope: KeyScope,
        from: &mut Option<KeyId>,
        wanted: &Wanted<'_>,
        ids: &mut Vec<KeyId>,
    ) -> bool {
        let entries = self.entries.read();
        let list = entries.lists.get(scope);
        let id_of = |place: &Place| entries.keys.id(*place);
        let stretch = if wanted.order.descending {
            let end = from.map_or(list.len(), |last| list.partition_point(|place| id_of(place) < Some(last)));
            &list[end.saturating_sub(STRETCH)..end]
        } else {
            let start = from.map_or(0, |last| list.partition_point(|place| id_of(place) <= Some(last)));
            &list[start..list.len().min(start + STRETCH)]
        };
        let mut fit = None;
        let id = |place: &Place| {
            let (record, _) = entries.wanted(*place, wanted, &mut fit)?;
            Some(record.id)
        };
        if wanted.order.descending {
            ids.extend(stretch.iter().rev().filter_map(id));
            *from = stretch.first().and_then(id_of).or(*from);
        } else {
            ids.extend(stretch.iter().filter_map(id));
            *from = stretch.last().and_then(id_of).or(*from);
        }
        stretch.len() == STRETCH
    }

    /// Adds the wanted keys of one stretch of a list, and returns whether there is another stretch.
    fn add_wanted(&self, scope: KeyScope, from: usize, wanted: &Wanted<'_>, found: &mut Found) -> bool {
        let entries = self.entries.read();
        let list = entries.lists.get(scope);
        let mut fit = None;
        for place in list.iter().skip(from).take(STRETCH) {
            if let Some((record, facts)) = entries.wanted(*place, wanted, &mut fit) {
                found.add((wanted.order.rank(&facts), Reverse(record.id), *place));
            }
        }
        list.len() > from + STRETCH
    }

    /// The ids of keys in their places; texts decide between those whose ranks are equal.
    fn settle_texts(&self, ranked: &[Ranked], order: Order) -> Vec<KeyId> {
        let mut ids = Vec::with_capacity(ranked.len());
        for equal in ranked.chunk_by(|one, next| one.0 == next.0) {
            let mut keys = Vec::with_capacity(equal.len());
            for stretch in equal.chunks(STRETCH) {
                let entries = self.entries.read();
                keys.extend(stretch.iter().filter_map(|(_, _, place)| {
                    let record = entries.keys.get(*place)?;
                    let text = if equal.len() == 1 { None } else { entries.text(*place, record, order) };
                    Some((text, record.id))
                }));
            }
            // Stable: keys of one text stay newest first.
            if order.descending {
                keys.sort_by(|(one, _), (other, _)| other.cmp(one));
            } else {
                keys.sort_by(|(one, _), (other, _)| one.cmp(other));
            }
            ids.extend(keys.into_iter().map(|(_, id)| id));
        }
        ids
    }
}

impl Entries {
    /// A key, if it is wanted. What the filter says of a user is kept for the next key, which is often of the same user.
    fn wanted<'a>(
        &'a self,
        place: Place,
        wanted: &Wanted<'_>,
        fit: &mut Option<(Place, UserFit)>,
    ) -> Option<(&'a Record, ListFacts<'a>)> {
        let record = self.keys.get(place)?;
        let mut facts = self.facts(place, record, wanted.now);
        facts.fit = match *fit {
            Some((user, fit)) if user == record.user => fit,
            _ => fit.insert((record.user, wanted.filter.fit(facts.username))).1,
        };
        facts.is_marked = wanted.marked.is_some_and(|marked| marked.contains(&record.id));
        wanted.filter.admits(&facts).then_some((record, facts))
    }

    /// The text that decides about the place of a key.
    fn text(&self, place: Place, record: &Record, order: Order) -> Option<String> {
        order.text(&self.facts(place, record, Micros::default()))
    }

    /// What the index alone knows of a key.
    fn facts<'a>(&'a self, place: Place, record: &'a Record, now: Micros) -> ListFacts<'a> {
        ListFacts {
            description: self.keys.description(place, record),
            username: self.users.get(record.user).map_or("", |user| user.username.as_str()),
            shown: record.shown,
            key_type: record.key_type,
            state: match self.keys.expires_at(place, record) {
                None if !record.disabled => KeyState::Active,
                end => expiry::state(record.disabled, end, now),
            },
            times_used: record.times_used(),
            last_used: record.last_used(),
            locked: record.locked,
            fit: UserFit::default(),
            is_marked: false,
        }
    }
}

#[cfg(test)]
mod tests;
