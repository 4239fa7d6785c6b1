//! How many changes a user may make: all of them wait for one writer.

use super::Actor;
use contract::Refusal;
use domain::ids::UserNumber;
use domain::throttle::{Allowance, Throttle};
use domain::time::Steady;
use parking_lot::Mutex;

/// Changes per user: 300 at once, then one a second.
const BY_USER: Allowance = Allowance { burst: 300, seconds_each: 1 };

/// One GCRA bucket per user. A change that only ends something (a session, a key, an invitation) is not counted: its
/// beginning was, and a thief of the user's cookie must not be able to use up what the user needs to end it.
pub struct Changes(Mutex<Throttle<UserNumber>>);

impl Default for Changes {
    fn default() -> Self {
        Self(Mutex::new(Throttle::new(BY_USER)))
    }
}

impl Changes {
    /// Counts one change of the actor, or refuses it.
    pub fn count(&self, actor: &Actor, now: Steady) -> Result<(), Refusal> {
        self.count_of(actor.user, now)
    }

    /// Counts one change that is made for a user, or refuses it.
    pub fn count_of(&self, user: UserNumber, now: Steady) -> Result<(), Refusal> {
        let mut by_user = self.0.lock();
        if let Some(retry_after_seconds) = by_user.wait_seconds(&user, now) {
            return Err(Refusal::Throttled { retry_after_seconds });
        }
        by_user.charge(user, now);
        Ok(())
    }
}
