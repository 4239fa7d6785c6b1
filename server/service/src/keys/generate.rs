//! Generating a key: a user for themselves, or an owner for a sub-user.

use super::change::AskedEnd;
use super::{Keys, ListedKey};
use crate::accounts::{Actor, KeyManager, Proved, store_trouble};
use contract::{Field, FieldError, KeyState, KeyType, Problem, Refusal, Role};
use domain::application::{DeviceCodeHash, FETCH_SECONDS};
use domain::description::{Description, DescriptionError};
use domain::ids::{KeyId, UserNumber, Username};
use domain::rule::AddressRule;
use domain::sealing::SealingKey;
use domain::time::Micros;
use domain::token::PlainToken;
use store::{Action, Approval, Audit, KeptAnswer, KeyRow, NewKey, StoreError};

/// How often a token is drawn: two SMPP secrets of one username may be the same by chance (1 in 2·10^14).
pub(super) const TRIES: usize = 3;

/// A key as it is asked for.
#[derive(Clone, Copy)]
pub struct AskedKey<'a> {
    /// The customer's words.
    pub description: &'a str,
    /// The name of its kind.
    pub key_type: &'a str,
    /// When it expires.
    pub expires_at: AskedEnd<'a>,
    /// The sub-user that it is for; none: the actor.
    pub username: Option<&'a str>,
    /// Whether programs may manage keys with it. That takes more than a cookie, or another such key.
    pub manages_keys: Option<&'a Proved<'a>>,
}

impl<'a> AskedKey<'a> {
    /// A key of the actor that never expires and manages nothing.
    pub fn plain(description: &'a str, key_type: &'a str) -> Self {
        Self { description, key_type, expires_at: AskedEnd::Never, username: None, manages_keys: None }
    }
}

/// A key that was just generated.
pub struct Generated {
    /// The key.
    pub key: ListedKey,
    /// Its token.
    pub token: PlainToken,
}

/// What of a generated key is kept, together with it, for a program that may ask again.
pub type Keep<'a> = &'a (dyn Fn(&Generated) -> Result<Option<KeptAnswer>, Refusal> + Sync);

/// The application that a key is for.
pub(crate) struct Grant<'a> {
    /// Which.
    pub(crate) device: DeviceCodeHash,
    /// How it calls itself.
    pub(crate) name: &'a str,
    /// With what the token is sealed until it is fetched.
    pub(crate) sealing: &'a SealingKey,
}

/// The same, found to be right.
struct WantedKey {
    user: UserNumber,
    username: Username,
    description: Description,
    key_type: KeyType,
    expires_at: Option<Micros>,
    manages_keys: bool,
}

impl Keys {
    /// Generates a key.
    ///
    /// # Errors
    /// A field is wrong, or the account has as many keys as it may.
    pub async fn generate_key(
        &self,
        actor: KeyManager<'_>,
        asked: AskedKey<'_>,
        keep: Keep<'_>,
    ) -> Result<Generated, Refusal> {
        self.generate_for(actor, asked, keep, None).await
    }

