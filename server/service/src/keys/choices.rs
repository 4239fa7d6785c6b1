//! The users and keys that a form offers to choose from.

use super::Keys;
use crate::accounts::{Actor, store_trouble};
use contract::{Refusal, Role};
use domain::ids::Username;
use domain::key_list::fold;
use std::sync::Arc;
use store::KeyRow;

/// The most keys that a form offers; of more one is found in the list.
const MOST_OFFERED: usize = 100;

/// What a form offers to choose from.
pub struct Choices {
    /// The names of the sub-users, for an owner.
    pub sub_users: Vec<Arc<str>>,
    /// The keys that the actor may see, by description; none where there are too many.
    pub keys: Vec<KeyRow>,
}

/// The most names that a form offers; of more the name is typed.
const MOST_NAMES: u32 = 200;

/// The sub-users whom the owner of an account may generate a key for.
pub struct KeyUsers {
    /// Their names.
    pub names: Vec<Username>,
    /// Whether there are too many to name them all.
    pub are_more: bool,
}

impl Keys {
    /// The sub-users of the actor who may have keys of their own.
    ///
    /// # Errors
    /// `NotFound`: the actor owns no account.
    pub async fn list_key_users(&self, actor: &Actor) -> Result<KeyUsers, Refusal> {
        let account = actor.owned_account()?;
        let rows = self.store.list_sub_users(account, 0, MOST_NAMES + 1).await.map_err(store_trouble)?;
        let are_more = rows.len() > MOST_NAMES as usize;
        let able = rows.into_iter().filter(|row| !row.disabled && row.role == Role::ManagesKeys);
        Ok(KeyUsers { names: able.map(|row| row.username).collect(), are_more })
    }

    /// The users and keys that the actor may choose from.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn list_choices(&self, actor: &Actor) -> Result<Choices, Refusal> {
        let scope = actor.scope();
        let sub_users = if actor.is_owner() { self.index.sub_users_of(actor.account) } else { Vec::new() };
        let mut keys = Vec::new();
        if self.index.count(scope) <= MOST_OFFERED {
            let (ids, _) = self.index.page(scope, 0, MOST_OFFERED, true);
            keys = self.rows_of(scope, &ids).await?.into_iter().map(|key| key.row).collect();
            keys.sort_by_cached_key(|key: &KeyRow| fold(&key.description).into_owned());
        }
        Ok(Choices { sub_users, keys })
    }
}
