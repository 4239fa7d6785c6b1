//! An application asks for a key.

use super::Applications;
use crate::accounts::store_trouble;
use contract::Refusal;
use domain::application::{
    ClientName, ClientNameError, DeviceCode, INTERVAL_SECONDS, LIFETIME_SECONDS, UserCode, WebLink,
    WebLinkError,
};
use domain::client_address::ClientAddress;
use rand::rngs::SysError;
use store::{NewApplication, OpenLimits, StoreError};

/// How often codes are drawn: one that people type may be in use (with 10,000 open ones, 1 in 2.5 million).
const TRIES: usize = 3;
/// The most requests that are open at once. Each ends after ten minutes, so what strangers leave on the disk has an end.
const LIMITS: OpenLimits = OpenLimits { of_source: 20, of_unknown: 1_000, of_all: 10_000 };
/// Seconds after which an address may ask again that has as many open requests as it may.
const FULL_SECONDS: u32 = 60;

/// What an application says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskedApplication<'a> {
    /// How it calls itself.
    pub name: &'a str,
    /// Where its icon is.
    pub icon_url: Option<&'a str>,
    /// Where its user may go back to.
    pub return_url: Option<&'a str>,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskError {
    /// The name cannot be shown.
    #[error("the name {0}")]
    Name(ClientNameError),
    /// The address of the icon is none.
    #[error("the address of the icon {0}")]
    Icon(WebLinkError),
    /// The address to return to is none.
    #[error("the address to return to {0}")]
    Return(WebLinkError),
    /// Too many requests came from there.
    #[error("too many requests came from this address")]
    TooMany {
        /// When to ask again.
        retry_after_seconds: u32,
    },
    /// The store is in trouble, or too many requests are open in all.
    #[error("{0}")]
    Refused(Refusal),
}

/// A request that was taken.
pub struct Asking {
    /// What the application asks with.
    pub device_code: DeviceCode,
    /// What it shows to its user.
    pub user_code: UserCode,
    /// Seconds for which both count.
    pub expires_in: i64,
    /// Seconds between two of its questions.
    pub interval: u32,
}

impl Applications {
    /// Takes the request of an application. Anybody may ask.
    ///
    /// # Errors
    /// It says something of itself that cannot be shown, or too many ask.
    pub async fn ask(&self, asked: AskedApplication<'_>, from: ClientAddress) -> Result<Asking, AskError> {
        let name = ClientName::parse(asked.name).map_err(AskError::Name)?;
        let link = |text: Option<&str>| text.map(WebLink::parse).transpose();
        let icon = link(asked.icon_url).map_err(AskError::Icon)?;
        let back = link(asked.return_url).map_err(AskError::Return)?;
        let waits = |retry_after_seconds| AskError::TooMany { retry_after_seconds };
        self.throttles.count_asked(from, self.clock.steady()).map_err(waits)?;
        let text = |link: &Option<WebLink>| link.as_ref().map(|link| link.as_str().to_owned());
        for _ in 0..TRIES {
            let (device_code, user_code) = draw().map_err(|error| {
                tracing::error!(%error, "the system's random generator failed");
                AskError::Refused(Refusal::Unavailable)
            })?;
            let at = self.clock.now();
            let asked = NewApplication {
                device: device_code.hash(),
                user_code: user_code.hash(&self.pepper),
                name: name.as_str().to_owned(),
                icon_url: text(&icon),
                return_url: text(&back),
                from,
                at,
                expires_at: at.plus_seconds(LIFETIME_SECONDS),
                interval_seconds: INTERVAL_SECONDS,
            };
            match self.store.insert_application(asked, LIMITS).await {
                Ok(()) => {
                    let (expires_in, interval) = (LIFETIME_SECONDS, INTERVAL_SECONDS);
                    return Ok(Asking { device_code, user_code, expires_in, interval });
                }
                Err(StoreError::Conflict) => {}
                Err(StoreError::LimitReached) => return Err(waits(FULL_SECONDS)),
                Err(StoreError::Overloaded) => return Err(AskError::Refused(Refusal::Busy)),
                Err(error) => return Err(AskError::Refused(store_trouble(error))),
            }
        }
        Err(AskError::Refused(Refusal::Unavailable))
    }
}

fn draw() -> Result<(DeviceCode, UserCode), SysError> {
    Ok((DeviceCode::draw()?, UserCode::draw()?))
}
