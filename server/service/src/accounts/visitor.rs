//! Who sends a request, as far as its session has come.

use super::{Actor, Reader};
use contract::Language;
use domain::client_address::ClientAddress;
use domain::ids::{SessionNo, UserNo, Username};
use domain::time::Micros;
use store::{Action, Audit, SessionHash};

/// Who a request comes from. Only a complete session has an [`Actor`], and so may ask for anything at all.
pub enum Visitor {
    /// Nobody, or a session that has ended.
    Nobody,
    /// Somebody who still owes something.
    Owing(Owing),
    /// A user, and how they read.
    Complete(Actor, Reader),
}

/// What a session still owes after the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// The code of the second factor.
    Code,
    /// A new password, as the present one is too old.
    Password,
}

/// Somebody who gave the right password and still owes something.
#[derive(Clone)]
pub struct Owing {
    /// What.
    pub owed: Owed,
    /// The user.
    pub user: UserNo,
    /// Its name.
    pub username: Username,
    /// The language it chose; none: as the browser asks.
    pub language: Option<Language>,
    /// Its session.
    pub session: SessionNo,
    /// The token by which that was found.
    pub token: SessionHash,
    /// From where it comes.
    pub address: ClientAddress,
    /// The browser's own description.
    pub user_agent: String,
}

impl Owing {
    /// Its line in the audit log.
    #[must_use]
    pub fn audit(&self, at: Micros, action: Action) -> Audit {
        Audit {
            at,
            action,
            actor: self.username.to_string(),
            user: Some(self.user),
            address: Some(self.address),
            detail: String::new(),
            session: None,
        }
    }
}
