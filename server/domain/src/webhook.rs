//! Webhooks: where one leads, how its messages are signed, what is sent on request, when messages are tried again, and when
//! a webhook is switched off.

mod health;
mod sending;
mod url;

pub use health::{Evidence, Health};
pub use sending::{NotSent, check_restart, check_test};
pub use url::{UrlError, WebhookUrl};

use crate::time::Micros;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use secrecy::SecretString;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The row number of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookNumber(pub i64);

impl WebhookNumber {
    /// Where its secret is sealed for.
    #[must_use]
    pub fn sealed_place(self) -> String {
        format!("webhooks.secret_sealed:{}", self.0)
    }
}

/// The row number of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryNumber(pub i64);

/// A new `webhook-id`: the same however often the message is tried, so that receivers can tell.
#[must_use]
pub fn new_message_id() -> String {
    format!("msg_{:032x}", rand::random::<u128>())
}

/// What messages are signed with, by the scheme of Standard Webhooks.
pub struct SigningSecret(Zeroizing<[u8; 32]>);

impl SigningSecret {
    /// A new one.
    ///
    /// # Errors
    /// The system's generator failed.
    pub fn generate() -> Result<Self, rand::rngs::SysError> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::rngs::SysRng.try_fill_bytes(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    /// Back from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Its bytes, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// As receivers take it: `whsec_…`.
    #[must_use]
    pub fn text(&self) -> SecretString {
        format!("whsec_{}", STANDARD.encode(self.0.as_slice())).into()
    }

    /// The value of `webhook-signature`.
    #[must_use]
    pub fn sign(&self, message_id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("HMAC takes a key of any length");
        mac.update(format!("{message_id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Seconds until the next attempt after the first, second, … failed: three days in all.
const WAITS: [i64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// A receiver that asks for a longer pause is tried again after this one.
const LONGEST_PAUSE: i64 = DAY;
/// The longest wait between two attempts of a plan; a webhook that was not tried for longer had nothing due.
pub const LONGEST_WAIT: i64 = 2 * DAY;
/// A webhook that fails for so many seconds is switched off.
pub const PATIENCE: i64 = 3 * DAY;
/// For how many seconds a delivery is kept, whatever became of it.
const DELIVERIES_KEPT: i64 = 30 * DAY;
/// The most tests of a webhook that are kept: as many as its page shows, because tests can be sent without end.
pub const TESTS_KEPT: u32 = 50;

/// Deliveries that began before this time are removed.
#[must_use]
pub fn deliveries_kept_since(now: Micros) -> Micros {
    now.plus_seconds(-DELIVERIES_KEPT)
}

/// Seconds until the next attempt after that many failed ones; none: it is given up. `chance` (0 to 1) spreads
/// those that failed together over a tenth of the wait; `asked` is what the receiver's Retry-After says.
#[must_use]
pub fn wait_after(failed: u32, chance: f64, asked: Option<u64>) -> Option<i64> {
    let wait = *WAITS.get(usize::try_from(failed).ok()?.checked_sub(1)?)?;
    let asked = asked.map_or(0, |asked| i64::try_from(asked).unwrap_or(i64::MAX).min(LONGEST_PAUSE));
    let base = wait.max(asked);
    // The fraction of a second is of no use: seconds are what is kept in step with receivers.
    Some(base + (base as f64 * chance.clamp(0.0, 1.0) / 10.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn the_example_of_the_standard_is_signed_as_there() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#);
        let expected = STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(expected, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "the example is read aright");

        let secret = SigningSecret::from_bytes(&[7; 32]).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#);
        assert_eq!(signature, format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }

    #[test]
    fn a_secret_reads_as_receivers_take_it() {
        let secret = SigningSecret::generate().unwrap();
        let text = secret.text();
        let encoded = text.expose_secret().strip_prefix("whsec_").unwrap();
        assert_eq!(STANDARD.decode(encoded).unwrap(), secret.expose());
        assert_ne!(secret.expose(), SigningSecret::generate().unwrap().expose());
        assert!(SigningSecret::from_bytes(&[1; 31]).is_none());
    }

    #[test]
    fn attempts_are_spread_over_three_days_and_end() {
        let waits: Vec<i64> = (1..).map_while(|failed| wait_after(failed, 0.0, None)).collect();
        assert_eq!(waits, WAITS);
        assert!(waits.iter().sum::<i64>() > PATIENCE);
        assert!((1..=9).all(|failed| wait_after(failed, 1.0, Some(u64::MAX)).unwrap() < LONGEST_WAIT));
        assert_eq!(wait_after(0, 0.0, None), None);
        assert_eq!(wait_after(2, 1.0, None), Some(330));
        assert_eq!(wait_after(1, 0.5, Some(120)), Some(126));
        assert_eq!(wait_after(2, 0.0, Some(1)), Some(300), "not sooner than by the plan");
        assert_eq!(wait_after(1, 0.0, Some(u64::MAX)), Some(DAY), "nobody shuts it out for ever");
        assert_eq!(wait_after(10, 0.0, Some(1)), None);
    }
}
