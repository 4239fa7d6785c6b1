//! Codes of the second factor: after the password at a login, and as a part of a proof.
//!
//! A wrong code slows down the address that it comes from. For its user it slows down only addresses that they never
//! logged in from: somebody who knows the password cannot lock the user out.

use super::second_factor::place;
use super::sessions::new_session;
use super::visitor::{LoginStep, UnfinishedLogin};
use super::{Accounts, Actor, SessionToken, Visit, store_trouble};
use contract::{Field, Problem, Refusal};
use domain::attempt::{AskedFor, Attempt, Fault};
use domain::client_address::ClientAddress;
use domain::credentials::Password;
use domain::second_factor::GivenCode;
use domain::time::Micros;
use store::{Action, Factor, StoreError, UserRow};

impl Accounts {
    /// Completes a login by a code, with a new session under a new token.
    pub async fn give_code(
        &self,
        unfinished: &UnfinishedLogin,
        code: &str,
        visit: &Visit,
    ) -> Result<SessionToken, Refusal> {
        if unfinished.step != LoginStep::Code {
            return Err(Refusal::SignedOut);
        }
        let user = self.store.find_user(&unfinished.username).await.map_err(store_trouble)?;
        let user = user.ok_or(Refusal::SignedOut)?;
        let factor = self.check_code(&user, code, unfinished.address, AskedFor::Login).await?;
        let now = self.clock.now();
        let (token, session) = new_session(unfinished.user, visit, now, false)?;
        let audit = unfinished.audit(now, Action::Login);
        match self.store.finish_login(unfinished.session, session, factor, audit).await {
            Err(StoreError::NotFound) => Err(Refusal::SignedOut),
            finished => {
                let settled = self.settle_code(&user, unfinished.address, AskedFor::Login, finished);
                settled.await.map(|()| token)
            }
        }
    }

    /// Checks the password of the actor, and a code where the second factor is on, and records that they were proved;
    /// the session gets another token.
    pub async fn prove(
        &self,
        actor: &Actor,
        password: Password,
        code: &str,
        asked_for: AskedFor,
    ) -> Result<(), Refusal> {
        let user = self.check_password(&actor.username, actor.address, password, asked_for).await?;
        let now = self.clock.now();
        if user.totp.is_none() {
            let prepared = self.prepare_renewal(actor)?;
            self.store.prove_session(prepared.renewal, now).await.map_err(store_trouble)?;
            prepared.hand_to(actor);
            return Ok(());
        }
        let factor = self.check_code(&user, code, actor.address, asked_for).await?;
        let audit = actor.audit(now, Action::RecoveryCodeUsed, "");
        let prepared = self.prepare_renewal(actor)?;
        let proved = self.store.prove_with_factor(prepared.renewal, actor.user, factor, audit).await;
        self.settle_code(&user, actor.address, asked_for, proved).await?;
        prepared.hand_to(actor);
        Ok(())
    }

    /// Returns what a code proves, if it is right as far as can be told before the store uses it up.
    pub(super) async fn check_code(
        &self,
        user: &UserRow,
        code: &str,
        address: ClientAddress,
        asked_for: AskedFor,
    ) -> Result<Factor, Refusal> {
        if code.trim().is_empty() {
            return Err(Refusal::field(Field::Code, Problem::Empty));
        }
        let is_known = self.is_at_home(user.number, address).await?;
        let now = self.clock.now();
        // No await from here to the charge, so that tries which arrive at once are counted one after the other.
        let (by_source, by_user) = self.throttles.code_waits(user.number, address, self.clock.steady());
        let by_user = by_user.filter(|_| !is_known);
        if by_user.is_some() {
            self.notice_buffer.add_guess(&user.username.folded(), address, now);
        }
        if let Some(retry_after_seconds) = by_source.max(by_user) {
            self.log_throttled(address);
            return Err(Refusal::Throttled { retry_after_seconds });
        }
        if let Some(factor) = self.match_code(user, code, now)? {
            return Ok(factor);
        }
        Err(self.refuse_code(user, address, asked_for).await?)
    }

    fn match_code(&self, user: &UserRow, code: &str, now: Micros) -> Result<Option<Factor>, Refusal> {
        let Some(sealed) = &user.totp else { return Ok(None) };
        Ok(match GivenCode::parse(code) {
            Some(GivenCode::Digits(digits)) => {
                self.open(&place(user.number), sealed)?.matched_step(&digits, now).map(Factor::Step)
            }
            Some(GivenCode::Recovery(code)) => Some(Factor::Recovery(code.hash(&self.pepper, user.number))),
            None => None,
        })
    }

    /// Ends what a code was given for: somebody may have used the code first, which counts as a wrong one.
    pub(super) async fn settle_code<T>(
        &self,
        user: &UserRow,
        address: ClientAddress,
        asked_for: AskedFor,
        outcome: Result<T, StoreError>,
    ) -> Result<T, Refusal> {
        match outcome {
            Err(StoreError::Conflict) => Err(self.refuse_code(user, address, asked_for).await?),
            outcome => outcome.map_err(store_trouble),
        }
    }

    /// Charges and records a wrong code, and returns what is told of it.
    async fn refuse_code(
        &self,
        user: &UserRow,
        address: ClientAddress,
        asked_for: AskedFor,
    ) -> Result<Refusal, Refusal> {
        self.throttles.charge_code(user.number, address, self.clock.steady());
        let attempt = Attempt { fault: Fault::Code, asked_for };
        self.record_failure(Some(user), address, attempt).await?;
        Ok(wrong_code())
    }
}

/// What is told of a code that is wrong or was used already.
pub(super) fn wrong_code() -> Refusal {
    Refusal::field(Field::Code, Problem::WrongCode)
}
