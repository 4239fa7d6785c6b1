//! What is claimed to be sent, and until when.
//!
//! Claims are held in memory: one process serves a data directory, its lock holds that, and nothing that it claimed is
//! on its way any more once it has ended. So a claim costs no write.

use domain::time::Micros;
use std::collections::HashMap;
use std::hash::Hash;
use tokio::sync::{Mutex, MutexGuard};

/// Claims of rows by their numbers.
pub(crate) struct Claims<K>(Mutex<HashMap<K, Micros>>);

impl<K> Default for Claims<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash> Claims<K> {
    /// The claims that are in force at this moment. Whoever holds the guard claims alone.
    pub(crate) async fn at(&self, now: Micros) -> MutexGuard<'_, HashMap<K, Micros>> {
        let mut claims = self.0.lock().await;
        claims.retain(|_, until| now < *until);
        claims
    }

    /// Ends some claims before their time.
    pub(crate) async fn release(&self, claimed: impl IntoIterator<Item = K>) {
        let mut claims = self.0.lock().await;
        for one in claimed {
            claims.remove(&one);
        }
    }
}
