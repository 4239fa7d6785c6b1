//! Use cases around notices, and the task that writes what the notice buffer holds.
//!
//! The task runs on the pages' runtime. It is the only one that drains the buffer; a notice is durable once it is out of
//! the buffer.

mod choose;
mod list;

pub use list::{ListedNotice, ListedPlace, NoticeList, RefusalList};

use crate::verify::{KeyIndex, NoticeBuffer};
use domain::notice::gathering::kept_since;
use domain::time::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use store::{NewNotice, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often the notice buffer is written. A crash loses what came in this time.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// The task pauses so many times as long as it wrote, so that a flood leaves the writer of the state to others.
const PAUSE: u32 = 9;
/// Notices per change of the store, so that a flood never holds up others for long.
const CHUNK: usize = 100;

/// The use cases of notices.
pub struct Notices {
    store: Arc<dyn Store>,
    index: Arc<KeyIndex>,
    buffer: Arc<NoticeBuffer>,
    clock: Arc<dyn Clock>,
    /// The day on which old notices were removed last, counted from 1970.
    swept_on: AtomicI64,
}

impl Notices {
    /// The use cases on this store and this buffer.
    pub fn new(
        store: Arc<dyn Store>,
        index: Arc<KeyIndex>,
        buffer: Arc<NoticeBuffer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, index, buffer, clock, swept_on: AtomicI64::new(0) }
    }

    /// Writes the buffer every second (more seldom in a flood) until `stop`, and then once more.
    pub async fn run(&self, stop: CancellationToken) {
        let mut pause = FLUSH_EVERY;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
            let begun = Instant::now();
            self.flush().await;
            pause = FLUSH_EVERY.max(begun.elapsed() * PAUSE);
        }
        self.flush().await;
    }

    /// Writes what the buffer holds. What cannot be written goes back into the buffer.
    pub async fn flush(&self) {
        let mut buffered = self.buffer.drain();
        let guessed = buffered.drain_names();
        let mut notices = buffered.into_notices();
        for (name, tally) in guessed {
            // A name that no user has gets no notice.
            match self.store.find_user(&name).await {
                Ok(Some(user)) => notices.push(tally.into_notice(user.number)),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a notice of guesses is lost"),
            }
        }
        while !notices.is_empty() {
            let chunk: Vec<_> = notices.drain(..notices.len().min(CHUNK)).collect();
            if self.store.insert_notices(chunk.clone()).await.is_err()
                && let Err(error) = self.insert_each(&chunk).await
            {
                // The writer logs trouble once; this is tried every second.
                tracing::debug!(%error, "notices could not be written down yet");
                self.buffer.put_back(chunk.into_iter().chain(notices));
                return;
            }
        }
    }

    /// Writes each notice by itself, because one of them may have failed the whole chunk. That one is left out and
    /// logged. Where all fail, the store is to blame, and its error is returned.
    async fn insert_each(&self, notices: &[NewNotice]) -> Result<(), StoreError> {
        let mut failed = Vec::new();
        for notice in notices {
            if let Err(error) = self.store.insert_notices(vec![notice.clone()]).await {
                failed.push((notice.user, error));
            }
        }
        if failed.len() == notices.len() {
            return failed.into_iter().next().map_or(Ok(()), |(_, error)| Err(error));
        }
        for (user, error) in failed {
            tracing::error!(user = user.0, %error, "a notice cannot be written down and is left out");
        }
        Ok(())
    }

    /// Removes notices that are too old, on the first call of a day.
    pub async fn sweep(&self) {
        let now = self.clock.now();
        let today = now.hour().div_euclid(24);
        if self.swept_on.swap(today, Ordering::Relaxed) == today {
            return;
        }
        let before = kept_since(now);
        loop {
            match self.store.delete_old_notices(before).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "old notices could not be removed");
                    return;
                }
            }
        }
    }
}
