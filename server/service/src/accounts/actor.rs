//! Who acts, and from where.

use super::NewToken;
use contract::Language;
use contract::{Refusal, Role};
use domain::client_address::ClientAddress;
use domain::ids::{SessionNo, UserNo, Username};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use std::ops::Deref;
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

/// Who acts: the value every use case asks for before anything else.
#[derive(Clone)]
pub struct Actor {
    /// The user.
    pub user: UserNo,
    /// The owner of their account; the user, if they are the owner.
    pub account: UserNo,
    /// What they may do with keys.
    pub role: Role,
    /// Their name.
    pub username: Username,
    /// By what they showed who they are.
    pub via: Via,
    /// From where they act.
    pub address: ClientAddress,
}

/// By what an actor showed who they are.
#[derive(Clone)]
pub enum Via {
    /// The session of a browser, which began with the password.
    Session(BrowserSession),
}

/// The session of a browser, with its proof.
#[derive(Clone)]
pub struct BrowserSession {
    /// Its number.
    pub no: SessionNo,
    /// The token by which it was found.
    pub token: SessionHash,
    /// What the browser gets if the token is renewed.
    pub new_token: NewToken,
    /// When the password was proved last.
    pub proved_at: Micros,
    /// Whether a proof also asks for a code of the second factor.
    pub two_factor: bool,
    /// The browser's own description.
    pub user_agent: String,
}

/// How a user reads: it travels beside the actor, as it decides nothing.
#[derive(Clone, Default)]
pub struct Reader {
    /// The language they chose; none: as the browser asks.
    pub language: Option<Language>,
    /// In which they read times.
    pub time_zone: TimeZone,
}

/// An actor who may change and show keys. What changes one asks for this, and [`Actor::may_manage`] alone makes it.
#[derive(Clone, Copy)]
pub struct KeyManager<'a>(&'a Actor);

impl Deref for KeyManager<'_> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        self.0
    }
}

impl Actor {
    /// The session they act in.
    #[must_use]
    pub fn session(&self) -> &BrowserSession {
        let Via::Session(session) = &self.via;
        session
    }

    /// Whether they own their account.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.account == self.user
    }

    /// The keys they may see.
    #[must_use]
    pub fn scope(&self) -> KeyScope {
        if self.is_owner() { KeyScope::Account(self.user) } else { KeyScope::User(self.user) }
    }

    /// The account it owns; for a sub-user there is none.
    ///
    /// # Errors
    /// It is a sub-user.
    pub fn owned_account(&self) -> Result<UserNo, Refusal> {
        if self.is_owner() { Ok(self.account) } else { Err(Refusal::NotFound) }
    }

    /// Lets those pass who may change and show keys.
    ///
    /// # Errors
    /// It only reads.
    pub fn may_manage(&self) -> Result<KeyManager<'_>, Refusal> {
        match self.role {
            Role::ManagesKeys => Ok(KeyManager(self)),
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
            session: Some(self.session().no),
        }
    }
}
