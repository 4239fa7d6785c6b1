//! Refusals on their way to notices: counted in memory for a second, so that a flood costs next to nothing.
//!
//! What is held is bounded, whatever comes: some thousand keys and names, twenty addresses each.

use super::KeyEntry;
use contract::{Cause, Code};
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{KeyNo, UserNo, Username};
use domain::notice::gathering::cause_of_refusal;
use domain::time::Micros;
use parking_lot::Mutex;
use std::collections::HashMap;
use store::{NewNotice, NoticeFacts};

/// The most keys that are told apart at a time; what is refused of further ones waits for the next second.
const KEYS: usize = 10_000;
/// The most names.
const NAMES: usize = 1_000;

/// What was refused since it was last written down.
#[derive(Default)]
pub struct Gatherer(Mutex<Gathered>);

/// What was gathered in one second.
#[derive(Default)]
pub(crate) struct Gathered {
    keys: HashMap<(UserNo, KeyNo, Cause), Tally>,
    names: HashMap<String, Tally>,
}

/// How often, when last, and from where.
pub(crate) struct Tally {
    at: Micros,
    count: u64,
    addresses: Vec<(Address, u64)>,
}

impl Tally {
    fn new() -> Self {
        Self { at: Micros::default(), count: 0, addresses: Vec::new() }
    }

    fn add(&mut self, address: Option<Address>, at: Micros) {
        self.at = self.at.max(at);
        self.count += 1;
        if let Some(address) = address {
            self.name(address, 1);
        }
    }

    fn name(&mut self, address: Address, count: u64) {
        if let Some((_, known)) = self.addresses.iter_mut().find(|(known, _)| *known == address) {
            *known += count;
        } else if self.addresses.len() < NoticeFacts::ADDRESSES {
            self.addresses.push((address, count));
        }
    }

    /// As a notice of guesses at this user.
    pub(crate) fn into_notice(self, user: UserNo) -> NewNotice {
        self.about(user, Cause::Guessing, None)
    }

    fn about(self, user: UserNo, cause: Cause, key: Option<KeyNo>) -> NewNotice {
        let Self { at, count, addresses } = self;
        NewNotice { user, cause, key, at, count, addresses, detail: String::new() }
    }
}

impl Gathered {
    /// The names that were guessed at.
    pub(crate) fn take_names(&mut self) -> Vec<(Username, Tally)> {
        let names = std::mem::take(&mut self.names).into_iter();
        names.filter_map(|(name, tally)| Some((Username::parse(&name).ok()?, tally))).collect()
    }

    /// What was refused of keys.
    pub(crate) fn into_notices(self) -> Vec<NewNotice> {
        self.keys.into_iter().map(|((user, key, cause), tally)| tally.about(user, cause, Some(key))).collect()
    }
}

impl Gatherer {
    /// A request with a known key was refused.
    pub fn refused(&self, key: &KeyEntry, code: Code, address: Address, at: Micros) {
        let Some(cause) = cause_of_refusal(code) else { return };
        let mut gathered = self.0.lock();
        let place = (key.user.no, key.no, cause);
        let is_full = gathered.keys.len() >= KEYS;
        match gathered.keys.get_mut(&place) {
            Some(tally) => tally.add(Some(address), at),
            None if is_full => {}
            None => gathered.keys.entry(place).or_insert_with(Tally::new).add(Some(address), at),
        }
    }

    /// A guess at this name (as names are compared) was refused, because too many came before it.
    pub fn guessed(&self, name: &str, client: ClientAddress, at: Micros) {
        let address = client.known();
        let mut gathered = self.0.lock();
        let is_full = gathered.names.len() >= NAMES;
        match gathered.names.get_mut(name) {
            Some(tally) => tally.add(address, at),
            None if is_full => {}
            None => gathered.names.entry(name.to_owned()).or_insert_with(Tally::new).add(address, at),
        }
    }

    pub(crate) fn take(&self) -> Gathered {
        std::mem::take(&mut *self.0.lock())
    }

    /// Takes back what could not be written down. Guesses are not worth it: they go on or they are over.
    pub(crate) fn put_back(&self, notices: impl Iterator<Item = NewNotice>) {
        let mut gathered = self.0.lock();
        for notice in notices {
            let Some(key) = notice.key else { continue };
            if gathered.keys.len() >= KEYS {
                return;
            }
            let tally = gathered.keys.entry((notice.user, key, notice.cause)).or_insert_with(Tally::new);
            tally.at = tally.at.max(notice.at);
            tally.count += notice.count;
            notice.addresses.iter().for_each(|(address, count)| tally.name(*address, *count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> Address {
        Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + last).into())
    }

    #[test]
    fn a_flood_is_one_tally_with_some_addresses() {
        let gatherer = Gatherer::default();
        for client in 0..5_000 {
            gatherer.guessed(
                "demo",
                ClientAddress::Known(address(client % 2_500)),
                Micros(i64::from(client)),
            );
        }
        let names = gatherer.take().take_names();
        assert_eq!(names.len(), 1);
        let notice = names.into_iter().next().unwrap().1.into_notice(UserNo(1));
        assert_eq!((notice.count, notice.addresses.len(), notice.at), (5_000, 20, Micros(4_999)));
        assert_eq!(notice.addresses[0], (address(0), 2));
        assert!(gatherer.take().take_names().is_empty());
    }

    #[test]
    fn what_is_held_is_bounded() {
        let gatherer = Gatherer::default();
        for name in 0..2_000 {
            gatherer.guessed(&format!("name{name}"), ClientAddress::Unknown, Micros(1));
        }
        assert_eq!(gatherer.take().take_names().len(), NAMES);
    }

    #[test]
    fn what_comes_back_adds_to_what_came_since() {
        let gatherer = Gatherer::default();
        let notice = NewNotice {
            user: UserNo(1),
            cause: Cause::DeadKeyInUse,
            key: Some(KeyNo(2)),
            at: Micros(5),
            count: 7,
            addresses: vec![(address(1), 3), (address(2), 4)],
            detail: String::new(),
        };
        gatherer.put_back(vec![notice.clone(), notice].into_iter());
        let notices = gatherer.take().into_notices();
        assert_eq!(notices.len(), 1);
        assert_eq!((notices[0].count, notices[0].at), (14, Micros(5)));
        assert_eq!(notices[0].addresses, [(address(1), 6), (address(2), 8)]);
    }
}
