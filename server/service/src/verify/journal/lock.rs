//! A lock that keeps uses from being counted: they wait a moment for one that another program holds, and are
//! refused while it lasts. For the upkeep of the log itself (`Busy`) they wait longer, as its end is sure.

use std::time::Duration;
use store::StoreError;
use tokio::time::Instant;

/// How long uses wait for a lock of another program: a short look into the file passes unseen.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long they wait in all where it is the upkeep of the log, which syncs, and a slow disk takes its time for that.
const LONGEST: Duration = Duration::from_secs(5);
/// How often it is tried meanwhile.
const RETRY: Duration = Duration::from_millis(2);

/// Whether a lock stands in the way, and since when.
#[derive(Default)]
pub(super) struct Lock {
    since: Option<Instant>,
    /// When it was seen last that it is the log's own.
    own: Option<Instant>,
}

impl Lock {
    /// Takes in what a write met; returns whether it is only a moment's wait.
    pub(super) fn note<T>(&mut self, met: &Result<T, StoreError>) -> bool {
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

    /// Whether a lock was met by the last write.
    pub(super) fn is_met(&self) -> bool {
        self.since.is_some()
    }

    /// Whether it was met only a moment ago.
    pub(super) fn is_short(&self) -> bool {
        let others = self.own.or(self.since);
        let within = |since: Option<Instant>, most| since.is_some_and(|since| since.elapsed() < most);
        within(self.since, LONGEST) && within(others, PATIENCE)
    }

    /// Answers whether to try on: after a moment where it was met a moment ago, and not while it lasts.
    pub(super) async fn lets_go_on(&self) -> bool {
        if self.is_short() {
            Self::pause().await;
            return true;
        }
        !self.is_met()
    }

    /// Until it is tried again.
    pub(super) async fn pause() {
        tokio::time::sleep(RETRY).await;
    }
}
