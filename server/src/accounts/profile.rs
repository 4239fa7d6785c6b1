//! What users choose for themselves.

use super::{Accounts, Actor, store_trouble};
use app::{Field, Language, PortalError, Problem};
use domain::time_zone::TimeZone;

impl Accounts {
    /// Chooses the language of pages and mails by its code; empty: as the browser asks.
    ///
    /// # Errors
    /// There is no such language.
    pub async fn set_language(&self, actor: &Actor, code: &str) -> Result<(), PortalError> {
        if !code.is_empty() && Language::from_code(code).is_none() {
            return Err(PortalError::field(Field::Language, Problem::NotAChoice));
        }
        let done = self.store.set_language(actor.user, code.to_owned(), Some(actor.session)).await;
        done.map_err(store_trouble)
    }

    /// Chooses the time zone in which times are read, by its IANA name.
    ///
    /// # Errors
    /// There is no such time zone.
    pub async fn set_time_zone(&self, actor: &Actor, name: &str) -> Result<(), PortalError> {
        let Some(zone) = TimeZone::find(name) else {
            return Err(PortalError::field(Field::TimeZone, Problem::NotAChoice));
        };
        let done = self.store.set_time_zone(actor.user, zone.name().to_owned(), Some(actor.session)).await;
        done.map_err(store_trouble)
    }
}
