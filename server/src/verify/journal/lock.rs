//! A lock that another program holds on the counts: uses wait a moment for it, and are refused while it lasts.

use crate::store::StoreError;
use std::time::Duration;
use tokio::time::Instant;

/// How long uses wait for a lock: a checkpoint or a short look into the file passes unseen.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is tried meanwhile.
const RETRY: Duration = Duration::from_millis(2);

/// Whether a lock stands in the way, and since when.
#[derive(Default)]
pub(super) struct Lock {
    since: Option<Instant>,
}

impl Lock {
    /// Takes in what a write met; answers whether it is only a moment's wait.
    pub(super) fn note<T>(&mut self, met: &Result<T, StoreError>) -> bool {
        if !matches!(met, Err(StoreError::Locked(_))) {
            self.since = None;
            return false;
        }
        self.since.get_or_insert_with(Instant::now);
        self.is_short()
    }

    /// Whether a lock was met by the last write.
    pub(super) fn is_met(&self) -> bool {
        self.since.is_some()
    }

    /// Whether it was met only a moment ago.
    pub(super) fn is_short(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() < PATIENCE)
    }

    /// Until it is tried again.
    pub(super) async fn pause() {
        tokio::time::sleep(RETRY).await;
    }
}
