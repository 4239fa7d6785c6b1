//! Turns of slow work on passwords: on the blocking pool, few at a time, and fair (`domain::turns` says how).

use crate::priority::stand_back;
use domain::turns::{Claim, Room, Ticket, Turns};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Cores that never hash, so that pages and verifications go on.
const CORES_LEFT: usize = 1;
/// Requests that may wait: with 40 ms a turn, a second and a half on one core.
const WAITING: usize = 40;
/// Requests that may wait, per source.
const OF_SOURCE: usize = 8;
/// Requests that may wait, per /48 of IPv6.
const OF_SITE: usize = 16;
/// Requests that may wait, per user.
const OF_USER: usize = 4;

/// How many passwords are worked on at once.
fn turns_on(cores: usize) -> usize {
    cores.saturating_sub(CORES_LEFT).max(1)
}

/// How much room there is on so many cores.
fn room_on(cores: usize) -> Room {
    Room {
        turns: turns_on(cores),
        waiting: WAITING,
        of_source: OF_SOURCE,
        of_site: OF_SITE,
        of_user: OF_USER,
    }
}

/// Why work on a password was not done.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many wait: it can be tried again.
    #[error("too many passwords are being checked; try again shortly")]
    Busy,
    /// The random generator or the memory failed.
    #[error("passwords cannot be hashed now: {0}")]
    Trouble(String),
}

/// The queue of those who wait for a turn, and how many work now.
pub(super) struct Hashing(Mutex<State>);

struct State {
    turns: Turns,
    /// Tells each waiting request that its turn has come.
    calls: HashMap<Ticket, oneshot::Sender<()>>,
}

impl Hashing {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with(room_on(cores))
    }

    fn with(room: Room) -> Self {
        Self(Mutex::new(State { turns: Turns::new(room), calls: HashMap::new() }))
    }

    /// Waits for a turn; `Busy` if there is no room to wait, or it was given to somebody with a better claim.
    pub(super) async fn wait_for_turn(self: &Arc<Self>, claim: &Claim) -> Result<Turn, HashError> {
        let (call, called) = oneshot::channel();
        let ticket = {
            let mut state = self.0.lock();
            let (ticket, gone) = state.turns.join(claim.clone()).map_err(|_| HashError::Busy)?;
            state.calls.insert(ticket, call);
            if let Some(gone) = gone {
                state.calls.remove(&gone);
            }
            state.call();
            ticket
        };
        // Made before the wait, so that a request which is dropped meanwhile leaves the queue.
        let turn = Turn(Arc::new(HeldTicket { hashing: Arc::clone(self), ticket }));
        called.await.map_err(|_| HashError::Busy)?;
        Ok(turn)
    }
}

impl State {
    /// Begins the turns that are free, and tells those who wait for them.
    fn call(&mut self) {
        while let Some(ticket) = self.turns.begin() {
            let called = self.calls.remove(&ticket).is_some_and(|call| call.send(()).is_ok());
            if !called {
                self.turns.leave(ticket);
            }
        }
    }
}

/// A ticket in the queue or at work, given back when it is dropped.
struct HeldTicket {
    hashing: Arc<Hashing>,
    ticket: Ticket,
}

impl Drop for HeldTicket {
    fn drop(&mut self) {
        let mut state = self.hashing.0.lock();
        state.calls.remove(&self.ticket);
        state.turns.leave(self.ticket);
        state.call();
    }
}

/// One of the few turns in which passwords are worked on.
pub(super) struct Turn(Arc<HeldTicket>);

impl Turn {
    /// Runs `work` on the blocking pool.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        // The request may be dropped; the ticket is held until the work is done.
        let ticket = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let _ticket = ticket;
            stand_back();
            work()
        });
        task.await.map_err(|e| HashError::Trouble(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::address::Address;
    use domain::turns::Lane;
    use futures::FutureExt;

    fn claim(address: &str, user: &str) -> Claim {
        Claim { lane: Lane::of(Address::parse(address).unwrap().into()), user: Some(user.to_owned()) }
    }

    #[test]
    fn one_core_stays_free_of_it() {
        for (cores, turns) in [(1, 1), (2, 1), (3, 2), (4, 3), (64, 63)] {
            assert_eq!(turns_on(cores), turns, "{cores} cores");
        }
    }

    /// How many of so many who come at once wait or have a turn, on one core.
    fn stay(come: usize, claim_of: impl Fn(usize) -> Claim) -> usize {
        let hashing = Arc::new(Hashing::with(room_on(1)));
        let claims: Vec<_> = (0..come).map(claim_of).collect();
        let mut all: Vec<_> = claims.iter().map(|claim| Box::pin(hashing.wait_for_turn(claim))).collect();
        // A turn that has come is held until the end.
        let mut held = Vec::new();
        let mut refused = 0;
        for waits in &mut all {
            match waits.now_or_never() {
                Some(Ok(turn)) => held.push(turn),
                Some(Err(_)) => refused += 1,
                None => {}
            }
        }
        assert_eq!(held.len(), 1, "one works");
        come - refused
    }

    #[test]
    fn those_who_wait_at_once_are_bounded() {
        let all_alike = |_| claim("203.0.113.7", "flood");
        assert_eq!(stay(64, all_alike), 1 + OF_USER);
        assert_eq!(stay(64, |n| claim("203.0.113.7", &format!("u{n}"))), 1 + OF_SOURCE);
        assert_eq!(stay(64, |n| claim(&format!("2001:db8:1:{n}::1"), &format!("u{n}"))), 1 + OF_SITE);
        assert_eq!(stay(64, |n| claim(&format!("203.0.113.{n}"), &format!("u{n}"))), 1 + WAITING);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_nothing_is_lost() {
        let hashing =
            Arc::new(Hashing::with(Room { turns: 1, waiting: 2, of_source: 9, of_site: 9, of_user: 9 }));
        let source = claim("203.0.113.7", "a");
        let first = hashing.wait_for_turn(&source).await.unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(hashing.wait_for_turn(&source))).collect();
        for waits in &mut waiting {
            assert!(waits.now_or_never().is_none());
        }
        assert!(matches!(hashing.wait_for_turn(&source).await, Err(HashError::Busy)));
        // Another source gets in, and the last request of the source over its share is turned away.
        let other = claim("203.0.113.8", "b");
        let mut newcomer = Box::pin(hashing.wait_for_turn(&other));
        assert!((&mut newcomer).now_or_never().is_none());
        assert!(matches!(waiting.pop().unwrap().await, Err(HashError::Busy)));
        drop(first);
        let second = waiting.pop().unwrap().await.unwrap();
        drop(newcomer);
        // A request that was dropped does not hold the others up.
        let mut last = Box::pin(hashing.wait_for_turn(&source));
        assert!((&mut last).now_or_never().is_none());
        drop(second);
        assert_eq!(last.await.unwrap().run(|| 7).await.unwrap(), 7);
    }
}
