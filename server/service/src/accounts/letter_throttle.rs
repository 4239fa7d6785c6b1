//! Letters that somebody can have sent to any address: so many an hour for who asks, and for where they go, so
//! that nobody floods the inbox of a stranger.

use contract::Refusal;
use domain::ids::UserNo;
use domain::mail_address::MailAddress;
use domain::throttle::{Allowance, Throttle};
use domain::time::Steady;
use parking_lot::Mutex;

/// Letters to one address: five an hour.
const BY_ADDRESS: Allowance = Allowance { burst: 5, seconds_each: 720 };

/// Who asked for letters, and where they went.
pub(super) struct LetterThrottle {
    by_user: Mutex<Throttle<UserNo>>,
    by_address: Mutex<Throttle<String>>,
}

impl LetterThrottle {
    /// With what one user may ask for.
    pub(super) fn new(by_user: Allowance) -> Self {
        let (by_user, by_address) = (Throttle::new(by_user), Throttle::new(BY_ADDRESS));
        Self { by_user: Mutex::new(by_user), by_address: Mutex::new(by_address) }
    }

    /// Counts one more, if it may be sent; at once, so that many who ask together count one after the other.
    pub(super) fn take(&self, user: UserNo, to: &MailAddress, now: Steady) -> Result<(), Refusal> {
        let (mut by_user, mut by_address) = (self.by_user.lock(), self.by_address.lock());
        let to = to.folded();
        let wait = by_user.wait_seconds(&user, now).max(by_address.wait_seconds(&to, now));
        if let Some(retry_after_seconds) = wait {
            return Err(Refusal::Throttled { retry_after_seconds });
        }
        by_user.charge(user, now);
        by_address.charge(to, now);
        Ok(())
    }
}
