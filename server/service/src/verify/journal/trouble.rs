//! Whether uses can be counted, by the result of the last commit.

use parking_lot::Mutex;
use store::StoreError;

/// The error of the last commit, if it failed.
#[derive(Default)]
pub(super) struct LastCommit(Mutex<Option<StoreError>>);

impl LastCommit {
    /// The result of the last commit.
    pub(super) fn result(&self) -> Result<(), StoreError> {
        self.0.lock().clone().map_or(Ok(()), Err)
    }

    /// Records the result of a commit. Trouble is logged once when it begins and once when it is over, not for every
    /// use.
    pub(super) fn observe(&self, committed: &Result<(), StoreError>) {
        let mut trouble = self.0.lock();
        match (committed, &*trouble) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                *trouble = None;
                tracing::info!(event = "uses_counted", "uses are counted again");
            }
            (Err(error), before) => {
                if before.is_none() {
                    let event = "uses_refused";
                    tracing::error!(event, %error, "uses cannot be counted; they are refused until they can");
                }
                *trouble = Some(error.clone());
            }
        }
    }
}
