//! The mail address of a user. A new one comes into force when somebody opens the link that was sent to it.

use super::letter_throttle::LetterThrottle;
use super::{Accounts, Actor, NO_RANDOMNESS, store_trouble, unavailable};
use crate::mail::Letter;
use contract::{Field, Language, Problem, Refusal};
use domain::attempt::AskedFor;
use domain::ids::UserNumber;
use domain::mail_address::{MailAddress, MailAddressError};
use domain::sealing::SealingKey;
use domain::time::{Clock, Micros};
use domain::token::random_base62;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{
    Action, ConfirmationHash, EmailChange, NewConfirmation, NewMail, Store, StoreError, UserRow,
    WaitingAddress,
};
use zeroize::Zeroizing;

/// Seconds for which a link works.
const VALID_SECONDS: i64 = 3 * 24 * 3600;
/// Characters of the secret in a link: 256 bits.
const SECRET: usize = 43;

/// The use cases of mail addresses.
pub struct MailAddresses {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Where the password is proved.
    pub accounts: Arc<Accounts>,
    /// With which letters are sealed.
    pub sealing: SealingKey,
    /// Whether letters can be sent at all.
    pub mail_is_on: bool,
    /// The public address of the pages, to which links lead.
    pub origin: String,
    /// How many links may be asked for.
    pub throttle: LetterThrottle,
}

/// The mail address of a user, and the one that waits to take its place.
pub struct OwnAddress {
    /// The one in force.
    pub email: Option<String>,
    /// Whether its reader confirmed it.
    pub is_confirmed: bool,
    /// The one that waits for its confirmation.
    pub waiting: Option<WaitingAddress>,
}

impl MailAddresses {
    /// The addresses of the actor.
    pub async fn find(&self, actor: &Actor) -> Result<OwnAddress, Refusal> {
        let user = self.user(actor).await?;
        let waiting = self.store.find_waiting_address(actor.user, self.clock.now()).await;
        let waiting = waiting.map_err(store_trouble)?;
        Ok(OwnAddress { email: user.email, is_confirmed: user.email_confirmed, waiting })
    }

    /// Accepts a new address: a link is sent there, and until it is opened the old one stays in force. Where no mail
    /// can be sent, the new one is in force at once, unconfirmed.
    pub async fn change(
        &self,
        actor: &Actor,
        email: &str,
        password: Option<Zeroizing<String>>,
        code: &str,
        language: Language,
    ) -> Result<(), Refusal> {
        let email = MailAddress::parse(email).map_err(|error| {
            let problem = match error {
                MailAddressError::Empty => Problem::Empty,
                MailAddressError::TooLong => Problem::TooLong { limit: MailAddress::LIMIT as u32 },
                MailAddressError::Form => Problem::NotAMailAddress,
            };
            Refusal::field(Field::Email, problem)
        })?;
        self.accounts.ask_proof(actor, password, code, AskedFor::Email).await?;
        if self.mail_is_on {
            self.send_link(actor, &email, language).await
        } else {
            self.set_unconfirmed(actor, &email).await
        }
    }

    /// Removes the address, and the one that waits.
    pub async fn remove(
        &self,
        actor: &Actor,
        password: Option<Zeroizing<String>>,
        code: &str,
        language: Language,
    ) -> Result<(), Refusal> {
        self.accounts.ask_proof(actor, password, code, AskedFor::Email).await?;
        let now = self.clock.now();
        let user = self.user(actor).await?;
        let gone = match (&user.email, self.store.find_waiting_address(actor.user, now).await) {
            (Some(email), _) => email.clone(),
            (None, Ok(Some(waiting))) => waiting.email,
            (None, Ok(None)) => return Err(Refusal::NotFound),
            (None, Err(error)) => return Err(store_trouble(error)),
        };
        let change = EmailChange {
            user: actor.user,
            farewell: self.farewell(&user, None, language, now)?,
            old: user.email,
            audit: actor.audit(now, Action::EmailRemoved, gone),
        };
        self.store.set_email(None, change).await.map_err(store_trouble)
    }

