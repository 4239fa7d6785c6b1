//! The secret in the session cookie.

use super::{NO_RANDOMNESS, unavailable};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::Refusal;
use rand::TryRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use store::SessionHash;

/// The secret in the session cookie: 256 random bits, stored hashed.
#[derive(Clone)]
pub struct SessionToken(SecretString);

impl SessionToken {
    pub(super) fn generate() -> Result<Self, Refusal> {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(unavailable(NO_RANDOMNESS))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// Reads the value of a cookie; what cannot be a token never reaches the store.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|b| b.len() == 32);
        fits.then(|| Self(text.to_owned().into()))
    }

    /// The value of the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Under what it is stored.
    pub fn hash(&self) -> SessionHash {
        SessionHash(Sha256::digest(self.expose().as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_of_the_right_form_are_looked_up() {
        let token = SessionToken::generate().unwrap();
        assert!(SessionToken::parse(token.expose()).is_some_and(|t| t.hash() == token.hash()));
        for bad in ["", "x", &"a".repeat(42), &"é".repeat(22), &format!("{}=", token.expose())] {
            assert!(SessionToken::parse(bad).is_none(), "{bad}");
        }
    }
}
