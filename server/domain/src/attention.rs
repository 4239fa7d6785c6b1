//! What on the first page needs an answer, and in what order it stands there.

use crate::address::Network;
use crate::rule;
use crate::time::Micros;

/// Seconds in a day.
const DAY: i64 = 24 * 3600;
/// A key that nobody used for so many days since it was made was probably forgotten.
const NEVER_USED_DAYS: i64 = 7;
/// A key that was silent for so many days is probably needed no more.
const UNUSED_DAYS: i64 = 90;
/// From so many days before the end on a key, or a password, is said to end.
const ENDING_DAYS: i64 = 7;
/// A refusal is news for so long.
const REFUSED_HOURS: i64 = 24;
/// The most matters that the page shows at once.
pub const SHOWN: usize = 5;
/// The most of them that are of one kind, so that a flood of one kind hides no other.
const SHOWN_OF_A_KIND: usize = 3;

/// A kind of matter, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// A key is refused from addresses that nobody decided about.
    Refused,
    /// A key that was deleted or has ended is still being sent.
    DeadKeyInUse,
    /// The password of the user ends.
    PasswordEnding,
    /// A key ends.
    KeyEnding,
    /// The allow list of a Default key holds every address.
    OpenToAll,
    /// Only a password guards the login.
    NoSecondFactor,
    /// A key was silent for months.
    Unused,
    /// A key was never used.
    NeverUsed,
}

impl Matter {
    /// Whether something fails already or will soon by itself; the others are advice.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        self <= Self::KeyEnding
    }
}

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    /// When it was made.
    pub made_at: Micros,
    /// Its last accepted use.
    pub last_used: Option<Micros>,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Its allow list.
    pub allow_list: &'a [Network],
}

impl KeyFacts<'_> {
    /// Whether it passes now, apart from its address rule.
    #[must_use]
    pub fn is_active(&self, now: Micros) -> bool {
        !self.is_paused && self.expires_at.is_none_or(|end| now < end)
    }

    /// Returns what is worth saying of it. Of a key that does not pass nothing is: its owner stopped it.
    pub fn matters(&self, now: Micros) -> impl Iterator<Item = Matter> {
        let is_active = self.is_active(now);
        let days_since = |at: Micros| now.seconds_since(at) / DAY;
        let found = [
            (Matter::KeyEnding, self.expires_at.is_some_and(|end| is_ending(end, now))),
            (Matter::OpenToAll, rule::holds_everybody(self.allow_list)),
            (Matter::Unused, self.last_used.is_some_and(|at| days_since(at) >= UNUSED_DAYS)),
            (Matter::NeverUsed, self.last_used.is_none() && days_since(self.made_at) >= NEVER_USED_DAYS),
        ];
        found.into_iter().filter(move |(_, holds)| is_active && *holds).map(|(matter, _)| matter)
    }
}

/// Whether a key or a password that ends then is said to end.
#[must_use]
pub fn is_ending(end: Micros, now: Micros) -> bool {
    end > now && end.seconds_since(now) <= ENDING_DAYS * DAY
}