    /// Generates a key, and gives it to an application if it is for one.
    ///
    /// # Errors
    /// The same, or the application does not wait any more.
    pub(crate) async fn generate_for(
        &self,
        actor: KeyManager<'_>,
        asked: AskedKey<'_>,
        keep: Keep<'_>,
        grant: Option<Grant<'_>>,
    ) -> Result<Generated, Refusal> {
        let wanted = self.parse(&actor, asked).await?;
        for _ in 0..TRIES {
            let (generated, sealed) = self.draw(&wanted).map_err(store_trouble)?;
            let actor = actor.keeping(keep(&generated)?);
            match self.insert(&actor, &generated, sealed, grant.as_ref()).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::LimitReached) => {
                    let limit = self.most.unwrap_or(u32::MAX);
                    return Err(Refusal::field(Field::Form, Problem::TooManyKeys { limit }));
                }
                result => return result.map(|()| generated).map_err(store_trouble),
            }
        }
        Err(Refusal::Unavailable)
    }

    /// The key as it will be with its token, and the sealed copy of that.
    fn draw(&self, wanted: &WantedKey) -> Result<(Generated, Option<Vec<u8>>), StoreError> {
        let (id, key_type) = (KeyId::generate_at(self.clock.now()), wanted.key_type);
        let (token, sealed) = self.draw_token(id, key_type)?;
        let row = KeyRow {
            id,
            token_hash: self.pepper.hash_for(key_type, &wanted.username, &token),
            user: wanted.user,
            username: wanted.username.clone(),
            key_type,
            description: wanted.description.as_str().to_owned(),
            masked: token.masked(),
            is_sealed: sealed.is_some(),
            created_at: self.clock.now(),
            paused: false,
            expires_at: wanted.expires_at,
            manages_keys: wanted.manages_keys,
            rule: AddressRule { enforced: key_type.is_address_bound(), ..AddressRule::default() },
            rotation: None,
        };
        let key = ListedKey { row, times_used: 0, last_used: None, state: KeyState::Active };
        Ok((Generated { key, token }, sealed))
    }

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

    async fn insert(
        &self,
        actor: &Actor,
        generated: &Generated,
        sealed: Option<Vec<u8>>,
        grant: Option<&Grant<'_>>,
    ) -> Result<(), StoreError> {
        let row = &generated.key.row;
        let key = NewKey {
            id: row.id,
            user: row.user,
            key_type: row.key_type,
            description: row.description.clone(),
            token_hash: row.token_hash,
            masked: row.masked.clone(),
            sealed,
            expires_at: row.expires_at,
            manages_keys: row.manages_keys,
            at: row.created_at,
            most: self.most,
        };
        // The line concerns whom the key is for: they read it in their history.
        let line = actor.audit(row.created_at, Action::KeyGenerated, row.key_type.name());
        let audit = Audit { user: Some(row.user), ..line };
        let Some(grant) = grant else { return self.store.insert_key(key, audit).await };
        let token_sealed = grant
            .sealing
            .seal_bytes(&grant.device.place(), generated.token.expose().as_bytes())
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        let fetch_until = row.created_at.plus_seconds(FETCH_SECONDS);
        let approval = Approval { device: grant.device, key, token_sealed, fetch_until };
        // An answer is kept with one line.
        let approved = actor.keeping(None).audit(row.created_at, Action::ApplicationApproved, grant.name);
        self.store.approve_application(approval, audit, approved).await
    }

    /// All fields, with every message at its field.
    async fn parse(&self, actor: &Actor, asked: AskedKey<'_>) -> Result<WantedKey, Refusal> {
        let user = self.parse_user(actor, asked.username).await?;
        let name = user.as_ref().map_or(&actor.username, |(_, name)| name).clone();
        let description = parse_description(asked.description);
        let key_type = parse_type(asked.key_type, &name);
        let expires_at = asked.expires_at.parse(self.clock.now());
        let manages_keys = parse_permission(asked.manages_keys, key_type.as_ref().ok());
        match (user, description, key_type, expires_at, manages_keys) {
            (Ok((user, username)), Ok(description), Ok(key_type), Ok(expires_at), Ok(manages_keys)) => {
                Ok(WantedKey { user, username, description, key_type, expires_at, manages_keys })
            }
            (user, description, key_type, expires_at, manages_keys) => {
                let errors =
                    [user.err(), description.err(), key_type.err(), expires_at.err(), manages_keys.err()];
                Err(Refusal::Invalid(errors.into_iter().flatten().collect()))
            }
        }
    }

    /// Whose key it will be. Only an owner may name somebody else, and only a sub-user who may have keys of their own.
    async fn parse_user(
        &self,
        actor: &Actor,
        username: Option<&str>,
    ) -> Result<Result<(UserNumber, Username), FieldError>, Refusal> {
        let Some(name) = username.filter(|name| *name != actor.username.as_str()) else {
            return Ok(Ok((actor.user, actor.username.clone())));
        };
        let unknown = FieldError { field: Field::Username, problem: Problem::NoSuchSubUser };
        if !actor.is_owner() {
            return Ok(Err(unknown));
        }
        let found = match Username::parse(name) {
            Ok(name) => self.store.find_user(&name).await.map_err(store_trouble)?,
            Err(_) => None,
        };
        Ok(match found {
            Some(user)
                if user.owner == Some(actor.account) && !user.disabled && user.role == Role::ManagesKeys =>
            {
                Ok((user.number, user.username))
            }
            _ => Err(unknown),
        })
    }
}

fn parse_permission(asked: Option<&Proved<'_>>, key_type: Option<&KeyType>) -> Result<bool, FieldError> {
    match (asked, key_type) {
        (Some(_), Some(KeyType::Smpp)) => {
            Err(FieldError { field: Field::ManagesKeys, problem: Problem::SmppManagesNothing })
        }
        (asked, _) => Ok(asked.is_some()),
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
