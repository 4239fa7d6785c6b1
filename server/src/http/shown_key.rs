//! A key that a program shows at a door of ours: judged as at a gateway.
//!
//! Its address rule holds, guesses are throttled, refusals are counted and told of. It is used in a step of its own, so
//! that a request which is refused for another cause is neither counted nor locks the key to its address.

use crate::services::Services;
use contract::Code;
use domain::address::Address;
use service::verify::{KeyEntry, Verdict, VerificationRequest};

/// A token, and from where it is shown.
pub(super) struct ShownKey<'a> {
    pub(super) services: &'a Services,
    pub(super) token: &'a str,
    /// The name beside it, which has to be that of the key's user.
    pub(super) username: Option<&'a str>,
    pub(super) address: Address,
}

impl ShownKey<'_> {
    /// The key, if it may pass. Nothing is counted yet, but the refusal of a key that is known.
    ///
    /// # Errors
    /// It may not.
    pub(super) async fn find(&self) -> Result<KeyEntry, Verdict> {
        let mut verdict = self.ask(true).await;
        if verdict.code != Code::Valid && verdict.key.is_some() {
            verdict = self.ask(false).await;
        }
        match verdict {
            Verdict { code: Code::Valid, key: Some(entry), .. } => Ok(entry),
            verdict => Err(verdict),
        }
    }

    /// Uses the key once.
    ///
    /// # Errors
    /// It may not pass any more.
    pub(super) async fn count(&self) -> Result<(), Verdict> {
        let verdict = self.ask(false).await;
        if verdict.code == Code::Valid { Ok(()) } else { Err(verdict) }
    }

    async fn ask(&self, dry_run: bool) -> Verdict {
        let Self { services, token, username, address } = *self;
        services.verifier.verify(VerificationRequest { token, username, address, dry_run }).await
    }
}
