//! Checkpoints of `usage.db` beside the hot path.
//!
//! A thread with a connection of its own moves the write-ahead log into the database when it has grown.
//! What was written meanwhile is left for the writer, which moves that little rest between two commits; the
//! log then starts over, and its file shrinks to the limit below.

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How large the log may grow before it is moved, in bytes.
const GROWN: u64 = 16 << 20;
/// To what its file is cut when it starts over, in bytes.
pub(super) const CUT: i64 = 4 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The thread, and what it tells the writer.
pub(super) struct Checkpointer {
    is_rest_due: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts looking after the log of that database.
    pub(super) fn start(path: &Path) -> std::io::Result<Self> {
        let (is_rest_due, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (path, due, stopped) = (path.to_owned(), Arc::clone(&is_rest_due), Arc::clone(&stop));
        let name = "checkpoint".to_owned();
        let thread = thread::Builder::new().name(name).spawn(move || run(&path, &due, &stopped))?;
        Ok(Self { is_rest_due, stop, thread: Some(thread) })
    }

    /// Whether the writer shall move the rest now; true once for each time it is due.
    pub(super) fn is_rest_due(&self) -> bool {
        self.is_rest_due.load(Ordering::Relaxed) && self.is_rest_due.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn run(path: &Path, is_rest_due: &AtomicBool, stop: &AtomicBool) {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    while !stop.load(Ordering::Acquire) {
        thread::park_timeout(LOOK_EVERY);
        if std::fs::metadata(&log).is_ok_and(|m| m.len() >= GROWN) {
            match checkpoint(path) {
                Ok(()) => is_rest_due.store(true, Ordering::Release),
                Err(error) => tracing::warn!(%error, "usage.db could not be checkpointed"),
            }
        }
    }
}

fn checkpoint(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}
