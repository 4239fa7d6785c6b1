//! Old statistics make room: once a day a walk over all of them, a small step with every tick.

use crate::domain::time::Micros;
use crate::store::{UsageLog, Walk};

/// Hours between the beginnings of two walks.
const EVERY: i64 = 24;

/// Where the walk stands.
#[derive(Default)]
pub(super) struct Sweep {
    /// For how long statistics are kept; without it for ever.
    keep_hours: Option<i64>,
    walk: Option<Walk>,
    next: i64,
}

impl Sweep {
    /// Keeps statistics for that many days.
    pub(super) fn keeping_days(days: i64) -> Self {
        Self { keep_hours: Some(days * 24), ..Self::default() }
    }

    /// Takes one step, if there is one to take.
    pub(super) fn step(&mut self, log: &mut dyn UsageLog, now: Micros) {
        let Some(keep) = self.keep_hours else { return };
        if self.walk.is_none() && now.hour() >= self.next {
            self.next = now.hour() + EVERY;
            self.walk = Some(Walk::START);
        }
        let Some(from) = self.walk else { return };
        match log.forget(now.hour() - keep, from) {
            Ok(next) => self.walk = next,
            // The next tick tries the same step again.
            Err(error) => tracing::error!(%error, "old statistics could not be removed"),
        }
    }
}
