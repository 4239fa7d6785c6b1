//! Use cases around keys. Each first finds the key among those that the actor may see, so that nothing is done or told
//! about any other.

mod caller;
mod change;
mod change_rule;
mod choices;
mod dashboard;
mod delete;
mod export;
mod generate;
mod list;
pub mod operator;
mod own_key;
mod reveal;
mod rotate;
mod search;
mod several;
mod trial;
mod usage;

pub use change::{AskedEnd, KeyEdit};
pub use choices::{Choices, KeyUsers};
pub use dashboard::{BusyKey, KeysOverview, RangeFigures};
pub use export::Export;
pub(crate) use generate::Grant;
pub use generate::{AskedKey, Generated, Keep};
pub use list::{KeyFigures, KeyList, ListedKey};
pub use own_key::OwnKey;
pub use rotate::OldToken;
pub use search::{Cursor, FoundKeys, KeyFilter};
pub use several::{SeveralAct, SeveralDone};
pub use trial::Trial;
pub use usage::KeyUsage;

use crate::accounts::{Accounts, Actor, store_trouble};
use crate::verify::{KeyIndex, Verifier};
use contract::Refusal;
use domain::ids::KeyId;
use domain::sealing::SealingKey;
use domain::time::{Clock, Micros};
use domain::time_zone::TimeZone;
use domain::token::{Pepper, TokenFormat};
use std::sync::Arc;
use store::{KeyRow, SpanStarts, Store};

/// The use cases of keys.
pub struct Keys {
    /// Where keys are kept.
    pub store: Arc<dyn Store>,
    /// All keys in memory, with lists and counts.
    pub index: Arc<KeyIndex>,
    /// Where a deletion waits for uses that were judged before it.
    pub verifier: Arc<Verifier>,
    /// Where the password is proved again.
    pub accounts: Arc<Accounts>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Under which tokens are hashed.
    pub pepper: Pepper,
    /// With which tokens are sealed; none where the operator lets a token be shown only once.
    pub sealing: Option<SealingKey>,
    /// With which the cursors of searches are sealed.
    pub cursors: SealingKey,
    /// What tokens look like.
    pub format: TokenFormat,
    /// The most living keys per account, if there is a limit.
    pub most: Option<u32>,
}

impl Keys {
    /// The living key with that public id, if the actor may see it.
    async fn find_row(&self, actor: &Actor, id: &str) -> Result<KeyRow, Refusal> {
        let id: KeyId = id.parse().map_err(|_| Refusal::NotFound)?;
        let row = self.store.find_key(actor.scope(), id).await.map_err(store_trouble)?;
        row.ok_or(Refusal::NotFound)
    }
}

/// The three spans that end at `now`. Uses are counted by the hour of UTC. An hour in which midnight lies belongs to the
/// new day as a whole, so that no use of today is left out.
fn span_starts(now: Micros, zone: &TimeZone) -> SpanStarts {
    let start = |days_before| zone.midnight(now, days_before).hour();
    SpanStarts { today: start(0), days_7: start(6), days_30: start(29) }
}
