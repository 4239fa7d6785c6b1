//! Old statistics make room: once a day a walk over all of them, some small steps with every second.

use crate::usage_keep::Walk;
use domain::time::Micros;

/// Steps of a second.
const STEPS: u32 = 8;
/// Hours between the beginnings of two walks.
const EVERY: i64 = 24;

/// Where the walk stands.
#[derive(Default)]
pub(crate) struct Sweep {
    /// Statistics of earlier hours are removed by this walk.
    before: i64,
    walk: Option<Walk>,
    /// The hour in which the next walk begins.
    next: i64,
    /// Steps that this second may still take.
    steps: u32,
}

impl Sweep {
    /// Lets the walk take some steps, if there are any to take.
    pub(crate) fn begin(&mut self, now: Micros, keep_hours: i64) {
        // Also when the time of day was set back meanwhile.
        if self.walk.is_none() && !(self.next - EVERY..self.next).contains(&now.hour()) {
            self.next = now.hour() + EVERY;
            self.walk = Some(Walk::START);
        }
        (self.before, self.steps) = (now.hour() - keep_hours, STEPS);
    }

    /// Takes no more steps in this second.
    pub(crate) fn pause(&mut self) {
        self.steps = 0;
    }

    /// Whether a step is to be taken.
    pub(crate) fn is_due(&self) -> bool {
        self.steps > 0 && self.walk.is_some()
    }

    /// Takes one step, if there is one to take: `forget` removes what lies before an hour, from a place on, and returns
    /// where to go on. A step that fails is tried again in the next second.
    pub(crate) fn step<E>(
        &mut self,
        forget: impl FnOnce(i64, Walk) -> Result<Option<Walk>, E>,
    ) -> Result<(), E> {
        let Some(from) = self.walk else { return Ok(()) };
        self.steps = self.steps.saturating_sub(1);
        self.walk = forget(self.before, from).inspect_err(|_| self.steps = 0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage_keep::HourRow;

    #[test]
    fn old_statistics_go_once_a_day_step_by_step() {
        let (mut sweep, mut forgotten) = (Sweep::default(), Vec::new());
        let users = Walk::Users(HourRow::default());
        for hour in [100, 100, 123, 124] {
            sweep.begin(Micros(hour * Micros::HOUR), 48);
            while sweep.is_due() {
                let step = sweep.step(|before, from| {
                    forgotten.push((before, from));
                    Ok::<_, ()>((from == Walk::START).then_some(users))
                });
                step.unwrap();
            }
        }
        assert_eq!(forgotten, [(52, Walk::START), (52, users), (76, Walk::START), (76, users)]);
    }
}
