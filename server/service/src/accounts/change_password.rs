//! Choosing a new password.

use super::hashing::HashError;
use super::log_in::fold;
use super::renewals::Browser;
use super::{Accounts, Actor, ChoiceError, Owed, Owing, SessionToken, Whose, store_trouble};
use contract::{Field, Problem, Refusal};
use domain::client_address::ClientAddress;
use domain::credentials::{Password, PasswordError};
use domain::turns::{Claim, Lane};
use store::{Action, Audit, Renewal, StoreError, UserRow};

impl Accounts {
    /// Changes the password of the actor; its other sessions end, and its own gets another token.
    ///
    /// # Errors
    /// The present password is another, or the new one breaks a rule.
    pub async fn change_password(
        &self,
        actor: &Actor,
        present: Password,
        new: String,
    ) -> Result<(), Refusal> {
        let user = self.check_password(&actor.username, actor.address, present).await?;
        let new = self.choose_another(&user, actor.address, new).await?;
        let audit = actor.audit(self.clock.now(), Action::PasswordChanged, "");
        let prepared = self.prepare_renewal(actor)?;
        self.replace_password(&user, new, prepared.renewal, audit).await?;
        prepared.hand_to(actor);
        Ok(())
    }

    /// Changes a password that is too old, after which the session is complete; other sessions end.
    ///
    /// # Errors
    /// Nothing of the kind is owed, the present password is another, or the new one breaks a rule.
    pub async fn renew_password(
        &self,
        owing: &Owing,
        present: Password,
        new: String,
    ) -> Result<SessionToken, Refusal> {
        if owing.owed != Owed::Password {
            return Err(Refusal::SignedOut);
        }
        let user = self.check_password(&owing.username, owing.address, present).await?;
        let new = self.choose_another(&user, owing.address, new).await?;
        let session = Some(owing.session);
        let audit = Audit { session, ..owing.audit(self.clock.now(), Action::PasswordChanged) };
        let browser = Browser::of(owing.address, &owing.user_agent);
        let prepared = self.prepare(owing.session, owing.token, browser)?;
        self.replace_password(&user, new, prepared.renewal, audit).await?;
        Ok(prepared.token)
    }

    /// The PHC string of the new password of a user.
    async fn choose_another(
        &self,
        user: &UserRow,
        from: ClientAddress,
        new: String,
    ) -> Result<String, Refusal> {
        let whose = Whose {
            username: user.username.as_str(),
            email: user.email.as_deref(),
            present: Some(&user.password_hash),
            claim: Claim { lane: Lane::of(from), user: Some(fold(user.username.as_str())) },
        };
        let new = self.check_new_password(Field::NewPassword, new, &whose).await?;
        self.passwords.hash(new, &whose.claim).await.map_err(hash_trouble)
    }

    async fn replace_password(
        &self,
        user: &UserRow,
        hash: String,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), Refusal> {
        let present = user.password_hash.clone();
        match self.store.change_password(user.no, present, hash, kept, audit).await {
            // The operator was faster, and ended the session.
            Err(StoreError::NotFound) => Err(Refusal::SignedOut),
            changed => changed.map_err(store_trouble),
        }
    }

    /// The row of the actor.
    pub(super) async fn find_own_row(&self, actor: &Actor) -> Result<UserRow, Refusal> {
        let user = self.store.find_user(&actor.username).await.map_err(store_trouble)?;
        user.ok_or(Refusal::SignedOut)
    }

    /// Takes a text as a new password; what is wrong with it stands at `field`.
    ///
    /// # Errors
    /// It is too short, too long, easy to guess, or the present one.
    pub async fn check_new_password(
        &self,
        field: Field,
        text: String,
        whose: &Whose<'_>,
    ) -> Result<Password, Refusal> {
        let limit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.passwords.choose(text, whose).await.map_err(|error| match error {
            ChoiceError::Trouble(error) => hash_trouble(error),
            ChoiceError::Refused(error) => {
                let problem = match error {
                    PasswordError::Empty => Problem::Empty,
                    PasswordError::TooShort => Problem::TooShort { limit: limit(Password::LEAST) },
                    PasswordError::TooLong => Problem::TooLong { limit: limit(Password::LIMIT) },
                    PasswordError::Present => Problem::PresentPassword,
                    PasswordError::Guessable => Problem::Guessable,
                };
                Refusal::field(field, problem)
            }
        })
    }

    /// The PHC string of the password that a new user chose.
    ///
    /// # Errors
    /// It is too short, too long, or easy to guess.
    pub(super) async fn hash_new_password(&self, text: String, whose: &Whose<'_>) -> Result<String, Refusal> {
        let password = self.check_new_password(Field::Password, text, whose).await?;
        self.passwords.hash(password, &whose.claim).await.map_err(hash_trouble)
    }
}

/// What a visitor is told when passwords cannot be hashed: the cause of trouble goes to the log.
#[expect(clippy::needless_pass_by_value, reason = "it ends a result")]
pub(super) fn hash_trouble(error: HashError) -> Refusal {
    match error {
        HashError::Busy => Refusal::Busy,
        HashError::Trouble(_) => {
            tracing::error!(%error, "a password could not be checked");
            Refusal::Unavailable
        }
    }
}
