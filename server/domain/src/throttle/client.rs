//! Throttles by the client of a page, whose address may be unknown.

use super::{Allowance, SourceThrottle, Throttle};
use crate::client_address::ClientAddress;
use crate::time::Steady;

/// A bucket for each address, and one that all clients without a known address share. That one has to be wide, because
/// one of them who fills it makes all of them wait.
pub struct ClientThrottle {
    known: SourceThrottle,
    unknown: Throttle<()>,
}

impl ClientThrottle {
    /// No failures yet.
    #[must_use]
    pub fn new(known: SourceThrottle, unknown: Allowance) -> Self {
        Self { known, unknown: Throttle::with_rows(unknown, 1) }
    }

    /// How many seconds to wait; `None` if a try is free.
    #[must_use]
    pub fn wait_seconds(&self, client: ClientAddress, now: Steady) -> Option<u32> {
        match client {
            ClientAddress::Known(address) => self.known.wait_seconds(address, now),
            ClientAddress::Unknown => self.unknown.wait_seconds(&(), now),
        }
    }

    /// Charges one failure.
    pub fn charge(&mut self, client: ClientAddress, now: Steady) {
        match client {
            ClientAddress::Known(address) => self.known.charge(address, now),
            ClientAddress::Unknown => self.unknown.charge((), now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    #[test]
    fn the_unknown_share_a_bucket_that_no_address_fills() {
        let few = Allowance { burst: 2, seconds_each: 10 };
        let mut throttle =
            ClientThrottle::new(SourceThrottle::new(few, few), Allowance { burst: 20, seconds_each: 1 });
        let (now, unknown) = (Steady(0), ClientAddress::Unknown);
        let known = ClientAddress::Known(Address::parse("203.0.113.7").unwrap());
        for _ in 0..19 {
            throttle.charge(known, now);
            throttle.charge(unknown, now);
        }
        assert!(throttle.wait_seconds(known, now).is_some());
        assert_eq!(throttle.wait_seconds(unknown, now), None);
        throttle.charge(unknown, now);
        assert!(throttle.wait_seconds(unknown, now).is_some(), "it has an end all the same");
    }
}
