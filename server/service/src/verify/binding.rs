//! One bind at a time for each key: a thousand first requests ask the store once, and the rest read the
//! winner from the index.

use domain::ids::KeyNo;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The keys whose first address is being bound.
#[derive(Default)]
pub(super) struct Bindings(Mutex<HashMap<KeyNo, Arc<AsyncMutex<()>>>>);

impl Bindings {
    /// Waits for the turn of this request.
    pub(super) async fn enter(&self, key: KeyNo) -> Turn<'_> {
        let lock = Arc::clone(self.0.lock().entry(key).or_default());
        Turn { bindings: self, key, guard: Some(lock.lock_owned().await) }
    }
}

/// The turn of one request; dropping it lets the next one in.
pub(super) struct Turn<'a> {
    bindings: &'a Bindings,
    key: KeyNo,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut bindings = self.bindings.0.lock();
        // 1: only the map itself still holds it, nobody waits.
        if bindings.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            bindings.remove(&self.key);
        }
    }
}
