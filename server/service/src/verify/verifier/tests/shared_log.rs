//! SQLite's log as that of an engine which several processes share.

use super::*;
use async_trait::async_trait;
use parking_lot::Mutex;
use store::{Lag, Total, UsageLog, Use};

/// What the test lets another process do.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// What it changes before the next commit.
    pub(super) changes: Mutex<Vec<Change>>,
    /// While a test holds it, a commit waits.
    pub(super) commits: tokio::sync::Mutex<()>,
    /// Uses of each commit.
    pub(super) batches: Mutex<Vec<usize>>,
}

/// The log of one of the processes.
pub(super) struct SharedLog {
    pub(super) log: Box<dyn UsageLog>,
    pub(super) elsewhere: Arc<Elsewhere>,
}

#[async_trait]
impl UsageLog for SharedLog {
    async fn recover(&mut self, each: &mut (dyn FnMut(Total) + Send)) -> Result<(), StoreError> {
        self.log.recover(each).await
    }

    async fn append(&mut self, at: Micros, uses: &[Use]) -> Result<Vec<Change>, StoreError> {
        self.elsewhere.batches.lock().push(uses.len());
        let _turn = self.elsewhere.commits.lock().await;
        assert!(self.log.append(at, uses).await?.is_empty(), "SQLite has no other processes");
        Ok(std::mem::take(&mut *self.elsewhere.changes.lock()))
    }

    async fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        self.log.refuse(refusals).await
    }

    async fn probe(&mut self) -> Result<(), StoreError> {
        self.log.probe().await
    }

    fn begin_maintenance(&mut self, now: Micros, keep_hours: Option<i64>) -> Result<(), StoreError> {
        self.log.begin_maintenance(now, keep_hours)
    }

    fn begin_end(&mut self) {
        self.log.begin_end();
    }

    fn has_work(&self) -> bool {
        self.log.has_work()
    }

    async fn maintain(&mut self) -> Result<(), StoreError> {
        self.log.maintain().await
    }

    fn lag(&self) -> Lag {
        self.log.lag()
    }

    async fn close(&mut self) -> Result<(), StoreError> {
        self.log.close().await
    }
}
