//! Logging in, and checking a password again.
//!
//! A wrong password and an unknown user take the same way and the same time. [`super::LoginThrottles`] says whom
//! failures slow down.

use super::change_password::hash_trouble;
use super::visitor::audit_line;
use super::{Accounts, SessionToken, Visit, store_trouble};
use crate::events::Event;
use contract::{Field, Problem, Refusal};
use domain::attempt::{AskedFor, Attempt, Fault};
use domain::client_address::ClientAddress;
use domain::credentials::Password;
use domain::ids::{UserNumber, Username};
use domain::turns::{Claim, Lane};
use store::{Action, Audit, UserRow};

impl Accounts {
    /// Begins a session for whoever knows username and password; where the second factor is on, it waits for the
    /// code.
    pub async fn log_in(
        &self,
        username: &str,
        password: Password,
        visit: &Visit,
    ) -> Result<SessionToken, Refusal> {
        let (now, client) = (self.clock.now(), visit.address);
        let user = match &Username::parse(username) {
            Ok(name) => self.store.find_user(name).await.map_err(store_trouble)?,
            Err(_) => None,
        };
        let right = self.try_password(username, user.as_ref(), password, client).await?;
        match user {
            Some(user) if right && user.is_active() => self.begin_login(&user, visit, now).await,
            user => {
                // The password of a disabled user counts as a wrong one.
                if right {
                    self.throttles.charge_wrong(username, client, self.clock.steady());
                }
                let fault = if right { Fault::Disabled } else { Fault::Password };
                let attempt = Attempt { fault, asked_for: AskedFor::Login };
                self.record_failure(user.as_ref(), client, attempt).await?;
                Err(Refusal::field(Field::Form, Problem::WrongCredentials))
            }
        }
    }

    /// The user of that name, if this is their password.
    pub(super) async fn check_password(
        &self,
        username: &Username,
        client: ClientAddress,
        password: Password,
        asked_for: AskedFor,
    ) -> Result<UserRow, Refusal> {
        let user = self.store.find_user(username).await.map_err(store_trouble)?;
        let right = self.try_password(username.as_str(), user.as_ref(), password, client).await?;
        match user {
            Some(user) if right => Ok(user),
            user => {
                let attempt = Attempt { fault: Fault::Password, asked_for };
                self.record_failure(user.as_ref(), client, attempt).await?;
                Err(Refusal::field(Field::Password, Problem::WrongPassword))
            }
        }
    }

    /// Returns whether the password is the user's, and charges the try. The throttle is asked before the turn and
    /// again within it, so that tries which arrive at once do not all pass before the first is charged.
    async fn try_password(
        &self,
        username: &str,
        user: Option<&UserRow>,
        password: Password,
        client: ClientAddress,
    ) -> Result<bool, Refusal> {
        // An unknown user is looked up under a number that nobody has, which takes as long.
        let number = user.map_or(UserNumber(0), |user| user.number);
        let is_known = self.is_at_home(number, client).await?;
        let is_throttled = || self.throttles.username_wait(username, self.clock.steady()).is_some();
        if user.is_some() && !is_known && is_throttled() {
            self.notice_buffer.add_guess(&fold(username), client, self.clock.now());
        }
        self.check_throttle(username, is_known, client)?;
        let claim = Claim { lane: Lane::of(client), user: Some(fold(username)) };
        let turn = self.passwords.wait_for_turn(&claim).await.map_err(hash_trouble)?;
        self.check_throttle(username, is_known, client)?;
        let hash = user.map(|u| u.password_hash.clone());
        let right = self.passwords.verify_in(&turn, password, hash).await.map_err(hash_trouble)?;
        if right {
            self.throttles.charge_right(username, client, self.clock.steady());
        } else {
            self.throttles.charge_wrong(username, client, self.clock.steady());
        }
        Ok(right)
    }

    /// Whether the user ever logged in from that address; never, where the address is unknown.
    pub(super) async fn is_at_home(&self, user: UserNumber, client: ClientAddress) -> Result<bool, Refusal> {
        match client {
            ClientAddress::Known(address) => {
                self.store.has_logged_in_from(user, address).await.map_err(store_trouble)
            }
            ClientAddress::Unknown => Ok(false),
        }
    }

    fn check_throttle(&self, username: &str, is_known: bool, client: ClientAddress) -> Result<(), Refusal> {
        let wait = self.throttles.password_wait(username, client, is_known, self.clock.steady());
        let Some(retry_after_seconds) = wait else { return Ok(()) };
        self.log_throttled(client);
        Err(Refusal::Throttled { retry_after_seconds })
    }

    pub(super) fn log_throttled(&self, client: ClientAddress) {
        self.events.log(
            Event::LoginThrottled,
            client,
            format_args!("a password or code was not looked at, because too many were wrong before it"),
        );
    }

    /// Records a wrong password or code. Only names of users who exist are written: people type passwords into the
    /// field of the name, and a log must not hold those.
    pub(super) async fn record_failure(
        &self,
        user: Option<&UserRow>,
        client: ClientAddress,
        attempt: Attempt,
    ) -> Result<(), Refusal> {
        let whose = user.map_or("(no such user)", |user| user.username.as_str());
        self.events.log(Event::LoginFailed, client, format_args!("a wrong password or code for {whose}"));
        let name = user.map_or("unknown", |user| user.username.as_str());
        let number = user.map(|user| user.number);
        let line = audit_line(self.clock.now(), Action::LoginFailed, name, number, client);
        let audit = Audit { detail: attempt.detail(), ..line };
        self.store.record(audit).await.map_err(store_trouble)
    }
}

/// A username as throttles know it, of bounded length whatever is sent.
pub(super) fn fold(username: &str) -> String {
    username.trim().chars().take(Username::LIMIT).collect::<String>().to_ascii_lowercase()
}
