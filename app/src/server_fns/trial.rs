//! What the page of a dry run asks. No server functions: the page is known to the server alone.

use super::signed_in;
use crate::portal::{KeyId, PortalError};
use domain::example::ExampleRequest;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use service::keys::{ListedKey, Trial};

/// A key, and what came of a dry run with it.
pub(crate) struct Tried {
    /// The key.
    pub(crate) key: ListedKey,
    /// The address of the visitor's browser, if it is known.
    pub(crate) own_address: Option<String>,
    /// What was found, or what is wrong with the address; none if none was asked about.
    pub(crate) trial: Option<Result<Trial, PortalError>>,
    /// How programs reach the API.
    pub(crate) example: ExampleRequest,
    pub(crate) zone: TimeZone,
    pub(crate) may_manage: bool,
    pub(crate) now: Micros,
}

/// Tries a key from an address.
pub(crate) async fn try_key(id: KeyId, address: Option<String>) -> Result<Tried, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let keys = &request.use_cases.keys;
    let key = request.note(keys.find_listed(actor, &id.0).await)?;
    let trial = match address {
        Some(address) => Some(keys.try_key(actor, &id.0, &address).await.map_err(PortalError::from)),
        None => None,
    };
    Ok(Tried {
        key,
        own_address: request.visit.address.known().map(|address| address.to_string()),
        trial,
        example: request.use_cases.example.clone(),
        zone: request.reader.time_zone.clone(),
        may_manage: actor.may_manage().is_ok(),
        now: request.use_cases.clock.now(),
    })
}
