//! Guessing at SMPP secrets, which are short: slowed down by source and by username.
//!
//! The username's bucket is wide, and an address that has proved a key of that username passes it, so that
//! somebody else's guesses cannot shut the customer out.

use crate::domain::address::Address;
use crate::domain::ids::Username;
use crate::domain::throttle::{Allowance, Throttle};
use crate::domain::time::Micros;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};

const BY_SOURCE: Allowance = Allowance { burst: 10, seconds_each: 10 };
const BY_USERNAME: Allowance = Allowance { burst: 100, seconds_each: 36 };
/// Usernames whose good addresses are remembered.
const REMEMBERED: usize = 10_000;
/// Good addresses of one username.
const ADDRESSES: usize = 16;

/// What is known of guesses at SMPP secrets.
pub(super) struct SmppGuesses(Mutex<State>);

struct State {
    by_source: Throttle<Address>,
    by_username: Throttle<String>,
    good: HashMap<String, VecDeque<Address>>,
}

impl Default for SmppGuesses {
    fn default() -> Self {
        Self(Mutex::new(State {
            by_source: Throttle::new(BY_SOURCE),
            by_username: Throttle::new(BY_USERNAME),
            good: HashMap::new(),
        }))
    }
}

impl SmppGuesses {
    /// How many seconds this source has to wait before it may try again.
    pub(super) fn wait_seconds(&self, username: &Username, address: Address, now: Micros) -> Option<u32> {
        let state = self.0.lock();
        let name = username.folded();
        let is_good = state.good.get(&name).is_some_and(|good| good.contains(&address));
        let by_username = if is_good { None } else { state.by_username.wait_seconds(&name, now) };
        state.by_source.wait_seconds(&address.source(), now).max(by_username)
    }

    /// A wrong secret.
    pub(super) fn failed(&self, username: &Username, address: Address, now: Micros) {
        let mut state = self.0.lock();
        state.by_source.charge(address.source(), now);
        state.by_username.charge(username.folded(), now);
    }

    /// A right secret.
    pub(super) fn proved(&self, username: &Username, address: Address) {
        let mut state = self.0.lock();
        if state.good.len() >= REMEMBERED {
            state.good.clear();
        }
        let good = state.good.entry(username.folded()).or_default();
        if !good.contains(&address) {
            if good.len() == ADDRESSES {
                good.pop_front();
            }
            good.push_back(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_shut_out_the_guesser_and_not_the_customer() {
        let guesses = SmppGuesses::default();
        let name = Username::parse("demo").unwrap();
        let address = |last: u32| Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + last).into());
        let now = Micros(1);
        guesses.proved(&name, address(1));
        for guess in 0..10 {
            assert_eq!(guesses.wait_seconds(&name, address(2), now), None, "{guess}");
            guesses.failed(&name, address(2), now);
        }
        assert!(guesses.wait_seconds(&name, address(2), now).is_some());
        assert!(guesses.wait_seconds(&name, address(3), now).is_none());
        for guess in 0..100 {
            guesses.failed(&name, address(100 + guess), now);
        }
        assert!(guesses.wait_seconds(&name, address(3), now).is_some());
        assert!(guesses.wait_seconds(&name, address(1), now).is_none());
    }
}
