//! Old statistics make room: once a day a walk over all of them, some small steps with every tick.

use domain::time::Micros;
use store::{StoreError, UsageLog, Walk};

/// Steps of a tick.
const STEPS: u32 = 8;
/// Hours between the beginnings of two walks.
const EVERY: i64 = 24;

/// Where the walk stands.
#[derive(Default)]
pub(super) struct Sweep {
    /// For how long statistics are kept; without it for ever.
    keep_hours: Option<i64>,
    walk: Option<Walk>,
    next: i64,
    /// Steps that this tick may still take.
    steps: u32,
}

impl Sweep {
    /// Keeps statistics for that many days.
    pub(super) fn keeping_days(days: i64) -> Self {
        Self { keep_hours: Some(days * 24), ..Self::default() }
    }

    /// Lets it take some steps, if there are any to take.
    pub(super) fn begin(&mut self, now: Micros) {
        if self.keep_hours.is_none() {
            return;
        }
        // Also when the time of day was set back meanwhile.
        if self.walk.is_none() && !(self.next - EVERY..self.next).contains(&now.hour()) {
            self.next = now.hour() + EVERY;
            self.walk = Some(Walk::START);
        }
        self.steps = STEPS;
    }

    /// Whether a step is to be taken.
    pub(super) fn is_due(&self) -> bool {
        self.steps > 0 && self.walk.is_some()
    }

    /// Takes one step, if there is one to take; answers what it met.
    pub(super) fn step(&mut self, log: &mut dyn UsageLog, now: Micros) -> Result<(), StoreError> {
        let (Some(keep), Some(from)) = (self.keep_hours, self.walk) else { return Ok(()) };
        self.steps = self.steps.saturating_sub(1);
        // What fails is tried again by the next step.
        self.walk = log.forget(now.hour() - keep, from).inspect_err(|_| self.steps = 0)?;
        Ok(())
    }
}
