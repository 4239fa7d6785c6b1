//! What a connection is doing, and its deadline.
//!
//! The hot path only notes what happened. A connection has one timer. It is moved only to an earlier time, and when it
//! fires it looks at the notes again, so that no request sets and cancels a timer.

use crate::settings::Timeouts;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an answer may take to be made, and then to be fetched: longer than any honest client needs.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(120);
/// Further than any timer is set.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The client has to send the head of a request.
    Head,
    /// The client may ask again.
    Idle,
    /// The client is being answered.
    Answer,
}

struct State {
    step: Step,
    since: Instant,
    /// When the last answer was handed over to be sent.
    answered: Instant,
    answering: usize,
    /// HTTP/2: bytes come without a request, and several requests at a time.
    multiplexed: bool,
    /// The client sent anything at all.
    has_spoken: bool,
    /// The client sent too much that asks for nothing.
    flooded: bool,
}

/// The watch over one connection.
pub(super) struct Watch {
    state: Mutex<State>,
    timeouts: Timeouts,
}

/// A request in flight, from its head until its answer is handed over or given up.
pub(super) struct InFlight(Arc<Watch>);

impl Watch {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        let now = Instant::now();
        let state = State {
            step: Step::Head,
            since: now,
            answered: now,
            answering: 0,
            multiplexed: false,
            has_spoken: false,
            flooded: false,
        };
        Self { state: Mutex::new(state), timeouts }
    }

    /// Bytes came in: after a pause they are the head of the next request.
    pub(super) fn received(&self) {
        let mut state = self.state.lock();
        state.has_spoken = true;
        if state.step == Step::Idle && !state.multiplexed {
            state.step = Step::Head;
            state.since = Instant::now();
        }
    }

    /// Whether anything came in yet.
    pub(super) fn has_spoken(&self) -> bool {
        self.state.lock().has_spoken
    }

    /// Too much came in that asks for nothing.
    pub(super) fn flooded(&self) {
        self.state.lock().flooded = true;
    }

    /// Whether it was ended for a flood.
    pub(super) fn was_flooded(&self) -> bool {
        self.state.lock().flooded
    }

    /// A client that had not read for a while reads on: it may not ask yet, and is not idle, for as long as
    /// an answer may take.
    pub(super) fn sent(&self) {
        let mut state = self.state.lock();
        if state.step == Step::Idle {
            state.since = Instant::now().min(state.answered + ANSWER_TIME);
        }
    }

    /// A head is complete.
    pub(super) fn begin(self: &Arc<Self>, multiplexed: bool) -> InFlight {
        let mut state = self.state.lock();
        state.multiplexed = multiplexed;
        state.answering += 1;
        if state.step != Step::Answer {
            state.step = Step::Answer;
            state.since = Instant::now();
        }
        InFlight(Arc::clone(self))
    }

    /// What it is doing, and until when it may.
    pub(super) fn due(&self) -> (Step, Instant) {
        let state = self.state.lock();
        let time = match state.step {
            Step::Head => self.timeouts.head,
            Step::Idle => self.timeouts.idle,
            // Requests of HTTP/2 have timers of their own.
            Step::Answer if state.multiplexed => FAR,
            Step::Answer => ANSWER_TIME,
        };
        (state.step, state.since + time)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.answering -= 1;
        if state.answering == 0 {
            state.step = Step::Idle;
            state.since = Instant::now();
            state.answered = state.since;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Timeouts = Timeouts {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        body: Duration::from_secs(10),
    };

    async fn later(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    fn seconds_left(watch: &Watch) -> u64 {
        (watch.due().1 - Instant::now()).as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn each_step_has_its_own_time() {
        let watch = Arc::new(Watch::new(TIMES));
        later(4).await;
        watch.received();
        assert_eq!((watch.due().0, seconds_left(&watch)), (Step::Head, 6), "a trickle wins no time");
        let request = watch.begin(false);
        assert_eq!((watch.due().0, seconds_left(&watch)), (Step::Answer, 120));
        later(20).await;
        drop(request);
        assert_eq!((watch.due().0, seconds_left(&watch)), (Step::Idle, 75));
        later(50).await;
        watch.received();
        assert_eq!((watch.due().0, seconds_left(&watch)), (Step::Head, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn http2_is_idle_when_its_last_request_is_answered() {
        let watch = Arc::new(Watch::new(TIMES));
        let (first, second) = (watch.begin(true), watch.begin(true));
        drop(first);
        assert_eq!(watch.due().0, Step::Answer);
        assert!(seconds_left(&watch) > 3600);
        drop(second);
        later(40).await;
        watch.received();
        assert_eq!((watch.due().0, seconds_left(&watch)), (Step::Idle, 35), "a ping is no request");
    }
}
