//! The store of SQLite without a server around it.

use domain::token::TokenHash;
use service::verify::KeyIndex;
use std::path::Path;
use std::sync::Arc;
use store::{NoticePolicy, Watcher};
use store_sqlite::{SqliteStore, SqliteUsageLog};

/// Opens the store of a directory.
pub(crate) async fn open(dir: &Path) -> (SqliteStore, SqliteUsageLog) {
    open_watched(dir, Arc::new(KeyIndex::default())).await
}

/// The same with a watcher of the changes.
pub(crate) async fn open_watched(dir: &Path, watcher: Arc<dyn Watcher>) -> (SqliteStore, SqliteUsageLog) {
    store_sqlite::open(dir, TokenHash([9; 32]), false, NoticePolicy::default(), watcher).await.unwrap()
}
