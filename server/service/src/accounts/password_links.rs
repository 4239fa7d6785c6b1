//! Setting a password without the one before, by a link that goes to the user's confirmed mail address: once, and within
//! an hour.
//!
//! Whoever asks for a link learns nothing: for names of nobody the same is done, in the same time, up to the letter. The
//! second factor stays; the next login asks for it.

use super::log_in::fold;
use super::{Accounts, NO_RANDOMNESS, PasswordContext, Visit, store_trouble, unavailable};
use crate::accounts::visitor::audit_line;
use crate::mail::Letter;
use contract::{Field, Language, Problem, Refusal};
use domain::client_address::ClientAddress;
use domain::ids::Username;
use domain::password_link::OPEN_SECONDS;
use domain::sealing::SealingKey;
use domain::throttle::{Allowance, ClientThrottle, SourceThrottle, Throttle};
use domain::time::{Clock, Micros, Steady};
use domain::token::random_base62;
use domain::turns::{Claim, Lane};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{
    Action, LinkRecipient, NewMail, NewPasswordLink, PasswordLinkHash, PasswordLinkRow, Store, StoreError,
    UserRow,
};
use zeroize::Zeroizing;

/// Characters of the secret in a link: 256 bits.
const SECRET: usize = 43;
/// Links per username: three an hour, whether anybody has the name or not.
const BY_USERNAME: Allowance = Allowance { burst: 3, seconds_each: 1200 };
/// Links per address (per /64 of IPv6).
const BY_SOURCE: Allowance = Allowance { burst: 10, seconds_each: 120 };
/// Links per /48 of IPv6.
const BY_SITE: Allowance = Allowance { burst: 100, seconds_each: 12 };
/// Links that are asked for from unknown addresses, together.
const BY_UNKNOWN: Allowance = Allowance { burst: 100, seconds_each: 12 };

/// How often links may be asked for: one bucket per username and per source, in memory only.
pub struct LinkThrottle {
    by_username: Mutex<Throttle<String>>,
    by_source: Mutex<ClientThrottle>,
}

impl Default for LinkThrottle {
    fn default() -> Self {
        let by_source = ClientThrottle::new(SourceThrottle::new(BY_SOURCE, BY_SITE), BY_UNKNOWN);
        Self { by_username: Mutex::new(Throttle::new(BY_USERNAME)), by_source: Mutex::new(by_source) }
    }
}

impl LinkThrottle {
    /// Charges one link. Both buckets stay locked meanwhile, so that those asked for at once are counted one by one.
    fn charge(&self, username: &str, client: ClientAddress, now: Steady) -> Result<(), Refusal> {
        let (mut by_username, mut by_source) = (self.by_username.lock(), self.by_source.lock());
        let name = fold(username);
        let wait = by_username.wait_seconds(&name, now).max(by_source.wait_seconds(client, now));
        if let Some(retry_after_seconds) = wait {
            return Err(Refusal::Throttled { retry_after_seconds });
        }
        by_username.charge(name, now);
        by_source.charge(client, now);
        Ok(())
    }
}

/// The use cases of links to set a password.
pub struct PasswordLinks {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Where passwords are chosen.
    pub accounts: Arc<Accounts>,
    /// With which letters are sealed.
    pub sealing: SealingKey,
    /// Whether letters can be sent at all.
    pub mail_is_on: bool,
    /// The public address of the pages, to which links lead.
    pub origin: String,
    /// How many may be asked for.
    pub throttle: LinkThrottle,
}

impl PasswordLinks {
    /// Sends a link to the user of this name, if they may log in and confirmed a mail address. The answer is the same
    /// whether that is so or not.
    pub async fn send(&self, username: &str, language: Language, visit: &Visit) -> Result<(), Refusal> {
        if !self.mail_is_on {
            return Err(Refusal::Forbidden);
        }
        if username.trim().is_empty() {
            return Err(Refusal::field(Field::Username, Problem::Empty));
        }
        self.throttle.charge(username, visit.address, self.clock.steady())?;
        let user = match Username::parse(username.trim()) {
            Ok(name) => self.store.find_user(&name).await.map_err(store_trouble)?,
            Err(_) => None,
        };
        let now = self.clock.now();
        let secret = random_base62(SECRET).map_err(unavailable(NO_RANDOMNESS))?;
        let link = NewPasswordLink {
            hash: hash(&secret),
            at: now,
            expires_at: now.plus_seconds(OPEN_SECONDS),
            recipient: self.recipient(user, &secret, language, visit, now)?,
        };
        self.store.insert_password_link(link).await.map_err(store_trouble)
    }

