//! The two codes of a request: one that a person types, and one that the application keeps.

use crate::token::Pepper;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use rand::rngs::SysError;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroize;

/// Without vowels, so that no words appear, and without digits, so that none is taken for a letter (RFC 8628, 6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code: 34.6 bits.
const LENGTH: usize = 8;
/// The most characters that are looked at.
const TYPED_LIMIT: usize = 64;
/// The first byte of random ones that would make the first letters more frequent.
const FAIR: u8 = 240;

/// The code that a person types: eight letters, shown as `BCDF-GHJK`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

/// Under what a [`UserCode`] is stored. With so few codes, a hash without a secret could be turned back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserCodeHash(pub [u8; 32]);

impl UserCode {
    /// Draws a code.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn draw() -> Result<Self, SysError> {
        let (mut code, mut drawn) = ([0; LENGTH], 0);
        let mut bytes = [0_u8; 16];
        while drawn < LENGTH {
            rand::rngs::SysRng.try_fill_bytes(&mut bytes)?;
            for byte in bytes.iter().filter(|byte| **byte < FAIR).take(LENGTH - drawn) {
                code[drawn] = ALPHABET[usize::from(*byte) % ALPHABET.len()];
                drawn += 1;
            }
        }
        bytes.zeroize();
        Ok(Self(code))
    }

    /// Reads what a person typed: the case, dashes and spaces do not matter.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > TYPED_LIMIT {
            return None;
        }
        // Dashes of every kind: programs for text make others of what is typed.
        let is_between =
            |c: char| c.is_whitespace() || c == '-' || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}');
        let mut letters = typed.chars().filter(|c| !is_between(*c)).map(|c| c.to_ascii_uppercase());
        let mut code = [0; LENGTH];
        for place in &mut code {
            *place = u8::try_from(letters.next()?).ok().filter(|letter| ALPHABET.contains(letter))?;
        }
        letters.next().is_none().then_some(Self(code))
    }

    /// Under what it is stored.
    #[must_use]
    pub fn hash(self, pepper: &Pepper) -> UserCodeHash {
        UserCodeHash(pepper.hash(&format!("user_code\0{self}")).0)
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.0).map_err(|_| fmt::Error)?;
        let (first, last) = text.split_at(LENGTH / 2);
        write!(f, "{first}-{last}")
    }
}

/// The code that an application keeps and asks with: 256 random bits.
#[derive(Clone)]
pub struct DeviceCode(SecretString);

/// SHA-256 of a [`DeviceCode`]: what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DeviceCodeHash(pub [u8; 32]);

impl DeviceCode {
    /// Draws a code.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn draw() -> Result<Self, SysError> {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes)?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        bytes.zeroize();
        Ok(Self(text.into()))
    }

    /// Reads a code; what cannot be one never reaches the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        fits.then(|| Self(text.to_owned().into()))
    }

    /// The text, for the answer to the application.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Under what it is stored.
    #[must_use]
    pub fn hash(&self) -> DeviceCodeHash {
        DeviceCodeHash(Sha256::digest(self.expose().as_bytes()).into())
    }
}

impl DeviceCodeHash {
    /// Where the token is sealed that its application fetches.
    #[must_use]
    pub fn place(&self) -> String {
        format!("applications.token_sealed:{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn drawn_codes_are_read_again_as_they_are_shown() {
        for _ in 0..200 {
            let code = UserCode::draw().unwrap();
            let shown = code.to_string();
            assert_eq!((shown.len(), &shown[4..5]), (9, "-"));
            assert!(shown.bytes().all(|b| b == b'-' || ALPHABET.contains(&b)), "{shown}");
            assert!(UserCode::parse(&shown) == Some(code));
        }
    }

    #[rstest]
    #[case("BCDF-GHJK")]
    #[case("bcdfghjk")]
    #[case(" b c-d-f g h j k ")]
    #[case("Bcdf–Ghjk")]
    #[case("BCDF\u{a0}GHJK\n")]
    fn case_dashes_and_spaces_do_not_matter(#[case] typed: &str) {
        assert_eq!(UserCode::parse(typed).unwrap().to_string(), "BCDF-GHJK");
    }

    #[rstest]
    #[case("")]
    #[case("BCDF-GHJ")]
    #[case("BCDF-GHJKL")]
    #[case("BCDF-GHJA")]
    #[case("BCDF-GHJ1")]
    #[case("BCDF_GHJK")]
    #[case("ＢCDFGHJK")]
    #[case("BCDF-GHJK?")]
    fn other_texts_are_no_codes(#[case] typed: &str) {
        assert!(UserCode::parse(typed).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused(typed in any::<String>()) {
            if let Some(code) = UserCode::parse(&typed) {
                prop_assert!(UserCode::parse(&code.to_string()) == Some(code));
            }
        }
    }

    #[test]
    fn long_texts_are_not_looked_at() {
        let spaces = " ".repeat(TYPED_LIMIT - LENGTH);
        assert!(UserCode::parse(&format!("BCDFGHJK{spaces}")).is_some());
        assert!(UserCode::parse(&format!("BCDFGHJK{spaces} ")).is_none());
    }

    #[test]
    fn what_is_stored_of_a_code_needs_the_pepper() {
        let code = UserCode::parse("BCDFGHJK").unwrap();
        let hash = |secret| code.hash(&Pepper::new(&[secret; 32]));
        assert!(hash(1) == hash(1) && hash(1) != hash(2));
    }

    #[test]
    fn only_device_codes_of_the_right_form_are_looked_up() {
        let code = DeviceCode::draw().unwrap();
        assert!(DeviceCode::parse(code.expose()).is_some_and(|read| read.hash() == code.hash()));
        assert!(DeviceCode::draw().unwrap().hash() != code.hash());
        for bad in ["", "x", &"a".repeat(42), &"a".repeat(44), &"é".repeat(22), &"-".repeat(42)] {
            assert!(DeviceCode::parse(bad).is_none(), "{bad}");
        }
    }
}
