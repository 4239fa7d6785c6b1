//! Choosing a new password.

use super::hashing::HashError;
use super::log_in::fold;
use super::renewals::Browser;
use super::{
    Accounts, Actor, ChoiceError, LoginStep, PasswordContext, SessionToken, UnfinishedLogin, store_trouble,
};
use contract::{Field, Problem, Refusal};
use domain::attempt::AskedFor;
use domain::client_address::ClientAddress;
use domain::credentials::{Password, PasswordError};
use domain::turns::{Claim, Lane};
use store::{Action, Asker, Audit, Renewal, StoreError, UserRow};
use zeroize::Zeroizing;

impl Accounts {
    /// Changes the password of the actor. Their other sessions end, and their own gets another token.
    pub async fn change_password(
        &self,
        actor: &Actor,
        present: Password,
        new: Zeroizing<String>,
    ) -> Result<(), Refusal> {
        let user =
            self.check_password(&actor.username, actor.address, present, AskedFor::NewPassword).await?;
        let new = self.choose_another(&user, actor.address, new).await?;
        let audit = actor.audit(self.clock.now(), Action::PasswordChanged, "");
        let prepared = self.prepare_renewal(actor)?;
        self.replace_password(&user, new, prepared.renewal, audit).await?;
        prepared.hand_to(actor);
        Ok(())
    }

    /// Changes a password that is too old, which completes the session; the other sessions end.
    pub async fn renew_password(
        &self,
        unfinished: &UnfinishedLogin,
        present: Password,
        new: Zeroizing<String>,
    ) -> Result<SessionToken, Refusal> {
        if unfinished.step != LoginStep::Password {
            return Err(Refusal::SignedOut);
        }
        let (name, from) = (&unfinished.username, unfinished.address);
        let user = self.check_password(name, from, present, AskedFor::NewPassword).await?;
        let new = self.choose_another(&user, unfinished.address, new).await?;
        let asker = Some(Asker::Session(unfinished.session));
        let audit = Audit { asker, ..unfinished.audit(self.clock.now(), Action::PasswordChanged) };
        let browser = Browser::of(unfinished.address, &unfinished.user_agent);
        let prepared = self.prepare(unfinished.session, unfinished.token, browser)?;
        self.replace_password(&user, new, prepared.renewal, audit).await?;
        Ok(prepared.token)
    }

    /// The PHC string of the new password of a user.
    async fn choose_another(
        &self,
        user: &UserRow,
        from: ClientAddress,
        new: Zeroizing<String>,
    ) -> Result<String, Refusal> {
        let context = PasswordContext {
            username: user.username.as_str(),
            email: user.email.as_deref(),
            present: Some(&user.password_hash),
            claim: Claim { lane: Lane::of(from), user: Some(fold(user.username.as_str())) },
        };
        self.hash_chosen(Field::NewPassword, new, &context).await
    }

    async fn replace_password(
        &self,
        user: &UserRow,
        hash: String,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), Refusal> {
        let present = user.password_hash.clone();
        match self.store.change_password(user.number, present, hash, kept, audit).await {
            // The operator changed the password first, which ended the session.
            Err(StoreError::NotFound) => Err(Refusal::SignedOut),
            changed => changed.map_err(store_trouble),
        }
    }

    /// The row of the actor.
    pub(super) async fn find_own_row(&self, actor: &Actor) -> Result<UserRow, Refusal> {
        let user = self.store.find_user(&actor.username).await.map_err(store_trouble)?;
        user.ok_or(Refusal::SignedOut)
    }

    /// Takes a text as a new password; a problem with it stands at `field`.
    pub async fn check_new_password(
        &self,
        field: Field,
        text: Zeroizing<String>,
        context: &PasswordContext<'_>,
    ) -> Result<Password, Refusal> {
        self.passwords.choose(text, context).await.map_err(|error| match error {
            ChoiceError::Trouble(error) => hash_trouble(error),
            ChoiceError::Refused(error) => {
                let problem = match error {
                    PasswordError::Empty => Problem::Empty,
                    PasswordError::TooShort => Problem::TooShort { limit: Password::LEAST as u32 },
                    PasswordError::TooLong => Problem::TooLong { limit: Password::LIMIT as u32 },
                    PasswordError::Present => Problem::PresentPassword,
                    PasswordError::Guessable => Problem::Guessable,
                };
                Refusal::field(field, problem)
            }
        })
    }

    /// The PHC string of a new password; a problem with it stands at `field`.
    pub(super) async fn hash_chosen(
        &self,
        field: Field,
        text: Zeroizing<String>,
        context: &PasswordContext<'_>,
    ) -> Result<String, Refusal> {
        let password = self.check_new_password(field, text, context).await?;
        self.passwords.hash(password, &context.claim).await.map_err(hash_trouble)
    }
}

/// Returns what a visitor is told when a password cannot be hashed; the cause of trouble goes to the log.
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
