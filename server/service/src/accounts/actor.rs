//! Who acts, and from where.

use super::NewToken;
use contract::Language;
use contract::{Refusal, Role};
use domain::client_address::ClientAddress;
use domain::ids::{SessionNo, UserNo, Username};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use store::{Action, Audit, KeyScope, SessionHash};

/// Where a request of the pages came from.
#[derive(Clone)]
pub struct Visit {
    /// The client's address.
    pub address: ClientAddress,
    /// The browser's own description, cut short.
    pub user_agent: String,
    /// The session in the browser's cookie: it ends when the visit begins another.
    pub session: Option<SessionHash>,
}

/// A logged-in user: the value every use case asks for before anything else.
#[derive(Clone)]
pub struct Actor {
    /// The user.
    pub user: UserNo,
    /// The owner of its account, if it is a sub-user.
    pub owner: Option<UserNo>,
    /// What it may do with keys.
    pub role: Role,
    /// Its name.
    pub username: Username,
    /// The language it chose; none: as the browser asks.
    pub language: Option<Language>,
    /// In which it reads times.
    pub time_zone: TimeZone,
    /// Whether its second factor is on.
    pub two_factor: bool,
    /// Its session.
    pub session: SessionNo,
    /// The token by which that was found.
    pub token: SessionHash,
    /// What its browser gets if the token is renewed.
    pub new_token: NewToken,
    /// When it last proved its password.
    pub proved_at: Micros,
    /// From where it acts.
    pub address: ClientAddress,
    /// The browser's own description.
    pub user_agent: String,
}

impl Actor {
    /// The keys it may see.
    #[must_use]
    pub fn scope(&self) -> KeyScope {
        match self.owner {
            None => KeyScope::Account(self.user),
            Some(_) => KeyScope::User(self.user),
        }
    }

    /// The account it owns; for a sub-user there is none.
    ///
    /// # Errors
    /// It is a sub-user.
    pub fn owned_account(&self) -> Result<UserNo, Refusal> {
        match self.owner {
            None => Ok(self.user),
            Some(_) => Err(Refusal::NotFound),
        }
    }

    /// Lets those pass who may change and show keys.
    ///
    /// # Errors
    /// It only reads.
    pub fn may_manage(&self) -> Result<(), Refusal> {
        match self.role {
            Role::ManagesKeys => Ok(()),
            Role::ReadsOnly => Err(Refusal::Forbidden),
        }
    }

    /// Its line in the audit log, which is written only while its session goes on.
    #[must_use]
    pub fn audit(&self, at: Micros, action: Action, detail: impl Into<String>) -> Audit {
        Audit {
            at,
            action,
            actor: self.username.to_string(),
            user: Some(self.user),
            address: Some(self.address),
            detail: detail.into(),
            session: Some(self.session),
        }
    }
}
