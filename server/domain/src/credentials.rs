//! Passwords and the secrets that people and gateways carry.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A password: never printed, wiped when dropped.
///
/// Keyboards write the same letter in several ways, so it is compared in one (RFC 8265, `OpaqueString`: NFC, and any
/// kind of space is a space).
#[derive(Clone)]
pub struct Password {
    text: SecretString,
    /// As it was typed, if that is something else: passwords were hashed so once.
    typed: Option<SecretString>,
}

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
    /// Among the first that a guesser would try.
    #[error("is easy to guess (a few words that do not belong together are better)")]
    Guessable,
}

impl Password {
    /// The fewest characters of a new password.
    pub const LEAST: usize = 10;
    /// The most bytes that are hashed, so that a long text does not buy a long computation.
    pub const LIMIT: usize = 1024;

    /// Takes any text as an attempt to log in.
    #[must_use]
    pub fn attempt(text: impl Into<Zeroizing<String>>) -> Self {
        let typed = text.into();
        if typed.is_ascii() {
            return Self { text: typed.as_str().into(), typed: None };
        }
        // Room for the longest it can become, so that no copy stays behind when it grows.
        let mut normal = Zeroizing::new(String::with_capacity(3 * typed.len()));
        normal.extend(typed.nfc().map(|c| if is_space(c) { ' ' } else { c }));
        let is_other = *normal != *typed;
        Self { text: normal.as_str().into(), typed: is_other.then(|| typed.as_str().into()) }
    }

    /// Takes a text as a new password.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn choose(text: impl Into<Zeroizing<String>>) -> Result<Self, PasswordError> {
        let password = Self::attempt(text);
        if password.text().is_empty() {
            return Err(PasswordError::Empty);
        }
        if password.text().chars().count() < Self::LEAST {
            return Err(PasswordError::TooShort);
        }
        if !password.is_hashable() {
            return Err(PasswordError::TooLong);
        }
        Ok(password)
    }

    /// Whether hashing it is worth the time: nothing longer was ever accepted.
    #[must_use]
    pub fn is_hashable(&self) -> bool {
        self.forms().all(|form| form.len() <= Self::LIMIT)
    }

    /// The text to hash.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// What may have been hashed: the text, and what was typed if that is something else.
    pub fn forms(&self) -> impl Iterator<Item = &[u8]> {
        let forms = std::iter::once(&self.text).chain(&self.typed);
        forms.map(|form| form.expose_secret().as_bytes())
    }
}

/// Whether it is a space that is not the ASCII one (general category Zs).
fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
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
        assert_eq!(
            choose("t\u{326}a\u{306}r\u{326}a\u{306}s\u{326}"),
            Some(PasswordError::TooShort),
            "five letters"
        );
    }

    #[test]
    fn one_password_is_one_text_however_it_was_typed() {
        let text = |typed: &str| Password::attempt(typed.to_owned()).text().to_owned();
        assert_eq!(text("t\u{326}ara\u{306}"), "țară");
        assert_eq!(text("\u{212b}\u{a0}\u{3000}x"), "Å  x");
        let forms = |typed: &str| Password::attempt(typed.to_owned()).forms().count();
        assert_eq!((forms("plain"), forms("țară"), forms("a\u{306}")), (1, 1, 2));
        let growing = "\u{1d160}".repeat(300);
        assert_eq!(Password::choose(growing).err(), Some(PasswordError::TooLong), "judged as it is hashed");
    }
}
