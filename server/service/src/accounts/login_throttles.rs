//! Limits on tries of passwords and codes, one GCRA bucket per source, username and user, in memory only.
//!
//! Checking is free. A failure is charged to its source and to the name it was for; at a name it slows down only
//! addresses from which that user never logged in, so nobody can lock a customer out. A right password is charged too,
//! because hashing it takes a turn from everybody else.

use super::log_in::fold;
use domain::client_address::ClientAddress;
use domain::ids::UserNumber;
use domain::throttle::{Allowance, ClientThrottle, SourceThrottle, Throttle};
use domain::time::Steady;
use parking_lot::Mutex;

/// Failures per address (per /64 of IPv6).
const BY_SOURCE: Allowance = Allowance { burst: 10, seconds_each: 30 };
/// Failures per /48 of IPv6.
const BY_SITE: Allowance = Allowance { burst: 100, seconds_each: 3 };
/// Failures of all clients whose address is unknown, together: whoever makes so many locks the others out.
const BY_UNKNOWN: Allowance = Allowance { burst: 1000, seconds_each: 1 };
/// Failures per username, from addresses it never logged in from.
const BY_USERNAME: Allowance = Allowance { burst: 30, seconds_each: 20 };
/// Right passwords per address, and per username.
const RIGHT: Allowance = Allowance { burst: 100, seconds_each: 6 };
/// Right passwords per /48 of IPv6.
const RIGHT_BY_SITE: Allowance = Allowance { burst: 400, seconds_each: 2 };
/// Wrong codes per user, from addresses they never logged in from.
const BY_CODE: Allowance = Allowance { burst: 5, seconds_each: 60 };

/// The buckets of all tries.
pub struct LoginThrottles {
    by_source: Mutex<ClientThrottle>,
    by_username: Mutex<Throttle<String>>,
    by_code: Mutex<Throttle<UserNumber>>,
    right_by_source: Mutex<ClientThrottle>,
    right_by_username: Mutex<Throttle<String>>,
}

impl Default for LoginThrottles {
    fn default() -> Self {
        let by_client = |source, site| ClientThrottle::new(SourceThrottle::new(source, site), BY_UNKNOWN);
        Self {
            by_source: Mutex::new(by_client(BY_SOURCE, BY_SITE)),
            by_username: Mutex::new(Throttle::new(BY_USERNAME)),
            by_code: Mutex::new(Throttle::new(BY_CODE)),
            right_by_source: Mutex::new(by_client(RIGHT, RIGHT_BY_SITE)),
            right_by_username: Mutex::new(Throttle::new(RIGHT)),
        }
    }
}

impl LoginThrottles {
    /// Seconds until this client may try a password for the username; `is_known`: the user logged in from there before.
    pub(super) fn password_wait(
        &self,
        username: &str,
        client: ClientAddress,
        is_known: bool,
        now: Steady,
    ) -> Option<u32> {
        let by_source = self.by_source.lock().wait_seconds(client, now);
        let right_by_source = self.right_by_source.lock().wait_seconds(client, now);
        let right_by_username = self.right_by_username.lock().wait_seconds(&fold(username), now);
        let by_username = self.username_wait(username, now).max(right_by_username).filter(|_| !is_known);
        by_source.max(right_by_source).max(by_username)
    }

    /// Seconds until strangers may try a password for the username, because too many were wrong.
    pub(super) fn username_wait(&self, username: &str, now: Steady) -> Option<u32> {
        self.by_username.lock().wait_seconds(&fold(username), now)
    }

    /// Charges a wrong password.
    pub(super) fn charge_wrong(&self, username: &str, client: ClientAddress, now: Steady) {
        self.by_source.lock().charge(client, now);
        self.by_username.lock().charge(fold(username), now);
    }

    /// Charges a right password.
    pub(super) fn charge_right(&self, username: &str, client: ClientAddress, now: Steady) {
        self.right_by_source.lock().charge(client, now);
        self.right_by_username.lock().charge(fold(username), now);
    }

    /// Seconds until this source may try a code, and until strangers may try one for the user.
    pub(super) fn code_waits(
        &self,
        user: UserNumber,
        client: ClientAddress,
        now: Steady,
    ) -> (Option<u32>, Option<u32>) {
        let by_source = self.by_source.lock().wait_seconds(client, now);
        (by_source, self.by_code.lock().wait_seconds(&user, now))
    }

    /// Charges a wrong code.
    pub(super) fn charge_code(&self, user: UserNumber, client: ClientAddress, now: Steady) {
        self.by_source.lock().charge(client, now);
        self.by_code.lock().charge(user, now);
    }
}
