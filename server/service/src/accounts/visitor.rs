//! The sender of a request, as far as their login has come.

use super::{Actor, Reader};
use contract::Language;
use domain::client_address::ClientAddress;
use domain::ids::{SessionNumber, UserNumber, Username};
use domain::time::Micros;
use store::{Action, Audit, SessionHash};

/// The sender of a request. Only a complete login has an [`Actor`], which every use case of a user asks for.
pub enum Visitor {
    /// Nobody, or a session that has ended.
    Nobody,
    /// Somebody who gave the right password and has another step before them.
    Unfinished(UnfinishedLogin),
    /// A user, and how they read.
    Complete(Actor, Reader),
}

/// A step of a login after the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginStep {
    /// To give the code of the second factor.
    Code,
    /// To choose a new password, because the present one is too old.
    Password,
}

/// The session of somebody who gave the right password and has another step before them.
#[derive(Clone)]
pub struct UnfinishedLogin {
    /// The step.
    pub step: LoginStep,
    /// The user.
    pub user: UserNumber,
    /// Their name.
    pub username: Username,
    /// The language they chose; none: as the browser asks.
    pub language: Option<Language>,
    /// Their session.
    pub session: SessionNumber,
    /// The token by which the session was found.
    pub token: SessionHash,
    /// The client's address.
    pub address: ClientAddress,
    /// The browser's own description.
    pub user_agent: String,
}

impl UnfinishedLogin {
    /// Their line in the audit log.
    pub fn audit(&self, at: Micros, action: Action) -> Audit {
        audit_line(at, action, self.username.as_str(), Some(self.user), self.address)
    }
}

/// A line in the audit log about somebody who acts without a complete login.
pub(crate) fn audit_line(
    at: Micros,
    action: Action,
    actor: &str,
    user: Option<UserNumber>,
    address: ClientAddress,
) -> Audit {
    let (actor, address) = (actor.to_owned(), Some(address));
    Audit { at, action, actor, user, address, detail: String::new(), asker: None }
}
