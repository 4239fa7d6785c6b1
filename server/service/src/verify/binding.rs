//! One bind at a time per key: of a thousand first requests one asks the store, and the others then read the winner
//! from the index.

use domain::ids::KeyId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The keys whose first address is being bound.
#[derive(Default)]
pub(super) struct Bindings(Mutex<HashMap<KeyId, Arc<AsyncMutex<()>>>>);

impl Bindings {
    /// Waits until no other request binds this key.
    pub(super) async fn wait_for_turn(&self, key: KeyId) -> BindTurn<'_> {
        let lock = Arc::clone(self.0.lock().entry(key).or_default());
        BindTurn { bindings: self, key, guard: Some(lock.lock_owned().await) }
    }
}

/// The turn of one request; dropping it lets the next one in.
pub(super) struct BindTurn<'a> {
    bindings: &'a Bindings,
    key: KeyId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for BindTurn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut bindings = self.bindings.0.lock();
        // One reference: only the map holds the lock, and nobody waits for it.
        if bindings.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            bindings.remove(&self.key);
        }
    }
}
