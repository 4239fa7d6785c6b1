//! When passwords end, and the reminders before.

use super::{Accounts, Actor};
use contract::Refusal;
use domain::reminder::Reminders;
use domain::time::Micros;
use store::{StoreError, UserRow};

const DAY: i64 = 24 * 3600;

impl Accounts {
    /// When the password of a user has to be changed; never, with a second factor.
    pub fn password_end(&self, user: &UserRow) -> Option<Micros> {
        let ends = self.password_max_age_days > 0 && user.totp.is_none();
        ends.then(|| user.password_set_at.plus_seconds(self.password_max_age_days * DAY))
    }

    /// When the password of the actor has to be changed.
    pub async fn find_password_end(&self, actor: &Actor) -> Result<Option<Micros>, Refusal> {
        Ok(self.password_end(&self.find_own_row(actor).await?))
    }

    /// Reminds users whose password ends soon, and returns how many. Each reminder is made once; one that was missed
    /// while the server was off is not made later.
    pub async fn remind_of_passwords(&self) -> Result<u64, StoreError> {
        let Some(reminders) = Reminders::new(self.clock.now(), self.password_max_age_days) else {
            return Ok(0);
        };
        self.store.remind_of_passwords(reminders).await
    }
}
