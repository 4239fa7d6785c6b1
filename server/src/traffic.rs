//! Connections and requests: counters of what was accepted, refused and cut, and how many each source holds now. All are
//! atomics or short locks, used on any thread.

mod sources;

pub use sources::{Account, Client, Held, NoPlace, Pool, Requester, Sources};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A counter that only goes up.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Slots of which a bounded number is held at a time.
#[derive(Default)]
pub struct Slots(Arc<AtomicUsize>);

/// A slot that is held until it is dropped.
pub struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slots {
    /// Acquires a slot if fewer than `most` are held.
    pub fn acquire(&self, most: usize) -> Option<Slot> {
        let next = |held| (held < most).then_some(held + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Slot(Arc::clone(&self.0)))
    }

    /// How many are held.
    pub fn held(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What happened to connections and requests since the start.
#[derive(Default)]
pub struct Traffic {
    /// How many connections, requests, forms and pages each source holds now.
    pub sources: Sources,
    /// Connections that were accepted.
    pub accepted: Counter,
    /// Connections that were closed at once, because `max_connections` were open.
    pub refused: Counter,
    /// Connections to the PROXY listener that were closed, because their peer is no trusted proxy.
    pub strangers: Counter,
    /// Connections to the PROXY listener that did not begin with a PROXY header.
    pub bad_proxy_headers: Counter,
    /// Connections whose TLS handshake failed.
    pub failed_handshakes: Counter,
    /// Connections that were cut because the head of a request did not come.
    pub late_heads: Counter,
    /// Connections that were closed because no further request came.
    pub idle_closed: Counter,
    /// Connections of HTTP/2 that were ended for frames that ask for nothing.
    pub floods: Counter,
    /// Requests of gateways that are being answered.
    pub questions: Slots,
    /// Requests of gateways that were answered 503, because too many were being answered.
    pub shed_questions: Counter,
    /// Requests for pages that were answered 503, because too many pages or forms were held.
    pub shed_pages: Counter,
    /// Requests whose body did not come.
    pub late_bodies: Counter,
    /// Connections that were cut because the client did not read an answer.
    pub unfetched: Counter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_slots_are_held_than_there_are() {
        let slots = Slots::default();
        let first = slots.acquire(2);
        let _second = slots.acquire(2);
        assert!(first.is_some() && slots.acquire(2).is_none());
        drop(first);
        let _third = slots.acquire(2);
        assert_eq!(slots.held(), 2);
    }
}
