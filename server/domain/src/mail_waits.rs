//! When a letter that was not taken is tried again, and when it is given up.

use super::time::Micros;

/// Minutes until the next attempt; after these, an hour each.
const WAITS: [i64; 5] = [1, 2, 5, 15, 60];
/// Seconds over which attempts an hour apart are spread.
const SPREAD_SECONDS: f64 = 360.0;
/// For how many seconds a letter is tried.
const PATIENCE_SECONDS: i64 = 3 * 24 * 3600;

/// How long to wait after so many failures before this one. `chance` (0 to 1) spreads those that failed together.
#[must_use]
pub fn wait_seconds(failures: u32, chance: f64) -> i64 {
    let step = usize::try_from(failures).unwrap_or(usize::MAX);
    match WAITS.get(step) {
        Some(minutes) => minutes * 60,
        None => 3600 + (SPREAD_SECONDS * chance.clamp(0.0, 1.0)) as i64,
    }
}

/// Whether a letter that was due first at `created_at` is given up.
#[must_use]
pub fn is_given_up(created_at: Micros, now: Micros) -> bool {
    now.seconds_since(created_at) >= PATIENCE_SECONDS
}

/// Letters that were due first before this time are given up.
#[must_use]
pub fn given_up_before(now: Micros) -> Micros {
    now.plus_seconds(-PATIENCE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour_and_are_spread_there() {
        assert_eq!([0, 1, 2, 3, 4].map(|failures| wait_seconds(failures, 0.9)), [60, 120, 300, 900, 3600]);
        assert_eq!((wait_seconds(5, 0.0), wait_seconds(u32::MAX, 0.5)), (3600, 3780));
        assert_eq!(wait_seconds(5, 7.0), 3960, "never longer than that");
    }

    #[test]
    fn a_letter_is_given_up_after_three_days() {
        let created = Micros(7);
        let after = |seconds| created.plus_seconds(seconds);
        assert!(!is_given_up(created, after(PATIENCE_SECONDS - 1)));
        assert!(is_given_up(created, after(PATIENCE_SECONDS)));
        assert_eq!(given_up_before(after(PATIENCE_SECONDS)), created);
    }
}
