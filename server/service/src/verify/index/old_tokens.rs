//! Tokens that keys had before their present ones: few, so they lie apart from the keys.

use super::{KeyEntry, KeyIndex, PassThrough};
use domain::token::TokenHash;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use store::OldToken;

/// All of them.
#[derive(Default)]
pub(super) struct OldTokens(HashMap<TokenHash, OldToken, BuildHasherDefault<PassThrough>>);

impl OldTokens {
    pub(super) fn get(&self, hash: &TokenHash) -> Option<&OldToken> {
        self.0.get(hash)
    }

    /// Adds one, or lets it pass for another time.
    pub(super) fn add(&mut self, old: OldToken) {
        self.0.insert(old.token_hash, old);
    }
}

impl KeyIndex {
    /// What is known of the token by which a key was found, if the key has another one by now.
    pub fn old_token(&self, key: &KeyEntry) -> Option<OldToken> {
        let entries = self.entries.read();
        let record = entries.keys.get(key.number)?;
        entries.keys.old_token(record, &key.token).ok().flatten().copied()
    }
}
