//! Hourly limits, per requesting user and per recipient, for mail to addresses that are not confirmed yet, so that
//! nobody floods the inbox of a stranger.

use contract::Refusal;
use domain::ids::UserNumber;
use domain::mail_address::MailAddress;
use domain::throttle::{Allowance, Throttle};
use domain::time::Steady;
use parking_lot::Mutex;

/// Letters to one address: five an hour.
const BY_ADDRESS: Allowance = Allowance { burst: 5, seconds_each: 720 };
/// Links to confirm an address, of one user: five an hour.
const CONFIRMATIONS: Allowance = Allowance { burst: 5, seconds_each: 720 };
/// Letters with invitations, of one owner: fifty an hour.
const INVITATIONS: Allowance = Allowance { burst: 50, seconds_each: 72 };

/// One GCRA bucket per requesting user and one per recipient, in memory only.
pub struct LetterThrottle {
    by_user: Mutex<Throttle<UserNumber>>,
    by_address: Mutex<Throttle<String>>,
}

impl LetterThrottle {
    /// The limits of letters that confirm an address.
    pub fn for_confirmations() -> Self {
        Self::new(CONFIRMATIONS)
    }

    /// The limits of letters that invite.
    pub fn for_invitations() -> Self {
        Self::new(INVITATIONS)
    }

    fn new(by_user: Allowance) -> Self {
        let (by_user, by_address) = (Throttle::new(by_user), Throttle::new(BY_ADDRESS));
        Self { by_user: Mutex::new(by_user), by_address: Mutex::new(by_address) }
    }

    /// Charges one letter, or refuses it. Both buckets stay locked meanwhile, so that letters which are asked for at
    /// once are counted one after the other.
    pub(super) fn charge(&self, user: UserNumber, to: &MailAddress, now: Steady) -> Result<(), Refusal> {
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
