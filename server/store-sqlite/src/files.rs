//! The files of both databases: their modes, and whether they are databases at all.

use crate::OpenError;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use store::private;

/// What every SQLite database begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The files that SQLite makes beside a database, with the database's mode.
const BESIDE: [&str; 2] = ["db-wal", "db-shm"];

/// Refuses files that are no databases before SQLite looks at them; an empty one is about to become one.
pub(super) fn refuse_other_files(files: [&Path; 2]) -> Result<(), OpenError> {
    for path in files {
        let mut head = Vec::new();
        let Ok(file) = File::open(path) else { continue };
        let read = file.take(MAGIC.len() as u64).read_to_end(&mut head);
        if read.is_ok() && !head.is_empty() && head != MAGIC {
            return Err(OpenError::NotADatabase { file: path.display().to_string() });
        }
    }
    Ok(())
}

/// Makes a database's file if it is not there, for its owner alone, and closes it and those beside it to others.
pub(super) fn close_to_others(path: &Path) -> Result<(), OpenError> {
    let file = || path.display().to_string();
    private::make(path).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::NoRoom { file: file() },
        _ => OpenError::Io { file: file(), reason: error.to_string() },
    })?;
    private::close_to_others(path);
    BESIDE.iter().for_each(|beside| {
        private::close_to_others(&path.with_extension(beside));
    });
    Ok(())
}
