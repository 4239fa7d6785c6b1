//! Reminders that passwords end.

use super::StoreError;
use async_trait::async_trait;
use domain::time::Micros;

/// Which users are to be told.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// Now.
    pub now: Micros,
    /// For how long a password is valid.
    pub max_age_seconds: i64,
    /// How many days before its end a user is told, fewest first.
    pub days: Vec<i64>,
}

impl Reminders {
    /// The reminder that is due for a password, by its days: the nearest to the end.
    #[must_use]
    pub fn due(&self, password_set_at: Micros) -> Option<i64> {
        let left = self.max_age_seconds - self.now.seconds_since(password_set_at);
        let due = self.days.iter().find(|days| left <= **days * 24 * 3600);
        due.copied().filter(|_| left > 0)
    }
}

/// Reminders that passwords end.
#[async_trait]
pub trait ReminderStore: Send + Sync {
    /// Leaves a notice for each user who is to be told and was not yet; answers for how many.
    async fn remind_of_passwords(&self, reminders: Reminders) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nearest_reminder_is_due() {
        const DAY: i64 = 24 * 3600;
        let due = |age: i64| {
            let now = Micros(age * Micros::SECOND);
            Reminders { now, max_age_seconds: 30 * DAY, days: vec![1, 3, 7] }.due(Micros(0))
        };
        assert_eq!(due(23 * DAY - 1), None);
        assert_eq!(due(23 * DAY), Some(7));
        assert_eq!(due(27 * DAY - 1), Some(7));
        assert_eq!(due(27 * DAY), Some(3));
        assert_eq!(due(29 * DAY), Some(1));
        assert_eq!(due(30 * DAY - 1), Some(1));
        assert_eq!(due(30 * DAY), None);
    }
}
