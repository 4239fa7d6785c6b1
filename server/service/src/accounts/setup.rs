//! The first account, made through a link that `serve` prints.

use super::change_password::hash_trouble;
use super::visitor::audit_line;
use super::{Accounts, PasswordContext, SessionToken, Visit, store_trouble};
use contract::{Field, FieldError, Problem, Refusal, Role};
use domain::credentials::Password;
use domain::ids::{Username, UsernameError};
use domain::token::random_base62;
use domain::turns::{Claim, Lane};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use store::{Action, Audit, NewUser, StoreError};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The secret of the set-up link while no account exists.
#[derive(Clone, Default)]
pub struct SetupLink(Arc<Mutex<Option<SecretString>>>);

impl SetupLink {
    /// Opens the link.
    pub fn open() -> Result<Self, rand::rngs::SysError> {
        let secret = random_base62(32)?.to_string();
        Ok(Self(Arc::new(Mutex::new(Some(secret.into())))))
    }

    /// The secret, for the one line that `serve` prints.
    pub fn secret(&self) -> Option<String> {
        self.0.lock().as_ref().map(|s| s.expose_secret().to_owned())
    }

    /// Whether no account exists yet.
    pub fn is_open(&self) -> bool {
        self.0.lock().is_some()
    }

    /// Whether the link is open and this is its secret.
    pub fn admits(&self, secret: &str) -> bool {
        let open = self.0.lock();
        open.as_ref().is_some_and(|s| bool::from(s.expose_secret().as_bytes().ct_eq(secret.as_bytes())))
    }

    /// Closes it for good: an account exists.
    pub fn close(&self) {
        *self.0.lock() = None;
    }
}

impl Accounts {
    /// Whether the link may create the first account.
    pub fn setup_is_open(&self, secret: &str) -> bool {
        self.setup.admits(secret)
    }

    /// Creates the first owner and logs them in.
    pub async fn create_first_account(
        &self,
        secret: &str,
        username: &str,
        password: Zeroizing<String>,
        visit: &Visit,
    ) -> Result<SessionToken, Refusal> {
        let closed = || Refusal::field(Field::Form, Problem::LinkClosed);
        if !self.setup.admits(secret) {
            return Err(closed());
        }
        let claim = Claim { lane: Lane::of(visit.address), user: None };
        let (username, password) = self.check_credentials(username, password, &claim).await?;
        let password_hash = self.passwords.hash(password, &claim).await.map_err(hash_trouble)?;
        let now = self.clock.now();
        let line = audit_line(now, Action::UserAdded, username.as_str(), None, visit.address);
        let audit = Audit { detail: "by the set-up link".to_owned(), ..line };
        let user = NewUser {
            owner: None,
            username: username.clone(),
            email: None,
            email_confirmed: false,
            role: Role::ManagesKeys,
            password_hash,
            at: now,
        };
        let user = match self.store.insert_first_user(user, audit).await {
            Ok(user) => user,
            Err(StoreError::Conflict) => {
                self.setup.close();
                return Err(closed());
            }
            Err(error) => return Err(store_trouble(error)),
        };
        self.setup.close();
        self.begin_session(user, &username, visit, now).await
    }

    /// Checks both fields of a new account, so that each problem is told at once.
    async fn check_credentials(
        &self,
        username: &str,
        password: Zeroizing<String>,
        claim: &Claim,
    ) -> Result<(Username, Password), Refusal> {
        let context = PasswordContext { username, email: None, present: None, claim: claim.clone() };
        let password = self.check_new_password(Field::Password, password, &context).await;
        let username = parse_username(username);
        match (username, password) {
            (Ok(username), Ok(password)) => Ok((username, password)),
            (Err(error), Err(Refusal::Invalid(mut errors))) => {
                errors.insert(0, error);
                Err(Refusal::Invalid(errors))
            }
            (_, Err(error)) => Err(error),
            (Err(error), Ok(_)) => Err(Refusal::Invalid(vec![error])),
        }
    }
}

/// The name of a new user, or the error at its field.
pub(super) fn parse_username(username: &str) -> Result<Username, FieldError> {
    Username::choose(username).map_err(|error| FieldError {
        field: Field::Username,
        problem: match error {
            UsernameError::Empty => Problem::Empty,
            UsernameError::TooLong => Problem::TooLong { limit: Username::LIMIT as u32 },
            UsernameError::Character => Problem::NotAUsername,
            UsernameError::WebAddress => Problem::WebAddress,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_admits_its_secret_until_it_is_closed() {
        let link = SetupLink::open().unwrap();
        let secret = link.secret().unwrap();
        assert!(link.admits(&secret));
        assert!(!link.admits(""));
        assert!(!link.admits(&secret[1..]));
        link.close();
        assert!(!link.admits(&secret));
        assert!(!SetupLink::default().admits(""));
    }
}
