//! What a program may ask of the key that it shows, whatever that key may do.

use super::Keys;
use super::change_rule::has_a_list;
use crate::accounts::{audit_line, store_trouble};
use crate::verify::KeyEntry;
use contract::{KeyType, Refusal, Role};
use domain::address::{Address, Network};
use domain::ids::{KeyId, UserNumber, Username};
use store::{Action, Asker, Audit, KeyScope};

/// The key that a program shows. It is no actor: with it, nobody reaches another key.
#[derive(Clone, Debug)]
pub struct OwnKey {
    /// Which one.
    pub id: KeyId,
    /// Whose it is.
    pub user: UserNumber,
    key_type: KeyType,
    username: Username,
    role: Role,
    address: Address,
}

impl Keys {
    /// The key of a program whose token passes from this address.
    ///
    /// # Errors
    /// It was deleted a moment ago, or the store is in trouble.
    pub async fn find_own_key(&self, key: &KeyEntry, address: Address) -> Result<OwnKey, Refusal> {
        let (user, row) = self.find_shown(key).await?;
        Ok(OwnKey {
            id: row.id,
            user: user.number,
            key_type: row.key_type,
            username: user.username,
            role: user.role,
            address,
        })
    }

    /// The allow list of the key.
    pub async fn list_own_addresses(&self, own: &OwnKey) -> Result<Box<[Network]>, Refusal> {
        let row = self.store.find_key(KeyScope::User(own.user), own.id).await.map_err(store_trouble)?;
        Ok(row.ok_or(Refusal::SignedOut)?.rule.allow_list)
    }

    /// Adds an address or network to the allow list of the key. Its user is told, as whoever holds the key can do it.
    ///
    /// # Errors
    /// Its user only reads, it has no such list, the list is full or holds it already, or the key does not pass from
    /// there any more.
    pub async fn authorise_own_address(&self, own: &OwnKey, network: Network) -> Result<(), Refusal> {
        if own.role == Role::ReadsOnly {
            return Err(Refusal::Forbidden);
        }
        has_a_list(own.key_type)?;
        self.add_to_list(own.id, network, own.audit(self, Action::AddressAdded, network.to_string())).await
    }
}

impl OwnKey {
    fn audit(&self, keys: &Keys, action: Action, detail: String) -> Audit {
        let (at, user) = (keys.clock.now(), Some(self.user));
        let line = audit_line(at, action, self.username.as_str(), user, self.address.into());
        Audit { detail, asker: Some(Asker::Itself(self.id)), ..line }
    }
}
