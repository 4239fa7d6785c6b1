//! The mail address of a user: in force once who reads it has opened the link that was sent there.

use super::letter_throttle::LetterThrottle;
use super::{Accounts, Actor, store_trouble};
use crate::mail::Letter;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::Language;
use contract::{Field, Problem, Refusal};
use domain::ids::UserNo;
use domain::mail_address::{MailAddress, MailAddressError};
use domain::sealing::{SealError, SealingKey};
use domain::throttle::Allowance;
use domain::time::{Clock, Micros};
use rand::TryRng;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{
    Action, ConfirmationHash, EmailChange, NewConfirmation, NewMail, Store, StoreError, UserRow,
    WaitingAddress,
};
use zeroize::Zeroizing;

/// Seconds for which a link works.
const VALID_SECONDS: i64 = 3 * 24 * 3600;
/// Links a user may ask for.
const LINKS: Allowance = Allowance { burst: 5, seconds_each: 720 };

/// The use cases of mail addresses.
pub struct MailAddresses {
    /// Where they are kept.
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    accounts: Arc<Accounts>,
    sealing: SealingKey,
    /// Whether links can be sent at all.
    mail_is_on: bool,
    /// Where links lead: the public address of the pages.
    origin: String,
    links: LetterThrottle,
}

/// What mail addresses work with.
pub struct MailAddressParts {
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
    /// The public address of the pages.
    pub origin: String,
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
    /// Ready to serve.
    #[must_use]
    pub fn new(parts: MailAddressParts) -> Self {
        let MailAddressParts { store, clock, accounts, sealing, mail_is_on, origin } = parts;
        Self { store, clock, accounts, sealing, mail_is_on, origin, links: LetterThrottle::new(LINKS) }
    }

    /// The addresses of the actor.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn find(&self, actor: &Actor) -> Result<OwnAddress, Refusal> {
        let user = self.user(actor).await?;
        let waiting = self.store.find_waiting_address(actor.user, self.clock.now()).await;
        let waiting = waiting.map_err(store_trouble)?;
        Ok(OwnAddress { email: user.email, is_confirmed: user.email_confirmed, waiting })
    }

    /// Takes a new address: a link is sent there, and until it is opened the old one stays in force. Where no
    /// mail can be sent it is taken as it is, unconfirmed.
    ///
    /// # Errors
    /// It is no address, the password is needed or wrong, or too many links were asked for.
    pub async fn change(
        &self,
        actor: &Actor,
        email: &str,
        password: Option<String>,
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
        self.accounts.ask_proof(actor, password, code).await?;
        if self.mail_is_on { self.ask(actor, &email, language).await } else { self.take(actor, &email).await }
    }

    /// Removes the address, and the one that waits.
    ///
    /// # Errors
    /// There is none, or the password is needed or wrong.
    pub async fn remove(
        &self,
        actor: &Actor,
        password: Option<String>,
        code: &str,
        language: Language,
    ) -> Result<(), Refusal> {
        self.accounts.ask_proof(actor, password, code).await?;
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
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn find_by_link(&self, actor: &Actor, token: &str) -> Result<Option<String>, Refusal> {
        let found = self.store.find_confirmation(actor.user, hash(token), self.clock.now()).await;
        found.map_err(store_trouble)
    }

    /// Puts the address of a link in force, and tells the one it replaces.
    ///
    /// # Errors
    /// The link is used, replaced, too old or somebody else's.
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

    async fn ask(&self, actor: &Actor, email: &MailAddress, language: Language) -> Result<(), Refusal> {
        let now = self.clock.now();
        self.links.take(actor.user, email, self.clock.steady())?;
        let (token, token_hash) = new_token()?;
        let letter = Letter::ConfirmAddress {
            to: email.to_string(),
            language,
            username: actor.username.to_string(),
            link: format!("{}/account/profile/confirm?token={}", self.origin, token.as_str()),
        };
        let confirmation = NewConfirmation {
            user: actor.user,
            token_hash,
            email: email.to_string(),
            expires_at: now.plus_seconds(VALID_SECONDS),
        };
        let mail = self.sealed(actor.user, &letter, now)?;
        let audit = actor.audit(now, Action::EmailEntered, email.to_string());
        self.store.insert_confirmation(confirmation, mail, audit).await.map_err(store_trouble)?;
        Ok(())
    }

    async fn take(&self, actor: &Actor, email: &MailAddress) -> Result<(), Refusal> {
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
        let told = user.email.as_deref().filter(|_| user.email_confirmed && self.mail_is_on);
        let Some(to) = told.filter(|old| new != Some(old)) else { return Ok(None) };
        let username = user.username.to_string();
        let letter = Letter::AddressReplaced { to: to.to_owned(), language, username };
        self.sealed(user.no, &letter, now).map(Some)
    }

    fn sealed(&self, user: UserNo, letter: &Letter, now: Micros) -> Result<NewMail, Refusal> {
        let payload = letter.seal(&self.sealing).map_err(|error: SealError| generator_failed(&error))?;
        Ok(NewMail { user: Some(user), payload, due_at: now })
    }

    async fn user(&self, actor: &Actor) -> Result<UserRow, Refusal> {
        let user = self.store.find_user(&actor.username).await.map_err(store_trouble)?;
        user.ok_or(Refusal::NotFound)
    }
}

/// The secret of a link, 256 random bits, and under what it is stored.
fn new_token() -> Result<(Zeroizing<String>, ConfirmationHash), Refusal> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    rand::rngs::SysRng.try_fill_bytes(bytes.as_mut()).map_err(|error| generator_failed(&error))?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    let hash = hash(&token);
    Ok((token, hash))
}

fn hash(token: &str) -> ConfirmationHash {
    ConfirmationHash(Sha256::digest(token.as_bytes()).into())
}

fn generator_failed(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a letter could not be made");
    Refusal::Unavailable
}
