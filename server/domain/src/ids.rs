//! Names of rows: each kind its own type, so that one cannot stand for another.

mod username;

pub use username::{Username, UsernameError};

use crate::time::Micros;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{Builder, Uuid};

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

    /// A new id for a key that is made at this time. Of ids of one millisecond each is greater than those that this
    /// process made before it, so that keys stand in the order in which they were made (RFC 9562, 6.2, method 1).
    #[must_use]
    pub fn generate_at(at: Micros) -> Self {
        static COUNT: LazyLock<AtomicU64> = LazyLock::new(|| {
            // Far below 2^42, so that it does not begin anew.
            AtomicU64::new(u64::from(random()) << 9)
        });
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let millis = u64::try_from(at.0 / 1000).unwrap_or(0);
        Self(Builder::from_unix_timestamp_millis(millis, &behind_the_time(count)).into_uuid())
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

/// What follows the time in an id: 42 bits of a counter, around the version and the variant, and 32 random bits.
fn behind_the_time(count: u64) -> [u8; 10] {
    let [.., high, low] = (count >> 30 & 0xFFF).to_be_bytes();
    let [.., first, second, third, fourth] = (count & 0x3FFF_FFFF).to_be_bytes();
    let [a, b, c, d] = random().to_be_bytes();
    [high, low, first, second, third, fourth, a, b, c, d]
}

/// The random end of a UUID.
fn random() -> u32 {
    let [.., a, b, c, d] = Uuid::now_v7().into_bytes();
    u32::from_be_bytes([a, b, c, d])
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
        assert!(one < other);
        assert_eq!(one.0.get_version_num(), 7);
        assert_eq!(KeyId::generate_at(Micros(-5)).made_at(), Micros(0));
        assert!(KeyId::generate().made_at() > at);
        assert_eq!(KeyId(Uuid::from_u128(7)).made_at(), Micros(0));
    }

    #[test]
    fn ids_of_one_moment_ascend() {
        let ids: Vec<_> = (0..5_000).map(|_| KeyId::generate_at(Micros(7_000_000))).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(ids.iter().all(|id| id.0.get_version_num() == 7 && id.made_at() == Micros(7_000_000)));
        let of = |count| Builder::from_unix_timestamp_millis(1, &behind_the_time(count)).into_uuid();
        for count in [0, (1 << 30) - 1, (1 << 42) - 2] {
            assert!(
                of(count) < of(count + 1),
                "{count}: the counter is whole where version and variant stand"
            );
        }
    }
}
