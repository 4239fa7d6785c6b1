//! The second factor: codes by time (RFC 6238), and recovery codes for when the device is lost.

use super::ids::UserNumber;
use super::time::Micros;
use super::token::{Pepper, TokenHash};
use rand::TryRng;
use rand::rngs::SysError;
use totp_rs::{Algorithm, Builder, Secret};
use zeroize::Zeroizing;

/// Seconds for which a code is shown; one step before and after it is taken too, as clocks differ.
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;
/// RFC 4648: what authenticator apps take.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Douglas Crockford's alphabet, in which no letter looks like a digit.
const READABLE: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The secret that a user's authenticator shares: never printed, wiped when dropped.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; 20]>);

impl TotpSecret {
    /// A new one from the system's generator.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn generate() -> Result<Self, SysError> {
        let mut bytes = Zeroizing::new([0; 20]);
        rand::rngs::SysRng.try_fill_bytes(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Takes back what was sealed.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes, for sealing.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// As people type it into an app.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(base32(self.expose(), BASE32))
    }

    /// As an app reads it from a QR code. The app shows `Latchkey` and `installation` above the code, and keeps one
    /// entry for each: users of two installations would overwrite one with the other.
    #[must_use]
    pub fn address(&self, installation: &str, username: &str) -> Zeroizing<String> {
        let secret = self.text();
        // A colon would end the issuer; the rest is what may stand in a host or a username, and a space.
        let issuer: String = format!("Latchkey {installation}").replace(':', " ").replace(['[', ']'], "");
        let issuer = issuer.split_whitespace().collect::<Vec<_>>().join("%20");
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{username}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            secret.as_str()
        ))
    }

    /// The step that this code belongs to, if it is one of those that are taken now.
    #[must_use]
    pub fn matched_step(&self, code: &str, now: Micros) -> Option<i64> {
        let builder = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new_stack(*self.0));
        let seconds = u64::try_from(now.0 / Micros::SECOND).ok()?;
        let step = builder.build().ok()?.check(code, seconds)?;
        i64::try_from(step).ok()
    }
}

/// A code that stands in for the authenticator, once: 50 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Characters, without the mark in the middle.
    const LENGTH: usize = 10;
    /// How many a user gets.
    pub const COUNT: usize = 10;

    /// A new one from the system's generator.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn generate() -> Result<Self, SysError> {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        rand::rngs::SysRng.try_fill_bytes(bytes.as_mut_slice())?;
        let text = bytes.iter().map(|byte| char::from(READABLE[usize::from(byte % 32)])).collect();
        Ok(Self(Zeroizing::new(text)))
    }

    fn parse(text: &str) -> Option<Self> {
        let readable =
            text.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                c => c,
            });
        let text: String = readable.take(Self::LENGTH + 1).collect();
        let fits = text.len() == Self::LENGTH && text.bytes().all(|b| READABLE.contains(&b));
        fits.then(|| Self(Zeroizing::new(text)))
    }

    /// As it is shown: two groups.
    #[must_use]
    pub fn shown(&self) -> Zeroizing<String> {
        let (one, two) = self.0.split_at(Self::LENGTH / 2);
        Zeroizing::new(format!("{one}-{two}"))
    }

    /// The hash under which it is stored.
    #[must_use]
    pub fn hash(&self, pepper: &Pepper, user: UserNumber) -> TokenHash {
        pepper.hash(&format!("recovery code of {}: {}", user.0, self.0.as_str()))
    }
}

/// What a person typed into the field of the code.
pub enum GivenCode {
    /// Six digits.
    Digits(Zeroizing<String>),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl GivenCode {
    /// Tells the two apart; spaces do not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String =
            text.chars().filter(|c| !c.is_whitespace()).take(2 * RecoveryCode::LENGTH).collect();
        if digits.len() == usize::from(DIGITS) && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::Digits(Zeroizing::new(digits)));
        }
        RecoveryCode::parse(text).map(Self::Recovery)
    }
}

/// Five bits a character; the length has to be a multiple of five bytes.
fn base32(bytes: &[u8], alphabet: &[u8; 32]) -> String {
    let mut text = String::with_capacity(bytes.len() / 5 * 8);
    for chunk in bytes.chunks(5) {
        let number = chunk.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            let index = usize::try_from(number >> (5 * place) & 31).unwrap_or_default();
            text.push(char::from(alphabet[index]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B, and the last six digits of its codes.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        assert_eq!(secret.text().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let step = |code: &str, seconds: i64| secret.matched_step(code, Micros(seconds * Micros::SECOND));
        assert_eq!(step("287082", 59), Some(1));
        assert_eq!(step("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(step("081804", 1_111_111_109 + 30), Some(37_037_036), "one step late");
        assert_eq!(step("081804", 1_111_111_109 - 30), Some(37_037_036), "one step early");
        assert_eq!(step("081804", 1_111_111_109 + 61), None);
        for code in ["", "81804", "0818040", "08180a", "287082"] {
            assert_eq!(step(code, 1_111_111_109), None, "{code}");
        }
    }

    #[test]
    fn the_entry_in_the_app_names_the_installation() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let address = |installation: &str| secret.address(installation, "demo.user@example.org").to_string();
        let keys = address("keys.example.com");
        assert!(
            keys.starts_with("otpauth://totp/Latchkey%20keys.example.com:demo.user@example.org?secret=GEZ")
        );
        assert!(keys.contains("&issuer=Latchkey%20keys.example.com&"));
        assert!(address("127.0.0.1:4412").contains("&issuer=Latchkey%20127.0.0.1%204412&"));
        assert!(address("[::1]:4412").contains("&issuer=Latchkey%201%204412&"));
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let digits = |text: &str| matches!(GivenCode::parse(text), Some(GivenCode::Digits(d)) if d.as_str() == "123456");
        assert!(digits("123456") && digits(" 123 456 "));
        let code = RecoveryCode::generate().unwrap();
        let shown = code.shown();
        assert_eq!(shown.len(), 11);
        for text in
            [shown.to_string(), shown.to_uppercase(), shown.replace('-', " "), shown.replace('0', "O")]
        {
            assert!(
                matches!(GivenCode::parse(&text), Some(GivenCode::Recovery(read)) if read == code),
                "{text}"
            );
        }
        for text in ["", "12345", "abcde-fghi", "abcde-fghijk", "ăăăăă-ăăăăă"] {
            assert!(GivenCode::parse(text).is_none(), "{text}");
        }
        let pepper = Pepper::new(&[1; 32]);
        assert!(code.hash(&pepper, UserNumber(1)) != code.hash(&pepper, UserNumber(2)));
    }
}
