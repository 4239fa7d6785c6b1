//! What an application is answered that asks whether it was let in.

use crate::time::Micros;

/// Seconds by which the time between two questions grows each time an application asks too soon (RFC 8628, 3.5).
const SLOWER_SECONDS: u32 = 5;
/// The most seconds between two questions.
const MOST_SECONDS: u32 = 300;
/// Microseconds by which a question may come too early: the way to here is not always equally long.
const TOLERANCE: i64 = 500_000;

/// How far a request has come; the numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RequestState {
    /// Nobody has decided.
    Open = 0,
    /// A customer let it in.
    Approved = 1,
    /// A customer refused it.
    Refused = 2,
    /// It fetched its key.
    Fetched = 3,
}

impl RequestState {
    /// The state with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Open, Self::Approved, Self::Refused, Self::Fetched]
            .into_iter()
            .find(|state| *state as u8 == number)
    }
}

/// A request whose application asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollFacts {
    /// How far it has come.
    pub state: RequestState,
    /// When its codes end.
    pub expires_at: Micros,
    /// Seconds between two questions.
    pub interval_seconds: u32,
    /// When its application asked last.
    pub polled_at: Option<Micros>,
    /// Whether its key was deleted before it was fetched.
    pub key_is_gone: bool,
}

/// What the application is answered, and what is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Nobody has decided yet.
    Pending,
    /// It asks too often; from now on so many seconds have to lie between two questions.
    SlowDown {
        /// The seconds.
        interval_seconds: u32,
    },
    /// Nobody decided in time, or the key was not fetched in time.
    Expired,
    /// A customer refused it.
    Denied,
    /// Its key was fetched already.
    Used,
    /// Its key is handed over, this once.
    Fetch,
}

impl PollFacts {
    /// Judges a question that comes now.
    #[must_use]
    pub fn judge(&self, now: Micros) -> Poll {
        match self.state {
            RequestState::Fetched => Poll::Used,
            RequestState::Refused => Poll::Denied,
            RequestState::Approved if self.key_is_gone => Poll::Denied,
            _ if now >= self.expires_at => Poll::Expired,
            RequestState::Approved => Poll::Fetch,
            RequestState::Open if self.is_too_soon(now) => {
                let slower = self.interval_seconds.saturating_add(SLOWER_SECONDS);
                Poll::SlowDown { interval_seconds: slower.min(MOST_SECONDS) }
            }
            RequestState::Open => Poll::Pending,
        }
    }

    /// Whether it asked within the last second too. It is slowed down without a note, because every note costs a write.
    #[must_use]
    pub fn is_flooding(&self, now: Micros) -> bool {
        let is_open = self.state == RequestState::Open && now < self.expires_at;
        is_open && self.polled_at.is_some_and(|last| (0..Micros::SECOND).contains(&(now.0 - last.0)))
    }

    fn is_too_soon(&self, now: Micros) -> bool {
        let wait = i64::from(self.interval_seconds) * Micros::SECOND - TOLERANCE;
        // A clock that was set back is not the application's fault.
        self.polled_at.is_some_and(|last| (0..wait).contains(&(now.0 - last.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: i64 = 600;

    fn facts(state: RequestState, polled_at: Option<i64>) -> PollFacts {
        PollFacts {
            state,
            expires_at: Micros(END * Micros::SECOND),
            interval_seconds: 5,
            polled_at: polled_at.map(|at| Micros(at * Micros::SECOND)),
            key_is_gone: false,
        }
    }

    fn at(seconds: i64) -> Micros {
        Micros(seconds * Micros::SECOND)
    }

    #[test]
    fn an_open_request_waits_and_slows_those_down_who_ask_too_soon() {
        let open = facts(RequestState::Open, None);
        assert_eq!(open.judge(at(0)), Poll::Pending, "the first question may come at once");
        let asked = facts(RequestState::Open, Some(100));
        assert_eq!(asked.judge(at(104)), Poll::SlowDown { interval_seconds: 10 });
        assert_eq!(asked.judge(at(105)), Poll::Pending);
        assert_eq!(asked.judge(Micros(at(105).0 - TOLERANCE)), Poll::Pending, "a little early");
        assert_eq!(asked.judge(at(99)), Poll::Pending, "the clock was set back");
        let slow = PollFacts { interval_seconds: MOST_SECONDS, ..asked };
        assert_eq!(slow.judge(at(101)), Poll::SlowDown { interval_seconds: MOST_SECONDS });
    }

    #[test]
    fn a_flood_is_told_from_haste() {
        let asked = facts(RequestState::Open, Some(100));
        assert!(asked.is_flooding(at(100)) && asked.is_flooding(Micros(at(101).0 - 1)));
        assert!(!asked.is_flooding(at(101)) && !asked.is_flooding(at(99)));
        assert!(!facts(RequestState::Open, None).is_flooding(at(100)));
        assert!(!facts(RequestState::Approved, Some(100)).is_flooding(at(100)), "a key is handed over");
        assert!(!facts(RequestState::Open, Some(END)).is_flooding(at(END)));
    }

    #[test]
    fn every_state_has_its_answer_before_and_after_the_end() {
        let judged = |state| [END - 1, END].map(|now| facts(state, None).judge(at(now)));
        assert_eq!(judged(RequestState::Open), [Poll::Pending, Poll::Expired]);
        assert_eq!(judged(RequestState::Approved), [Poll::Fetch, Poll::Expired]);
        assert_eq!(judged(RequestState::Refused), [Poll::Denied, Poll::Denied]);
        assert_eq!(judged(RequestState::Fetched), [Poll::Used, Poll::Used]);
    }

    #[test]
    fn a_key_is_handed_over_however_soon_it_is_asked_for() {
        assert_eq!(facts(RequestState::Approved, Some(100)).judge(at(101)), Poll::Fetch);
        let deleted = PollFacts { key_is_gone: true, ..facts(RequestState::Approved, None) };
        assert_eq!(deleted.judge(at(1)), Poll::Denied);
    }

    #[test]
    fn numbers_lead_back() {
        for number in 0..=3 {
            assert_eq!(RequestState::from_number(number).unwrap() as u8, number);
        }
        assert_eq!(RequestState::from_number(4), None);
    }
}
