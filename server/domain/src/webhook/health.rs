//! When a webhook is switched off: after its receiver failed for days, or said that it is gone for good.

use super::{LONGEST_WAIT, PATIENCE};
use crate::time::Micros;

/// What an attempt to deliver tells of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The receiver took the message.
    Works,
    /// The receiver did not take the message.
    Fails,
    /// The receiver says that it is gone for good.
    Gone,
    /// Nothing: there was no message to send, or it was a test, whose result its sender sees.
    None,
}

/// How a webhook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether messages are sent to it.
    pub is_on: bool,
    /// Since when no attempt succeeded.
    pub failing_since: Option<Micros>,
    /// When it was tried last.
    pub tried_at: Option<Micros>,
}

impl Health {
    /// How a webhook stands that was just switched on.
    pub const ON: Self = Self { is_on: true, failing_since: None, tried_at: None };

    /// How it stands after an attempt at `at`. A webhook that is off stays off.
    #[must_use]
    pub fn after_attempt(self, evidence: Evidence, at: Micros) -> Self {
        let tried = Self { tried_at: Some(at), ..self };
        match evidence {
            Evidence::None => tried,
            Evidence::Works => Self { failing_since: None, ..tried },
            Evidence::Fails | Evidence::Gone if !self.is_on => tried,
            Evidence::Gone => Self { is_on: false, failing_since: Some(self.failing_from(at)), ..tried },
            Evidence::Fails => {
                let since = self.failing_from(at);
                let is_on = since > at.plus_seconds(-PATIENCE);
                Self { is_on, failing_since: Some(since), ..tried }
            }
        }
    }

    /// How it stands after its address was set. Another receiver does not answer for the failures of the one before.
    #[must_use]
    pub fn after_move(self, is_same_url: bool) -> Self {
        Self { failing_since: self.failing_since.filter(|_| is_same_url), ..self }
    }

    /// Since when it fails, if it fails at `at`. Time in which nothing was tried does not count as failing.
    fn failing_from(&self, at: Micros) -> Micros {
        let was_idle = self.tried_at.is_none_or(|last| at.seconds_since(last) > LONGEST_WAIT);
        self.failing_since.filter(|_| !was_idle).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(n: i64) -> Micros {
        Micros(0).plus_seconds(n)
    }

    fn after(attempts: &[(i64, Evidence)]) -> Health {
        attempts
            .iter()
            .fold(Health::ON, |health, (at, evidence)| health.after_attempt(*evidence, seconds(*at)))
    }

    #[test]
    fn three_days_of_failures_switch_it_off() {
        use Evidence::Fails;
        let health = after(&[(10, Fails), (10 + LONGEST_WAIT, Fails), (9 + PATIENCE, Fails)]);
        assert_eq!((health.is_on, health.failing_since), (true, Some(seconds(10))));
        let health = health.after_attempt(Fails, seconds(10 + PATIENCE));
        assert_eq!((health.is_on, health.failing_since), (false, Some(seconds(10))));
    }

    #[test]
    fn a_success_begins_anew() {
        use Evidence::{Fails, Works};
        let health = after(&[(0, Fails), (LONGEST_WAIT, Works), (PATIENCE, Fails), (PATIENCE + 1, Fails)]);
        assert_eq!((health.is_on, health.failing_since), (true, Some(seconds(PATIENCE))));
    }

    #[test]
    fn time_without_an_attempt_is_no_failure() {
        use Evidence::Fails;
        let health = after(&[(0, Fails), (LONGEST_WAIT + 1, Fails)]);
        assert_eq!(health.failing_since, Some(seconds(LONGEST_WAIT + 1)));
        assert!(health.is_on);
    }

    #[test]
    fn a_receiver_that_is_gone_is_switched_off_at_once_and_stays_off() {
        let health = after(&[(0, Evidence::Works), (5, Evidence::Gone)]);
        assert_eq!(
            health,
            Health { is_on: false, failing_since: Some(seconds(5)), tried_at: Some(seconds(5)) }
        );
        let later = health.after_attempt(Evidence::Fails, seconds(9));
        assert_eq!(later, Health { tried_at: Some(seconds(9)), ..health });
        assert!(!health.after_attempt(Evidence::Works, seconds(9)).is_on);
    }

    #[test]
    fn a_test_or_an_undeliverable_message_says_nothing_of_the_receiver() {
        let health = after(&[(0, Evidence::Fails), (7, Evidence::None)]);
        assert_eq!(health.failing_since, Some(seconds(0)));
        assert_eq!(health.tried_at, Some(seconds(7)));
    }

    #[test]
    fn another_receiver_starts_without_a_past() {
        let health = after(&[(0, Evidence::Fails)]);
        assert_eq!(health.after_move(true), health);
        assert_eq!(health.after_move(false).failing_since, None);
    }

    proptest! {
        #[test]
        fn nothing_goes_off_before_its_time(
            steps in prop::collection::vec((0_i64..3 * LONGEST_WAIT / 2, any::<bool>()), 0..12),
        ) {
            let (mut now, mut health, mut since, mut last) = (0, Health::ON, None, None);
            for (wait, works) in steps {
                now += wait;
                let evidence = if works { Evidence::Works } else { Evidence::Fails };
                health = health.after_attempt(evidence, seconds(now));
                // The model: the first failure behind the last success and the last gap.
                let has_gap = last.is_none_or(|last| now - last > LONGEST_WAIT);
                since = match since { _ if works => None, Some(since) if !has_gap => Some(since), _ => Some(now) };
                last = Some(now);
                prop_assert_eq!(health.failing_since, since.map(seconds));
                let is_due = since.is_some_and(|since| now - since >= PATIENCE);
                prop_assert_eq!(health.is_on, !is_due);
                if is_due { break; }
            }
        }
    }
}
