//! Generating a key, which only its own user can.

use super::Keys;
use super::change::parse_expiry;
use crate::accounts::{Actor, KeyManager, store_trouble};
use contract::{Field, FieldError, KeyType, Problem, Refusal};
use domain::description::{Description, DescriptionError};
use domain::ids::{KeyId, Username};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use domain::token::PlainToken;
use store::{Action, NewKey, StoreError};

/// How often a token is drawn: two SMPP secrets of one username may be the same by chance (1 in 2·10^14).
pub(super) const TRIES: usize = 3;

impl Keys {
    /// Generates a key of the actor, and returns its id and its token.
    /// `expires_at` is read by the clocks of `zone`; an empty one is never.
    pub async fn generate_key(
        &self,
        actor: KeyManager<'_>,
        asked: AskedKey<'_>,
        zone: &TimeZone,
    ) -> Result<(KeyId, PlainToken), Refusal> {
        let wanted = self.parse(asked, &actor.username, zone)?;
        for _ in 0..TRIES {
            match self.insert(&actor, &wanted).await {
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

    async fn insert(&self, actor: &Actor, wanted: &WantedKey) -> Result<(KeyId, PlainToken), StoreError> {
        let key_type = wanted.key_type;
        let id = KeyId::generate();
        let (token, sealed) = self.draw_token(id, key_type)?;
        let at = self.clock.now();
        let key = NewKey {
            id,
            user: actor.user,
            key_type,
            description: wanted.description.as_str().to_owned(),
            token_hash: self.pepper.hash_for(key_type, &actor.username, &token),
            masked: token.masked(),
            sealed,
            expires_at: wanted.expires_at,
            at,
            most: self.most,
        };
        self.store.insert_key(key, actor.audit(at, Action::KeyGenerated, key_type.name())).await?;
        Ok((id, token))
    }
}

impl Keys {
    /// A token for a key, and its sealed copy where copies are kept.
    pub(super) fn draw_token(
        &self,
        id: KeyId,
        key_type: KeyType,
    ) -> Result<(PlainToken, Option<Vec<u8>>), StoreError> {
        let trouble = |e: &dyn std::fmt::Display| StoreError::Unavailable(e.to_string());
        let token = self.format.generate(key_type).map_err(|e| trouble(&e))?;
        let sealed = match &self.sealing {
            Some(key) => Some(key.seal(id, &token).map_err(|e| trouble(&e))?),
            None => None,
        };
        Ok((token, sealed))
    }
}

/// A key as it is asked for.
#[derive(Clone, Copy)]
pub struct AskedKey<'a> {
    /// The customer's words.
    pub description: &'a str,
    /// The name of its kind.
    pub key_type: &'a str,
    /// When it expires; empty for never.
    pub expires_at: &'a str,
}

/// The same, found to be right.
struct WantedKey {
    description: Description,
    key_type: KeyType,
    expires_at: Option<Micros>,
}

impl Keys {
    /// All fields, with every message at its field.
    fn parse(&self, asked: AskedKey<'_>, username: &Username, zone: &TimeZone) -> Result<WantedKey, Refusal> {
        let description = parse_description(asked.description);
        let key_type = parse_type(asked.key_type, username);
        let expires_at = parse_expiry(asked.expires_at, zone, self.clock.now());
        match (description, key_type, expires_at) {
            (Ok(description), Ok(key_type), Ok(expires_at)) => {
                Ok(WantedKey { description, key_type, expires_at })
            }
            (description, key_type, expires_at) => {
                let errors = [description.err(), key_type.err(), expires_at.err()];
                Err(Refusal::Invalid(errors.into_iter().flatten().collect()))
            }
        }
    }
}

/// A description that people typed.
pub(super) fn parse_description(text: &str) -> Result<Description, FieldError> {
    Description::parse(text).map_err(|error| FieldError {
        field: Field::Description,
        problem: match error {
            DescriptionError::Empty => Problem::Empty,
            DescriptionError::TooLong => Problem::TooLong { limit: Description::LIMIT as u32 },
            DescriptionError::ControlCharacter => Problem::ControlCharacter,
        },
    })
}

fn parse_type(name: &str, username: &Username) -> Result<KeyType, FieldError> {
    let at_type = |problem| FieldError { field: Field::KeyType, problem };
    match KeyType::from_name(name) {
        None => Err(at_type(Problem::UnknownKeyType)),
        Some(KeyType::Smpp) if username.as_str().len() > Username::SMPP_LIMIT => {
            Err(at_type(Problem::UsernameTooLongForSmpp { limit: Username::SMPP_LIMIT as u32 }))
        }
        Some(key_type) => Ok(key_type),
    }
}
