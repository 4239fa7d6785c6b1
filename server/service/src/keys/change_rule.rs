//! The addresses of a Default key: its allow list, and the release of its lock.

use super::Keys;
use crate::accounts::{Actor, KeyManager, store_trouble};
use contract::{Field, KeyType, Problem, Refusal};
use domain::address::{Address, AddressError, Network};
use domain::ids::KeyId;
use domain::rule::AddressRule;
use store::{Action, Audit, KeyRow, StoreError};

/// The most entries of an allow list.
const ENTRIES: u32 = AddressRule::ENTRIES;

impl Keys {
    /// Adds an address or network to the allow list.
    pub async fn authorise_address(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        address: &str,
    ) -> Result<(), Refusal> {
        let row = self.find_default_key(&actor, id).await?;
        let network = Self::parse_address(address)?;
        let audit = actor.audit(self.clock.now(), Action::AddressAdded, network.to_string());
        self.add_to_list(row.id, network, audit).await
    }

    /// Adds a network to an allow list that is known to have one.
    pub(super) async fn add_to_list(
        &self,
        key: KeyId,
        network: Network,
        audit: Audit,
    ) -> Result<(), Refusal> {
        let result = self.store.insert_network(key, network, ENTRIES, audit).await;
        result.map_err(|error| match error {
            StoreError::Conflict => Refusal::field(Field::Address, Problem::AlreadyListed),
            StoreError::LimitReached => Refusal::field(Field::Address, Problem::TooMany { limit: ENTRIES }),
            error => store_trouble(error),
        })
    }

    /// Removes an entry from the allow list.
    pub async fn remove_address(
        &self,
        actor: KeyManager<'_>,
        id: &str,
        address: &str,
    ) -> Result<(), Refusal> {
        let row = self.find_default_key(&actor, id).await?;
        let network = Self::parse_address(address)?;
        let audit = actor.audit(self.clock.now(), Action::AddressRemoved, network.to_string());
        self.store.delete_network(row.id, network, audit).await.map_err(store_trouble)
    }

    /// Forgets the locked address, so that the next request locks the key anew.
    pub async fn release_lock(&self, actor: KeyManager<'_>, id: &str) -> Result<(), Refusal> {
        let row = self.find_default_key(&actor, id).await?;
        let detail = row.rule.locked.map_or_else(String::new, |a| a.to_string());
        let audit = actor.audit(self.clock.now(), Action::LockReleased, detail);
        self.store.release_lock(row.id, audit).await.map_err(store_trouble)
    }

    async fn find_default_key(&self, actor: &Actor, id: &str) -> Result<KeyRow, Refusal> {
        let row = self.find_row(actor, id).await?;
        has_a_list(row.key_type)?;
        Ok(row)
    }

    /// An entry of an allow list, as people write it.
    ///
    /// # Errors
    /// It is none, or would let everybody in.
    pub fn parse_address(text: &str) -> Result<Network, Refusal> {
        Network::parse(text).map_err(|error| refuse_address(&error))
    }

    /// The address of a client, as people write it.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn parse_client(text: &str) -> Result<Address, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(refuse_address(&AddressError::Empty));
        }
        Address::parse(text).map_err(|error| refuse_address(&error))
    }
}

fn refuse_address(error: &AddressError) -> Refusal {
    let problem = match error {
        AddressError::Empty => Problem::Empty,
        AddressError::NotAnAddress => Problem::NotAnAddress,
        AddressError::Zoned => Problem::ZonedAddress,
        AddressError::HostBits(network) => Problem::HostBits { suggestion: network.to_string() },
        AddressError::MappedNetwork => Problem::MappedNetwork,
        AddressError::Everybody => Problem::Everybody,
    };
    Refusal::field(Field::Address, problem)
}

/// Fails for keys that pass from anywhere.
pub(super) fn has_a_list(key_type: KeyType) -> Result<(), Refusal> {
    if key_type.is_address_bound() {
        Ok(())
    } else {
        Err(Refusal::field(Field::Address, Problem::NotADefaultKey))
    }
}
