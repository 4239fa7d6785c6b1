//! Logging in, and checking a password again.
//!
//! A wrong password and an unknown user take the same way and the same time. Failures slow down the address
//! they come from; at one username they slow down only addresses it never logged in from, so that nobody
//! can lock a customer out for good. Successes cost a turn of hashing too, so hundreds of them slow down in the same
//! way.

use super::change_password::hash_trouble;
use super::{Accounts, SessionToken, Visit, store_trouble};
use crate::events::Event;
use contract::{Field, Problem, Refusal};
use domain::client_address::ClientAddress;
use domain::credentials::Password;
use domain::ids::{UserNo, Username};
use domain::time::Micros;
use domain::turns::{Claim, Lane};
use store::{Action, Audit, UserRow};

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
    ) -> Result<SessionToken, Refusal> {
        let now = self.clock.now();
        let name = Username::parse(username).ok();
        let user = match &name {
            Some(name) => self.store.find_user(name).await.map_err(store_trouble)?,
            None => None,
        };
        let right = self.try_password(username, user.as_ref(), password, visit).await?;
        match user {
            Some(user) if right && user.is_active() => self.begin_login(&user, visit, now).await,
            user => {
                // The password of a disabled user is as good as a wrong one.
                if right {
                    self.charge(username, visit);
                }
                self.note_failure(user.as_ref(), visit, now).await?;
                Err(Refusal::field(Field::Form, Problem::WrongCredentials))
            }
        }
    }

    /// The user of that name, if this is its password.
    pub(super) async fn check_password(
        &self,
        username: &Username,
        address: ClientAddress,
        password: Password,
    ) -> Result<UserRow, Refusal> {
        let visit = Visit { address, user_agent: String::new(), session: None };
        let user = self.store.find_user(username).await.map_err(store_trouble)?;
        let right = self.try_password(username.as_str(), user.as_ref(), password, &visit).await?;
        match user {
            Some(user) if right => Ok(user),
            user => {
                self.note_failure(user.as_ref(), &visit, self.clock.now()).await?;
                Err(Refusal::field(Field::Password, Problem::WrongPassword))
            }
        }
    }

    /// Whether the password is the user's; a wrong one is charged. It is asked whether a try is free both before
    /// and within the turn, so that tries that come at once do not all pass before the first is charged.
    async fn try_password(
        &self,
        username: &str,
        user: Option<&UserRow>,
        password: Password,
        visit: &Visit,
    ) -> Result<bool, Refusal> {
        // Asked of nobody too, which then takes as long.
        let no = user.map_or(UserNo(0), |user| user.no);
        let is_known = self.is_at_home(no, visit.address).await?;
        let waits = || self.by_username.lock().wait_seconds(&fold(username), self.clock.steady()).is_some();
        if user.is_some() && !is_known && waits() {
            self.gatherer.guessed(&fold(username), visit.address, self.clock.now());
        }
        self.check_throttle(username, is_known, visit)?;
        let claim = Claim { lane: Lane::of(visit.address), user: Some(fold(username)) };
        let turn = self.passwords.take_turn(&claim).await.map_err(hash_trouble)?;
        self.check_throttle(username, is_known, visit)?;
        let hash = user.map(|u| u.password_hash.clone());
        let right = self.passwords.verify_in(&turn, password, hash).await.map_err(hash_trouble)?;
        if right {
            self.charge_right(username, visit);
        } else {
            self.charge(username, visit);
        }
        Ok(right)
    }

    /// Whether the user ever logged in from there; nobody is at home at an address that is unknown.
    pub(super) async fn is_at_home(&self, user: UserNo, client: ClientAddress) -> Result<bool, Refusal> {
        match client {
            ClientAddress::Known(address) => {
                self.store.has_logged_in_from(user, address).await.map_err(store_trouble)
            }
            ClientAddress::Unknown => Ok(false),
        }
    }

    fn check_throttle(&self, username: &str, is_known: bool, visit: &Visit) -> Result<(), Refusal> {
        let (username, now) = (fold(username), self.clock.steady());
        let by_source = self.by_source.lock().wait_seconds(visit.address, now);
        let right_by_source = self.right_by_source.lock().wait_seconds(visit.address, now);
        let by_username = self.by_username.lock().wait_seconds(&username, now);
        let right_by_username = self.right_by_username.lock().wait_seconds(&username, now);
        let of_user = by_username.max(right_by_username).filter(|_| !is_known);
        match by_source.max(right_by_source).max(of_user) {
            Some(retry_after_seconds) => {
                self.tell_throttled(visit.address);
                Err(Refusal::Throttled { retry_after_seconds })
            }
            None => Ok(()),
        }
    }

    pub(super) fn tell_throttled(&self, client: ClientAddress) {
        self.events.tell(
            Event::LoginThrottled,
            client,
            format_args!("a password or code was not looked at, because too many were wrong before it"),
        );
    }

    fn charge(&self, username: &str, visit: &Visit) {
        let now = self.clock.steady();
        self.by_source.lock().charge(visit.address, now);
        self.by_username.lock().charge(fold(username), now);
    }

    /// A right password cost the others a turn as well.
    fn charge_right(&self, username: &str, visit: &Visit) {
        let now = self.clock.steady();
        self.right_by_source.lock().charge(visit.address, now);
        self.right_by_username.lock().charge(fold(username), now);
    }

    /// Who types a password into the field of the name must not find it in the log: only names of users
    /// that exist are written.
    pub(super) async fn note_failure(
        &self,
        user: Option<&UserRow>,
        visit: &Visit,
        now: Micros,
    ) -> Result<(), Refusal> {
        let whose = user.map_or("(no such user)", |user| user.username.as_str());
        self.events.tell(
            Event::LoginFailed,
            visit.address,
            format_args!("a wrong password or code for {whose}"),
        );
        let audit = Audit {
            at: now,
            action: Action::LoginFailed,
            actor: user.map_or_else(|| "unknown".to_owned(), |u| u.username.to_string()),
            user: user.map(|u| u.no),
            address: Some(visit.address),
            detail: String::new(),
            session: None,
        };
        self.store.record(audit).await.map_err(store_trouble)
    }
}

/// The key of the throttle: bounded, whatever is sent.
pub(super) fn fold(username: &str) -> String {
    username.trim().chars().take(Username::LIMIT).collect::<String>().to_ascii_lowercase()
}