    /// The address that a link would confirm for the actor; none if the link is used, replaced, too old or
    /// somebody else's.
    pub async fn find_by_link(&self, actor: &Actor, token: &str) -> Result<Option<String>, Refusal> {
        let found = self.store.find_confirmation(actor.user, hash(token), self.clock.now()).await;
        found.map_err(store_trouble)
    }

    /// Puts the address of a link in force, and writes a last letter to the one it replaces.
    pub async fn confirm(&self, actor: &Actor, token: &str, language: Language) -> Result<(), Refusal> {
        let now = self.clock.now();
        let stale = || Refusal::field(Field::Form, Problem::StaleLink);
        let email = self.find_by_link(actor, token).await?.ok_or_else(stale)?;
        let user = self.user(actor).await?;
        let change = EmailChange {
            user: actor.user,
            farewell: self.farewell(&user, Some(&email), language, now)?,
            old: user.email,
            audit: actor.audit(now, Action::EmailConfirmed, email),
        };
        match self.store.confirm_email(hash(token), change).await {
            Err(StoreError::NotFound) => Err(stale()),
            result => result.map_err(store_trouble),
        }
    }

    async fn send_link(&self, actor: &Actor, email: &MailAddress, language: Language) -> Result<(), Refusal> {
        let now = self.clock.now();
        self.throttle.charge(actor.user, email, self.clock.steady())?;
        let token = random_base62(SECRET).map_err(unavailable(NO_RANDOMNESS))?;
        let letter = Letter::ConfirmAddress {
            to: email.to_string(),
            language,
            username: actor.username.to_string(),
            link: format!("{}/account/profile/confirm?token={}", self.origin, token.as_str()),
        };
        let confirmation = NewConfirmation {
            user: actor.user,
            token_hash: hash(&token),
            email: email.to_string(),
            expires_at: now.plus_seconds(VALID_SECONDS),
        };
        let mail = self.sealed(actor.user, &letter, now)?;
        let audit = actor.audit(now, Action::EmailEntered, email.to_string());
        self.store.insert_confirmation(confirmation, mail, audit).await.map_err(store_trouble)?;
        Ok(())
    }

    async fn set_unconfirmed(&self, actor: &Actor, email: &MailAddress) -> Result<(), Refusal> {
        let old = self.user(actor).await?.email;
        if old.as_deref() == Some(&email.to_string()) {
            return Ok(());
        }
        let audit = actor.audit(self.clock.now(), Action::EmailChanged, email.to_string());
        let change = EmailChange { user: actor.user, old, farewell: None, audit };
        self.store.set_email(Some(email.to_string()), change).await.map_err(store_trouble)
    }

    /// The letter to the address that is replaced, if its reader confirmed it once.
    fn farewell(
        &self,
        user: &UserRow,
        new: Option<&str>,
        language: Language,
        now: Micros,
    ) -> Result<Option<NewMail>, Refusal> {
        let confirmed = user.email.as_deref().filter(|_| user.email_confirmed && self.mail_is_on);
        let Some(to) = confirmed.filter(|old| new != Some(old)) else { return Ok(None) };
        let username = user.username.to_string();
        let letter = Letter::AddressReplaced { to: to.to_owned(), language, username };
        self.sealed(user.number, &letter, now).map(Some)
    }

    fn sealed(&self, user: UserNumber, letter: &Letter, now: Micros) -> Result<NewMail, Refusal> {
        let payload = letter.seal(&self.sealing).map_err(unavailable("a letter could not be made"))?;
        Ok(NewMail { user: Some(user), payload, due_at: now })
    }

    async fn user(&self, actor: &Actor) -> Result<UserRow, Refusal> {
        let user = self.store.find_user(&actor.username).await.map_err(store_trouble)?;
        user.ok_or(Refusal::NotFound)
    }
}

fn hash(token: &str) -> ConfirmationHash {
    ConfirmationHash(Sha256::digest(token.as_bytes()).into())
}
