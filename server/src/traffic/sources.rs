//! What each source holds, of everything that there is a bounded number of.
//!
//! One account for each address (for IPv6 its /64, and another for its /48), for as long as it holds anything:
//! so there are never more accounts than places.

use super::Counter;
use domain::address::Address;
use domain::share::Shares;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Open connections.
    Connections,
    /// Requests that are being answered on connections of those whom nobody vouches for.
    Requests,
    /// Forms that are coming in.
    Forms,
    /// Requests for pages, until the last byte of the page is on its way.
    Pages,
}

impl Pool {
    /// How many there are.
    pub const COUNT: usize = 4;
}

/// Who wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether it comes from a trusted proxy or over a Unix socket, for which room is kept.
    pub is_vouched_for: bool,
    /// On whose account it goes.
    pub client: Client,
}

/// On whose account something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// A trusted proxy's own, or a program's on this machine: nothing but the pool bounds it.
    Proxy,
    /// Somebody's at an address.
    At(Address),
    /// Somebody's behind a proxy that does not tell the address.
    Unknown,
}

/// Whose share is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The whole pool.
    All,
    /// That of all whom nobody vouches for.
    Strangers,
    /// That of one source, of its /48, or of all whose address is not known.
    Source,
}

/// The accounts of all who hold something.
#[derive(Default)]
pub struct Sources {
    all: Arc<Entry>,
    strangers: Arc<Entry>,
    unknown: Arc<Entry>,
    near: Arc<Table>,
    wide: Arc<Table>,
    over: [Counter; Pool::COUNT],
}

/// Those of one kind of address who hold something.
#[derive(Default)]
struct Table(Mutex<HashMap<Address, Weak<Entry>>>);

/// How much somebody holds.
#[derive(Default)]
struct Entry {
    taken: [AtomicUsize; Pool::COUNT],
    /// Where it stands, to be removed with its last holder.
    place: Option<(Address, Arc<Table>)>,
}

impl Table {
    fn entry(self: &Arc<Self>, address: Address) -> Arc<Entry> {
        let mut entries = self.0.lock();
        if let Some(entry) = entries.get(&address).and_then(Weak::upgrade) {
            return entry;
        }
        let place = Some((address, Arc::clone(self)));
        let entry = Arc::new(Entry { taken: <[AtomicUsize; Pool::COUNT]>::default(), place });
        entries.insert(address, Arc::downgrade(&entry));
        entry
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Some((address, table)) = &self.place else { return };
        let mut entries = table.0.lock();
        // Somebody may have opened a new one meanwhile.
        if entries.get(address).is_some_and(|entry| entry.strong_count() == 0) {
            entries.remove(address);
        }
    }
}

/// The account of one origin: what it takes counts for everybody it belongs to.
pub struct Account {
    levels: [Option<(Level, Arc<Entry>)>; Self::LEVELS],
}

/// Whom a count belongs to, from wide to narrow.
#[derive(Clone, Copy)]
enum Level {
    All,
    Strangers,
    Site,
    Source,
    Unknown,
}

impl Level {
    fn most(self, shares: &Shares) -> usize {
        match self {
            Self::All => shares.all,
            Self::Strangers => shares.strangers,
            Self::Site => shares.site,
            Self::Source => shares.source,
            Self::Unknown => shares.unknown,
        }
    }

    fn full(self) -> Full {
        match self {
            Self::All => Full::All,
            Self::Strangers => Full::Strangers,
            Self::Site | Self::Source | Self::Unknown => Full::Source,
        }
    }
}

/// A place that is held; given back when dropped.
pub struct Held {
    account: Arc<Account>,
    pool: Pool,
}

