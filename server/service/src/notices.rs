//! Use cases around notices: what users are told of, and how.

mod choose;
mod list;

pub use list::{ListedNotice, ListedPlace, NoticeList};

use crate::verify::{Gatherer, KeyIndex};
use domain::notice::gathering::kept_since;
use domain::time::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use store::{NewNotice, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often what was gathered is written down: what a crash loses of it.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How many times as long as it took until the next time.
const REST: u32 = 9;
/// Notices that share one change of the store, so that a flood never holds up others for long.
const CHUNK: usize = 100;

/// The use cases of notices.
pub struct Notices {
    store: Arc<dyn Store>,
    index: Arc<KeyIndex>,
    gatherer: Arc<Gatherer>,
    clock: Arc<dyn Clock>,
    /// The day on which old ones were removed last, counted from 1970.
    swept_on: AtomicI64,
}

impl Notices {
    /// Ready to serve.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        index: Arc<KeyIndex>,
        gatherer: Arc<Gatherer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, index, gatherer, clock, swept_on: AtomicI64::new(0) }
    }

    /// Writes down what is gathered, every second (later in a flood of many keys) until `stop`, and once more then.
    pub async fn run(&self, stop: CancellationToken) {
        let mut rest = FLUSH_EVERY;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(rest) => {}
            }
            let begun = Instant::now();
            self.flush().await;
            // Thousands of keys at once must not keep the writer from what people wait for.
            rest = FLUSH_EVERY.max(begun.elapsed() * REST);
        }
        self.flush().await;
    }

    /// Writes down what is gathered by now. What the store cannot take now is gathered again.
    pub async fn flush(&self) {
        let mut heard = self.gatherer.take();
        let guessed = heard.take_names();
        let mut notices = heard.into_notices();
        for (name, tally) in guessed {
            // Only names that exist have somebody to tell.
            match self.store.find_user(&name).await {
                Ok(Some(user)) => notices.push(tally.into_notice(user.no)),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a notice of guesses is lost"),
            }
        }
        while !notices.is_empty() {
            let chunk: Vec<_> = notices.drain(..notices.len().min(CHUNK)).collect();
            if self.store.insert_notices(chunk.clone()).await.is_err()
                && let Err(error) = self.insert_each(&chunk).await
            {
                // The writer tells of trouble once; this is tried every second.
                tracing::debug!(%error, "notices could not be written down yet");
                self.gatherer.put_back(chunk.into_iter().chain(notices));
                return;
            }
        }
    }

    /// Writes down each by itself, when one of them spoiled the others: that one is left out, and the log says
    /// so. When none can be written, it is nobody's fault.
    async fn insert_each(&self, notices: &[NewNotice]) -> Result<(), StoreError> {
        let mut spoiled = Vec::new();
        for notice in notices {
            if let Err(error) = self.store.insert_notices(vec![notice.clone()]).await {
                spoiled.push((notice.user, error));
            }
        }
        if spoiled.len() == notices.len() {
            return spoiled.into_iter().next().map_or(Ok(()), |(_, error)| Err(error));
        }
        for (user, error) in spoiled {
            tracing::error!(user = user.0, %error, "a notice cannot be written down and is left out");
        }
        Ok(())
    }

    /// Removes notices that are too old, once a day.
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
