//! Gateways: who may ask when a gateway token is required.

use super::{Operator, OperatorError, audit, random};
use store::{Action, GatewayRow, StoreError};

/// Characters of a gateway token behind its prefix.
const SECRET: usize = 40;
const NAME_LIMIT: usize = 64;

impl Operator {
    /// Adds a gateway under a token that [`new_gateway_token`] made.
    pub async fn add_gateway(&self, name: &str, token: &str) -> Result<(), OperatorError> {
        self.check_new_gateway(name).await?;
        let audit = audit(self.clock.now(), Action::GatewayAdded, None, name);
        match self.store.insert_gateway(name.to_owned(), self.pepper.hash(token), audit).await {
            Err(StoreError::Conflict) => Err(taken(name)),
            added => Ok(added?),
        }
    }

    /// Refuses a name under which no gateway can be added.
    pub async fn check_new_gateway(&self, name: &str) -> Result<(), OperatorError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || name.len() > NAME_LIMIT || !name.chars().all(fits) {
            let why = format!("may hold 1 to {NAME_LIMIT} letters, digits and . _ - only");
            return Err(OperatorError::Invalid { what: "the gateway's name", why });
        }
        let is_taken = self.store.list_gateways().await?.iter().any(|gateway| gateway.name == name);
        if is_taken { Err(taken(name)) } else { Ok(()) }
    }

    /// All gateways, by name.
    pub async fn list_gateways(&self) -> Result<Vec<GatewayRow>, OperatorError> {
        Ok(self.store.list_gateways().await?)
    }

    /// Removes a gateway; its token is refused from the next request on.
    pub async fn remove_gateway(&self, name: &str) -> Result<(), OperatorError> {
        let audit = audit(self.clock.now(), Action::GatewayRemoved, None, name);
        match self.store.delete_gateway(name.to_owned(), audit).await {
            Err(StoreError::NotFound) => {
                Err(OperatorError::Unknown { kind: "gateway", name: name.to_owned() })
            }
            result => Ok(result?),
        }
    }
}

/// A gateway token that nobody has yet.
pub fn new_gateway_token() -> Result<String, OperatorError> {
    Ok(format!("lkgw_{}", random(SECRET)?))
}

fn taken(name: &str) -> OperatorError {
    OperatorError::Taken { kind: "gateway", name: name.to_owned() }
}
