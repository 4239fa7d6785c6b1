//! Rotation: a key is given another token, and the one before passes beside it for a while.

use crate::time::Micros;

/// Seconds in a day.
const DAY: i64 = 24 * 3600;

/// For how many seconds the token before may go on passing: not at all, an hour, a day, a week, a month.
pub const OVERLAPS: [u32; 5] = [0, 3600, 86_400, 604_800, 2_592_000];

/// Until when the token before passes, if so many seconds can be chosen.
#[must_use]
pub fn end_of_overlap(seconds: u32, now: Micros) -> Option<Micros> {
    OVERLAPS.contains(&seconds).then(|| now.plus_seconds(seconds.into()))
}

/// Whether the token before passes now.
#[must_use]
pub fn passes(until: Micros, now: Micros) -> bool {
    now < until
}

/// The time of the oldest rotation whose token before may pass now.
#[must_use]
pub fn oldest_that_passes(now: Micros) -> Micros {
    now.plus_seconds(-i64::from(OVERLAPS[OVERLAPS.len() - 1]))
}

/// Whether nothing seems to need the token before any more: it was silent for a day, since its last use or since the
/// rotation.
#[must_use]
pub fn is_safe_to_end(last_use: Option<Micros>, rotated_at: Micros, now: Micros) -> bool {
    now.seconds_since(last_use.map_or(rotated_at, |used| used.max(rotated_at))) >= DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Micros {
        Micros(seconds * Micros::SECOND)
    }

    #[test]
    fn the_token_before_passes_until_its_second() {
        assert_eq!(end_of_overlap(3600, at(1)), Some(at(3601)));
        assert_eq!(end_of_overlap(3601, at(1)), None);
        assert!(passes(at(5), at(4)));
        assert!(!passes(at(5), at(5)));
        assert!(!passes(end_of_overlap(0, at(7)).unwrap(), at(7)), "without an overlap it never does");
        let longest = OVERLAPS.into_iter().max().unwrap();
        let end = end_of_overlap(longest, at(7)).unwrap();
        assert_eq!(oldest_that_passes(end), at(7), "what passes longest ends then");
    }

    #[test]
    fn a_day_of_silence_is_enough() {
        let day = at(DAY).0 / Micros::SECOND;
        assert!(!is_safe_to_end(None, at(0), at(day - 1)));
        assert!(is_safe_to_end(None, at(0), at(day)));
        assert!(!is_safe_to_end(Some(at(1)), at(0), at(day)));
        assert!(is_safe_to_end(Some(at(1)), at(0), at(day + 1)));
    }
}
