//! Tokens that keys had before their present ones: few, so they lie apart from the keys.

use super::place::Place;
use super::{KeyEntry, KeyIndex, PassThrough};
use domain::token::TokenHash;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use store::OldToken;

/// All of them.
#[derive(Default)]
pub(super) struct OldTokens(HashMap<TokenHash, (Place, OldToken), BuildHasherDefault<PassThrough>>);

impl OldTokens {
    pub(super) fn get(&self, hash: &TokenHash) -> Option<&OldToken> {
        self.0.get(hash).map(|(_, old)| old)
    }

    /// Where the key lies that had this token.
    pub(super) fn place(&self, hash: &TokenHash) -> Option<Place> {
        self.0.get(hash).map(|(place, _)| *place)
    }

    /// Adds one of the key that lies there, or lets it pass for another time.
    pub(super) fn add(&mut self, place: Place, old: OldToken) {
        self.0.insert(old.token_hash, (place, old));
    }
}

impl KeyIndex {
    /// What is known of the token by which a key was found, if the key has another one by now.
    pub fn old_token(&self, key: &KeyEntry) -> Option<OldToken> {
        let entries = self.entries.read();
        let record = entries.keys.get(key.place)?;
        entries.keys.old_token(record, &key.token).ok().flatten().copied()
    }
}
