//! When a key expires: what may be chosen, and when its user is told.

use crate::time::Micros;
use contract::KeyState;

/// Seconds in a day.
const DAY: i64 = 24 * 3600;
/// How many days before the end a user is told, fewest first.
const DAYS_BEFORE: [i64; 2] = [1, 7];
/// The farthest end that may be chosen, in days: later ones are typing errors.
const MOST_DAYS: i64 = 36_525;

/// Why a time cannot be the end of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// The time is over.
    #[error("lies in the past")]
    Past,
    /// The time lies more than a hundred years ahead.
    #[error("lies too far ahead")]
    TooFar,
}

/// Whether a key may expire at this time, chosen now.
///
/// # Errors
/// The time is over, or too far ahead.
pub fn check(end: Micros, now: Micros) -> Result<(), ExpiryError> {
    if end <= now {
        Err(ExpiryError::Past)
    } else if end.seconds_since(now) > MOST_DAYS * DAY {
        Err(ExpiryError::TooFar)
    } else {
        Ok(())
    }
}

/// Whether a key passes now, apart from its address rule, in the order of verification.
#[must_use]
pub fn state(is_paused: bool, expires_at: Option<Micros>, now: Micros) -> KeyState {
    if is_paused {
        KeyState::Paused
    } else if expires_at.is_some_and(|end| now >= end) {
        KeyState::Expired
    } else {
        KeyState::Active
    }
}

/// What decides whether a user is told that a key expires.
#[derive(Clone, Copy, Debug)]
pub struct ExpiryFacts {
    /// When the key expires.
    pub end: Micros,
    /// The days before the end of the last reminder of this end.
    pub reminded_days: Option<i64>,
}

/// The days before the end of the reminder that is due, if one is: the nearest to the end, once. Reminders that were missed while the
/// server was off are not made up for.
#[must_use]
pub fn due(facts: &ExpiryFacts, now: Micros) -> Option<i64> {
    let left = facts.end.seconds_since(now);
    let days = DAYS_BEFORE.into_iter().find(|days| left <= days * DAY).filter(|_| left > 0)?;
    facts.reminded_days.is_none_or(|last| days < last).then_some(days)
}

/// The days that are left until a key expires, a part of one for a whole one.
#[must_use]
pub fn days_left(end: Micros, now: Micros) -> i64 {
    (end.seconds_since(now) + DAY - 1) / DAY
}

/// Keys that expire after the first time and not after the second may need a reminder. All others do not.
#[must_use]
pub fn window(now: Micros) -> [Micros; 2] {
    [now, now.plus_seconds(DAYS_BEFORE[1] * DAY)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Micros {
        Micros(seconds * Micros::SECOND)
    }

    #[test]
    fn an_end_lies_ahead_and_within_a_hundred_years() {
        assert_eq!(check(at(5), at(5)), Err(ExpiryError::Past));
        assert_eq!(check(at(6), at(5)), Ok(()));
        assert_eq!(check(at(MOST_DAYS * DAY), at(0)), Ok(()));
        assert_eq!(check(at(MOST_DAYS * DAY + 1), at(0)), Err(ExpiryError::TooFar));
    }

    #[test]
    fn a_key_passes_until_its_second_and_while_it_is_not_paused() {
        assert_eq!(state(false, None, at(5)), KeyState::Active);
        assert_eq!(state(false, Some(at(6)), at(5)), KeyState::Active);
        assert_eq!(state(false, Some(at(5)), at(5)), KeyState::Expired);
        assert_eq!(state(true, Some(at(5)), at(5)), KeyState::Paused);
    }

    #[test]
    fn a_week_and_a_day_before_the_end_its_user_is_told_once() {
        let due = |left: i64, reminded_days| super::due(&ExpiryFacts { end: at(left), reminded_days }, at(0));
        assert_eq!(due(7 * DAY + 1, None), None);
        assert_eq!(due(7 * DAY, None), Some(7));
        assert_eq!(due(6 * DAY, Some(7)), None);
        assert_eq!(due(DAY, Some(7)), Some(1));
        assert_eq!(due(DAY, None), Some(1), "what was missed is not made up for");
        assert_eq!(due(DAY - 1, Some(1)), None);
        assert_eq!(due(0, None), None);
        // An end may be chosen two days ahead: then the first reminder comes, and says two.
        assert_eq!((due(2 * DAY, None), days_left(at(2 * DAY), at(0))), (Some(7), 2));
        assert_eq!((days_left(at(7200), at(0)), days_left(at(DAY + 1), at(0))), (1, 2));
    }

    proptest! {
        #[test]
        fn whatever_is_due_lies_in_the_window(end in -DAY..20 * DAY, now in -DAY..DAY) {
            let facts = ExpiryFacts { end: at(end), reminded_days: None };
            let [over, until] = window(at(now));
            prop_assert_eq!(due(&facts, at(now)).is_some(), facts.end > over && facts.end <= until);
        }
    }
}
