//! Whether uses can be counted, as the last commit found out.

use parking_lot::Mutex;
use store::StoreError;

/// What the last commit met, if it failed.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<StoreError>>);

impl Trouble {
    /// What the last commit met.
    pub(super) fn last(&self) -> Result<(), StoreError> {
        self.0.lock().clone().map_or(Ok(()), Err)
    }

    /// Takes in what a commit met. The log is told once when trouble begins and once when it is over, not
    /// for every use.
    pub(super) fn note(&self, committed: &Result<(), StoreError>) {
        let mut trouble = self.0.lock();
        match (committed, &*trouble) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                *trouble = None;
                tracing::info!("uses are counted again");
            }
            (Err(error), before) => {
                if before.is_none() {
                    tracing::error!(%error, "uses cannot be counted; they are refused until they can");
                }
                *trouble = Some(error.clone());
            }
        }
    }
}
