//! Who asks: the user of the key that came as `password`, if it may pass and `username` is their name.

use super::Actions;
use super::answer::{Failure, Kind};
use super::parameters::Parameters;
use crate::http::shown_key::ShownKey;
use contract::Code;
use domain::address::Address;
use domain::ids::Username;
use domain::token::SMPP_LENGTH;
use service::keys::OwnKey;
use service::verify::{KeyEntry, Verdict};

/// Who asks.
pub(super) struct Caller {
    /// With which key.
    pub(super) own: OwnKey,
}

impl Actions {
    /// Lets a program in; the whole request is one use of its key, and is charged as so many requests.
    pub(super) async fn admit(
        &self,
        parameters: &Parameters,
        address: Option<Address>,
        weight: u32,
    ) -> Result<Caller, Failure> {
        let (username, token) = (parameters.need("username")?, parameters.need("password")?);
        let address = address.ok_or_else(|| Verdict::refuse(Code::NoClientAddress))?;
        // An SMPP secret is no key for an API, and is found by its username only: nobody is to guess at one here.
        let beside = (token.len() != SMPP_LENGTH).then_some(username);
        let shown = ShownKey { services: &self.services, token, username: beside, address };
        let entry = shown.find().await?;
        if !is_of(&entry, username) {
            return Err(Verdict::refuse(Code::NotFound).into());
        }
        let own = self.keys().find_own_key(&entry, address).await?;
        let charged = self.limits.charge(entry.id, weight, self.services.clock.steady());
        if let Some((quota, standing)) = charged.filter(|(_, standing)| !standing.allowed) {
            return Err(if weight > quota.requests {
                let how =
                    format!("A key may ask for {} commands in a minute; these are {weight}.", quota.requests);
                Failure::new(Kind::TooOften, how)
            } else {
                Failure::too_often(standing.reset_seconds)
            });
        }
        shown.count().await?;
        Ok(Caller { own })
    }
}

fn is_of(key: &KeyEntry, username: &str) -> bool {
    Username::parse(username).is_ok_and(|name| name.folded() == key.user.username.folded())
}
