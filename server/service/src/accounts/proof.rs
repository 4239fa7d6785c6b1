//! Asking for the password again, unless it was proved a moment ago.

use super::{Accounts, Actor};
use contract::{Field, Problem, Refusal};
use domain::attempt::AskedFor;
use domain::credentials::Password;
use std::ops::Deref;
use zeroize::Zeroizing;

/// Seconds for which a proof of the password lasts.
const PROOF_SECONDS: i64 = 600;

/// An actor who proved their password a moment ago. Use cases for which a stolen cookie must not be enough take one.
pub struct Proved<'a>(&'a Actor);

impl Deref for Proved<'_> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        self.0
    }
}

impl Accounts {
    /// Whether the actor has to prove their password first.
    pub fn is_proof_needed(&self, actor: &Actor) -> bool {
        let now = self.clock.now();
        // Who acts with a key proved nothing.
        actor.session().map_or(true, |session| now.seconds_since(session.proved_at) >= PROOF_SECONDS)
    }

    /// Checks the password if one is given; without one, refuses where the last proof is too old.
    pub async fn ask_proof<'a>(
        &self,
        actor: &'a Actor,
        password: Option<Zeroizing<String>>,
        code: &str,
        asked_for: AskedFor,
    ) -> Result<Proved<'a>, Refusal> {
        match password {
            Some(text) if !text.is_empty() => {
                self.prove(actor, Password::attempt(text), code, asked_for).await?;
            }
            _ if !self.is_proof_needed(actor) => {}
            Some(_) => return Err(Refusal::field(Field::Password, Problem::Empty)),
            None => return Err(Refusal::ProofNeeded),
        }
        Ok(Proved(actor))
    }
}
