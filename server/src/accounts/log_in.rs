//! Logging in, and checking a password again.
//!
//! A wrong password and an unknown user take the same way and the same time. Failures slow down the address
//! they come from; at one username they slow down only addresses it never logged in from, so that nobody
//! can lock a customer out for good.

use super::change_password::hash_trouble;
use super::{Accounts, SessionToken, Visit, store_trouble};
use crate::domain::address::Address;
use crate::domain::credentials::Password;
use crate::domain::ids::Username;
use crate::domain::time::Micros;
use crate::store::{Action, Audit, UserRow};
use app::{Field, PortalError, Problem};

impl Accounts {
    /// Begins a session for whoever knows username and password; where the second factor is on, it waits for the
    /// code.
    ///
    /// # Errors
    /// They do not belong together, the user is disabled, or too many tries failed.
    pub async fn log_in(
        &self,
        username: &str,
        password: Password,
        visit: &Visit,
    ) -> Result<SessionToken, PortalError> {
        let now = self.clock.now();
        let name = Username::parse(username).ok();
        let user = match &name {
            Some(name) => self.store.find_user(name).await.map_err(store_trouble)?,
            None => None,
        };
        self.check_throttle(username, user.as_ref(), visit, now).await?;
        let hash = user.as_ref().map(|u| u.password_hash.clone());
        let right = self.passwords.verify(password, hash).await.map_err(hash_trouble)?;
        match user {
            Some(user) if right && user.is_active() && user.totp.is_some() => {
                self.begin_pending_session(user.no, visit, now).await
            }
            Some(user) if right && user.is_active() => {
                self.begin_session(user.no, &user.username, visit, now).await
            }
            user => {
                self.charge(username, visit, now);
                self.note_failure(user.as_ref(), visit, now).await?;
                Err(PortalError::field(Field::Form, Problem::WrongCredentials))
            }
        }
    }

    /// The user of that name, if this is its password.
    pub(super) async fn check_password(
        &self,
        username: &Username,
        address: Address,
        password: Password,
    ) -> Result<UserRow, PortalError> {
        let now = self.clock.now();
        let visit = Visit { address, user_agent: String::new() };
        let name = username.as_str();
        let user = self.store.find_user(username).await.map_err(store_trouble)?;
        self.check_throttle(name, user.as_ref(), &visit, now).await?;
        let hash = user.as_ref().map(|u| u.password_hash.clone());
        let right = self.passwords.verify(password, hash).await.map_err(hash_trouble)?;
        match user {
            Some(user) if right => Ok(user),
            user => {
                self.charge(name, &visit, now);
                self.note_failure(user.as_ref(), &visit, now).await?;
                Err(PortalError::field(Field::Password, Problem::WrongPassword))
            }
        }
    }

    async fn check_throttle(
        &self,
        username: &str,
        user: Option<&UserRow>,
        visit: &Visit,
        now: Micros,
    ) -> Result<(), PortalError> {
        let mut wait = self.by_source.lock().wait_seconds(visit.address, now);
        let by_username = self.by_username.lock().wait_seconds(&fold(username), now);
        if by_username.is_some() {
            let is_known = match user {
                Some(user) => {
                    self.store.has_logged_in_from(user.no, visit.address).await.map_err(store_trouble)?
                }
                None => false,
            };
            wait = wait.max(by_username.filter(|_| !is_known));
            if !is_known && user.is_some() {
                self.gatherer.guessed(&fold(username), visit.address, now);
            }
        }
        match wait {
            Some(retry_after_seconds) => Err(PortalError::Throttled { retry_after_seconds }),
            None => Ok(()),
        }
    }

    fn charge(&self, username: &str, visit: &Visit, now: Micros) {
        self.by_source.lock().charge(visit.address, now);
        self.by_username.lock().charge(fold(username), now);
    }

    /// Who types a password into the field of the name must not find it in the log: only names of users
    /// that exist are written.
    pub(super) async fn note_failure(
        &self,
        user: Option<&UserRow>,
        visit: &Visit,
        now: Micros,
    ) -> Result<(), PortalError> {
        let audit = Audit {
            at: now,
            action: Action::LoginFailed,
            actor: user.map_or_else(|| "unknown".to_owned(), |u| u.username.to_string()),
            user: user.map(|u| u.no),
            address: Some(visit.address),
            detail: String::new(),
        };
        self.store.record(audit).await.map_err(store_trouble)
    }
}

/// The key of the throttle: bounded, whatever is sent.
fn fold(username: &str) -> String {
    username.trim().chars().take(Username::LIMIT).collect::<String>().to_ascii_lowercase()
}
