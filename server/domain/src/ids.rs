//! Names of rows: each kind its own type, so that one cannot stand for another.

mod username;

pub use username::{Username, UsernameError};

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The row number of a user: a place in the memory index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserNumber(pub u32);

/// The row number of a key: what the usage journal and the memory index speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyNumber(pub u32);

/// The row number of a session; it stays while the session's token changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionNumber(pub i64);

/// The row number of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeNumber(pub i64);

/// The row number of a mail that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailNumber(pub i64);

/// The public id of a key (UUIDv7). An id, never a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub Uuid);

impl KeyId {
    /// The characters of its text.
    pub const TEXT_LENGTH: usize = 36;

    /// A new id.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Its text, written into a buffer, where an allocation would be felt.
    pub fn encode(self, buffer: &mut [u8; Self::TEXT_LENGTH]) -> &str {
        self.0.hyphenated().encode_lower(buffer)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for KeyId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}
