//! The token: its shape, its checksum, its hash.
//!
//! `lkd_` + 36 random base62 characters + 6 base62 characters of CRC-32 over all before: 46 characters.
//! SMPP secrets are 8 base62 characters (SMPP 3.4, section 5.2.2: a password has at most 8).

mod foreign;
mod masked_prefix;

pub use foreign::ForeignTokenError;
pub use masked_prefix::MaskedPrefix;

use super::ids::Username;
use contract::KeyType;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 36;
const CHECKSUM: usize = 6;
/// Characters of an SMPP secret.
pub const SMPP_LENGTH: usize = 8;
/// Characters at the beginning of a token that the list shows.
const SHOWN: usize = 8;

/// The secret text of a key: never printed, wiped when dropped.
#[derive(Clone)]
pub struct PlainToken(SecretString);

impl PlainToken {
    /// Takes back what was sealed or generated.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text, for the one page that shows it and for sealing.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the list shows: the first 8 and the last 4 characters. Of an SMPP secret, which has no more
    /// than 8 in all, the first 2.
    #[must_use]
    pub fn masked(&self) -> String {
        let text = self.expose();
        if text.len() <= 12 {
            return format!("{}…", &text[..2.min(text.len())]);
        }
        format!("{}…{}", &text[..SHOWN], &text[text.len() - 4..])
    }
}

/// HMAC-SHA-256 of a token under the pepper: what is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// A part of it, which is as good as a hash of it: it cannot be chosen without the pepper.
    #[must_use]
    pub fn part(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl std::hash::Hash for TokenHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.part());
    }
}

/// A presented text that could be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A checksummed token of that kind.
    Token(KeyType),
    /// An 8-character SMPP secret.
    Smpp,
    /// Visible characters of another form: the token of a key that came from another system.
    Foreign,
}

/// The operator's prefix, and what a token looks like with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFormat {
    prefix: String,
    /// Earlier prefixes, whose tokens still pass.
    old: Box<[String]>,
}

/// Why a text is no token prefix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} lower-case letters", TokenFormat::PREFIX_LIMIT)]
pub struct PrefixError;

impl TokenFormat {
    /// The most letters of a prefix.
    pub const PREFIX_LIMIT: usize = 8;

    /// Takes the operator's prefix (`lk`).
    ///
    /// # Errors
    /// The prefix is not 1 to 8 lower-case letters.
    pub fn new(prefix: &str) -> Result<Self, PrefixError> {
        let fits = (1..=Self::PREFIX_LIMIT).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_lowercase());
        if !fits {
            return Err(PrefixError);
        }
        Ok(Self { prefix: prefix.to_owned(), old: Box::default() })
    }

    /// The same, which also admits tokens that were made with these prefixes.
    ///
    /// # Errors
    /// One of them is no prefix.
    pub fn accepting<'a>(self, old: impl Iterator<Item = &'a str>) -> Result<Self, PrefixError> {
        let old: Result<Vec<_>, _> = old.map(|prefix| Ok(Self::new(prefix)?.prefix)).collect();
        Ok(Self { old: old?.into(), ..self })
    }

    /// Whether it admits tokens of this prefix.
    #[must_use]
    pub fn admits(&self, prefix: &MaskedPrefix) -> bool {
        std::iter::once(&self.prefix).chain(&self.old).any(|known| prefix.may_be(known))
    }

    /// The regular expression that finds tokens of these prefixes, for secret scanners.
    #[must_use]
    pub fn pattern(&self) -> String {
        let prefixes = match &*self.old {
            [] => self.prefix.clone(),
            old => format!("(?:{}|{})", self.prefix, old.join("|")),
        };
        format!("{prefixes}[dca]_[0-9A-Za-z]{{{}}}", RANDOM + CHECKSUM)
    }

    /// A new token from the system's generator.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn generate(&self, key_type: KeyType) -> Result<PlainToken, rand::rngs::SysError> {
        let Some(letter) = letter(key_type) else {
            return random_base62(SMPP_LENGTH).map(|t| PlainToken::new(t.to_string()));
        };
        let random = random_base62(RANDOM)?;
        let mut text = format!("{}{letter}_{}", self.prefix, random.as_str());
        let checksum = checksum(text.as_bytes());
        text.push_str(std::str::from_utf8(&checksum).expect("base62 is ASCII"));
        Ok(PlainToken::new(text))
    }

    /// What `text` could be; `None` is MALFORMED. Touches no store.
    #[must_use]
    pub fn shape(&self, text: &str) -> Option<Shape> {
        let bytes = text.as_bytes();
        if bytes.len() == SMPP_LENGTH && bytes.iter().all(u8::is_ascii_alphanumeric) {
            return Some(Shape::Smpp);
        }
        let old = || self.old.iter().find_map(|prefix| checked(bytes, prefix));
        checked(bytes, &self.prefix).or_else(old)
    }
}

