//! Generating a key, which only its own user can.

use super::Keys;
use crate::accounts::{Actor, KeyManager, store_trouble};
use contract::{Field, FieldError, KeyType, Problem, Refusal};
use domain::description::{Description, DescriptionError};
use domain::ids::{KeyId, Username};
use domain::token::PlainToken;
use store::{Action, NewKey, StoreError};

/// How often a token is drawn: two SMPP secrets of one username may be the same by chance (1 in 2·10^14).
const TRIES: usize = 3;

impl Keys {
    /// Generates a key of the actor, and returns its id and its token.
    pub async fn generate_key(
        &self,
        actor: KeyManager<'_>,
        description: &str,
        key_type: &str,
    ) -> Result<(KeyId, PlainToken), Refusal> {
        let (description, key_type) = parse(description, key_type, &actor.username)?;
        for _ in 0..TRIES {
            match self.insert(&actor, &description, key_type).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::Full) => {
                    let limit = self.most.unwrap_or(u32::MAX);
                    return Err(Refusal::field(Field::Form, Problem::TooManyKeys { limit }));
                }
                result => return result.map_err(store_trouble),
            }
        }
        Err(Refusal::Unavailable)
    }

    async fn insert(
        &self,
        actor: &Actor,
        description: &Description,
        key_type: KeyType,
    ) -> Result<(KeyId, PlainToken), StoreError> {
        let trouble = |e: &dyn std::fmt::Display| StoreError::Unavailable(e.to_string());
        let token = self.format.generate(key_type).map_err(|e| trouble(&e))?;
        let id = KeyId::generate();
        let sealed = match &self.sealing {
            Some(key) => Some(key.seal(id, &token).map_err(|e| trouble(&e))?),
            None => None,
        };
        let at = self.clock.now();
        let key = NewKey {
            id,
            user: actor.user,
            key_type,
            description: description.as_str().to_owned(),
            token_hash: self.pepper.hash_for(key_type, &actor.username, &token),
            masked: token.masked(),
            sealed,
            at,
            most: self.most,
        };
        self.store.insert_key(key, actor.audit(at, Action::KeyGenerated, key_type.name())).await?;
        Ok((id, token))
    }
}

/// Checks both fields, so that each problem is told at once.
fn parse(description: &str, key_type: &str, username: &Username) -> Result<(Description, KeyType), Refusal> {
    let description = Description::parse(description).map_err(|error| FieldError {
        field: Field::Description,
        problem: match error {
            DescriptionError::Empty => Problem::Empty,
            DescriptionError::TooLong => Problem::TooLong { limit: Description::LIMIT as u32 },
            DescriptionError::ControlCharacter => Problem::ControlCharacter,
        },
    });
    let at_type = |problem| FieldError { field: Field::KeyType, problem };
    let key_type = match KeyType::from_name(key_type) {
        None => Err(at_type(Problem::UnknownKeyType)),
        Some(KeyType::Smpp) if username.as_str().len() > Username::SMPP_LIMIT => {
            Err(at_type(Problem::UsernameTooLongForSmpp { limit: Username::SMPP_LIMIT as u32 }))
        }
        Some(key_type) => Ok(key_type),
    };
    Refusal::join(description, key_type)
}
