//! Figures of the door: what came in, what was turned away, what was cut, and who holds how much of what
//! there is. Plain counters, read by whoever shows them.

mod sources;

pub use sources::{Account, Client, Full, Held, Origin, Pool, Sources};

use std::sync::Arc;
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
pub struct Places(Arc<AtomicUsize>);

/// A place that is taken; given back when dropped.
pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Places {
    /// Takes one if fewer than `most` are taken.
    #[must_use]
    pub fn take(&self, most: usize) -> Option<Place> {
        let next = |taken| (taken < most).then_some(taken + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Place(Arc::clone(&self.0)))
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
    /// Who holds how many connections, requests, forms and pages now.
    pub sources: Sources,
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
    /// Connections of HTTP/2 that were ended for frames that ask for nothing.
    pub floods: Counter,
    /// Questions of gateways that are being answered.
    pub questions: Places,
    /// Questions that were answered 503, because too many were.
    pub shed_questions: Counter,
    /// Requests for pages that were answered 503, because too many were or came in.
    pub shed_pages: Counter,
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
        let first = places.take(2);
        let _second = places.take(2);
        assert!(first.is_some() && places.take(2).is_none());
        drop(first);
        let _third = places.take(2);
        assert_eq!(places.taken(), 2);
    }
}
