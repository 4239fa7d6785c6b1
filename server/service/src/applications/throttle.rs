//! How often strangers may ask, in memory only: what they ask for waits for the one writer.

use domain::client_address::ClientAddress;
use domain::throttle::{Allowance, ClientThrottle, SourceThrottle};
use domain::time::Steady;
use parking_lot::Mutex;

/// New requests per address (per /64 of IPv6).
const ASKED_BY_SOURCE: Allowance = Allowance { burst: 20, seconds_each: 30 };
/// New requests per /48 of IPv6.
const ASKED_BY_SITE: Allowance = Allowance { burst: 200, seconds_each: 3 };
/// Questions for keys per address: twelve programs behind one may ask every five seconds for ten minutes.
const FETCHED_BY_SOURCE: Allowance = Allowance { burst: 900, seconds_each: 1 };
/// Questions for keys per /48 of IPv6.
const FETCHED_BY_SITE: Allowance = Allowance { burst: 3600, seconds_each: 1 };
/// Either of all whose address is unknown, together.
const BY_UNKNOWN: Allowance = Allowance { burst: 1000, seconds_each: 1 };

/// One bucket per source for each kind of question.
pub struct AskThrottles {
    asked: Mutex<ClientThrottle>,
    fetched: Mutex<ClientThrottle>,
}

impl Default for AskThrottles {
    fn default() -> Self {
        let by_client =
            |source, site| Mutex::new(ClientThrottle::new(SourceThrottle::new(source, site), BY_UNKNOWN));
        Self {
            asked: by_client(ASKED_BY_SOURCE, ASKED_BY_SITE),
            fetched: by_client(FETCHED_BY_SOURCE, FETCHED_BY_SITE),
        }
    }
}

impl AskThrottles {
    /// Counts a new request, or says how many seconds to wait.
    pub(super) fn count_asked(&self, from: ClientAddress, now: Steady) -> Result<(), u32> {
        count(&self.asked, from, now)
    }

    /// Counts a question for a key, or says how many seconds to wait.
    pub(super) fn count_fetched(&self, from: ClientAddress, now: Steady) -> Result<(), u32> {
        count(&self.fetched, from, now)
    }
}

fn count(throttle: &Mutex<ClientThrottle>, from: ClientAddress, now: Steady) -> Result<(), u32> {
    let mut throttle = throttle.lock();
    match throttle.wait_seconds(from, now) {
        Some(seconds) => Err(seconds),
        None => {
            throttle.charge(from, now);
            Ok(())
        }
    }
}