/// What a token of this prefix with a right checksum is.
fn checked(bytes: &[u8], prefix: &str) -> Option<Shape> {
    let key_type = own_form(bytes, prefix)?;
    let (signed, presented) = bytes.split_at(bytes.len() - CHECKSUM);
    (checksum(signed) == presented).then_some(Shape::Token(key_type))
}

/// The kind of a text that has the form of our tokens, whatever its checksum.
fn own_form(bytes: &[u8], prefix: &str) -> Option<KeyType> {
    let rest = bytes.strip_prefix(prefix.as_bytes())?;
    let (&[letter, b'_'], rest) = rest.split_first_chunk::<2>()? else { return None };
    let key_type = match letter {
        b'd' => KeyType::Default,
        b'c' => KeyType::Cloud,
        b'a' => KeyType::App,
        _ => return None,
    };
    let has_form = rest.len() == RANDOM + CHECKSUM && rest.iter().all(u8::is_ascii_alphanumeric);
    has_form.then_some(key_type)
}

/// The letter of a kind in the prefix; SMPP secrets have none.
fn letter(key_type: KeyType) -> Option<char> {
    match key_type {
        KeyType::Default => Some('d'),
        KeyType::Cloud => Some('c'),
        KeyType::App => Some('a'),
        KeyType::Smpp => None,
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(bytes) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits
}

/// `length` characters, each of the 62 alike likely: bytes of 248 and over are thrown away.
///
/// # Errors
/// The system's generator failed.
pub fn random_base62(length: usize) -> Result<Zeroizing<String>, rand::rngs::SysError> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        rand::rngs::SysRng.try_fill_bytes(&mut bytes)?;
        let fair = bytes.iter().filter(|b| **b < 248).take(length - text.len());
        text.extend(fair.map(|b| char::from(BASE62[usize::from(b % 62)])));
    }
    bytes.zeroize();
    Ok(text)
}

/// The secret under which tokens are hashed; prepared once, cloned for each use.
#[derive(Clone)]
pub struct Pepper(Hmac<Sha256>);

impl Pepper {
    /// Takes the secret bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }

    /// The hash of a checksummed token, and of any other secret that is looked up alone.
    #[must_use]
    pub fn hash(&self, text: &str) -> TokenHash {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        TokenHash(mac.finalize().into_bytes().into())
    }

    /// The hash of an SMPP secret, which only counts together with its username.
    #[must_use]
    pub fn hash_smpp(&self, username: &Username, secret: &str) -> TokenHash {
        let mut mac = self.0.clone();
        mac.update(b"smpp\0");
        mac.update(username.folded().as_bytes());
        mac.update(b"\0");
        mac.update(secret.as_bytes());
        TokenHash(mac.finalize().into_bytes().into())
    }

    /// The hash under which `token` of a key of `username` is stored.
    #[must_use]
    pub fn hash_for(&self, key_type: KeyType, username: &Username, token: &PlainToken) -> TokenHash {
        match key_type {
            KeyType::Smpp => self.hash_smpp(username, token.expose()),
            KeyType::Default | KeyType::Cloud | KeyType::App => self.hash(token.expose()),
        }
    }
}

#[cfg(test)]
mod tests;
