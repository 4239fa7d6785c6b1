//! Giving a code: after the password at a login, and as a part of a proof.
//!
//! A wrong code slows down the address that it comes from, and for this user all addresses that it never
//! logged in from: who knows the password cannot lock its owner out.

use super::second_factor::place;
use super::sessions::SessionToken;
use super::visitor::{Owed, Owing};
use super::{Accounts, Actor, Visit, store_trouble};
use contract::{Field, Problem, Refusal};
use domain::client_address::ClientAddress;
use domain::credentials::Password;
use domain::second_factor::GivenCode;
use domain::time::Micros;
use store::{Action, Factor, StoreError, UserRow};

impl Accounts {
    /// Completes a login: the code leads to a session of its own, under a new token.
    ///
    /// # Errors
    /// The code is wrong or was used, the time for it is over, or too many tries failed.
    pub async fn give_code(&self, owing: &Owing, code: &str, visit: &Visit) -> Result<SessionToken, Refusal> {
        if owing.owed != Owed::Code {
            return Err(Refusal::SignedOut);
        }
        let user = self.store.find_user(&owing.username).await.map_err(store_trouble)?;
        let user = user.ok_or(Refusal::SignedOut)?;
        let factor = self.check_code(&user, code, owing.address).await?;
        let now = self.clock.now();
        let (token, session) = Self::new_session(owing.user, visit, now, false)?;
        let audit = owing.audit(now, Action::Login);
        match self.store.finish_login(owing.session, session, factor, audit).await {
            Err(StoreError::NotFound) => Err(Refusal::SignedOut),
            finished => self.settle_code(&user, owing.address, finished).await.map(|()| token),
        }
    }

    /// Checks the password of a logged-in user, and the code where its second factor is on, and remembers that
    /// they were proved; its session gets another token.
    ///
    /// # Errors
    /// They are wrong, or too many tries failed.
    pub async fn prove(&self, actor: &Actor, password: Password, code: &str) -> Result<(), Refusal> {
        let user = self.check_password(&actor.username, actor.address, password).await?;
        let now = self.clock.now();
        if user.totp.is_none() {
            let prepared = self.prepare_renewal(actor)?;
            self.store.prove_session(prepared.renewal, now).await.map_err(store_trouble)?;
            prepared.hand_to(actor);
            return Ok(());
        }
        let factor = self.check_code(&user, code, actor.address).await?;
        let audit = actor.audit(now, Action::RecoveryCodeUsed, "");
        let prepared = self.prepare_renewal(actor)?;
        let proved = self.store.prove_with_factor(prepared.renewal, actor.user, factor, audit).await;
        self.settle_code(&user, actor.address, proved).await?;
        prepared.hand_to(actor);
        Ok(())
    }

    /// Whether a code is right, as far as can be told before it is used up.
    pub(super) async fn check_code(
        &self,
        user: &UserRow,
        code: &str,
        address: ClientAddress,
    ) -> Result<Factor, Refusal> {
        if code.trim().is_empty() {
            return Err(Refusal::field(Field::Code, Problem::Empty));
        }
        let is_known = self.is_at_home(user.no, address).await?;
        let (now, steady) = (self.clock.now(), self.clock.steady());
        // From here to the charge nothing is awaited: tries that come at once count one after the other.
        let wait = self.by_source.lock().wait_seconds(address, steady);
        let by_user = self.by_code.lock().wait_seconds(&user.no, steady).filter(|_| !is_known);
        if by_user.is_some() {
            self.gatherer.guessed(&user.username.folded(), address, now);
        }
        if let Some(retry_after_seconds) = wait.max(by_user) {
            self.tell_throttled(address);
            return Err(Refusal::Throttled { retry_after_seconds });
        }
        if let Some(factor) = self.match_code(user, code, now)? {
            return Ok(factor);
        }
        self.charge_code(user, address);
        self.note_code_failure(user, address).await?;
        Err(refused_code())
    }

    fn match_code(&self, user: &UserRow, code: &str, now: Micros) -> Result<Option<Factor>, Refusal> {
        let Some(sealed) = &user.totp else { return Ok(None) };
        Ok(match GivenCode::parse(code) {
            Some(GivenCode::Digits(digits)) => {
                self.open(&place(user.no), sealed)?.matched_step(&digits, now).map(Factor::Step)
            }
            Some(GivenCode::Recovery(code)) => Some(Factor::Recovery(code.hash(&self.pepper, user.no))),
            None => None,
        })
    }

    pub(super) fn charge_code(&self, user: &UserRow, address: ClientAddress) {
        let now = self.clock.steady();
        self.by_source.lock().charge(address, now);
        self.by_code.lock().charge(user.no, now);
    }

    pub(super) async fn note_code_failure(
        &self,
        user: &UserRow,
        address: ClientAddress,
    ) -> Result<(), Refusal> {
        let visit = Visit { address, user_agent: String::new(), session: None };
        self.note_failure(Some(user), &visit, self.clock.now()).await
    }
}

/// What is told of a code that is wrong or was used.
pub(super) fn refused_code() -> Refusal {
    Refusal::field(Field::Code, Problem::WrongCode)
}

/// Whether somebody used the code first, or there is no such recovery code.
pub(super) fn is_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict)
}
