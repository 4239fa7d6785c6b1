//! What strangers do, for operators: a counter per kind, and a line in the log per kind, source and minute.
//!
//! Called on any thread; it holds a lock for a moment. The names stand in the lines as `event` and in the metrics. They
//! are public, because tools such as fail2ban read them.

use domain::address::Address;
use domain::client_address::ClientAddress;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The time in which a source gets one line of a kind.
const EACH: Duration = Duration::from_secs(60);
/// The most sources that get a line of a kind in that time; further ones are only counted.
const SOURCES: usize = 1000;
/// How often sources without a recent line are looked for, once there are that many.
const SWEEP_EACH: Duration = Duration::from_secs(1);

contract::named! {
    /// A kind of thing that strangers do.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Event {
        /// A trusted proxy named no client for a visitor of the pages.
        ClientUnknown => "client_unknown",
        /// A trusted proxy asked as a gateway and named no client.
        NoClientAddress => "no_client_address",
        /// A gateway asked without a gateway token, or with a wrong one.
        GatewayTokenWrong => "gateway_token_wrong",
        /// A peer that is no trusted proxy asked as a gateway.
        StrangerRefused => "stranger_refused",
        /// A form came from another site, or from these pages at another address.
        OriginRefused => "origin_refused",
        /// A wrong password or code.
        LoginFailed => "login_failed",
        /// A password or code that was not looked at, because too many were wrong.
        LoginThrottled => "login_throttled",
    }
}

/// How often each kind happened, and what was logged of it lately.
#[derive(Default)]
pub struct Events {
    counts: [AtomicU64; Event::ALL.len()],
    /// Separate for each kind, so that a flood of one kind silences no other.
    logged: [Mutex<Lines>; Event::ALL.len()],
}

/// The lines of one kind.
#[derive(Default)]
struct Lines {
    by_source: HashMap<Option<Address>, Logged>,
    swept: Option<Instant>,
}

/// The last line about a source.
struct Logged {
    at: Instant,
    /// How often it happened since then.
    since: u64,
}

impl Events {
    /// Counts one event of a source (for IPv6 its /64). If a line is due, returns how many events it stands for.
    pub fn count(&self, event: Event, source: Option<Address>) -> Option<u64> {
        self.count_at(event, source, Instant::now())
    }

    /// Counts one event of a client, and logs a line if one is due.
    pub fn log(&self, event: Event, client: ClientAddress, what: fmt::Arguments<'_>) {
        if let Some(times) = self.count(event, client.known()) {
            tracing::warn!(event = event.name(), %client, times, "{what}");
        }
    }

    /// How often it happened since the start.
    pub fn total(&self, event: Event) -> u64 {
        self.counts[event as usize].load(Ordering::Relaxed)
    }

    fn count_at(&self, event: Event, source: Option<Address>, now: Instant) -> Option<u64> {
        self.counts[event as usize].fetch_add(1, Ordering::Relaxed);
        self.logged[event as usize].lock().count(source.map(Address::source), now)
    }
}

impl Lines {
    fn count(&mut self, source: Option<Address>, now: Instant) -> Option<u64> {
        if let Some(last) = self.by_source.get_mut(&source) {
            last.since += 1;
            if now.duration_since(last.at) < EACH {
                return None;
            }
            let times = last.since;
            *last = Logged { at: now, since: 0 };
            return Some(times);
        }
        if self.by_source.len() >= SOURCES {
            self.sweep(now);
        }
        if self.by_source.len() >= SOURCES {
            return None;
        }
        self.by_source.insert(source, Logged { at: now, since: 0 });
        Some(1)
    }

    /// Removes sources without a recent line; seldom, so that a flood does not cause it with each request.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now.duration_since(swept) < SWEEP_EACH) {
            return;
        }
        self.swept = Some(now);
        self.by_source.retain(|_, last| now.duration_since(last.at) < EACH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: Event = Event::ClientUnknown;

    fn address(last: u32) -> Address {
        Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + last).into())
    }

    #[test]
    fn a_source_gets_a_line_a_minute_that_says_how_many_it_stands_for() {
        let (events, start) = (Events::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let one = Some(address(1));
        assert_eq!(events.count_at(EVENT, one, at(0)), Some(1));
        for second in 1..60 {
            assert_eq!(events.count_at(EVENT, one, at(second)), None);
        }
        assert_eq!(
            events.count_at(EVENT, Some(address(2)), at(59)),
            Some(1),
            "others have lines of their own"
        );
        assert_eq!(events.count_at(EVENT, None, at(59)), Some(1));
        assert_eq!(events.count_at(EVENT, one, at(60)), Some(60));
        assert_eq!(events.count_at(EVENT, one, at(120)), Some(1));
        assert_eq!(events.total(EVENT), 64);
    }

    #[test]
    fn a_flood_from_everywhere_is_counted_and_fills_neither_log_nor_memory() {
        let (events, start) = (Events::default(), Instant::now());
        let lines = (0..5_000).filter(|n| events.count_at(EVENT, Some(address(*n)), start).is_some()).count();
        let kept = || events.logged[EVENT as usize].lock().by_source.len();
        assert_eq!((lines, events.total(EVENT), kept()), (SOURCES, 5_000, SOURCES));
        let later = start + EACH;
        assert_eq!(events.count_at(EVENT, Some(address(4_999)), later), Some(1));
        assert_eq!(kept(), 1);
    }

    #[test]
    fn a_flood_of_one_kind_silences_no_other() {
        let (events, now) = (Events::default(), Instant::now());
        for n in 0..5_000 {
            events.count_at(Event::StrangerRefused, Some(address(n)), now);
        }
        for event in Event::ALL.into_iter().filter(|event| *event != Event::StrangerRefused) {
            assert_eq!(events.count_at(event, Some(address(9_999)), now), Some(1), "{}", event.name());
        }
    }

    #[test]
    fn while_a_flood_goes_on_all_are_looked_at_once_a_second() {
        let (events, start) = (Events::default(), Instant::now());
        let swept = || events.logged[EVENT as usize].lock().swept;
        let at = |millis| start + Duration::from_millis(millis);
        for n in 0..2_000 {
            events.count_at(EVENT, Some(address(n)), at(u64::from(n) / 4));
        }
        let first = swept().unwrap();
        assert!(first < at(999), "when it was full");
        assert_eq!(events.count_at(EVENT, Some(address(2_000)), at(999)), None);
        assert_eq!(swept(), Some(first));
        assert_eq!(events.count_at(EVENT, Some(address(2_001)), at(2_000)), None);
        assert_eq!(swept(), Some(at(2_000)));
    }
}
