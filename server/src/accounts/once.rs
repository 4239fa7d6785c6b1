//! Secrets that the next page of a session shows once, because the plain form that made them was answered by a
//! redirect: recovery codes, an invitation's link, a webhook's secret. In memory only, and not for long.

use crate::domain::ids::SessionNo;
use crate::domain::time::Micros;
use parking_lot::Mutex;
use secrecy::SecretString;
use std::collections::HashMap;

/// Seconds after which nobody comes for it any more.
const KEPT_SECONDS: i64 = 300;

/// For which page it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The codes that stand in for a lost second factor.
    RecoveryCodes,
    /// The link of an invitation.
    Invitation,
    /// The secret of a webhook.
    WebhookSecret,
}

/// What is kept for the next page.
#[derive(Default)]
pub struct Once(Mutex<HashMap<(SessionNo, Place), (SecretString, Micros)>>);

impl Once {
    /// Keeps a secret for the next page of the session.
    pub fn keep(&self, session: SessionNo, place: Place, secret: SecretString, now: Micros) {
        self.sweep(now);
        self.0.lock().insert((session, place), (secret, now));
    }

    /// Forgets what nobody came for in time.
    pub fn sweep(&self, now: Micros) {
        self.0.lock().retain(|_, (_, since)| now.seconds_since(*since) < KEPT_SECONDS);
    }

    /// Takes what was kept.
    #[must_use]
    pub fn take(&self, session: SessionNo, place: Place, now: Micros) -> Option<SecretString> {
        let (secret, since) = self.0.lock().remove(&(session, place))?;
        (now.seconds_since(since) < KEPT_SECONDS).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_secret_is_shown_once_and_not_late() {
        let (once, session, start) = (Once::default(), SessionNo(1), Micros(0));
        let keep = |at| once.keep(session, Place::Invitation, "link".to_owned().into(), at);
        keep(start);
        assert!(once.take(SessionNo(2), Place::Invitation, start).is_none());
        assert!(once.take(session, Place::RecoveryCodes, start).is_none());
        let taken = once.take(session, Place::Invitation, start).unwrap();
        assert_eq!(taken.expose_secret(), "link");
        assert!(once.take(session, Place::Invitation, start).is_none());
        keep(start);
        assert!(once.take(session, Place::Invitation, Micros(KEPT_SECONDS * Micros::SECOND)).is_none());
    }
}
