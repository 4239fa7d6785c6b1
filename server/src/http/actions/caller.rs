//! Who asks: the user of the key that came as `password`, if it may pass and `username` is their name.

use super::Actions;
use super::answer::{Failure, Kind};
use super::command::Asked;
use super::parameters::Parameters;
use crate::http::shown_key::ShownKey;
use contract::{Code, Refusal};
use domain::address::Address;
use domain::ids::Username;
use domain::token::SMPP_LENGTH;
use service::accounts::Actor;
use service::keys::OwnKey;
use service::verify::{KeyEntry, Verdict};

const NO_MANAGER: &str =
    "This key may not manage keys: generate one for which \"May manage keys through the API\" is chosen.";

/// Who asks.
pub(super) struct Caller {
    /// With which key.
    pub(super) own: OwnKey,
    /// For whom, if that was asked for and the key manages keys.
    pub(super) actor: Option<Actor>,
}

impl Actions {
    /// Lets a program in; the whole request is one use of its key, and is charged as so many requests.
    pub(super) async fn admit(
        &self,
        parameters: &Parameters,
        address: Option<Address>,
        asked: &Asked,
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
        let actor = match asked.needs_permission() {
            true => Some(self.find_manager(&entry, address).await?),
            false => None,
        };
        self.charge(&entry, asked.weight())?;
        shown.count().await?;
        Ok(Caller { own, actor })
    }

    async fn find_manager(&self, key: &KeyEntry, address: Address) -> Result<Actor, Failure> {
        let actor = self.keys().find_caller(key, address).await.map_err(|refusal| match refusal {
            Refusal::Forbidden => Failure::new(Kind::NotPermitted, NO_MANAGER),
            refusal => refusal.into(),
        })?;
        actor.may_manage()?;
        Ok(actor)
    }

    fn charge(&self, key: &KeyEntry, weight: u32) -> Result<(), Failure> {
        let charged = self.limits.charge(key.id, weight, self.services.clock.steady());
        match charged {
            Some((quota, standing)) if !standing.allowed => Err(if weight > quota.requests {
                let most = quota.requests;
                let how = format!("A key may ask for {most} commands in a minute; these are {weight}.");
                Failure::new(Kind::TooOften, how)
            } else {
                Failure::too_often(standing.reset_seconds)
            }),
            _ => Ok(()),
        }
    }
}

fn is_of(key: &KeyEntry, username: &str) -> bool {
    Username::parse(username).is_ok_and(|name| name.folded() == key.user.username.folded())
}
