//! How much of a pool one may hold: connections, requests in flight, forms coming in, pages being answered.
//!
//! Places are given while there are free ones, up to shares: each source has one, and all peers that are no trusted proxies
//! have one together. The rest is kept for trusted proxies and Unix sockets.

/// A pool of fewer places is not shared out: the shares would be too small for one browser.
const LEAST: usize = 16;
/// How much more than one source a /48 of IPv6 may hold, which one customer of a network may have whole.
const SITE: usize = 2;
/// The part of a pool, in percent, that all clients together may hold whose address cannot be told.
const UNKNOWN_PERCENT: usize = 50;

/// How pools are shared out, in percent of their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareRule {
    /// What one source may hold.
    pub source_percent: usize,
    /// What is kept for trusted proxies and Unix sockets.
    pub reserved_percent: usize,
}

/// The most places of one pool that each may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Everybody together.
    pub all: usize,
    /// All peers together that are neither trusted proxies nor Unix sockets.
    pub strangers: usize,
    /// One source.
    pub source: usize,
    /// One /48 of IPv6.
    pub site: usize,
    /// All clients together whose address is unknown.
    pub unknown: usize,
}

impl ShareRule {
    /// The shares of a pool of so many places.
    #[must_use]
    pub fn of(self, all: usize) -> Shares {
        let strangers = percent(all, 100 - self.reserved_percent.min(100));
        let source = percent(all, self.source_percent);
        let share = |wanted: usize| wanted.max(LEAST).min(all);
        Shares {
            all,
            strangers: share(strangers),
            source: share(source),
            site: share(source * SITE),
            unknown: share(percent(all, UNKNOWN_PERCENT)),
        }
    }
}

fn percent(all: usize, percent: usize) -> usize {
    all.saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: ShareRule = ShareRule { source_percent: 10, reserved_percent: 25 };

    #[test]
    fn a_pool_is_shared_out() {
        let shares = Shares { all: 1000, strangers: 750, source: 100, site: 200, unknown: 500 };
        assert_eq!(RULE.of(1000), shares);
        let without = ShareRule { source_percent: 100, reserved_percent: 0 };
        let all = Shares { all: 1000, strangers: 1000, source: 1000, site: 1000, unknown: 500 };
        assert_eq!(without.of(1000), all);
    }

    #[test]
    fn a_small_pool_is_not() {
        for all in [1, 2, 16] {
            let Shares { strangers, source, site, unknown, .. } = RULE.of(all);
            assert_eq!([strangers, source, site, unknown], [all; 4]);
        }
        let shares = Shares { all: 40, strangers: 30, source: 16, site: 16, unknown: 20 };
        assert_eq!(RULE.of(40), shares);
    }
}
