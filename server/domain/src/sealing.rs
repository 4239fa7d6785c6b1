//! Sealed copies of secrets that may be shown to their owner again: without the sealing key, the database alone does not
//! reveal them.

use super::ids::KeyId;
use super::token::PlainToken;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRng;
use zeroize::Zeroizing;

/// The first byte of a sealed copy: which key and layout it was made with.
const VERSION: u8 = 1;
const NONCE: usize = 24;

/// The key that seals (XChaCha20-Poly1305).
#[derive(Clone)]
pub struct SealingKey(XChaCha20Poly1305);

/// Sealing or opening failed. Which step failed is not told, because it would help an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system's generator failed.
    #[error("the system's random generator failed")]
    Generator,
    /// The copy belongs to another row, another key, or was changed.
    #[error("the sealed copy cannot be opened with this sealing key")]
    Unreadable,
}

impl SealingKey {
    /// Takes the secret bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(secret.into()))
    }

    /// Seals the token of one row of the table of keys.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn seal(&self, id: KeyId, token: &PlainToken) -> Result<Vec<u8>, SealError> {
        self.encrypt(&associated(id), token.expose().as_bytes())
    }

    /// Seals a secret for one place, such as `users.totp_sealed:17`.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn seal_bytes(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.encrypt(place.as_bytes(), plain)
    }

    /// Opens what was sealed for that same place.
    ///
    /// # Errors
    /// The copy is of another place, was sealed with another key, or was changed.
    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.decrypt(place.as_bytes(), sealed)
    }

    fn encrypt(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0_u8; NONCE];
        rand::rngs::SysRng.try_fill_bytes(&mut nonce).map_err(|_| SealError::Generator)?;
        let payload = Payload { msg: plain, aad };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Unreadable)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens a sealed copy of that same row.
    ///
    /// # Errors
    /// The copy is of another row, was sealed with another key, or was changed.
    pub fn open(&self, id: KeyId, sealed: &[u8]) -> Result<PlainToken, SealError> {
        let plain = self.decrypt(&associated(id), sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| SealError::Unreadable)?;
        Ok(PlainToken::new(text.to_owned()))
    }

    fn decrypt(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(SealError::Unreadable)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Unreadable)?;
        let payload = Payload { msg: text, aad };
        let plain = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Unreadable)?;
        Ok(Zeroizing::new(plain))
    }
}

/// Table and row: a copy moved to another row does not open there.
fn associated(id: KeyId) -> Vec<u8> {
    [b"keys:".as_slice(), id.0.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_opens_in_its_row_with_its_key_alone() {
        let (key, id) = (SealingKey::new(&[1; 32]), KeyId::generate());
        let sealed = key.seal(id, &PlainToken::new("lkd_secret".into())).unwrap();
        assert_eq!(key.open(id, &sealed).unwrap().expose(), "lkd_secret");
        assert!(key.open(KeyId::generate(), &sealed).is_err());
        assert!(SealingKey::new(&[2; 32]).open(id, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(id, &changed).is_err(), "byte {at}");
        }
        assert!(key.open(id, b"").is_err());
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
    }

    #[test]
    fn bytes_open_in_their_place_alone() {
        let key = SealingKey::new(&[1; 32]);
        let sealed = key.seal_bytes("webhooks.secret_sealed:1", b"plain").unwrap();
        assert_eq!(key.open_bytes("webhooks.secret_sealed:1", &sealed).unwrap().as_slice(), b"plain");
        assert!(key.open_bytes("webhooks.secret_sealed:2", &sealed).is_err());
    }
}
