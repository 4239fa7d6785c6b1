//! The operator's verbs: users and gateways. None of them sees or makes a customer's key.

mod error;
mod gateways;
mod users;

pub use error::OperatorError;
pub use gateways::new_gateway_token;
pub use users::{NewUserRequest, new_password};

use super::{Passwords, SetupLink};
use domain::ids::UserNumber;
use domain::time::{Clock, Micros};
use domain::token::{Pepper, random_base62};
use std::sync::Arc;
use store::{Action, Audit, Store};

/// The use cases of the operator.
pub struct Operator {
    /// Where users and gateways are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// Under which gateway tokens are hashed.
    pub pepper: Pepper,
    /// Closed when the first user is added.
    pub setup: SetupLink,
}

fn random(length: usize) -> Result<String, OperatorError> {
    let text = random_base62(length).map_err(|e| OperatorError::Trouble(e.to_string()))?;
    Ok(text.to_string())
}

/// The operator's line in the audit log.
fn audit(at: Micros, action: Action, user: Option<UserNumber>, detail: &str) -> Audit {
    let (actor, detail) = ("operator".to_owned(), detail.to_owned());
    Audit { at, action, actor, user, address: None, detail, asker: None }
}
