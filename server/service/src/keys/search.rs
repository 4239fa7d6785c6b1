//! Searching keys for programs: page by page from the newest on, with filters.

use super::{Keys, ListedKey};
use crate::accounts::{Actor, store_trouble};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::{KeyState, KeyType, Refusal};
use domain::ids::KeyId;
use domain::sealing::SealingKey;

/// Keys that are read at a time.
const STRETCH: usize = 500;
/// The most keys that are looked at for one answer, so that one request cannot keep the pages busy. What is found by
/// then is returned, with a cursor.
const MOST_READ: usize = 20_000;

/// Which keys are wanted; nothing: any.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// Whose.
    pub username: Option<String>,
    /// Of which kind.
    pub key_type: Option<KeyType>,
    /// In which state.
    pub state: Option<KeyState>,
    /// What their description contains, whatever the case.
    pub text: Option<String>,
}

impl KeyFilter {
    fn admits(&self, key: &ListedKey) -> bool {
        let contains = |text: &String| key.row.description.to_lowercase().contains(&text.to_lowercase());
        self.username.as_ref().is_none_or(|name| key.row.username.as_str().eq_ignore_ascii_case(name))
            && self.key_type.is_none_or(|key_type| key.row.key_type == key_type)
            && self.state.is_none_or(|state| key.state == state)
            && self.text.as_ref().is_none_or(contains)
    }
}

/// Where a search goes on: behind a key. Programs get it sealed, so that none is made up, and none is used by another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(KeyId);

impl Cursor {
    fn place(actor: &Actor) -> String {
        format!("cursor:{}", actor.user.0)
    }

    /// The text for a program.
    fn seal(self, sealing: &SealingKey, actor: &Actor) -> Result<String, Refusal> {
        let sealed = sealing.seal_bytes(&Self::place(actor), &self.0.to_bytes());
        sealed.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).map_err(|error| {
            tracing::error!(%error, "a cursor cannot be sealed");
            Refusal::Unavailable
        })
    }

    /// Reads what the same user was given.
    fn open(sealing: &SealingKey, actor: &Actor, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let id = sealing.open_bytes(&Self::place(actor), &sealed).ok()?;
        Some(Self(KeyId::from_bytes(id.as_slice().try_into().ok()?)))
    }
}

/// Keys that were found.
pub struct FoundKeys {
    /// Newest first.
    pub keys: Vec<ListedKey>,
    /// Where the search goes on, if there may be more.
    pub next: Option<String>,
}

impl Keys {
    /// Reads a cursor that this user was given.
    pub fn parse_cursor(&self, actor: &Actor, text: &str) -> Option<Cursor> {
        Cursor::open(&self.cursors, actor, text)
    }

    /// Finds at most `limit` of the keys that the actor may see, the newest first.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn search_keys(
        &self,
        actor: &Actor,
        filter: &KeyFilter,
        limit: usize,
        from: Option<Cursor>,
    ) -> Result<FoundKeys, Refusal> {
        let (scope, mut from) = (actor.scope(), from.map(|cursor| cursor.0));
        let (mut keys, mut read) = (Vec::new(), 0);
        loop {
            // One more tells whether there are more.
            let stretch = self.index.older(scope, from, STRETCH.min(limit + 1));
            let rows = self.store.list_keys(scope, &stretch).await.map_err(store_trouble)?;
            let mut rows = rows.into_iter().peekable();
            for id in &stretch {
                if keys.len() == limit {
                    return self.found(actor, keys, from);
                }
                from = Some(*id);
                // Deleted meanwhile, if it is not there.
                let Some(row) = rows.next_if(|row| row.id == *id) else { continue };
                let key = self.with_counts(row);
                if filter.admits(&key) {
                    keys.push(key);
                }
            }
            read += stretch.len();
            if stretch.is_empty() {
                return Ok(FoundKeys { keys, next: None });
            }
            if read >= MOST_READ {
                return self.found(actor, keys, from);
            }
            tokio::task::yield_now().await;
        }
    }

    fn found(&self, actor: &Actor, keys: Vec<ListedKey>, last: Option<KeyId>) -> Result<FoundKeys, Refusal> {
        let next = last.map(|last| Cursor(last).seal(&self.cursors, actor)).transpose()?;
        Ok(FoundKeys { keys, next })
    }
}
