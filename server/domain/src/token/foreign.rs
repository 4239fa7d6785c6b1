//! Tokens that other systems made: any visible characters, known by the token itself or by its SHA-256.

use super::{Pepper, PlainToken, Shape, TokenFormat, TokenHash, own_form};
use hmac::Mac;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// Characters of a foreign token.
const LENGTH: RangeInclusive<usize> = 8..=512;
/// From this length on a foreign token is masked as our own are.
const LONG: usize = 24;
/// Up to this length almost nothing of it is shown.
const SHORT: usize = 12;

/// Why a text can be no token that came from another system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignTokenError {
    /// Too few or too many characters.
    #[error("has {0} characters; a token has {min} to {max}", min = LENGTH.start(), max = LENGTH.end())]
    Length(usize),
    /// A character that no header carries.
    #[error(
        "holds a space, a control character or a letter beyond ASCII; only visible ASCII characters pass"
    )]
    Character,
    /// It has the form of our tokens, and another checksum.
    #[error("has the form of this installation's own tokens, and its checksum is wrong")]
    Checksum,
}

impl TokenFormat {
    /// What `text` could be where tokens of other systems are admitted.
    ///
    /// # Errors
    /// Says which rule the text breaks. A text in the form of our own tokens needs our checksum there too.
    pub fn foreign_shape(&self, text: &str) -> Result<Shape, ForeignTokenError> {
        if let Some(shape) = self.shape(text) {
            return Ok(shape);
        }
        let bytes = text.as_bytes();
        if !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(ForeignTokenError::Character);
        }
        if !LENGTH.contains(&bytes.len()) {
            return Err(ForeignTokenError::Length(bytes.len()));
        }
        let mut prefixes = std::iter::once(&self.prefix).chain(&self.old);
        if prefixes.any(|prefix| own_form(bytes, prefix).is_some()) {
            return Err(ForeignTokenError::Checksum);
        }
        Ok(Shape::Foreign)
    }
}

impl PlainToken {
    /// What the list shows of a foreign token: of a long one as much as of ours, of shorter ones less.
    #[must_use]
    pub fn masked_foreign(&self) -> String {
        let text = self.expose();
        match text.len() {
            length if length >= LONG || length <= SHORT => self.masked(),
            length => format!("{}…{}", &text[..2], &text[length - 2..]),
        }
    }
}

impl Pepper {
    /// The hash of a foreign token.
    #[must_use]
    pub fn hash_foreign(&self, token: &str) -> TokenHash {
        self.hash_sha256(&Sha256::digest(token).into())
    }

    /// The hash of a foreign token of which only the SHA-256 is known. The pepper goes over it, so that the database tells
    /// no more of this token than of others.
    #[must_use]
    pub fn hash_sha256(&self, digest: &[u8; 32]) -> TokenHash {
        let mut mac = self.0.clone();
        mac.update(b"sha256\0");
        mac.update(digest);
        TokenHash(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::KeyType;
    use proptest::prelude::*;
    use rstest::rstest;

    fn format() -> TokenFormat {
        TokenFormat::new("lk").unwrap().accepting(["old"].into_iter()).unwrap()
    }

    #[rstest]
    #[case(7, Err(ForeignTokenError::Length(7)))]
    #[case(8, Ok(Shape::Foreign))]
    #[case(512, Ok(Shape::Foreign))]
    #[case(513, Err(ForeignTokenError::Length(513)))]
    fn a_foreign_token_has_8_to_512_characters(
        #[case] length: usize,
        #[case] shape: Result<Shape, ForeignTokenError>,
    ) {
        assert_eq!(format().foreign_shape(&"-".repeat(length)), shape);
    }

    #[rstest]
    #[case("with space")]
    #[case(" leading-space")]
    #[case("with\ttabulator")]
    #[case("with\u{0}zero")]
    #[case("delete\u{7f}delete")]
    #[case("zero\u{200b}width")]
    #[case("no\u{a0}break")]
    #[case("parolă-veche")]
    fn all_its_characters_are_visible_ascii(#[case] text: &str) {
        assert_eq!(format().foreign_shape(text), Err(ForeignTokenError::Character), "{text:?}");
    }

    #[test]
    fn our_own_form_needs_our_checksum_with_every_prefix() {
        for prefix in ["lk", "old"] {
            let own = TokenFormat::new(prefix).unwrap().generate(KeyType::Cloud).unwrap();
            assert_eq!(format().foreign_shape(own.expose()), Ok(Shape::Token(KeyType::Cloud)));
            let mut bytes = own.expose().as_bytes().to_vec();
            let last = bytes.last_mut().unwrap();
            *last = if *last == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(bytes).unwrap();
            assert_eq!(format().foreign_shape(&wrong), Err(ForeignTokenError::Checksum));
        }
        assert_eq!(format().foreign_shape("lkd_short"), Ok(Shape::Foreign));
        assert_eq!(format().foreign_shape("abcd1234"), Ok(Shape::Smpp));
    }

    #[test]
    fn a_token_is_hashed_as_its_sha_256_is() {
        let pepper = Pepper::new(&[7; 32]);
        // printf legacy-key-1 | sha256sum
        let digest: [u8; 32] = Sha256::digest("legacy-key-1").into();
        assert_eq!(digest[..4], [0x37, 0xf7, 0x72, 0x3d]);
        assert!(pepper.hash_foreign("legacy-key-1") == pepper.hash_sha256(&digest));
        assert!(pepper.hash_foreign("legacy-key-1") != pepper.hash("legacy-key-1"));
        assert!(pepper.hash_sha256(&digest) != Pepper::new(&[8; 32]).hash_sha256(&digest));
    }

    #[test]
    fn the_list_shows_less_of_a_short_token() {
        let masked = |length: usize| {
            let text: String = ('a'..='z').cycle().take(length).collect();
            PlainToken::new(text).masked_foreign()
        };
        assert_eq!(masked(8), "ab…");
        assert_eq!(masked(12), "ab…");
        assert_eq!(masked(13), "ab…lm");
        assert_eq!(masked(23), "ab…vw");
        assert_eq!(masked(24), "abcdefgh…uvwx");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            if let Ok(shape) = format().foreign_shape(&text) {
                let hidden = PlainToken::new(text.clone()).masked_foreign();
                prop_assert!(shape == Shape::Smpp || shape == Shape::Foreign);
                prop_assert!(hidden.chars().count() <= 13);
            }
        }
    }
}
