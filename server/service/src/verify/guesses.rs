//! Limits on guessing at keys: per source that presents unknown or malformed tokens, and per username at which wrong
//! SMPP secrets arrive. GCRA buckets in memory; nothing here blocks.
//!
//! Only refusals are throttled. A key is looked up first, and a known one passes however many guesses came from its
//! address, so that no guesser can shut a customer out (docs/decisions.md).

use domain::address::Address;
use domain::ids::Username;
use domain::throttle::{Allowance, SLICES, SourceThrottle, Throttle};
use domain::time::Steady;
use parking_lot::Mutex;

/// Wrong tokens per address (per /64 of IPv6).
const BY_SOURCE: Allowance = Allowance { burst: 60, seconds_each: 2 };
/// Wrong tokens per /48 of IPv6.
const BY_SITE: Allowance = Allowance { burst: 300, seconds_each: 1 };
/// Wrong SMPP secrets per username, from all sources together.
const BY_USERNAME: Allowance = Allowance { burst: 100, seconds_each: 36 };

/// The buckets of all guesses.
pub(super) struct Guesses(Mutex<State>);

struct State {
    by_source: SourceThrottle,
    by_username: Throttle<String>,
}

/// What becomes of a wrong SMPP secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    /// Seconds to wait, if too many came from this source or at this username.
    pub(super) wait_seconds: Option<u32>,
    /// Whether too many came at this username.
    pub(super) is_at_name: bool,
}

impl Default for Guesses {
    fn default() -> Self {
        Self(Mutex::new(State {
            by_source: SourceThrottle::new(BY_SOURCE, BY_SITE),
            by_username: Throttle::new(BY_USERNAME),
        }))
    }
}

impl Guesses {
    /// Charges a malformed or unknown token; returns the seconds its source has to wait, if it sent too many.
    pub(super) fn charge_token(&self, address: Address, now: Steady) -> Option<u32> {
        let mut state = self.0.lock();
        let wait = state.by_source.wait_seconds(address, now);
        // A source that has to wait is not charged further: it learns nothing, and a flood stays cheap.
        if wait.is_none() {
            state.by_source.charge(address, now);
        }
        wait
    }

    /// Seconds that a source has to wait; nothing is charged.
    pub(super) fn wait_seconds(&self, address: Address, now: Steady) -> Option<u32> {
        self.0.lock().by_source.wait_seconds(address, now)
    }

    /// Charges a wrong SMPP secret.
    pub(super) fn charge_secret(&self, username: &Username, address: Address, now: Steady) -> Guess {
        let name = username.folded();
        let mut state = self.0.lock();
        let by_source = state.by_source.wait_seconds(address, now);
        let by_username = state.by_username.wait_seconds(&name, now);
        let wait_seconds = by_source.max(by_username);
        if wait_seconds.is_none() {
            state.by_source.charge(address, now);
            state.by_username.charge(name, now);
        }
        Guess { wait_seconds, is_at_name: by_username.is_some() }
    }

    /// How many sources and usernames have to wait now.
    pub(super) fn count_throttled(&self, now: Steady) -> usize {
        let count = |slice| {
            let state = self.0.lock();
            state.by_source.count_waiting(slice, now) + state.by_username.count_waiting(slice, now)
        };
        // The lock is let go between slices, so that metrics do not hold up verifications.
        (0..SLICES).map(count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Steady = Steady(1);

    fn address(last: u32) -> Address {
        Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + last).into())
    }

    #[test]
    fn a_source_with_many_wrong_tokens_waits_and_others_do_not() {
        let guesses = Guesses::default();
        for guess in 0..60 {
            assert_eq!(guesses.charge_token(address(1), NOW), None, "{guess}");
        }
        assert_eq!(guesses.count_throttled(NOW), 1);
        for _ in 0..1000 {
            assert!(guesses.charge_token(address(1), NOW).is_some_and(|seconds| seconds <= 3));
        }
        assert_eq!(guesses.charge_token(address(2), NOW), None);
        let later = NOW.plus_seconds(2);
        assert_eq!(guesses.charge_token(address(1), later), None, "nothing lasts for good");
        assert_eq!(guesses.count_throttled(NOW.plus_seconds(200)), 0);
    }

    #[test]
    fn wrong_secrets_count_at_their_username_from_wherever_they_come() {
        let guesses = Guesses::default();
        let (name, other) = (Username::parse("Demo").unwrap(), Username::parse("other").unwrap());
        for guess in 0..100 {
            let free = Guess { wait_seconds: None, is_at_name: false };
            assert_eq!(guesses.charge_secret(&name, address(guess), NOW), free, "{guess}");
        }
        let same = Username::parse("demo").unwrap();
        let guess = guesses.charge_secret(&same, address(200), NOW);
        assert!(guess.is_at_name && guess.wait_seconds.is_some_and(|seconds| seconds <= 37));
        assert_eq!(guesses.charge_secret(&other, address(200), NOW).wait_seconds, None);
        assert_eq!(guesses.count_throttled(NOW), 1);
    }
}
