//! A dry run for people: what a gateway would be told now of a key, and why.

use super::{Keys, ListedKey};
use crate::accounts::Actor;
use contract::Refusal;
use domain::address::Address;
use domain::verdict::Explained;

/// What a gateway would be told of a request with a key.
pub struct Trial {
    /// The key.
    pub key: ListedKey,
    /// From where the request would come.
    pub address: Address,
    /// The verdict and its reasons.
    pub explained: Explained,
}

impl Keys {
    /// Explains the verdict on a request from an address with a key the actor may see. Nothing is counted, and nothing is
    /// locked.
    ///
    /// # Errors
    /// There is no such key for the actor, or the text is no address.
    pub async fn try_key(&self, actor: &Actor, id: &str, address: &str) -> Result<Trial, Refusal> {
        let key = self.find_listed(actor, id).await?;
        let address = Self::parse_client(address)?;
        let entry = self.index.find(&key.row.token_hash).ok_or(Refusal::NotFound)?;
        let explained = self.index.explain(&entry, address, self.clock.now()).ok_or(Refusal::NotFound)?;
        Ok(Trial { key, address, explained })
    }
}
