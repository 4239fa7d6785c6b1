//! Secrets that are shown once, each at an address of its own: a new key, the secret of an authenticator, recovery
//! codes, the link of an invitation, the secret of a webhook; and the code of an application, typed by somebody who is
//! about to decide. In memory only: a restart forgets them.
//!
//! The answer to the form that made a secret leads to its address. Only the session that made it can open the address, as
//! often as it likes (a prefetch, a HEAD or a lost answer uses nothing up), until the reader confirms that they have it,
//! or [`KEPT_SECONDS`] pass.

use crate::applications::Decided;
use domain::application::UserCode;
use domain::ids::{KeyId, SessionNumber};
use domain::second_factor::TotpSecret;
use domain::time::Micros;
use domain::token::{PlainToken, random_base62};
use domain::webhook::WebhookNumber;
use parking_lot::Mutex;
use rand::rngs::SysError;
use secrecy::SecretString;
use std::collections::HashMap;

/// Seconds for which a secret is kept.
pub const KEPT_SECONDS: i64 = 600;
/// Characters of a name: 190 bits.
const NAME: usize = 32;
/// The most secrets per session; with one more, the session's oldest is forgotten.
const MOST_OF_ONE: usize = 50;
/// The most secrets in all; with one more, the oldest is forgotten.
const MOST: usize = 10_000;

/// A secret with what it belongs to.
#[derive(Clone)]
pub enum Shown {
    /// The token of a key.
    Token(KeyId, PlainToken),
    /// The secret for an authenticator that waits for its confirmation.
    Enrolment(TotpSecret),
    /// The codes that stand in for a lost second factor, a line each.
    RecoveryCodes(SecretString),
    /// The link of an invitation.
    Invitation(SecretString),
    /// The secret of a webhook.
    WebhookSecret(WebhookNumber, SecretString),
    /// The code of an application that waits, typed in this session.
    Application(UserCode),
    /// What was decided about an application.
    Decided(Decided),
}

/// The last part of the address that shows a secret. It cannot be guessed, and is worth nothing to other sessions.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShownName(String);

impl ShownName {
    /// Draws a name. This is done before the secret is made, so that no secret is made that could not be shown.
    pub fn draw() -> Result<Self, SysError> {
        Ok(Self(random_base62(NAME)?.to_string()))
    }

    /// Reads a name from an address, if it has the right form.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == NAME && text.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as it stands in the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

struct KeptSecret {
    /// The session's number, which stays the same when its token is renewed.
    reader: SessionNumber,
    shown: Shown,
    since: Micros,
}

impl KeptSecret {
    fn is_open(&self, now: Micros) -> bool {
        now.seconds_since(self.since) < KEPT_SECONDS
    }
}

/// The secrets that are kept now.
#[derive(Default)]
pub struct ShownOnce(Mutex<HashMap<ShownName, KeptSecret>>);

impl ShownOnce {
    /// Keeps a secret for a session.
    pub fn keep(&self, name: ShownName, reader: SessionNumber, shown: Shown, now: Micros) {
        let mut kept = self.0.lock();
        kept.retain(|_, kept| kept.is_open(now));
        if kept.values().filter(|kept| kept.reader == reader).count() >= MOST_OF_ONE {
            forget_oldest(&mut kept, |kept| kept.reader == reader);
        }
        if kept.len() >= MOST {
            forget_oldest(&mut kept, |_| true);
        }
        kept.insert(name, KeptSecret { reader, shown, since: now });
    }

    /// Finds the secret of an address for a session; it stays there.
    pub fn find(&self, name: &ShownName, reader: SessionNumber, now: Micros) -> Option<Shown> {
        let kept = self.0.lock();
        let found = kept.get(name).filter(|kept| kept.reader == reader && kept.is_open(now));
        found.map(|kept| kept.shown.clone())
    }

    /// Forgets a secret of this session, and returns whether it was one.
    pub fn forget(&self, name: &ShownName, reader: SessionNumber) -> bool {
        let mut kept = self.0.lock();
        let is_own = kept.get(name).is_some_and(|kept| kept.reader == reader);
        if is_own {
            kept.remove(name);
        }
        is_own
    }

    /// Forgets the authenticator secrets of a session, when one was confirmed or replaced.
    pub fn forget_enrolments(&self, reader: SessionNumber) {
        let is_one = |kept: &KeptSecret| kept.reader == reader && matches!(kept.shown, Shown::Enrolment(_));
        self.0.lock().retain(|_, kept| !is_one(kept));
    }

    /// Forgets the secrets whose time is over.
    pub fn sweep(&self, now: Micros) {
        self.0.lock().retain(|_, kept| kept.is_open(now));
    }
}

fn forget_oldest(kept: &mut HashMap<ShownName, KeptSecret>, of: impl Fn(&KeptSecret) -> bool) {
    let oldest = kept.iter().filter(|(_, kept)| of(kept)).min_by_key(|(_, kept)| kept.since);
    if let Some(name) = oldest.map(|(name, _)| name.clone()) {
        kept.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const READER: SessionNumber = SessionNumber(7);

    fn link(store: &ShownOnce, now: i64) -> ShownName {
        let name = ShownName::draw().unwrap();
        store.keep(name.clone(), READER, Shown::Invitation("link".to_owned().into()), Micros(now));
        name
    }

    fn is_there(store: &ShownOnce, name: &ShownName, reader: SessionNumber, now: i64) -> bool {
        let shown = store.find(name, reader, Micros(now));
        shown.is_some_and(|shown| matches!(shown, Shown::Invitation(s) if s.expose_secret() == "link"))
    }

    #[test]
    fn a_secret_is_there_for_its_session_until_it_is_taken_or_late() {
        let store = ShownOnce::default();
        let name = link(&store, 0);
        for other in [SessionNumber(8), SessionNumber(0)] {
            assert!(!is_there(&store, &name, other, 0));
            store.forget(&name, other);
        }
        let late = KEPT_SECONDS * Micros::SECOND;
        assert!(is_there(&store, &name, READER, 0) && is_there(&store, &name, READER, late - 1));
        assert!(!is_there(&store, &name, READER, late));
        assert!(!is_there(&store, &ShownName::draw().unwrap(), READER, 0));
        store.forget(&name, READER);
        assert!(!is_there(&store, &name, READER, 0));
        link(&store, 0);
        store.sweep(Micros(late));
        assert!(store.0.lock().is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let store = ShownOnce::default();
        let names: Vec<_> = (0..=MOST_OF_ONE).map(|n| link(&store, i64::try_from(n).unwrap())).collect();
        assert_eq!(store.0.lock().len(), MOST_OF_ONE);
        assert!(!is_there(&store, &names[0], READER, 60) && is_there(&store, &names[1], READER, 60));
    }

    #[test]
    fn only_names_of_the_right_form_are_looked_up() {
        let name = ShownName::draw().unwrap();
        assert!(ShownName::parse(name.as_str()).is_some_and(|parsed| parsed == name));
        for bad in
            ["", "x", &name.as_str()[1..], &name.as_str().replace(&name.as_str()[..1], "-"), &"é".repeat(16)]
        {
            assert!(ShownName::parse(bad).is_none(), "{bad}");
        }
    }
}
