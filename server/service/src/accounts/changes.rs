//! How much a user may change: what is written waits for one writer, which is everybody's.

use super::Actor;
use contract::Refusal;
use domain::ids::UserNo;
use domain::throttle::{Allowance, Throttle};
use domain::time::Steady;
use parking_lot::Mutex;

/// Changes of one user: three hundred at once, then one a second.
const BY_USER: Allowance = Allowance { burst: 300, seconds_each: 1 };

/// Who changed how much lately. What only ends something (a session, a key, an invitation) is not counted: there is
/// no more of it than was counted when it began, and whoever has a cookie of a user must not be able to use up what
/// that user needs to end it.
pub struct Changes(Mutex<Throttle<UserNo>>);

impl Default for Changes {
    fn default() -> Self {
        Self(Mutex::new(Throttle::new(BY_USER)))
    }
}

impl Changes {
    /// Counts one more, if the actor may make it now.
    ///
    /// # Errors
    /// It made too many.
    pub fn count(&self, actor: &Actor, now: Steady) -> Result<(), Refusal> {
        let mut by_user = self.0.lock();
        if let Some(retry_after_seconds) = by_user.wait_seconds(&actor.user, now) {
            return Err(Refusal::Throttled { retry_after_seconds });
        }
        by_user.charge(actor.user, now);
        Ok(())
    }
}
