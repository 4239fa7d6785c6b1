//! Reminders that a password ends: who is reminded, when, and how often.

use super::time::Micros;

/// Seconds in a day.
const DAY: i64 = 24 * 3600;
/// How many days before the end of a password its user is reminded, fewest first.
const DAYS_BEFORE: [i64; 3] = [1, 3, 7];

/// How long passwords last in this installation, and what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Reminders {
    now: Micros,
    max_age_days: i64,
}

/// What decides whether the user of a password is reminded.
#[derive(Clone, Copy, Debug)]
pub struct PasswordFacts {
    /// When the password was set.
    pub set_at: Micros,
    /// The age of this password, in days, at which the last reminder was due.
    pub reminded_age: Option<i64>,
    /// Whether a second factor guards the login: such a password never ends.
    pub has_factor: bool,
    /// Whether the user can log in: neither they nor the owner of their account is disabled.
    pub is_active: bool,
}

/// A reminder that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// The age of the password, in days, at which this reminder became due. It is kept: how long passwords last may
    /// change, and a reminder comes once.
    pub age: i64,
    /// The days that were left then.
    pub days_left: i64,
}

impl Reminders {
    /// `None` if nobody is reminded of anything, because passwords last too short or for ever.
    #[must_use]
    pub fn new(now: Micros, max_age_days: i64) -> Option<Self> {
        let reminders = Self { now, max_age_days };
        reminders.days().next().is_some().then_some(reminders)
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.now
    }

    /// Passwords that were set after the first time and not after the second may need a reminder. All others do not.
    #[must_use]
    pub fn window(&self) -> [Micros; 2] {
        let earliest = self.days().max().unwrap_or(0);
        let set_before = |days: i64| self.now.plus_seconds(-days * DAY);
        [set_before(self.max_age_days), set_before(self.max_age_days - earliest)]
    }

    /// The reminder that is due to a user: the nearest to the end, once. Reminders that were missed while the server was
    /// off are not made up for.
    #[must_use]
    pub fn due(&self, password: &PasswordFacts) -> Option<Reminder> {
        if password.has_factor || !password.is_active {
            return None;
        }
        let left = self.max_age_days * DAY - self.now.seconds_since(password.set_at);
        let days_left = self.days().find(|days| left <= days * DAY).filter(|_| left > 0)?;
        let age = self.max_age_days - days_left;
        password.reminded_age.is_none_or(|last| age > last).then_some(Reminder { age, days_left })
    }

    /// A reminder as long before the end as a password lasts would come the moment it is set.
    fn days(&self) -> impl Iterator<Item = i64> {
        DAYS_BEFORE.into_iter().filter(|days| *days < self.max_age_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRESH: PasswordFacts =
        PasswordFacts { set_at: Micros(0), reminded_age: None, has_factor: false, is_active: true };

    fn after(age_seconds: i64, max_age_days: i64) -> Reminders {
        Reminders::new(Micros(age_seconds * Micros::SECOND), max_age_days).unwrap()
    }

    #[test]
    fn only_the_nearest_reminder_is_due() {
        let due = |age: i64| after(age, 30).due(&FRESH).map(|reminder| reminder.days_left);
        assert_eq!(due(23 * DAY - 1), None);
        assert_eq!(due(23 * DAY), Some(7));
        assert_eq!(due(27 * DAY - 1), Some(7));
        assert_eq!(due(27 * DAY), Some(3));
        assert_eq!(due(29 * DAY), Some(1));
        assert_eq!(due(30 * DAY - 1), Some(1));
        assert_eq!(due(30 * DAY), None);
    }

    #[test]
    fn a_reminder_comes_once_even_if_passwords_last_longer_from_now_on() {
        let due = |age: i64, max_age: i64, reminded_age: i64| {
            let facts = PasswordFacts { reminded_age: Some(reminded_age), ..FRESH };
            after(age * DAY, max_age).due(&facts)
        };
        assert_eq!(due(24, 30, 23), None);
        assert_eq!(due(27, 30, 23), Some(Reminder { age: 27, days_left: 3 }));
        assert_eq!(due(29, 90, 29), None);
        assert_eq!(due(83, 90, 29), Some(Reminder { age: 83, days_left: 7 }));
    }

    #[test]
    fn nobody_is_reminded_whose_password_does_not_end_or_who_cannot_log_in() {
        for facts in
            [PasswordFacts { has_factor: true, ..FRESH }, PasswordFacts { is_active: false, ..FRESH }]
        {
            assert_eq!(after(29 * DAY, 30).due(&facts), None);
        }
    }

    #[test]
    fn short_lives_have_fewer_reminders() {
        for days in [0, 1] {
            assert!(Reminders::new(Micros(0), days).is_none());
        }
        assert_eq!(after(2 * DAY, 3).due(&FRESH), Some(Reminder { age: 2, days_left: 1 }));
        assert_eq!(after(2 * DAY - 1, 3).due(&FRESH), None);
    }

    proptest! {
        #[test]
        fn whatever_is_due_lies_in_the_window(age in 0_i64..100 * DAY, max_age in 2_i64..100) {
            let reminders = after(age, max_age);
            let [over, until] = reminders.window();
            let lies_in = FRESH.set_at > over && FRESH.set_at <= until;
            prop_assert_eq!(reminders.due(&FRESH).is_some(), lies_in);
        }
    }
}
