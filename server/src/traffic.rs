//! Figures of the door: what came in, what was turned away, what was cut. Plain counters, read by whoever
//! shows them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts up only.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Places that are taken and given back; never more than there are.
#[derive(Default)]
pub struct Places(AtomicUsize);

impl Places {
    /// Takes one if fewer than `most` are taken.
    pub fn take(&self, most: usize) -> bool {
        let next = |taken| (taken < most).then_some(taken + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Gives one back.
    pub fn give_back(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What happened to connections and requests since the start.
#[derive(Default)]
pub struct Traffic {
    /// Connections that are open now.
    pub connections: Places,
    /// Connections that were accepted.
    pub accepted: Counter,
    /// Connections that were closed at once, because `max_connections` were open.
    pub refused: Counter,
    /// Connections to the PROXY listener that came from nobody trusted, and were closed.
    pub strangers: Counter,
    /// Connections to the PROXY listener that did not begin with a PROXY header.
    pub bad_proxy_headers: Counter,
    /// Connections on which TLS could not be agreed on.
    pub failed_handshakes: Counter,
    /// Connections that were cut because the head of a request did not come.
    pub late_heads: Counter,
    /// Connections that were closed because nothing was asked on them any more.
    pub idle_closed: Counter,
    /// Requests whose body did not come.
    pub late_bodies: Counter,
    /// Connections that were cut because an answer was not fetched.
    pub unfetched: Counter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_places_are_taken_than_there_are() {
        let places = Places::default();
        assert!(places.take(2) && places.take(2) && !places.take(2));
        places.give_back();
        assert!(places.take(2));
        assert_eq!(places.taken(), 2);
    }
}
