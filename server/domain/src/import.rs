//! Keys that come from another system: what a line of the file has to hold, and which users it needs.

mod accounts;
mod fields;
mod plan;

pub use accounts::{ImportRefusal, NewAccount, Stated};
pub use fields::LineError;
pub use plan::{Candidate, ImportFacts, ImportPlan, ImportRules, TokenHolder, plan_import};

use crate::address::{Address, Network};
use crate::description::Description;
use crate::expiry::{self, ExpiryError};
use crate::ids::Username;
use crate::time::Micros;
use crate::token::{PlainToken, TokenFormat, TokenHash};
use contract::KeyType;

/// The columns of a file, in the order in which the documentation names them.
pub const COLUMNS: [&str; 11] = [
    "username",
    "description",
    "key_type",
    "token",
    "token_sha256",
    "token_hmac",
    "created_at",
    "expires_at",
    "locked_ip",
    "allowed_ips",
    "owner",
];

/// A line as it stands in the file; what a column does not say is empty.
#[derive(Clone, Copy, Default)]
#[expect(missing_docs, reason = "they are the columns of the file")]
pub struct ImportLine<'a> {
    pub username: &'a str,
    pub description: &'a str,
    pub key_type: &'a str,
    pub token: &'a str,
    pub token_sha256: &'a str,
    pub token_hmac: &'a str,
    pub created_at: &'a str,
    pub expires_at: &'a str,
    pub locked_ip: &'a str,
    pub allowed_ips: &'a str,
    pub owner: &'a str,
}

/// What is known of a token.
#[derive(Clone)]
pub enum KnownToken {
    /// The token itself.
    Plain(PlainToken),
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// The hash under which a store with the same pepper keeps it.
    Hmac(TokenHash),
}

/// The key of a line.
#[derive(Clone)]
pub struct LineKey {
    /// Whose it is.
    pub username: Username,
    /// The owner of the account to which that user belongs, where the line says so.
    pub owner: Option<Username>,
    /// The customer's words.
    pub description: Description,
    /// Its kind.
    pub key_type: KeyType,
    /// Its token.
    pub token: KnownToken,
    /// When it was made.
    pub created_at: Micros,
    /// When it expires. A time that is over is taken: the key is expired then.
    pub expires_at: Option<Micros>,
    /// The address that it is locked to.
    pub locked: Option<Address>,
    /// Further addresses that it passes from.
    pub allow_list: Box<[Network]>,
}

impl ImportLine<'_> {
    /// Reads a line.
    ///
    /// # Errors
    /// Says which column breaks which rule; never what stands in a column of tokens.
    pub fn read(&self, format: &TokenFormat, now: Micros) -> Result<LineKey, LineError> {
        let username = Username::parse(self.username).map_err(LineError::Username)?;
        let owner = self.owner(&username)?;
        let description = Description::parse(self.description).map_err(LineError::Description)?;
        let key_type = self.key_type(&username)?;
        let allow_list = fields::networks(self.allowed_ips)?;
        if !allow_list.is_empty() && !key_type.is_address_bound() {
            return Err(LineError::NotAddressBound);
        }
        Ok(LineKey {
            owner,
            description,
            key_type,
            token: fields::token(self, key_type, format)?,
            created_at: self.created_at(now)?,
            expires_at: self.expires_at(now)?,
            locked: fields::address(self.locked_ip)?,
            allow_list,
            username,
        })
    }

    fn owner(&self, username: &Username) -> Result<Option<Username>, LineError> {
        if self.owner.trim().is_empty() {
            return Ok(None);
        }
        let owner = Username::parse(self.owner).map_err(LineError::Owner)?;
        if owner.folded() == username.folded() { Err(LineError::OwnOwner) } else { Ok(Some(owner)) }
    }

    /// Without a word of it a key is a Default one, as in the form that generates keys.
    fn key_type(&self, username: &Username) -> Result<KeyType, LineError> {
        let key_type = match self.key_type.trim() {
            "" => KeyType::Default,
            name => KeyType::from_name(&name.to_ascii_lowercase()).ok_or(LineError::KeyType)?,
        };
        if key_type == KeyType::Smpp && username.as_str().len() > Username::SMPP_LIMIT {
            return Err(LineError::SmppUsername);
        }
        Ok(key_type)
    }

    fn created_at(&self, now: Micros) -> Result<Micros, LineError> {
        match fields::time("created_at", self.created_at)? {
            Some(at) if at > now => Err(LineError::CreatedLater),
            at => Ok(at.unwrap_or(now)),
        }
    }

    fn expires_at(&self, now: Micros) -> Result<Option<Micros>, LineError> {
        let end = fields::time("expires_at", self.expires_at)?;
        match end.map(|end| expiry::check(end, now)) {
            Some(Err(ExpiryError::TooFar)) => Err(LineError::Expiry(ExpiryError::TooFar)),
            // A file that is imported again later has keys that expired meanwhile.
            Some(Err(ExpiryError::Past) | Ok(())) | None => Ok(end),
        }
    }
}

#[cfg(test)]
mod tests;
