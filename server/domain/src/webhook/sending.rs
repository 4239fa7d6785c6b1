//! When something is sent to a webhook because its owner asks for it.

/// Why nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The webhook is off or gone.
    Off,
    /// A test waits already: one at a time is enough to see how it goes.
    TestWaits,
    /// The delivery is gone, or did not fail.
    NotFailed,
}

/// Whether a test is sent to a webhook. Nothing is asked about tests where it is off.
///
/// # Errors
/// Why it is not.
pub fn check_test(is_on: bool, test_waits: bool) -> Result<(), NotSent> {
    match (is_on, test_waits) {
        (false, _) => Err(NotSent::Off),
        (true, true) => Err(NotSent::TestWaits),
        (true, false) => Ok(()),
    }
}

/// Whether a delivery starts anew, as if it had not been tried.
///
/// # Errors
/// Why it does not.
pub fn check_restart(is_on: bool, has_failed: bool) -> Result<(), NotSent> {
    match (is_on, has_failed) {
        (false, _) => Err(NotSent::Off),
        (true, false) => Err(NotSent::NotFailed),
        (true, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_test_waits_at_a_time_and_none_for_a_webhook_that_is_off() {
        assert_eq!(check_test(true, false), Ok(()));
        assert_eq!(check_test(true, true), Err(NotSent::TestWaits));
        assert_eq!([false, true].map(|waits| check_test(false, waits)), [Err(NotSent::Off); 2]);
    }

    #[test]
    fn what_failed_is_sent_again_to_a_webhook_that_is_on() {
        assert_eq!(check_restart(true, true), Ok(()));
        assert_eq!(check_restart(true, false), Err(NotSent::NotFailed));
        assert_eq!([false, true].map(|failed| check_restart(false, failed)), [Err(NotSent::Off); 2]);
    }
}
