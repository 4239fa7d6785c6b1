//! The user for whom a program acts that shows a key.

use super::Keys;
use crate::accounts::{Actor, CallingKey, Via, store_trouble};
use crate::verify::KeyEntry;
use contract::Refusal;
use domain::address::Address;
use store::{KeyRow, KeyScope, UserRow};

impl Keys {
    /// Returns who acts with a key that may pass; `Forbidden` if the key may not manage keys.
    ///
    /// # Errors
    /// It may not, it was deleted a moment ago, or the store is in trouble.
    pub async fn find_caller(&self, key: &KeyEntry, address: Address) -> Result<Actor, Refusal> {
        let (user, row) = self.find_shown(key).await?;
        if !row.manages_keys {
            return Err(Refusal::Forbidden);
        }
        Ok(Actor {
            user: user.number,
            account: user.owner.unwrap_or(user.number),
            role: user.role,
            username: user.username,
            via: Via::Key(CallingKey { id: key.id, kept: None }),
            address: address.into(),
        })
    }

    /// The key that a program shows, and its user, as they are now; `SignedOut` if there is no such key any more.
    pub(super) async fn find_shown(&self, key: &KeyEntry) -> Result<(UserRow, KeyRow), Refusal> {
        let user = self.store.find_user(&key.user.username).await.map_err(store_trouble)?;
        let user = user.ok_or(Refusal::SignedOut)?;
        let scope = KeyScope::User(user.number);
        let row = self.store.find_key(scope, key.id).await.map_err(store_trouble)?;
        Ok((user, row.ok_or(Refusal::SignedOut)?))
    }
}
