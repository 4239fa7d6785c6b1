//! The usage journal: accepted uses are committed in batches, and only then answered.

mod figures;
mod flusher;
mod lock;
mod refusals;
mod trouble;

pub use figures::Figures;
pub use flusher::Flusher;

use super::index::KeyEntry;
use domain::address::Address;
use domain::time::Micros;
use parking_lot::Mutex;
use refusals::Refusals;
use store::{Refusal, StoreError, Use};
use tokio::sync::{Notify, oneshot};
use trouble::Trouble;

/// Uses that may wait for a commit; more is refused as overload.
const QUEUE: usize = 65_536;

/// An accepted use that is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The key's uses with this one.
    pub times_used: u64,
    /// When this one was.
    pub at: Micros,
}

struct Waiting {
    /// Nothing, for who only waits until all before are answered.
    used: Option<Use>,
    /// Whether those who only wait stand behind all that was judged before they came.
    is_last: bool,
    answer: oneshot::Sender<Result<Counted, StoreError>>,
}

#[derive(Default)]
struct Queue {
    /// The flusher is gone: nobody would answer.
    closed: bool,
    waiting: Vec<Waiting>,
}

/// The way to the flusher.
#[derive(Default)]
pub struct Journal {
    queue: Mutex<Queue>,
    refusals: Refusals,
    wake: Notify,
    figures: Figures,
    trouble: Trouble,
}

impl Journal {
    /// Counts one accepted use; it is committed when this returns.
    ///
    /// # Errors
    /// It was not counted: the queue is full, or the database is in trouble.
    pub async fn record(&self, key: &KeyEntry, address: Address) -> Result<Counted, StoreError> {
        self.wait(Some(Use { key: key.no, user: key.user.no, address })).await
    }

    /// Answers if uses can be counted; after a failure it is tried again every second.
    ///
    /// # Errors
    /// What the last commit met, or nobody commits any more.
    pub fn ready(&self) -> Result<(), StoreError> {
        if self.queue.lock().closed { Err(stopped()) } else { self.trouble.last() }
    }

    /// Waits until every use that was accepted before is answered.
    pub async fn settle(&self) {
        // Let go, or the flusher is gone and nothing waits.
        let _ = self.wait(None).await;
    }

    /// What it tells operators about itself.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Accepted uses that wait for their commit.
    #[must_use]
    pub fn waiting_uses(&self) -> usize {
        self.queue.lock().waiting.len()
    }

    /// Counts one refused request, on disk within a second.
    pub fn refuse(&self, refusal: Refusal) {
        self.refusals.add(refusal);
    }

    async fn wait(&self, used: Option<Use>) -> Result<Counted, StoreError> {
        let (answer, receiver) = oneshot::channel();
        {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(stopped());
            }
            if used.is_some() && queue.waiting.len() >= QUEUE {
                return Err(StoreError::Overloaded);
            }
            queue.waiting.push(Waiting { used, is_last: false, answer });
        }
        self.wake.notify_one();
        receiver.await.map_err(|_| stopped())?
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the journal has stopped".to_owned())
}
