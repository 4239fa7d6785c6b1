//! What a database file says of itself (installation, mark), read without writing.

use super::not_sound;
use crate::OpenError;
use domain::mark::{File, Mark, Marked};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Where SQLite keeps `application_id` in the header of a file, the short mark.
const MARK_AT: u64 = 68;

/// What a file says of itself.
pub(super) struct Label {
    pub(super) installation: [u8; 16],
    pub(super) marked: Marked,
    /// The mark of the counts as far as the state knows; only in the state.
    pub(super) known: Mark,
    /// Whether anything was ever counted; only in the counts.
    pub(super) holds_counts: bool,
}

impl Label {
    /// Reads it; nothing, if no installation has written to the file yet.
    pub(super) fn read(path: &Path, file: File) -> Result<Option<Self>, OpenError> {
        if length(path) == 0 {
            return Ok(None);
        }
        let without_log = has_log(path).then(|| header_mark(path)).transpose();
        let without_log = without_log.map_err(|e| cannot_read(path, &e))?;
        let label = reader(path).and_then(|connection| Self::of(&connection, file, without_log));
        label.map_err(|e| not_sound(path, e))
    }

    /// The same from a connection.
    pub(super) fn of(
        connection: &Connection,
        file: File,
        without_log: Option<u32>,
    ) -> rusqlite::Result<Option<Self>> {
        if !has(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'installation'")? {
            return Ok(None);
        }
        let marked = has(connection, "SELECT 1 FROM pragma_table_info('installation') WHERE name = 'mark'")?;
        let sql = match (marked, file) {
            (false, _) => "SELECT id, 0, 0, 0 FROM installation",
            (true, File::State) => "SELECT id, mark, base, known FROM installation",
            (true, File::Counts) => "SELECT id, mark, base, 0 FROM installation",
        };
        let holds_counts = file == File::Counts && holds_counts(connection)?;
        let label = |row: &Row<'_>| {
            let marked = Marked { mark: Mark(row.get(1)?), base: Mark(row.get(2)?), without_log };
            Ok(Self { installation: row.get(0)?, marked, known: Mark(row.get(3)?), holds_counts })
        };
        connection.query_row(sql, [], label).optional()
    }
}

/// Whether anything was ever counted in the file of the counts.
pub(super) fn holds_counts(connection: &Connection) -> rusqlite::Result<bool> {
    let counts = "SELECT 1 FROM journal UNION ALL SELECT 1 FROM totals UNION ALL SELECT 1 FROM hourly";
    let is_made = has(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'totals'")?;
    Ok(is_made && has(connection, counts)?)
}

fn has(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    connection.prepare(sql)?.exists([])
}

/// A connection that changes neither the file nor its log, not even when it is closed.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    Ok(connection)
}

/// Reads the mark in the header. Called only while this process has no connection to the file, because closing any
/// descriptor of it ends the POSIX locks that SQLite holds.
fn header_mark(path: &Path) -> io::Result<u32> {
    let mut file = std::fs::File::open(path)?;
    let mut bytes = [0; 4];
    file.seek(SeekFrom::Start(MARK_AT))?;
    file.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

/// The write-ahead log of a file.
pub(super) fn log_of(file: &Path) -> PathBuf {
    file.with_extension("db-wal")
}

/// Whether the last run left a log: it was not stopped.
pub(super) fn has_log(file: &Path) -> bool {
    length(&log_of(file)) > 0
}

/// Bytes of a file; none where it is not there.
pub(super) fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |m| m.len())
}

/// Why a file cannot be read, for the operator.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> OpenError {
    OpenError::Io { file: path.display().to_string(), reason: error.to_string() }
}