/// Refusals after this time are news.
#[must_use]
pub fn refused_since(now: Micros) -> Micros {
    now.plus_seconds(-REFUSED_HOURS * 3600)
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<T> {
    /// The most urgent first; of one kind in the order in which they came.
    pub shown: Vec<(Matter, T)>,
    /// How many there are beside them.
    pub more: usize,
}

/// Chooses what is shown of all that was found, and in what order.
#[must_use]
pub fn plan<T>(mut found: Vec<(Matter, T)>) -> Plan<T> {
    found.sort_by_key(|(matter, _)| *matter);
    let (all, mut shown) = (found.len(), Vec::<(Matter, T)>::new());
    for (matter, what) in found {
        let of_its_kind = shown.iter().filter(|(other, _)| *other == matter).count();
        if shown.len() < SHOWN && of_its_kind < SHOWN_OF_A_KIND {
            shown.push((matter, what));
        }
    }
    Plan { more: all - shown.len(), shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Micros = Micros(1_000 * DAY * Micros::SECOND);

    fn days_ago(days: i64) -> Micros {
        NOW.plus_seconds(-days * DAY)
    }

    fn fresh() -> KeyFacts<'static> {
        KeyFacts { made_at: NOW, last_used: None, expires_at: None, is_paused: false, allow_list: &[] }
    }

    fn matters(key: KeyFacts<'_>) -> Vec<Matter> {
        key.matters(NOW).collect()
    }

    #[test]
    fn a_key_that_was_never_used_is_named_after_a_week() {
        assert_eq!(matters(fresh()), []);
        assert_eq!(matters(KeyFacts { made_at: NOW.plus_seconds(1 - 7 * DAY), ..fresh() }), []);
        assert_eq!(matters(KeyFacts { made_at: days_ago(7), ..fresh() }), [Matter::NeverUsed]);
        let used = KeyFacts { made_at: days_ago(900), last_used: Some(days_ago(1)), ..fresh() };
        assert_eq!(matters(used), []);
    }

    #[test]
    fn a_key_that_was_silent_for_90_days_is_named() {
        let silent = |days| KeyFacts { made_at: days_ago(900), last_used: Some(days_ago(days)), ..fresh() };
        assert_eq!(matters(silent(89)), []);
        assert_eq!(matters(silent(90)), [Matter::Unused]);
    }

    #[test]
    fn a_key_that_ends_within_a_week_is_named_until_it_has_ended() {
        let ends_in = |seconds| KeyFacts { expires_at: Some(NOW.plus_seconds(seconds)), ..fresh() };
        assert_eq!(matters(ends_in(7 * DAY + 1)), []);
        assert_eq!(matters(ends_in(7 * DAY)), [Matter::KeyEnding]);
        assert_eq!(matters(ends_in(1)), [Matter::KeyEnding]);
        assert_eq!(matters(ends_in(0)), [], "it has ended");
        assert!(ends_in(1).is_active(NOW) && !ends_in(0).is_active(NOW));
    }

    #[test]
    fn nothing_is_said_of_a_key_that_its_owner_stopped() {
        let everybody = ["0.0.0.0/1", "128.0.0.0/1"].map(|text| Network::parse(text).unwrap());
        let bad = KeyFacts { made_at: days_ago(8), allow_list: &everybody, ..fresh() };
        assert_eq!(matters(bad), [Matter::OpenToAll, Matter::NeverUsed]);
        assert_eq!(matters(KeyFacts { is_paused: true, ..bad }), []);
        assert_eq!(matters(KeyFacts { expires_at: Some(days_ago(1)), ..bad }), []);
    }

    #[test]
    fn what_fails_stands_before_advice_and_no_kind_hides_the_others() {
        use Matter::{DeadKeyInUse, NeverUsed, NoSecondFactor, Refused};
        let found = vec![
            (NeverUsed, 0),
            (NoSecondFactor, 1),
            (Refused, 2),
            (Refused, 3),
            (DeadKeyInUse, 4),
            (Refused, 5),
            (Refused, 6),
        ];
        let plan = plan(found);
        let expected = [(Refused, 2), (Refused, 3), (Refused, 5), (DeadKeyInUse, 4), (NoSecondFactor, 1)];
        assert_eq!((plan.shown, plan.more), (expected.to_vec(), 2));
        assert!(Matter::KeyEnding.is_urgent() && !Matter::OpenToAll.is_urgent());
    }

    #[test]
    fn where_there_is_nothing_nothing_is_shown() {
        assert_eq!(super::plan::<u8>(vec![]), Plan { shown: vec![], more: 0 });
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_less_urgent_stands_first(kinds in prop::collection::vec(0_usize..4, 0..40)) {
            const KINDS: [Matter; 4] =
                [Matter::NeverUsed, Matter::Refused, Matter::PasswordEnding, Matter::OpenToAll];
            let all = kinds.len();
            let plan = plan(kinds.into_iter().enumerate().map(|(at, kind)| (KINDS[kind], at)).collect());
            prop_assert_eq!(plan.shown.len() + plan.more, all);
            prop_assert!(plan.shown.len() <= SHOWN && plan.shown.is_sorted());
        }
    }
}
