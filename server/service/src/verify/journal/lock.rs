//! A lock that keeps uses from being counted. For a lock of another program uses wait a moment, and are refused while it
//! lasts. For the maintenance of the log itself (`Busy`) they wait longer, because its end is sure.

use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// How long uses wait for a lock of another program; nobody notices a short look into the file.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long they wait in all for the maintenance of the log, which syncs to a disk that may be slow.
const LONGEST: Duration = Duration::from_secs(5);
/// How often a write is tried meanwhile.
const RETRY: Duration = Duration::from_millis(2);

/// Whether a lock stands in the way, and since when.
#[derive(Default)]
pub(super) struct Lock {
    since: Option<Instant>,
    /// When it was last seen to be the log's own.
    own: Option<Instant>,
}

impl Lock {
    /// Records the result of a write. Returns whether to wait for the lock.
    pub(super) fn observe<T>(&mut self, met: &Result<T, StoreError>) -> bool {
        let Err(error @ (StoreError::Locked(_) | StoreError::Busy(_))) = met else {
            *self = Self::default();
            return false;
        };
        let now = Instant::now();
        self.since.get_or_insert(now);
        if matches!(error, StoreError::Busy(_)) {
            self.own = Some(now);
        }
        self.is_short()
    }

    /// Whether the last write met a lock.
    pub(super) fn is_met(&self) -> bool {
        self.since.is_some()
    }

    /// Whether the lock was first met only a moment ago.
    pub(super) fn is_short(&self) -> bool {
        let others = self.own.or(self.since);
        let within = |since: Option<Instant>, most| since.is_some_and(|since| since.elapsed() < most);
        within(self.since, LONGEST) && within(others, PATIENCE)
    }

    /// Waits if the lock was first met a moment ago. Returns whether to try again, which is not so while it lasts.
    pub(super) async fn wait_for_retry(&self) -> bool {
        if self.is_short() {
            Self::pause().await;
            return true;
        }
        !self.is_met()
    }

    /// Waits until the next try.
    pub(super) async fn pause() {
        tokio::time::sleep(RETRY).await;
    }
}
