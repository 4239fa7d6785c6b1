//! How many connections, requests, forms and pages each source holds. The number of each is bounded.
//!
//! An address (for IPv6 its /64, and its /48 beside that) has a count for as long as it holds anything, so there are never
//! more counts than things that are held. Used on every thread; a lock is held for one look-up only.

use super::Counter;
use domain::address::Address;
use domain::share::Shares;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// Things of which a bounded number is held at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Open connections.
    Connections,
    /// Requests that are being answered on connections of strangers.
    Requests,
    /// Request bodies that are being uploaded.
    Forms,
    /// Requests for pages, until the last byte of the page was sent.
    Pages,
}

impl Pool {
    /// How many pools there are.
    pub const COUNT: usize = 4;
}

/// The one a place is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requester {
    /// Whether the peer is a trusted proxy or connects over a Unix socket, for which room is reserved. Others are strangers.
    pub is_vouched_for: bool,
    /// The client whose share it counts against.
    pub client: Client,
}

/// The client whose share something counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// A trusted proxy itself, or a program on this machine; only the pool bounds it.
    Proxy,
    /// A client with this address.
    At(Address),
    /// A client behind a proxy that does not tell the address.
    Unknown,
}

/// Why there is no place: the bound that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The whole pool is held.
    AtAll,
    /// The share of all strangers is held.
    ForStrangers,
    /// The share of one source, of its /48, or of all clients whose address is unknown, is held.
    ForSource,
}

/// The counts of all who hold something.
#[derive(Default)]
pub struct Sources {
    all: Arc<HeldCounts>,
    strangers: Arc<HeldCounts>,
    unknown: Arc<HeldCounts>,
    near: Arc<CountsByAddress>,
    wide: Arc<CountsByAddress>,
    over: [Counter; Pool::COUNT],
}

/// The counts of all sources, or of all /48s, that hold something.
#[derive(Default)]
struct CountsByAddress(Mutex<HashMap<Address, Weak<HeldCounts>>>);

/// How many of each pool are held.
#[derive(Default)]
struct HeldCounts {
    held: [AtomicUsize; Pool::COUNT],
    /// The map in which these counts stand, and from which they are removed with their last holder.
    listed: Option<(Address, Arc<CountsByAddress>)>,
}

impl CountsByAddress {
    fn find_or_add(self: &Arc<Self>, address: Address) -> Arc<HeldCounts> {
        let mut all = self.0.lock();
        if let Some(counts) = all.get(&address).and_then(Weak::upgrade) {
            return counts;
        }
        let listed = Some((address, Arc::clone(self)));
        let counts = Arc::new(HeldCounts { held: <[AtomicUsize; Pool::COUNT]>::default(), listed });
        all.insert(address, Arc::downgrade(&counts));
        counts
    }
}

impl Drop for HeldCounts {
    fn drop(&mut self) {
        let Some((address, map)) = &self.listed else { return };
        let mut all = map.0.lock();
        // New counts of the address may stand there by now.
        if all.get(address).is_some_and(|counts| counts.strong_count() == 0) {
            all.remove(address);
        }
    }
}

/// All counts that something of one requester adds to.
pub struct Account {
    levels: [Option<(Level, Arc<HeldCounts>)>; Self::LEVELS],
}

/// What a count is about, from wide to narrow.
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

    fn no_place(self) -> NoPlace {
        match self {
            Self::All => NoPlace::AtAll,
            Self::Strangers => NoPlace::ForStrangers,
            Self::Site | Self::Source | Self::Unknown => NoPlace::ForSource,
        }
    }
}

/// One of a pool, held until it is dropped.
pub struct Held {
    account: Arc<Account>,
    pool: Pool,
}

impl Drop for Held {
    fn drop(&mut self) {
        for (_, counts) in self.account.levels.iter().flatten() {
            counts.held[self.pool as usize].fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Sources {
    /// The account of a requester.
    pub fn account(&self, requester: Requester) -> Arc<Account> {
        let all = (Level::All, Arc::clone(&self.all));
        let strangers = (!requester.is_vouched_for).then(|| (Level::Strangers, Arc::clone(&self.strangers)));
        let (site, source) = match requester.client {
            Client::Proxy => (None, None),
            Client::Unknown => (None, Some((Level::Unknown, Arc::clone(&self.unknown)))),
            Client::At(address) => (
                address.site().map(|site| (Level::Site, self.wide.find_or_add(site))),
                Some((Level::Source, self.near.find_or_add(address.source()))),
            ),
        };
        Arc::new(Account { levels: [Some(all), strangers, site, source] })
    }

    /// How many of a pool are held by all.
    pub fn held(&self, pool: Pool) -> usize {
        self.all.held[pool as usize].load(Ordering::Relaxed)
    }

    /// How many addresses hold something.
    pub fn count(&self) -> usize {
        self.near.0.lock().len()
    }

    /// How many were refused because a share was used up while the pool was not.
    pub fn over_share(&self, pool: Pool) -> u64 {
        self.over[pool as usize].get()
    }

    /// Acquires one of a pool for an account, or returns the bound that was reached.
    pub fn acquire(&self, account: &Arc<Account>, pool: Pool, shares: &Shares) -> Result<Held, NoPlace> {
        let acquired = account.acquire(pool, shares);
        if matches!(acquired, Err(NoPlace::ForStrangers | NoPlace::ForSource)) {
            self.over[pool as usize].add();
        }
        acquired
    }
}

impl Account {
    const LEVELS: usize = 4;

    fn acquire(self: &Arc<Self>, pool: Pool, shares: &Shares) -> Result<Held, NoPlace> {
        let levels = || self.levels.iter().flatten();
        for (index, (level, counts)) in levels().enumerate() {
            let most = level.most(shares);
            let next = |held| (held < most).then_some(held + 1);
            let count = &counts.held[pool as usize];
            if count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_err() {
                for (_, counts) in levels().take(index) {
                    counts.held[pool as usize].fetch_sub(1, Ordering::Relaxed);
                }
                return Err(level.no_place());
            }
        }
        Ok(Held { account: Arc::clone(self), pool })
    }
}

#[cfg(test)]
mod tests;
