//! What strangers do, told to operators: a counter for each kind, and a line in the log for each source and minute.
//!
//! The names stand in the lines as `event` and in the metrics; tools such as fail2ban read them, so they stay.

use domain::address::Address;
use domain::client_address::ClientAddress;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A source gets one line of a kind in this time.
const EACH: Duration = Duration::from_secs(60);
/// The most sources that get a line of a kind in one such time; further ones are counted only.
const SOURCES: usize = 1000;
/// How often those who had no line lately are looked for among that many.
const SWEEP_EACH: Duration = Duration::from_secs(1);

/// A kind of thing that strangers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A trusted proxy named no client for a visitor of the pages.
    ClientUnknown,
    /// A trusted proxy named no client in a gateway's question.
    NoClientAddress,
    /// A gateway's question came without the token of a gateway, or with a wrong one.
    GatewayTokenWrong,
    /// A gateway's question came from an address that is no trusted proxy.
    StrangerRefused,
    /// A form came from another site, or from these pages at another address.
    OriginRefused,
    /// A wrong password or code.
    LoginFailed,
    /// A password or code that was not looked at, because too many were wrong.
    LoginThrottled,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ClientUnknown,
        Self::NoClientAddress,
        Self::GatewayTokenWrong,
        Self::StrangerRefused,
        Self::OriginRefused,
        Self::LoginFailed,
        Self::LoginThrottled,
    ];

    /// The name in the log and in the metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientUnknown => "client_unknown",
            Self::NoClientAddress => "no_client_address",
            Self::GatewayTokenWrong => "gateway_token_wrong",
            Self::StrangerRefused => "stranger_refused",
            Self::OriginRefused => "origin_refused",
            Self::LoginFailed => "login_failed",
            Self::LoginThrottled => "login_throttled",
        }
    }
}

/// How often each happened, and what the log said lately.
#[derive(Default)]
pub struct Events {
    counts: [AtomicU64; Event::ALL.len()],
    /// Apart for each kind, so that a flood of one silences no other.
    said: [Mutex<Lines>; Event::ALL.len()],
}

/// The lines of one kind.
#[derive(Default)]
struct Lines {
    of: HashMap<Option<Address>, Said>,
    swept: Option<Instant>,
}

/// The last line about a source.
struct Said {
    at: Instant,
    /// How often it happened since.
    since: u64,
}

impl Events {
    /// Counts one, from there (for IPv6 its /64), if from somewhere. If a line is due, answers how many it stands
    /// for.
    pub fn count(&self, event: Event, source: Option<Address>) -> Option<u64> {
        self.count_at(event, source, Instant::now())
    }

    /// Counts one, from there, and writes its line if one is due.
    pub fn tell(&self, event: Event, client: ClientAddress, what: fmt::Arguments<'_>) {
        if let Some(times) = self.count(event, client.known()) {
            tracing::warn!(event = event.name(), %client, times, "{what}");
        }
    }

    /// How often it happened so far.
    #[must_use]
    pub fn total(&self, event: Event) -> u64 {
        self.counts[event as usize].load(Ordering::Relaxed)
    }

    fn count_at(&self, event: Event, source: Option<Address>, now: Instant) -> Option<u64> {
        self.counts[event as usize].fetch_add(1, Ordering::Relaxed);
        self.said[event as usize].lock().count(source.map(Address::source), now)
    }
}

impl Lines {
    fn count(&mut self, source: Option<Address>, now: Instant) -> Option<u64> {
        if let Some(last) = self.of.get_mut(&source) {
            last.since += 1;
            if now.duration_since(last.at) < EACH {
                return None;
            }
            let times = last.since;
            *last = Said { at: now, since: 0 };
            return Some(times);
        }
        if self.of.len() >= SOURCES {
            self.sweep(now);
        }
        if self.of.len() >= SOURCES {
            return None;
        }
        self.of.insert(source, Said { at: now, since: 0 });
        Some(1)
    }

    /// Makes room, but looks at all of them seldom: a flood must not do so at each of its requests.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now.duration_since(swept) < SWEEP_EACH) {
            return;
        }
        self.swept = Some(now);
        self.of.retain(|_, last| now.duration_since(last.at) < EACH);
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
        let kept = || events.said[EVENT as usize].lock().of.len();
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
        let swept = || events.said[EVENT as usize].lock().swept;
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
