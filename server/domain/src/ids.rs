//! Names of rows: each kind its own type, so that one cannot stand for another.

mod username;

pub use username::{Username, UsernameError};

use crate::time::Micros;
use std::fmt;
use std::str::FromStr;
use uuid::{NoContext, Timestamp, Uuid};

/// The row number of a user: positive and unique. The engine chooses it, so it is no place, no count and no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserNumber(pub i64);

/// The row number of a key, which changes and counts speak of. As with users, it is positive and unique, and nothing else
/// follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyNumber(pub i64);

/// The row number of a session; it stays while the session's token changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionNumber(pub i64);

/// The row number of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeNumber(pub i64);

/// The row number of a mail that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailNumber(pub i64);

/// The public id of a key (UUIDv7). An id, never a secret. Ids are in the order in which keys were generated, as far as the
/// clocks of the machines agree: what lists keys by their age goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub Uuid);

impl KeyId {
    /// The characters of its text.
    pub const TEXT_LENGTH: usize = 36;

    /// A new id.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// Back from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// A new id for a key that is, or was, made at this time.
    #[must_use]
    pub fn generate_at(at: Micros) -> Self {
        let [seconds, micros] = [at.0.max(0) / Micros::SECOND, at.0.max(0) % Micros::SECOND];
        let nanos = u32::try_from(micros * 1000).unwrap_or(0);
        Self(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds.unsigned_abs(), nanos)))
    }

    /// When the key was made, to the millisecond: every id carries it. 1970 for an id of another kind.
    #[must_use]
    pub fn made_at(self) -> Micros {
        let seconds_and_nanos = self.0.get_timestamp().map_or((0, 0), |made| made.to_unix());
        let (seconds, nanos) = seconds_and_nanos;
        Micros(i64::try_from(seconds).unwrap_or(0) * Micros::SECOND + i64::from(nanos) / 1000)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_its_key_was_made() {
        let at = Micros(1_768_478_400_123_456);
        let (one, other) = (KeyId::generate_at(at), KeyId::generate_at(at));
        assert_eq!((one.made_at(), other.made_at()), (Micros(1_768_478_400_123_000), one.made_at()));
        assert_ne!(one, other);
        assert_eq!(one.0.get_version_num(), 7);
        assert_eq!(KeyId::generate_at(Micros(-5)).made_at(), Micros(0));
        assert!(KeyId::generate().made_at() > at);
        assert_eq!(KeyId(Uuid::from_u128(7)).made_at(), Micros(0));
    }
}
