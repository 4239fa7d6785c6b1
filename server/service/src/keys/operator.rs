//! The operator's verbs around keys: finding one, looking at it, revoking it. None of them sees or makes a token.

mod find;
mod show;

pub use find::{FoundKey, FoundKeys, FoundToken, KeyAsked};
pub use show::KeyInspection;

use crate::verify::{KeyIndex, Verifier};
use contract::KeyState;
use domain::expiry;
use domain::ids::{KeyId, Username};
use domain::reason::{Reason, ReasonError};
use domain::time::{Clock, Micros};
use domain::token::{Pepper, Shape, TokenFormat};
use std::sync::Arc;
use store::{Action, AnyKeyRow, Audit, Store, StoreError};

/// The use cases of the operator around keys.
pub struct OperatorKeys {
    /// Where keys are kept.
    pub store: Arc<dyn Store>,
    /// All keys in memory, by their tokens' hashes.
    pub index: Arc<KeyIndex>,
    /// Where a deletion waits for uses that were judged before it.
    pub verifier: Arc<Verifier>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Under which tokens are hashed.
    pub pepper: Pepper,
    /// What our tokens look like.
    pub format: TokenFormat,
}

/// Why a verb was not carried out: one line for standard error, which never holds what was typed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KeyVerbError {
    #[error(
        "no key has or had this token: it was never given out here, it belongs to another installation, or it was \
         changed on its way"
    )]
    UnknownToken,
    #[error(
        "this has the form of a token of this installation, and its checksum is wrong: a character was lost or changed, \
         so it passes nowhere"
    )]
    MistypedToken,
    #[error("no key has this id; `latchkey key find` finds keys by what is known of them")]
    UnknownKey,
    #[error("there is no user named {0}; `latchkey user list` shows them")]
    UnknownUser(String),
    #[error("this secret belongs to {0} keys; name its user with --username, or the key by its id")]
    SeveralKeys(usize),
    #[error("{0}")]
    WholeToken(WholeToken),
    #[error("the reason {0}; choose another")]
    Reason(#[from] ReasonError),
    #[error("{0}; the server's log says more")]
    Trouble(#[from] StoreError),
}

/// A whole token that was typed where others read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WholeToken {
    /// In place of an id or of a text.
    #[error(
        "that is a whole token, and command lines are read by others and kept by shells: treat it as leaked, and pipe it \
         in with --token-from-stdin"
    )]
    Argument,
    /// In a reason.
    #[error(
        "the reason holds a whole token, and would be kept and sent to the key's user; leave the token out"
    )]
    Reason,
}

/// Whether a key passes, apart from its address rule, in the order of verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was deleted then.
    Deleted(Micros),
    /// Its user or the owner of the account is disabled.
    UserDisabled,
    /// Neither of them.
    Lives(KeyState),
}

/// What came of a revocation.
pub struct Revoked {
    /// The key, or what stays of it.
    pub key: FoundKey,
    /// Whether it was deleted already, so that nothing was done.
    pub already: bool,
}

impl OperatorKeys {
    /// Deletes a key for good. No request that is sent after this returns passes with it; its user, and the owner of the
    /// account, are told of it with the reason.
    ///
    /// # Errors
    /// There is no such key, the reason is none, or the store is in trouble.
    pub async fn revoke(&self, asked: &KeyAsked<'_>, reason: &str) -> Result<Revoked, KeyVerbError> {
        let reason = Reason::parse(reason)?;
        if reason.as_str().split_whitespace().any(|word| self.is_token(word)) {
            return Err(KeyVerbError::WholeToken(WholeToken::Reason));
        }
        let key = self.find_one(asked).await?;
        if let Standing::Deleted(_) = key.standing {
            return Ok(Revoked { key, already: true });
        }
        let row = &key.row.key;
        let audit = Audit {
            at: self.clock.now(),
            action: Action::KeyDeleted,
            actor: "operator".to_owned(),
            user: Some(row.user),
            address: None,
            detail: reason.as_str().to_owned(),
            asker: None,
        };
        let already = match self.store.delete_key(row.id, audit).await {
            // Its user deleted it a moment ago.
            Err(StoreError::NotFound) => true,
            deleted => deleted.map(|()| false)?,
        };
        // A use that was accepted just before may still wait for its commit, and is answered first.
        self.verifier.settle().await;
        Ok(Revoked { key: FoundKey { token: key.token, ..self.find_id(row.id).await? }, already })
    }

    /// Whether a word is a whole token: one of our form, or the token of a key. An SMPP secret cannot be told without its
    /// username.
    fn is_token(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
        let is_token = |text| {
            matches!(self.format.shape(text), Some(Shape::Token(_))) || !self.by_token_alone(text).is_empty()
        };
        is_token(word) || is_token(bare)
    }

    /// The key or tombstone of that id.
    async fn find_id(&self, id: KeyId) -> Result<FoundKey, KeyVerbError> {
        let row = self.store.find_any_key(id).await?.ok_or(KeyVerbError::UnknownKey)?;
        Ok(self.found(row))
    }

    fn found(&self, row: AnyKeyRow) -> FoundKey {
        let (times_used, last_used) = self.index.uses(&row.key.token_hash);
        let standing = match (row.deleted_at, row.user_is_disabled) {
            (Some(at), _) => Standing::Deleted(at),
            (None, true) => Standing::UserDisabled,
            (None, false) => {
                Standing::Lives(expiry::state(row.key.paused, row.key.expires_at, self.clock.now()))
            }
        };
        FoundKey { row, times_used, last_used, standing, token: None }
    }

    /// Finds a user by name, whatever its case.
    async fn find_user(&self, name: &str) -> Result<store::UserRow, KeyVerbError> {
        let unknown = || KeyVerbError::UnknownUser(name.to_owned());
        // What has the form of a token is not said again.
        if self.is_token(name) {
            return Err(KeyVerbError::WholeToken(WholeToken::Argument));
        }
        let username = Username::parse(name).map_err(|_| unknown())?;
        self.store.find_user(&username).await?.ok_or_else(unknown)
    }
}