impl Drop for Held {
    fn drop(&mut self) {
        for (_, entry) in self.account.levels.iter().flatten() {
            entry.taken[self.pool as usize].fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Sources {
    /// The account of an origin.
    #[must_use]
    pub fn account(&self, origin: Origin) -> Arc<Account> {
        let all = (Level::All, Arc::clone(&self.all));
        let strangers = (!origin.is_vouched_for).then(|| (Level::Strangers, Arc::clone(&self.strangers)));
        let (site, source) = match origin.client {
            Client::Proxy => (None, None),
            Client::Unknown => (None, Some((Level::Unknown, Arc::clone(&self.unknown)))),
            Client::At(address) => (
                address.site().map(|site| (Level::Site, self.wide.entry(site))),
                Some((Level::Source, self.near.entry(address.source()))),
            ),
        };
        Arc::new(Account { levels: [Some(all), strangers, site, source] })
    }

    /// How many of a pool are held by all.
    #[must_use]
    pub fn taken(&self, pool: Pool) -> usize {
        self.all.taken[pool as usize].load(Ordering::Relaxed)
    }

    /// How many addresses hold something.
    #[must_use]
    pub fn count(&self) -> usize {
        self.near.0.lock().len()
    }

    /// How many places of a pool were refused because of somebody's share, while there were free ones.
    #[must_use]
    pub fn over_share(&self, pool: Pool) -> u64 {
        self.over[pool as usize].get()
    }

    /// Takes a place of a pool on an account.
    ///
    /// # Errors
    /// Whose share is used up.
    pub fn take(&self, account: &Arc<Account>, pool: Pool, shares: &Shares) -> Result<Held, Full> {
        let taken = account.take(pool, shares);
        if matches!(taken, Err(Full::Strangers | Full::Source)) {
            self.over[pool as usize].add();
        }
        taken
    }
}

impl Account {
    const LEVELS: usize = 4;

    fn take(self: &Arc<Self>, pool: Pool, shares: &Shares) -> Result<Held, Full> {
        let counts = || self.levels.iter().flatten();
        for (index, (level, entry)) in counts().enumerate() {
            let most = level.most(shares);
            let next = |taken| (taken < most).then_some(taken + 1);
            let count = &entry.taken[pool as usize];
            if count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_err() {
                for (_, entry) in counts().take(index) {
                    entry.taken[pool as usize].fetch_sub(1, Ordering::Relaxed);
                }
                return Err(level.full());
            }
        }
        Ok(Held { account: Arc::clone(self), pool })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::share::ShareRule;

    const SHARES: Shares = Shares { all: 100, strangers: 60, source: 10, site: 20, unknown: 30 };

    fn at(address: &str) -> Origin {
        Origin { is_vouched_for: false, client: Client::At(Address::parse(address).unwrap()) }
    }

    /// Takes as many as can be had; whose share that used up.
    fn fill(sources: &Sources, origin: Origin, held: &mut Vec<Held>) -> (usize, Full) {
        let before = held.len();
        loop {
            match sources.take(&sources.account(origin), Pool::Connections, &SHARES) {
                Ok(place) => held.push(place),
                Err(full) => return (held.len() - before, full),
            }
        }
    }

    #[test]
    fn one_source_has_its_share_and_strangers_have_theirs() {
        let (sources, mut held) = (Sources::default(), Vec::new());
        for last in 1..=5 {
            let origin = at(&format!("203.0.113.{last}"));
            assert_eq!(fill(&sources, origin, &mut held), (10, Full::Source));
        }
        assert_eq!(fill(&sources, at("203.0.113.6"), &mut held), (10, Full::Strangers));
        assert_eq!(fill(&sources, at("203.0.113.9"), &mut held), (0, Full::Strangers));
        // Room that is kept.
        let behind = Origin { is_vouched_for: true, ..at("203.0.113.9") };
        assert_eq!(fill(&sources, behind, &mut held), (10, Full::Source));
        let proxy = Origin { is_vouched_for: true, client: Client::Proxy };
        assert_eq!(fill(&sources, proxy, &mut held), (30, Full::All));
        assert_eq!(sources.taken(Pool::Connections), 100);
        assert_eq!(sources.over_share(Pool::Connections), 8);
        assert_eq!(sources.taken(Pool::Pages), 0, "each pool is counted apart");
        held.clear();
        assert_eq!((sources.taken(Pool::Connections), sources.count()), (0, 0), "nothing is left of them");
        assert_eq!(fill(&sources, at("203.0.113.1"), &mut held), (10, Full::Source));
    }

    #[test]
    fn a_64_of_ipv6_is_one_source_and_a_48_holds_little_more() {
        let (sources, mut held) = (Sources::default(), Vec::new());
        assert_eq!(fill(&sources, at("2001:db8:1:1::1"), &mut held), (10, Full::Source));
        assert_eq!(fill(&sources, at("2001:db8:1:1::2"), &mut held), (0, Full::Source));
        assert_eq!(fill(&sources, at("2001:db8:1:2::1"), &mut held), (10, Full::Source));
        assert_eq!(fill(&sources, at("2001:db8:1:3::1"), &mut held), (0, Full::Source), "of the /48");
        assert_eq!(fill(&sources, at("2001:db8:2:1::1"), &mut held), (10, Full::Source));
        assert_eq!(fill(&sources, at("::ffff:203.0.113.1"), &mut held), (10, Full::Source));
        assert_eq!(fill(&sources, at("203.0.113.1"), &mut held), (0, Full::Source), "the same");
        held.clear();
        assert!(sources.near.0.lock().is_empty() && sources.wide.0.lock().is_empty());
    }

    #[test]
    fn all_who_are_unknown_share_one_wide_account() {
        let (sources, mut held) = (Sources::default(), Vec::new());
        let unknown = Origin { is_vouched_for: true, client: Client::Unknown };
        assert_eq!(fill(&sources, unknown, &mut held), (30, Full::Source));
        assert_eq!(fill(&sources, at("203.0.113.1"), &mut held), (10, Full::Source));
    }

    #[test]
    fn no_more_is_held_than_there_is_by_however_many_threads() {
        let sources = Sources::default();
        let shares = ShareRule { source_percent: 50, reserved_percent: 0 }.of(64);
        std::thread::scope(|threads| {
            for n in 0..8_u8 {
                let (sources, shares) = (&sources, &shares);
                threads.spawn(move || {
                    for _ in 0..2000 {
                        let account = sources.account(at(&format!("203.0.113.{}", n / 4)));
                        let held = sources.take(&account, Pool::Pages, shares);
                        let taken = account.levels.iter().flatten().last().unwrap().1.taken
                            [Pool::Pages as usize]
                            .load(Ordering::Relaxed);
                        assert!(taken <= shares.source && sources.taken(Pool::Pages) <= shares.all);
                        drop(held);
                    }
                });
            }
        });
        assert_eq!((sources.taken(Pool::Pages), sources.count()), (0, 0));
    }
}
