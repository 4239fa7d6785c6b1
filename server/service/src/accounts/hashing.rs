//! Turns of slow work on passwords: off the async threads, few at a time, and fair (`domain::turns` says how).

use crate::priority::stand_back;
use domain::turns::{Claim, Room, Ticket, Turns};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// One core stays free of it, so that pages and verifications go on.
const CORES_LEFT: usize = 1;
/// Who may wait: with 40 ms a turn, a second and a half on one core.
const WAITING: usize = 40;
/// Who may wait from one source.
const OF_SOURCE: usize = 8;
/// Who may wait from one /48 of IPv6.
const OF_SITE: usize = 16;
/// Who may wait for one user.
const OF_USER: usize = 4;

/// How many passwords are worked on at once.
fn turns_on(cores: usize) -> usize {
    cores.saturating_sub(CORES_LEFT).max(1)
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

/// Where turns are waited for.
pub(super) struct Hashing(Mutex<State>);

struct State {
    turns: Turns,
    /// How those who wait are called.
    calls: HashMap<Ticket, oneshot::Sender<()>>,
}

impl Hashing {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with(Room {
            turns: turns_on(cores),
            waiting: WAITING,
            of_source: OF_SOURCE,
            of_site: OF_SITE,
            of_user: OF_USER,
        })
    }

    fn with(room: Room) -> Self {
        Self(Mutex::new(State { turns: Turns::new(room), calls: HashMap::new() }))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// There is no room to wait, or somebody else needed it more.
    pub(super) async fn take_turn(self: &Arc<Self>, claim: &Claim) -> Result<Turn, HashError> {
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
        // Held from here on, so that whoever goes away while waiting leaves.
        let turn = Turn(Arc::new(Place { hashing: Arc::clone(self), ticket }));
        called.await.map_err(|_| HashError::Busy)?;
        Ok(turn)
    }
}

impl State {
    /// Calls those whose turn it is.
    fn call(&mut self) {
        while let Some(ticket) = self.turns.begin() {
            let called = self.calls.remove(&ticket).is_some_and(|call| call.send(()).is_ok());
            if !called {
                self.turns.leave(ticket);
            }
        }
    }
}

/// A place in the queue or at work, given back when it is dropped.
struct Place {
    hashing: Arc<Hashing>,
    ticket: Ticket,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.hashing.0.lock();
        state.calls.remove(&self.ticket);
        state.turns.leave(self.ticket);
        state.call();
    }
}

/// One of the few turns in which passwords are worked on.
pub(super) struct Turn(Arc<Place>);

impl Turn {
    /// Works on a thread of its own.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        // Whoever asked may go away; the place is taken until the work is done.
        let place = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
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

    #[tokio::test]
    async fn a_full_queue_refuses_and_nothing_is_lost() {
        let hashing =
            Arc::new(Hashing::with(Room { turns: 1, waiting: 2, of_source: 9, of_site: 9, of_user: 9 }));
        let source = claim("203.0.113.7", "a");
        let first = hashing.take_turn(&source).await.unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(hashing.take_turn(&source))).collect();
        for waits in &mut waiting {
            assert!(waits.now_or_never().is_none());
        }
        assert!(matches!(hashing.take_turn(&source).await, Err(HashError::Busy)));
        // Somebody else comes in, and the last of those who take more than their share goes.
        let other = claim("203.0.113.8", "b");
        let mut newcomer = Box::pin(hashing.take_turn(&other));
        assert!((&mut newcomer).now_or_never().is_none());
        assert!(matches!(waiting.pop().unwrap().await, Err(HashError::Busy)));
        drop(first);
        let second = waiting.pop().unwrap().await.unwrap();
        drop(newcomer);
        // Who went away does not hold the others up.
        let mut last = Box::pin(hashing.take_turn(&source));
        assert!((&mut last).now_or_never().is_none());
        drop(second);
        assert_eq!(last.await.unwrap().run(|| 7).await.unwrap(), 7);
    }
}
