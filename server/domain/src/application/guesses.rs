//! How often codes may be tried that no application has.

use crate::time::Micros;

/// Seconds for which a wrong code counts: as long as a code lives.
pub const WINDOW_SECONDS: i64 = super::LIFETIME_SECONDS;

/// Wrong codes of one kind of source that still count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuessCounts {
    /// How many.
    pub count: u64,
    /// When the oldest was.
    pub oldest: Option<Micros>,
}

/// The most wrong codes in [`WINDOW_SECONDS`]. With them, whoever has a session finds one of 10,000 open codes in ten
/// minutes with a probability of 1 in 250,000, and all who guess together with 1 in 2,500.
pub struct GuessLimits;

impl GuessLimits {
    /// Of one session.
    pub const SESSION: u64 = 10;
    /// Of one address (one /64 of IPv6), and of all whose address is unknown together.
    pub const ADDRESS: u64 = 30;
    /// Of all.
    pub const ALL: u64 = 1_000;

    /// Seconds until one more may be tried; `None` if it may be tried now.
    #[must_use]
    pub fn wait_seconds(
        session: GuessCounts,
        address: GuessCounts,
        all: GuessCounts,
        now: Micros,
    ) -> Option<u32> {
        let limits = [(session, Self::SESSION), (address, Self::ADDRESS), (all, Self::ALL)];
        let full = limits.into_iter().filter(|(counts, limit)| counts.count >= *limit);
        full.filter_map(|(counts, _)| Some(wait(counts.oldest?, now))).max()
    }
}

/// Seconds until a wrong code counts no more, rounded up.
fn wait(oldest: Micros, now: Micros) -> u32 {
    let left = oldest.plus_seconds(WINDOW_SECONDS).0.saturating_sub(now.0);
    let seconds = (left.max(0) + Micros::SECOND - 1) / Micros::SECOND;
    u32::try_from(seconds.clamp(1, WINDOW_SECONDS)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: GuessCounts = GuessCounts { count: 0, oldest: None };

    fn counts(count: u64, oldest: i64) -> GuessCounts {
        GuessCounts { count, oldest: Some(Micros(oldest * Micros::SECOND)) }
    }

    fn wait_at(now: i64, session: GuessCounts, address: GuessCounts, all: GuessCounts) -> Option<u32> {
        GuessLimits::wait_seconds(session, address, all, Micros(now * Micros::SECOND))
    }

    #[test]
    fn each_limit_holds_by_itself() {
        assert_eq!(wait_at(0, NONE, NONE, NONE), None);
        assert_eq!(wait_at(100, counts(9, 0), counts(29, 0), counts(999, 0)), None);
        assert_eq!(wait_at(100, counts(10, 0), NONE, NONE), Some(500));
        assert_eq!(wait_at(100, NONE, counts(30, 50), NONE), Some(550));
        assert_eq!(wait_at(100, NONE, NONE, counts(1_000, 99)), Some(599));
        assert_eq!(wait_at(100, counts(10, 0), counts(30, 50), NONE), Some(550), "the longest counts");
    }

    #[test]
    fn a_wait_is_at_least_a_second_and_at_most_the_window() {
        assert_eq!(wait_at(600, counts(10, 0), NONE, NONE), Some(1));
        assert_eq!(wait_at(0, counts(10, 5_000), NONE, NONE), Some(600), "the clock was set back");
    }
}
