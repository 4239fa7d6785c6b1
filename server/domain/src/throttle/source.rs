//! Throttles by the source of a request.

use super::{Allowance, Throttle};
use crate::address::Address;
use crate::time::Steady;

/// Two buckets for each address: its own (for IPv6 that of its /64, which one machine holds whole) and, for
/// IPv6, a wider one of its /48, which one customer of a network may hold whole.
pub struct SourceThrottle {
    near: Throttle<Address>,
    wide: Throttle<Address>,
}

impl SourceThrottle {
    /// No failures yet.
    #[must_use]
    pub fn new(near: Allowance, wide: Allowance) -> Self {
        Self { near: Throttle::new(near), wide: Throttle::new(wide) }
    }

    /// How many seconds to wait; `None` if a try is free.
    #[must_use]
    pub fn wait_seconds(&self, address: Address, now: Steady) -> Option<u32> {
        let wide = address.site().and_then(|site| self.wide.wait_seconds(&site, now));
        self.near.wait_seconds(&address.source(), now).max(wide)
    }

    /// Charges one failure.
    pub fn charge(&mut self, address: Address, now: Steady) {
        self.near.charge(address.source(), now);
        if let Some(site) = address.site() {
            self.wide.charge(site, now);
        }
    }

    /// Counts the buckets of one slice of each table that are over their allowance now.
    #[must_use]
    pub fn count_waiting(&self, slice: usize, now: Steady) -> usize {
        self.near.count_waiting(slice, now) + self.wide.count_waiting(slice, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SLICES;
    use super::*;

    const NOW: Steady = Steady(0);

    fn throttle() -> SourceThrottle {
        let near = Allowance { burst: 2, seconds_each: 10 };
        SourceThrottle::new(near, Allowance { burst: 6, seconds_each: 10 })
    }

    fn waits(throttle: &SourceThrottle, address: &str) -> bool {
        throttle.wait_seconds(Address::parse(address).unwrap(), NOW).is_some()
    }

    fn count_waiting(throttle: &SourceThrottle) -> usize {
        (0..SLICES).map(|slice| throttle.count_waiting(slice, NOW)).sum()
    }

    fn charge(throttle: &mut SourceThrottle, address: &str) {
        throttle.charge(Address::parse(address).unwrap(), NOW);
    }

    #[test]
    fn an_ipv4_address_is_a_source_of_its_own() {
        let mut throttle = throttle();
        charge(&mut throttle, "203.0.113.7");
        charge(&mut throttle, "::ffff:203.0.113.7");
        assert!(waits(&throttle, "203.0.113.7"));
        assert!(!waits(&throttle, "203.0.113.8"));
        for last in 10..30 {
            charge(&mut throttle, &format!("203.0.113.{last}"));
        }
        assert!(!waits(&throttle, "203.0.113.8"), "IPv4 has no wider bucket");
    }

    #[test]
    fn a_64_of_ipv6_is_one_source_and_a_48_has_a_bucket_too() {
        let mut throttle = throttle();
        charge(&mut throttle, "2001:db8:1:1::1");
        charge(&mut throttle, "2001:db8:1:1:ffff::2");
        assert!(waits(&throttle, "2001:db8:1:1::3"));
        assert!(!waits(&throttle, "2001:db8:1:2::1"));
        assert_eq!(count_waiting(&throttle), 1);
        for network in 2..6 {
            charge(&mut throttle, &format!("2001:db8:1:{network}::1"));
        }
        assert!(waits(&throttle, "2001:db8:1:99::1"), "its /48 has used up what it may");
        assert!(!waits(&throttle, "2001:db8:2:1::1"));
        assert_eq!(count_waiting(&throttle), 2);
    }
}