    /// The user who gets the link, with their letter. The letter is made for nobody too, because that takes time.
    fn recipient(
        &self,
        user: Option<UserRow>,
        secret: &str,
        language: Language,
        visit: &Visit,
        now: Micros,
    ) -> Result<Option<LinkRecipient>, Refusal> {
        let user = user.filter(|user| user.is_active() && user.email_confirmed);
        let (to, username) = match &user {
            Some(user) => (user.email.clone().unwrap_or_default(), user.username.to_string()),
            None => Default::default(),
        };
        let own = user.as_ref().and_then(|user| Language::from_code(&user.language));
        let language = own.unwrap_or(language);
        let link = format!("{}/login/password?token={secret}", self.origin);
        let letter = Letter::SetPassword { to, language, username, link };
        let payload = letter.seal(&self.sealing).map_err(unavailable("a letter could not be sealed"))?;
        Ok(user.map(|user| LinkRecipient {
            user: user.number,
            mail: NewMail { user: Some(user.number), payload, due_at: now },
            audit: audit_line(
                now,
                Action::PasswordLinkSent,
                user.username.as_str(),
                Some(user.number),
                visit.address,
            ),
        }))
    }

    /// The user of the open link with this secret, for whoever holds it.
    pub async fn find(&self, secret: &str) -> Result<PasswordLinkRow, Refusal> {
        let hash = parse(secret).ok_or(Refusal::NotFound)?;
        let found = self.store.find_password_link(hash, self.clock.now()).await;
        found.map_err(store_trouble)?.ok_or(Refusal::NotFound)
    }

    /// Sets the password of the link's user, which closes the link and ends all their sessions.
    pub async fn set_password(
        &self,
        secret: &str,
        password: Zeroizing<String>,
        visit: &Visit,
    ) -> Result<(), Refusal> {
        let found = self.find(secret).await?;
        let hash = parse(secret).ok_or(Refusal::NotFound)?;
        let context = PasswordContext {
            username: found.username.as_str(),
            email: found.email.as_deref(),
            present: Some(found.password_hash.as_str()).filter(|hash| !hash.is_empty()),
            claim: Claim { lane: Lane::of(visit.address), user: Some(fold(found.username.as_str())) },
        };
        let password_hash = self.accounts.hash_chosen(Field::NewPassword, password, &context).await?;
        let now = self.clock.now();
        let (name, user) = (found.username.as_str(), Some(found.user));
        let audit = audit_line(now, Action::PasswordSetByLink, name, user, visit.address);
        match self.store.set_password_by_link(hash, password_hash, audit).await {
            // Used or closed while the password was hashed.
            Err(StoreError::NotFound) => Err(Refusal::NotFound),
            set => set.map_err(store_trouble),
        }
    }
}

/// Under what the link of a letter is stored; none: the letter holds no such link.
pub fn hash_of_link(link: &str) -> Option<PasswordLinkHash> {
    link.split_once("token=").and_then(|(_, secret)| parse(secret))
}

/// Reads the secret of a link; what cannot be one never reaches the store.
fn parse(secret: &str) -> Option<PasswordLinkHash> {
    let fits = secret.len() == SECRET && secret.chars().all(|c| c.is_ascii_alphanumeric());
    fits.then(|| hash(secret))
}

fn hash(secret: &str) -> PasswordLinkHash {
    PasswordLinkHash(Sha256::digest(secret.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_of_the_right_form_are_looked_up() {
        let secret = random_base62(SECRET).unwrap();
        assert!(parse(&secret) == Some(hash(&secret)));
        assert!(
            hash_of_link(&format!("https://keys.example.org/x?token={}", *secret)) == Some(hash(&secret))
        );
        for bad in ["", "x", &secret[1..], &"é".repeat(21), &format!("{}a", *secret)] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert!(hash_of_link("https://keys.example.org/").is_none());
    }

    #[test]
    fn links_are_limited_by_name_and_by_source() {
        let throttle = LinkThrottle::default();
        let from = |last: u8| ClientAddress::Known(domain::address::Address::new([192, 0, 2, last].into()));
        let now = Steady::default();
        for _ in 0..3 {
            throttle.charge("Demo", from(1), now).unwrap();
        }
        assert!(matches!(throttle.charge("demo ", from(2), now), Err(Refusal::Throttled { .. })));
        for number in 3..10 {
            throttle.charge(&format!("name{number}"), from(1), now).unwrap();
        }
        assert!(matches!(throttle.charge("other", from(1), now), Err(Refusal::Throttled { .. })));
        throttle.charge("other", from(2), now).unwrap();
    }
}
