//! Refusals on their way to notices: counted in memory for a second, so that a flood costs next to nothing.
//!
//! Called on the thread that verifies, and drained by the task that writes notices; it blocks for neither. A crash loses
//! what it holds. Its size is bounded, whatever comes: some thousand keys and names, with twenty addresses each.

use super::KeyEntry;
use contract::{Cause, Code};
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, UserNumber, Username};
use domain::notice::gathering::cause_of_refusal;
use domain::time::Micros;
use parking_lot::Mutex;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use store::{NewNotice, NoticeFacts};

/// The most keys and causes that are held; refusals of further ones are dropped until the next second.
const KEYS: usize = 10_000;
/// The most usernames that are held.
const NAMES: usize = 1_000;

/// What was refused since notices were last written.
#[derive(Default)]
pub struct NoticeBuffer(Mutex<Buffered>);

/// What was refused within one second.
#[derive(Default)]
pub(crate) struct Buffered {
    keys: HashMap<(UserNumber, KeyId, Cause), Tally>,
    names: HashMap<String, Tally>,
}

/// How often something was refused, when last, and from where.
#[derive(Default)]
pub(crate) struct Tally {
    at: Micros,
    count: u64,
    addresses: Vec<(Address, u64)>,
}

impl Tally {
    fn add(&mut self, address: Option<Address>, at: Micros) {
        self.at = self.at.max(at);
        self.count += 1;
        if let Some(address) = address {
            self.add_address(address, 1);
        }
    }

    fn add_address(&mut self, address: Address, count: u64) {
        if let Some((_, known)) = self.addresses.iter_mut().find(|(known, _)| *known == address) {
            *known += count;
        } else if self.addresses.len() < NoticeFacts::ADDRESSES {
            self.addresses.push((address, count));
        }
    }

    /// The notice of guesses at this user.
    pub(crate) fn into_notice(self, user: UserNumber) -> NewNotice {
        self.into_notice_about(user, Cause::Guessing, None)
    }

    fn into_notice_about(self, user: UserNumber, cause: Cause, key: Option<KeyId>) -> NewNotice {
        let Self { at, count, addresses } = self;
        NewNotice { user, cause, key, at, count, addresses, detail: String::new() }
    }
}

impl Buffered {
    /// Removes and returns the names that were guessed at.
    pub(crate) fn drain_names(&mut self) -> Vec<(Username, Tally)> {
        let names = std::mem::take(&mut self.names).into_iter();
        names.filter_map(|(name, tally)| Some((Username::parse(&name).ok()?, tally))).collect()
    }

    /// The notices about keys.
    pub(crate) fn into_notices(self) -> Vec<NewNotice> {
        let notice = |((user, key, cause), tally): ((UserNumber, KeyId, Cause), Tally)| {
            tally.into_notice_about(user, cause, Some(key))
        };
        self.keys.into_iter().map(notice).collect()
    }
}

impl NoticeBuffer {
    /// Adds the refusal of a request with a known key.
    pub fn add_refusal(&self, key: &KeyEntry, code: Code, address: Address, at: Micros) {
        let Some(cause) = cause_of_refusal(code) else { return };
        let buffered = &mut *self.0.lock();
        if let Some(tally) = tally(&mut buffered.keys, &(key.user.number, key.id, cause), KEYS) {
            tally.add(Some(address), at);
        }
    }

    /// Adds a guess at this name (as names are compared), which was refused because too many came before it.
    pub fn add_guess(&self, name: &str, client: ClientAddress, at: Micros) {
        let buffered = &mut *self.0.lock();
        if let Some(tally) = tally(&mut buffered.names, name, NAMES) {
            tally.add(client.known(), at);
        }
    }

    pub(crate) fn drain(&self) -> Buffered {
        std::mem::take(&mut *self.0.lock())
    }

    /// Adds again what could not be written. Guesses are left out: they go on, or they are over.
    pub(crate) fn put_back(&self, notices: impl Iterator<Item = NewNotice>) {
        let buffered = &mut *self.0.lock();
        for notice in notices {
            let Some(key) = notice.key else { continue };
            let about = (notice.user, key, notice.cause);
            let Some(tally) = tally(&mut buffered.keys, &about, KEYS) else { return };
            tally.at = tally.at.max(notice.at);
            tally.count += notice.count;
            notice.addresses.iter().for_each(|(address, count)| tally.add_address(*address, *count));
        }
    }
}

/// The tally of one key or name, made if there is room for another.
fn tally<'a, K, Q>(tallies: &'a mut HashMap<K, Tally>, about: &Q, most: usize) -> Option<&'a mut Tally>
where
    K: Hash + Eq + Borrow<Q>,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    if tallies.len() >= most && !tallies.contains_key(about) {
        return None;
    }
    Some(tallies.entry(about.to_owned()).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> Address {
        Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + last).into())
    }

    #[test]
    fn a_flood_is_one_tally_with_some_addresses() {
        let buffer = NoticeBuffer::default();
        for client in 0..5_000 {
            buffer.add_guess(
                "demo",
                ClientAddress::Known(address(client % 2_500)),
                Micros(i64::from(client)),
            );
        }
        let names = buffer.drain().drain_names();
        assert_eq!(names.len(), 1);
        let notice = names.into_iter().next().unwrap().1.into_notice(UserNumber(1));
        assert_eq!((notice.count, notice.addresses.len(), notice.at), (5_000, 20, Micros(4_999)));
        assert_eq!(notice.addresses[0], (address(0), 2));
        assert!(buffer.drain().drain_names().is_empty());
    }

    #[test]
    fn what_is_held_is_bounded() {
        let buffer = NoticeBuffer::default();
        for name in 0..2_000 {
            buffer.add_guess(&format!("name{name}"), ClientAddress::Unknown, Micros(1));
        }
        assert_eq!(buffer.drain().drain_names().len(), NAMES);
    }

    #[test]
    fn what_comes_back_adds_to_what_came_since() {
        let buffer = NoticeBuffer::default();
        let notice = NewNotice {
            user: UserNumber(1),
            cause: Cause::DeadKeyInUse,
            key: Some(KeyId::generate()),
            at: Micros(5),
            count: 7,
            addresses: vec![(address(1), 3), (address(2), 4)],
            detail: String::new(),
        };
        buffer.put_back(vec![notice.clone(), notice].into_iter());
        let notices = buffer.drain().into_notices();
        assert_eq!(notices.len(), 1);
        assert_eq!((notices[0].count, notices[0].at), (14, Micros(5)));
        assert_eq!(notices[0].addresses, [(address(1), 6), (address(2), 8)]);
    }
}
