//! Checkpoints of `usage.db` beside the hot path.
//!
//! A thread with a connection of its own moves the write-ahead log into the database when it has grown: most of it while uses
//! are written, the rest while it locks the writer out, which retries a moment later (`StoreError::Busy`). The log then starts
//! over, and its file shrinks to the limit below. The thread also syncs a mark that was written. It may block on the disk.

use super::bond::Bond;
use super::usage_mark::empty_log;
use crate::Trouble;
use rusqlite::{Connection, ErrorCode};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use store::StoreError;

/// How large the log may grow before it is moved, in bytes.
const GROWN: u64 = 16 << 20;
/// To what its file is cut when it starts over, in bytes.
pub(super) const CUT: i64 = 4 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long a checkpoint waits for the writer or for readers. While it waits, it may lock the writer out.
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
        #[expect(
            clippy::disallowed_methods,
            reason = "`alive` tells of its end, and the writer of uses asks"
        )]
        let thread = thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                thread::park_timeout(LOOK_EVERY);
                look(&log);
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Fails once the thread has ended.
    pub(super) fn alive(&self) -> Result<(), Trouble> {
        match &self.thread {
            Some(thread) if !thread.is_finished() => Ok(()),
            _ => Err(StoreError::Ended("the thread that checkpoints usage.db is gone".to_owned()).into()),
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
        // What is not in the log any more is durable in the file.
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
    // A reader or writer that is in the way is met again by the next look.
    if empty_log(&connection, "PASSIVE")? {
        bond.moved(mark);
    }
    // While it waited for a copy that is being made, it would keep the writer out for all of its patience.
    if !bond.is_lent() && is_free(&connection)? && bond.emptying(|| empty_log(&connection, "RESTART"))? {
        bond.moved(mark);
    }
    Ok(())
}

/// Whether no other program locks writers out. If one does, a lock that writers meet is not this checkpoint's.
fn is_free(connection: &Connection) -> rusqlite::Result<bool> {
    match connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
        done => done.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::mark::Mark;

    /// A log of some pages, and a reader of its end, which a checkpoint that starts it over has to wait for.
    fn read_log(path: &Path) -> Connection {
        let writer = Connection::open(path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
        let reader = Connection::open(path).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        let _: i64 = reader.query_row("SELECT x FROM t", [], |row| row.get(0)).unwrap();
        reader
    }

    /// Whether a writer without a busy timeout is kept out.
    fn is_shut(path: &Path) -> bool {
        let writer = Connection::open(path).unwrap();
        writer.busy_timeout(Duration::ZERO).unwrap();
        !is_free(&writer).unwrap()
    }

    #[test]
    fn a_lock_is_called_our_own_while_the_log_is_started_over_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let (path, bond) = (dir.path().join("usage.db"), Bond::default());
        let reader = read_log(&path);
        thread::scope(|scope| {
            let emptying = scope.spawn(|| {
                let connection = Connection::open(&path).unwrap();
                connection.busy_timeout(Duration::from_secs(60)).unwrap();
                bond.emptying(|| empty_log(&connection, "RESTART")).unwrap()
            });
            while !is_shut(&path) {
                assert!(!emptying.is_finished());
            }
            assert!(bond.is_emptying(), "it waits for the reader, and others for it");
            drop(reader);
            assert!(emptying.join().unwrap());
        });
        assert!(!bond.is_emptying() && !is_shut(&path));
    }

    #[test]
    fn nobody_is_kept_out_while_the_files_are_lent() {
        let dir = tempfile::tempdir().unwrap();
        let (path, bond) = (dir.path().join("usage.db"), Bond::default());
        let _reader = read_log(&path);
        let waits = || {
            let begun = std::time::Instant::now();
            checkpoint(&path, &bond).unwrap();
            begun.elapsed() >= PATIENCE
        };
        assert!(waits(), "for the reader, with the writer locked out");
        bond.lend();
        // A busy machine may take as long now and then.
        assert!((0..10).any(|_| !waits()));
        bond.take_back();
        assert!(waits());
    }

    #[test]
    fn the_lock_of_another_program_is_not_called_our_own() {
        let dir = tempfile::tempdir().unwrap();
        let (path, bond) = (dir.path().join("usage.db"), Bond::default());
        bond.take(Mark(7));
        drop(read_log(&path));
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)").unwrap();
        assert!(!is_free(&Connection::open(&path).unwrap()).unwrap());
        checkpoint(&path, &bond).unwrap();
        assert_eq!(bond.base(), Mark(7), "what could be moved is moved");
        other.execute_batch("COMMIT").unwrap();
        assert!(is_free(&other).unwrap());
    }

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
