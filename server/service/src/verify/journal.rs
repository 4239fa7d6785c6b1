//! The usage journal: accepted uses are committed in batches, and only then answered.
//!
//! [`Journal`] is the queue, for any task. [`Flusher`] is the one task that takes uses out of it and commits them.

mod figures;
mod flusher;
mod lock;
mod refusals;
mod trouble;

pub use figures::Figures;
pub use flusher::Flusher;

use super::index::{KeyEntry, Place};
use domain::address::Address;
use domain::time::Micros;
use parking_lot::Mutex;
use refusals::Refusals;
use store::{Refusal, StoreError, Use};
use tokio::sync::{Notify, oneshot};
use trouble::LastCommit;

/// Uses that may wait for a commit; further ones are refused as overload.
const QUEUE: usize = 65_536;

/// A committed use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The key's uses with this one.
    pub times_used: u64,
    /// When it was.
    pub at: Micros,
}

/// An accepted use, and where the record of its key lies: the count of the key is found without a search.
#[derive(Clone, Copy)]
struct Accepted {
    used: Use,
    place: Place,
}

/// A caller that waits for the flusher.
struct Waiting {
    /// `None` is a barrier: the caller waits until every earlier use has been answered.
    accepted: Option<Accepted>,
    /// Whether a barrier stands behind every use that was judged before it came.
    is_last: bool,
    answer: oneshot::Sender<Result<Counted, StoreError>>,
}

#[derive(Default)]
struct Queue {
    /// Whether the flusher is gone, so that nobody would answer.
    closed: bool,
    waiting: Vec<Waiting>,
}

/// The queue to the flusher, and what others may know of its work.
#[derive(Default)]
pub struct Journal {
    queue: Mutex<Queue>,
    refusals: Refusals,
    wake: Notify,
    figures: Figures,
    last_commit: LastCommit,
}

impl Journal {
    /// Counts one accepted use, which is committed when this returns. After an error it is not counted. `rotated_at` is when
    /// the token was replaced by which it came, if it was. What other processes changed before that commit is in the index
    /// then, so the caller has to find out whether its judgement still stands ([`super::KeyIndex::is_current`]).
    pub async fn record(
        &self,
        key: &KeyEntry,
        address: Address,
        rotated_at: Option<Micros>,
    ) -> Result<Counted, StoreError> {
        let used = Use { key: key.number, user: key.user.number, address, rotated_at };
        self.wait(Some(Accepted { used, place: key.place() })).await
    }

    /// Whether uses can be counted, or the error of the last commit. After a failure the flusher tries again every
    /// second.
    pub fn ready(&self) -> Result<(), StoreError> {
        if self.queue.lock().closed { Err(stopped()) } else { self.last_commit.result() }
    }

    /// Waits until every use that was accepted before is answered.
    pub async fn settle(&self) {
        // Either answer lets the caller go on: an error means that the flusher is gone, and nothing waits.
        let _ = self.wait(None).await;
    }

    /// Its figures for operators.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Accepted uses that wait for their commit.
    pub fn waiting_uses(&self) -> usize {
        self.queue.lock().waiting.len()
    }

    /// Counts one refused request, in memory; it is on disk within a second.
    pub fn refuse(&self, refusal: Refusal) {
        self.refusals.add(refusal);
    }

    async fn wait(&self, accepted: Option<Accepted>) -> Result<Counted, StoreError> {
        let (answer, receiver) = oneshot::channel();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(stopped());
            }
            if accepted.is_some() && queue.waiting.len() >= QUEUE {
                return Err(StoreError::Overloaded);
            }
            queue.waiting.push(Waiting { accepted, is_last: false, answer });
        }
        self.wake.notify_one();
        receiver.await.map_err(|_| stopped())?
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the journal has stopped".to_owned())
}
