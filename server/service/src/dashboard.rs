//! The first page: whether everything is all right, and what needs an answer.

use crate::UseCases;
use crate::accounts::Actor;
use crate::keys::{KeysOverview, ListedKey};
use crate::notices::ListedNotice;
use contract::{Cause, Refusal};
use domain::attention::{Matter, Plan, is_ending, plan};
use domain::range::Range;
use domain::time::Micros;
use domain::time_zone::TimeZone;

/// Something that needs attention.
pub enum Finding {
    /// A key that is refused, or that is dead and still sent.
    Refusals(Box<ListedNotice>),
    /// The password of the user ends then.
    Password(Micros),
    /// The user has no second factor.
    Login,
    /// Some keys; the only one where it is one.
    Keys(usize, Option<Box<ListedKey>>),
}

/// What the first page shows.
pub struct Dashboard {
    /// The keys and their uses.
    pub keys: KeysOverview,
    /// What needs attention.
    pub attention: Plan<Finding>,
    /// Keys that are refused from addresses that nobody decided about.
    pub refused: usize,
    /// Dead keys that are still sent.
    pub dead: usize,
    /// Whether there may be more of both.
    pub is_cut: bool,
}

impl UseCases {
    /// The first page of the actor.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn dashboard(
        &self,
        actor: &Actor,
        zone: &TimeZone,
        range: Range,
    ) -> Result<Dashboard, Refusal> {
        let mut keys = self.keys.overview(actor, zone, range).await?;
        let refusals = self.notices.list_refusals(actor).await?;
        let password = self.accounts.find_password_end(actor).await?;
        let of = |cause| refusals.notices.iter().filter(|notice| notice.facts.cause == cause).count();
        let (refused, dead, is_cut) = (of(Cause::NewAddress), of(Cause::DeadKeyInUse), refusals.is_cut);
        let mut found: Vec<(Matter, Finding)> = Vec::new();
        for notice in refusals.notices {
            let is_refused = notice.facts.cause == Cause::NewAddress;
            let matter = if is_refused { Matter::Refused } else { Matter::DeadKeyInUse };
            found.push((matter, Finding::Refusals(Box::new(notice))));
        }
        if let Some(end) = password.filter(|end| is_ending(*end, keys.figures.now)) {
            found.push((Matter::PasswordEnding, Finding::Password(end)));
        }
        // Whoever has no key yet has another first step.
        if !actor.has_second_factor() && keys.keys > 0 {
            found.push((Matter::NoSecondFactor, Finding::Login));
        }
        for (matter, count, only) in std::mem::take(&mut keys.matters) {
            found.push((matter, Finding::Keys(count, only.map(Box::new))));
        }
        Ok(Dashboard { keys, attention: plan(found), refused, dead, is_cut })
    }
}
