//! Gateways: who may ask when a gateway token is required.

use super::*;

impl Operator {
    /// Adds a gateway; answers its token, which is shown this once.
    ///
    /// # Errors
    /// The name breaks a rule or is taken.
    pub async fn add_gateway(&self, name: &str) -> Result<String, OperatorError> {
        let token = new_gateway_token()?;
        self.add_gateway_with(name, &token).await?;
        Ok(token)
    }

    /// Adds a gateway with a token that was made and shown before.
    ///
    /// # Errors
    /// As above.
    pub async fn add_gateway_with(&self, name: &str, token: &str) -> Result<(), OperatorError> {
        self.check_new_gateway(name).await?;
        let audit = audit(self.clock.now(), Action::GatewayAdded, None, name);
        match self.store.insert_gateway(name.to_owned(), self.pepper.hash(token), audit).await {
            Err(StoreError::Conflict) => Err(gateway_taken(name)),
            added => Ok(added?),
        }
    }

    /// Whether a gateway may be added under that name.
    ///
    /// # Errors
    /// As above.
    pub async fn check_new_gateway(&self, name: &str) -> Result<(), OperatorError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || name.len() > GATEWAY_NAME_LIMIT || !name.chars().all(fits) {
            let why = format!("may hold 1 to {GATEWAY_NAME_LIMIT} letters, digits and . _ - only");
            return Err(OperatorError::Invalid { what: "the gateway's name", why });
        }
        let is_taken = self.store.list_gateways().await?.iter().any(|gateway| gateway.name == name);
        if is_taken { Err(gateway_taken(name)) } else { Ok(()) }
    }

    /// All gateways, by name.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn list_gateways(&self) -> Result<Vec<GatewayRow>, OperatorError> {
        Ok(self.store.list_gateways().await?)
    }

    /// Removes a gateway; its token is refused at the next request.
    ///
    /// # Errors
    /// There is no such gateway.
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
///
/// # Errors
/// The system's generator failed.
pub fn new_gateway_token() -> Result<String, OperatorError> {
    Ok(format!("lkgw_{}", random(GATEWAY_SECRET)?))
}

fn gateway_taken(name: &str) -> OperatorError {
    OperatorError::Taken { kind: "gateway", name: name.to_owned() }
}
