//! Finding keys of every account.

use super::{KeyVerbError, OperatorKeys, Standing, WholeToken};
use crate::verify::KeyEntry;
use domain::ids::{KeyId, UserNumber};
use domain::key_text::KeyText;
use domain::time::Micros;
use domain::token::{ForeignTokenError, SMPP_LENGTH};
use store::{AnyKeyRow, KeySearch};

/// The most keys that are shown at once.
const MOST: u32 = 50;
/// Users whose SMPP secrets are tried before others have a turn.
const STRETCH: usize = 4096;

/// Which key is meant.
pub enum KeyAsked<'a> {
    /// The one with this id.
    Id(&'a str),
    /// The one with this token, present or old; of that user, where one is named.
    Token(&'a str, Option<&'a str>),
}

/// A key that was found.
pub struct FoundKey {
    /// The key, or what stays of it.
    pub row: AnyKeyRow,
    /// Accepted uses.
    pub times_used: u64,
    /// The last of them.
    pub last_used: Option<Micros>,
    /// Whether it passes.
    pub standing: Standing,
    /// The token by which it was found, if it was found by one.
    pub token: Option<FoundToken>,
}

/// Which token of a key was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundToken {
    /// Its present one.
    Present,
    /// One that it had before.
    Old {
        /// When it was replaced.
        rotated_at: Micros,
        /// Until when it passes too.
        until: Micros,
    },
}

/// Keys that were found.
pub struct FoundKeys {
    /// Newest first.
    pub keys: Vec<FoundKey>,
    /// How many more there are.
    pub more: u64,
}

impl OperatorKeys {
    /// The living keys of a user, or of all.
    ///
    /// # Errors
    /// There is no such user, or the store is in trouble.
    pub async fn list(&self, username: Option<&str>) -> Result<FoundKeys, KeyVerbError> {
        let user = self.number_of(username).await?;
        self.look_for(KeySearch { user, text: None, living: true }).await
    }

    /// Keys and tombstones by an id, by what is shown of a token, or by a part of their description; those of a user where
    /// one is named.
    ///
    /// # Errors
    /// The text is a whole token, there is no such user, or the store is in trouble.
    pub async fn find(&self, text: Option<&str>, username: Option<&str>) -> Result<FoundKeys, KeyVerbError> {
        let text = text.and_then(KeyText::parse);
        if text.as_ref().is_some_and(|text| self.is_token(&text.whole)) {
            return Err(KeyVerbError::WholeToken(WholeToken::Argument));
        }
        let user = self.number_of(username).await?;
        let Some(id) = text.as_ref().and_then(|text| text.whole.parse::<KeyId>().ok()) else {
            return self.look_for(KeySearch { user, text, living: false }).await;
        };
        let row = self.store.find_any_key(id).await?;
        let row = row.filter(|row| user.is_none_or(|user| row.key.user == user));
        Ok(FoundKeys { keys: row.map(|row| self.found(row)).into_iter().collect(), more: 0 })
    }

    /// The keys that have or had a token. More than one only where users share an SMPP secret by chance.
    ///
    /// # Errors
    /// There is none, there is no such user, or the store is in trouble.
    pub async fn find_by_token(
        &self,
        token: &str,
        username: Option<&str>,
    ) -> Result<FoundKeys, KeyVerbError> {
        let user = self.number_of(username).await?;
        let mut entries = self.by_token_alone(token);
        if token.len() == SMPP_LENGTH {
            entries.extend(self.by_secret(token).await);
        }
        entries.retain(|entry| user.is_none_or(|user| entry.user.number == user));
        let mut keys = Vec::with_capacity(entries.len());
        for entry in entries {
            let old = self.index.old_token(&entry);
            let shown = old.map_or(FoundToken::Present, |old| FoundToken::Old {
                rotated_at: old.rotated_at,
                until: old.until,
            });
            keys.push(FoundKey { token: Some(shown), ..self.find_id(entry.id).await? });
        }
        match self.format.foreign_shape(token) {
            _ if !keys.is_empty() => Ok(FoundKeys { keys, more: 0 }),
            Err(ForeignTokenError::Checksum) => Err(KeyVerbError::MistypedToken),
            _ => Err(KeyVerbError::UnknownToken),
        }
    }

    /// The one key that is meant.
    pub(super) async fn find_one(&self, asked: &KeyAsked<'_>) -> Result<FoundKey, KeyVerbError> {
        match *asked {
            KeyAsked::Id(id) => match id.parse() {
                Ok(id) => self.find_id(id).await,
                Err(_) if self.is_token(id) => Err(KeyVerbError::WholeToken(WholeToken::Argument)),
                Err(_) => Err(KeyVerbError::UnknownKey),
            },
            KeyAsked::Token(token, username) => {
                let mut keys = self.find_by_token(token, username).await?.keys;
                match (keys.pop(), keys.len()) {
                    (Some(key), 0) => Ok(key),
                    (_, others) => Err(KeyVerbError::SeveralKeys(others + 1)),
                }
            }
        }
    }

    /// The keys with a token that counts without a username: by the hash of our tokens, and by that of imported ones.
    pub(super) fn by_token_alone(&self, text: &str) -> Vec<KeyEntry> {
        let hashes = [self.pepper.hash(text), self.pepper.hash_foreign(text)];
        hashes.iter().filter_map(|hash| self.index.find(hash)).collect()
    }

    /// The keys with an SMPP secret, which is known together with a username only: all of them are tried.
    async fn by_secret(&self, secret: &str) -> Vec<KeyEntry> {
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(users) = self.index.users(from, STRETCH) {
            let hashes = users.iter().map(|user| self.pepper.hash_smpp(&user.username, secret));
            found.extend(hashes.filter_map(|hash| self.index.find(&hash)));
            from += STRETCH;
            tokio::task::yield_now().await;
        }
        found
    }

    async fn number_of(&self, username: Option<&str>) -> Result<Option<UserNumber>, KeyVerbError> {
        match username {
            Some(name) => self.find_user(name).await.map(|user| Some(user.number)),
            None => Ok(None),
        }
    }

    async fn look_for(&self, search: KeySearch) -> Result<FoundKeys, KeyVerbError> {
        let found = self.store.search_keys(search, MOST).await?;
        let more = found.total.saturating_sub(found.keys.len() as u64);
        Ok(FoundKeys { keys: found.keys.into_iter().map(|row| self.found(row)).collect(), more })
    }
}
