//! What users choose for themselves.

use super::{Accounts, Actor, store_trouble};
use contract::{Field, Language, Problem, Refusal};
use domain::time_zone::TimeZone;

impl Accounts {
    /// Chooses the language of pages and mails by its code; empty: as the browser asks.
    pub async fn set_language(&self, actor: &Actor, code: &str) -> Result<(), Refusal> {
        if !code.is_empty() && Language::from_code(code).is_none() {
            return Err(Refusal::field(Field::Language, Problem::NotAChoice));
        }
        let session = Some(actor.session()?.number);
        self.store.set_language(actor.user, code.to_owned(), session).await.map_err(store_trouble)
    }

    /// Chooses the time zone in which times are read, by its IANA name.
    pub async fn set_time_zone(&self, actor: &Actor, name: &str) -> Result<(), Refusal> {
        let Some(zone) = TimeZone::find(name) else {
            return Err(Refusal::field(Field::TimeZone, Problem::NotAChoice));
        };
        let session = Some(actor.session()?.number);
        self.store.set_time_zone(actor.user, zone.name().to_owned(), session).await.map_err(store_trouble)
    }
}
