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
mod tests;
