//! Passwords end: when, and who is told before.

use super::Accounts;
use domain::reminder::Reminders;
use domain::time::Micros;
use store::{StoreError, UserRow};

const DAY: i64 = 24 * 3600;

impl Accounts {
    /// When the password of a user has to be changed; with a second factor it never ends.
    #[must_use]
    pub fn password_end(&self, user: &UserRow) -> Option<Micros> {
        let ends = self.password_max_age_days > 0 && user.totp.is_none();
        ends.then(|| user.password_set_at.plus_seconds(self.password_max_age_days * DAY))
    }

    /// Tells those whose password ends soon; answers how many. Each reminder comes once, and what was missed
    /// while the server was off is not made up for.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn remind_of_passwords(&self) -> Result<u64, StoreError> {
        let Some(reminders) = Reminders::new(self.clock.now(), self.password_max_age_days) else {
            return Ok(0);
        };
        self.store.remind_of_passwords(reminders).await
    }
}
