//! Both databases as they are at one moment: read beside a server that has them open, and copied page by page.
//!
//! A held read transaction keeps each file as it was, whatever is written meanwhile. The state is begun first and the counts
//! second, while the server makes no change of the state: so the state is that of the moment in which the counts are begun.

use super::belonging::check;
use super::cannot_open;
use super::files::refuse_other_files;
use super::inspect::open;
use super::labels::{has_log, length, reader};
use crate::OpenError;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, InterruptHandle, MAIN_DB, OpenFlags};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::private;

/// Pages that are copied at a time.
const STEP: i32 = 64;
/// Bytes after which a copy is synced: so a sync never has much to do, and those of the server do not wait behind it.
const SYNC_EVERY: u64 = 8 << 20;
/// How long the beginning of a reader waits for a lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// Both databases of a data directory or of a backup, open for reading.
pub struct Snapshot {
    pub(super) state: Opened,
    pub(super) counts: Opened,
}

/// One of the two.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
}

/// Ends what is read of a snapshot at that moment, from another thread.
pub struct Interrupt([InterruptHandle; 2]);

impl Interrupt {
    /// Ends it, with an error; what is read afterwards is read.
    pub fn now(&self) {
        self.0.iter().for_each(InterruptHandle::interrupt);
    }
}

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The databases cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk of the copy is full.
    #[error("there is no room for {0}; make room on that disk, or choose another place")]
    NoRoom(String),
    /// The copy cannot be written.
    #[error("cannot write {0}: {1}")]
    Write(String, String),
}

impl Snapshot {
    /// Opens files that a server has open. [`Self::begin`] says which moment is read.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of_running(directory: &Path) -> Result<Self, OpenError> {
        Self::of(directory, |path| {
            let connection = reader(path)?;
            connection.busy_timeout(PATIENCE)?;
            Ok(connection)
        })
    }

    /// Opens files that no server has open, with what a killed one left in their logs.
    ///
    /// # Errors
    /// As a start refuses them.
    pub fn of_stopped(directory: &Path) -> Result<Self, OpenError> {
        let (state, counts) = files(directory);
        refuse_other_files([&state, &counts])?;
        if length(&counts) == 0 {
            return Err(OpenError::NoCounts { file: counts.display().to_string() });
        }
        if ![&state, &counts].into_iter().any(|file| has_log(file)) {
            return Self::of_closed(directory);
        }
        check(&state, &counts)?;
        let snapshot = Self::of_running(directory)?;
        snapshot.begin()?;
        Ok(snapshot)
    }

    /// Opens files that have no logs and that nobody changes, such as those of a backup. Makes nothing beside them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of_closed(directory: &Path) -> Result<Self, OpenError> {
        Self::of(directory, open)
    }

    fn of(directory: &Path, open: impl Fn(&Path) -> rusqlite::Result<Connection>) -> Result<Self, OpenError> {
        let (state, counts) = files(directory);
        refuse_other_files([&state, &counts])?;
        let opened = |path: PathBuf| {
            let connection = open(&path).map_err(|e| cannot_open(&path, e))?;
            Ok(Opened { path, connection })
        };
        Ok(Self { state: opened(state)?, counts: opened(counts)? })
    }

    /// From here on both files are read as they are now.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn begin(&self) -> Result<(), OpenError> {
        for Opened { path, connection } in [&self.state, &self.counts] {
            if !connection.is_autocommit() {
                connection.execute_batch("COMMIT").map_err(|e| cannot_open(path, e))?;
            }
            let begun = connection.execute_batch("BEGIN; SELECT id FROM installation");
            begun.map_err(|e| cannot_open(path, e))?;
        }
        Ok(())
    }

    /// What ends the reading.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt([&self.state, &self.counts].map(|opened| opened.connection.get_interrupt_handle()))
    }

    /// Bytes of both databases.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn bytes(&self) -> Result<u64, OpenError> {
        let size = |opened: &Opened| {
            let pragma = |name| opened.connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
            let size = pragma("page_count").and_then(|pages| Ok(pages * pragma("page_size")?));
            size.map_err(|e| cannot_open(&opened.path, e))
        };
        Ok(size(&self.state)? + size(&self.counts)?)
    }

    /// Copies both into a directory, synced. After each piece `goes_on` is told how many bytes it was, and may wait, or
    /// break the copy off; returns whether it was made.
    ///
    /// # Errors
    /// The databases cannot be read, or the copies not be written.
    pub fn copy(&self, into: &Path, mut goes_on: impl FnMut(u64) -> bool) -> Result<bool, CopyError> {
        for opened in [&self.state, &self.counts] {
            if !opened.copy(into, &mut goes_on)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn files(directory: &Path) -> (PathBuf, PathBuf) {
    (directory.join("latchkey.db"), directory.join("usage.db"))
}

impl Opened {
    fn copy(&self, into: &Path, goes_on: &mut dyn FnMut(u64) -> bool) -> Result<bool, CopyError> {
        let path = into.join(self.path.file_name().unwrap_or_default());
        let cannot = |error: &io::Error| cannot_write(&path, error);
        private::make(&path).map_err(|e| cannot(&e))?;
        let file = File::open(&path).map_err(|e| cannot(&e))?;
        let mut copy = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(|e| self.cannot_copy(&path, e))?;
        // A copy that is not finished is thrown away whole.
        let quick = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF";
        let made = copy
            .execute_batch(quick)
            .and_then(|()| self.copy_pages(&mut copy, &file, goes_on))
            .map_err(|e| self.cannot_copy(&path, e))?;
        drop(copy);
        file.sync_all().map_err(|e| cannot(&e))?;
        Ok(made)
    }

    fn copy_pages(
        &self,
        copy: &mut Connection,
        file: &File,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> rusqlite::Result<bool> {
        let page: u64 = self.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let backup = Backup::new_with_names(&self.connection, MAIN_DB, copy, MAIN_DB)?;
        let (mut copied, mut synced) = (0, 0);
        loop {
            let step = backup.step(STEP)?;
            let progress = backup.progress();
            let done = u64::try_from(progress.pagecount - progress.remaining).unwrap_or(0) * page;
            if !goes_on(done.saturating_sub(copied)) {
                return Ok(false);
            }
            copied = done;
            match step {
                StepResult::Done => return Ok(true),
                StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
            if copied - synced >= SYNC_EVERY {
                // A failure is met again at the end.
                let _ = file.sync_data();
                synced = copied;
            }
        }
    }

    /// The message where SQLite stopped: full is the disk of the copy, damaged are the pages that are read.
    fn cannot_copy(&self, path: &Path, error: rusqlite::Error) -> CopyError {
        let shown = path.display().to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => CopyError::NoRoom(shown),
            Some(ErrorCode::DatabaseCorrupt) => super::not_sound(&self.path, error).into(),
            _ => CopyError::Write(shown, error.to_string()),
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> CopyError {
    let shown = path.display().to_string();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CopyError::NoRoom(shown),
        _ => CopyError::Write(shown, error.to_string()),
    }
}
