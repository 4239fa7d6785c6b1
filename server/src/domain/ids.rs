//! Names of rows: each kind its own type, so that one cannot stand for another.

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The row number of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserNo(pub u32);

/// The row number of a key: what the usage journal and the memory index speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyNo(pub u32);

/// The row number of a session; it stays while the session's token changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionNo(pub u32);

/// The row number of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeNo(pub u32);

/// The row number of a mail that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailNo(pub u32);

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

/// The name a user logs in with: 1 to 64 of `A-Z a-z 0-9 . _ - @`, unique without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Over [`Username::LIMIT`] characters.
    #[error("is longer than {} characters", Username::LIMIT)]
    TooLong,
    /// A character outside of the set.
    #[error("may hold only letters, digits and . _ - @")]
    Character,
}

impl Username {
    /// The most characters a username has.
    pub const LIMIT: usize = 64;
    /// The most characters of an SMPP `system_id` (SMPP 3.4, section 5.2.1: 16 octets with the final NUL).
    pub const SMPP_LIMIT: usize = 15;

    /// Takes a text that people typed.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UsernameError::Empty);
        }
        if text.chars().count() > Self::LIMIT {
            return Err(UsernameError::TooLong);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        if !text.chars().all(fits) {
            return Err(UsernameError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_checked() {
        assert_eq!(Username::parse(" demo.user ").unwrap().as_str(), "demo.user");
        assert_eq!(Username::parse("Demo").unwrap().folded(), "demo");
        assert_eq!(Username::parse("  "), Err(UsernameError::Empty));
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameError::TooLong));
        for bad in ["a b", "<b>", "a\u{0}", "ană", "a/b", "a:b"] {
            assert_eq!(Username::parse(bad), Err(UsernameError::Character), "{bad:?}");
        }
    }
}
