//! Passwords and the secrets that people and gateways carry.

use secrecy::{ExposeSecret, SecretString};

/// A password as it was typed: never printed, wiped when dropped.
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a text may not become a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Under [`Password::LEAST`] characters.
    #[error("is shorter than {} characters", Password::LEAST)]
    TooShort,
    /// Over [`Password::LIMIT`] bytes.
    #[error("is longer than {} bytes", Password::LIMIT)]
    TooLong,
    /// The password that it is to replace.
    #[error("is the present one")]
    Present,
    /// Among the first that somebody would try.
    #[error("is easy to guess (a few words that do not belong together are better)")]
    Guessable,
}

impl Password {
    /// The fewest characters of a new password.
    pub const LEAST: usize = 10;
    /// The most bytes that are hashed, so that nobody buys a long computation with a long text.
    pub const LIMIT: usize = 1024;

    /// Takes any text as an attempt to log in.
    #[must_use]
    pub fn attempt(text: String) -> Self {
        Self(text.into())
    }

    /// Takes a text as a new password.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn choose(text: String) -> Result<Self, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.chars().count() < Self::LEAST {
            return Err(PasswordError::TooShort);
        }
        if text.len() > Self::LIMIT {
            return Err(PasswordError::TooLong);
        }
        Ok(Self::attempt(text))
    }

    /// Whether hashing it is worth the time: nothing longer was ever accepted.
    #[must_use]
    pub fn is_hashable(&self) -> bool {
        self.0.expose_secret().len() <= Self::LIMIT
    }

    /// The bytes to hash.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_passwords_are_checked_by_length_alone() {
        let choose = |t: &str| Password::choose(t.to_owned()).err();
        assert_eq!(choose(""), Some(PasswordError::Empty));
        assert_eq!(choose("123456789"), Some(PasswordError::TooShort));
        assert_eq!(choose("ăîșțâăîșțâ"), None);
        assert_eq!(choose(&"a".repeat(1025)), Some(PasswordError::TooLong));
    }
}
