//! The user who acts: how they proved who they are, and from where they act.

use super::NewToken;
use super::visitor::audit_line;
use contract::{Language, Refusal, Role};
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, SessionNumber, UserNumber, Username};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use std::ops::Deref;
use store::{Action, Asker, Audit, KeptAnswer, KeyScope, SessionHash};

/// Where a request of the pages came from.
#[derive(Clone)]
pub struct Visit {
    /// The client's address.
    pub address: ClientAddress,
    /// The browser's own description, cut short.
    pub user_agent: String,
    /// The session in the browser's cookie, which ends when the visit begins another one.
    pub session: Option<SessionHash>,
}

/// The user on whose behalf a use case is carried out.
#[derive(Clone)]
pub struct Actor {
    /// The user.
    pub user: UserNumber,
    /// The owner of their account, who may be the user.
    pub account: UserNumber,
    /// What they may do with keys.
    pub role: Role,
    /// Their name.
    pub username: Username,
    /// How they proved who they are.
    pub via: Via,
    /// The client's address.
    pub address: ClientAddress,
}

/// How an actor proved who they are.
#[derive(Clone)]
pub enum Via {
    /// The session of a browser, which began with the password.
    Session(BrowserSession),
    /// A key that manages keys, in the hands of a program.
    Key(CallingKey),
}

/// The key by which a program showed for whom it acts.
#[derive(Clone)]
pub struct CallingKey {
    /// The key.
    pub id: KeyId,
    /// The answer that is kept together with the change, if the program may ask again.
    pub kept: Option<KeptAnswer>,
}

/// The session of a browser, with its proof.
#[derive(Clone)]
pub struct BrowserSession {
    /// Its number.
    pub number: SessionNumber,
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

/// How a user reads. It travels beside the actor, because it decides nothing.
#[derive(Clone, Default)]
pub struct Reader {
    /// The language they chose; none: as the browser asks.
    pub language: Option<Language>,
    /// In which they read times.
    pub time_zone: TimeZone,
}

/// An actor who may change and show keys. Only [`Actor::may_manage`] makes one, so no use case can forget to ask.
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
    ///
    /// # Errors
    /// `Forbidden`: they act with a key, which is not enough for this.
    pub fn session(&self) -> Result<&BrowserSession, Refusal> {
        match &self.via {
            Via::Session(session) => Ok(session),
            Via::Key(_) => Err(Refusal::Forbidden),
        }
    }

    /// The same actor, with the answer that is kept together with their next change; only a program has one kept.
    #[must_use]
    pub fn keeping(&self, kept: Option<KeptAnswer>) -> Self {
        let via = match &self.via {
            Via::Key(key) => Via::Key(CallingKey { kept, ..key.clone() }),
            session @ Via::Session(_) => session.clone(),
        };
        Self { via, ..self.clone() }
    }

    /// Whether a proof of who they are also asks for a code.
    pub fn has_second_factor(&self) -> bool {
        self.session().is_ok_and(|session| session.two_factor)
    }

    /// Whether they own their account.
    pub fn is_owner(&self) -> bool {
        self.account == self.user
    }

    /// The keys they may see.
    pub fn scope(&self) -> KeyScope {
        if self.is_owner() { KeyScope::Account(self.user) } else { KeyScope::User(self.user) }
    }

    /// The account they own; `NotFound` for a sub-user.
    pub fn owned_account(&self) -> Result<UserNumber, Refusal> {
        if self.is_owner() { Ok(self.account) } else { Err(Refusal::NotFound) }
    }

    /// The proof that they may change and show keys; `Forbidden` for a user who only reads.
    pub fn may_manage(&self) -> Result<KeyManager<'_>, Refusal> {
        match self.role {
            Role::ManagesKeys => Ok(KeyManager(self)),
            Role::ReadsOnly => Err(Refusal::Forbidden),
        }
    }

    /// Their line in the audit log, which is written only while their session goes on, or their key may ask.
    pub fn audit(&self, at: Micros, action: Action, detail: impl Into<String>) -> Audit {
        let line = audit_line(at, action, self.username.as_str(), Some(self.user), self.address);
        let asker = match &self.via {
            Via::Session(session) => Asker::Session(session.number),
            Via::Key(key) => Asker::Key(key.id, key.kept.clone()),
        };
        Audit { detail: detail.into(), asker: Some(asker), ..line }
    }
}
