//! An application asks whether it was let in, and fetches its key.

use super::Applications;
use crate::accounts::store_trouble;
use contract::Refusal;
use domain::application::{DeviceCode, Poll};
use domain::client_address::ClientAddress;
use domain::token::PlainToken;
use store::StoreError;

/// What an application is answered.
pub enum Answer {
    /// Nobody has decided yet.
    Pending,
    /// It asks too often.
    SlowDown,
    /// Its codes have ended.
    Expired,
    /// It was refused.
    Denied,
    /// There is no such code, or it was used.
    Unknown,
    /// The token of its key, this once.
    Token(PlainToken),
}

impl Applications {
    /// Answers the question of an application by its code; it gets its token once.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn fetch_key(&self, device_code: &str, from: ClientAddress) -> Result<Answer, Refusal> {
        let Some(code) = DeviceCode::parse(device_code) else { return Ok(Answer::Unknown) };
        if self.throttles.count_fetched(from, self.clock.steady()).is_err() {
            return Ok(Answer::SlowDown);
        }
        let device = code.hash();
        let fetched = match self.store.fetch_token(device, self.clock.now()).await {
            Err(StoreError::NotFound) => return Ok(Answer::Unknown),
            fetched => fetched.map_err(store_trouble)?,
        };
        Ok(match (fetched.poll, fetched.token_sealed) {
            (Poll::Pending, _) => Answer::Pending,
            (Poll::SlowDown { .. }, _) => Answer::SlowDown,
            (Poll::Expired, _) => Answer::Expired,
            (Poll::Denied, _) => Answer::Denied,
            (Poll::Used, _) | (Poll::Fetch, None) => Answer::Unknown,
            (Poll::Fetch, Some(sealed)) => {
                let opened = self.sealing.open_bytes(&device.place(), &sealed).map_err(|error| {
                    tracing::error!(%error, "the token of an application cannot be opened");
                    Refusal::Unavailable
                })?;
                let text = String::from_utf8(opened.to_vec()).map_err(|_| Refusal::Unavailable)?;
                Answer::Token(PlainToken::new(text))
            }
        })
    }
}
