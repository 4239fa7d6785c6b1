//! Checkpoints of `usage.db` beside the hot path.
//!
//! A thread with a connection of its own moves the write-ahead log into the database when it has grown: most
//! of it while the writer goes on, the rest while it keeps the writer out, which tries again a moment later.
//! The log then starts over, and its file shrinks to the limit below. The thread also syncs a mark that was
//! written.

use super::bond::Bond;
use super::usage_mark::empty_log;
use crate::store::StoreError;
use rusqlite::Connection;
use std::fs::File;
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

/// How long it waits for the writer or for readers: while it does, it may keep the writer out.
const PATIENCE: Duration = Duration::from_millis(20);

/// The thread.
pub(super) struct Checkpointer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts looking after the log of that database.
    pub(super) fn start(path: &Path, bond: Arc<Bond>) -> std::io::Result<Self> {
        let database = path.to_owned();
        Self::looking_with(move |log| look(&database, log, &bond), path)
    }

    fn looking_with(look: impl Fn(&Path) + Send + 'static, path: &Path) -> std::io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let (log, stop) = (PathBuf::from(log), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                thread::park_timeout(LOOK_EVERY);
                look(&log);
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Answers while the thread runs.
    pub(super) fn alive(&self) -> Result<(), StoreError> {
        match &self.thread {
            Some(thread) if !thread.is_finished() => Ok(()),
            _ => Err(StoreError::Ended("the thread that checkpoints usage.db is gone".to_owned())),
        }
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

fn look(path: &Path, log: &Path, bond: &Bond) {
    if let Some(mark) = bond.undurable() {
        // What has left the log is durable in the file.
        match File::open(log).and_then(|file| file.sync_data()) {
            Ok(()) => bond.make_durable(mark),
            Err(error) => tracing::warn!(%error, "the log of usage.db could not be synced"),
        }
    }
    if std::fs::metadata(log).is_ok_and(|m| m.len() >= GROWN)
        && let Err(error) = checkpoint(path, bond)
    {
        tracing::warn!(%error, "usage.db could not be checkpointed");
    }
}

fn checkpoint(path: &Path, bond: &Bond) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let mark = bond.taken();
    for how in ["PASSIVE", "RESTART"] {
        // Who is in the way of one is met again by the next look.
        if empty_log(&connection, how)? {
            bond.moved(mark);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_death_does_not_pass_unseen() {
        let (living, dying) = (|_: &Path| {}, |_: &Path| panic!("a fault of the checkpoint"));
        let path = Path::new("usage.db");
        let checkpointer = Checkpointer::looking_with(living, path).unwrap();
        thread::sleep(2 * LOOK_EVERY);
        assert_eq!(checkpointer.alive(), Ok(()));
        let checkpointer = Checkpointer::looking_with(dying, path).unwrap();
        while checkpointer.alive().is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    }
}
