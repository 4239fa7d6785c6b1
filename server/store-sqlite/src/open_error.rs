//! Why a data directory cannot be used.

/// Why the data directory cannot be used: for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a later version.
    #[error("{file} was made by a newer version of Latchkey; use that version, or restore a backup")]
    Newer {
        /// The file.
        file: String,
    },
    /// The two files do not belong together.
    #[error("usage.db belongs to another installation; put back the file that belongs to this latchkey.db")]
    Foreign,
    /// The state is there and its counts are not.
    #[error(
        "{file} is missing, and with it all counts; put it back, or, if it is lost for good, accept that all \
         counts start at 0 with `touch {file}`"
    )]
    NoCounts {
        /// The file.
        file: String,
    },
    /// Counts are there, and no state that they belong to.
    #[error(
        "{file} is missing, but usage.db beside it holds the counts of its keys; put it back, or move \
         usage.db away to begin anew"
    )]
    NoState {
        /// The file.
        file: String,
    },
    /// Pepper or sealing key are not the ones the keys were made with.
    #[error(
        "latchkey.db was made with another pepper or sealing key, and no key would be recognised; put back \
         the secrets.toml (or the settings pepper and sealing_key) that belong to it"
    )]
    OtherSecrets,
    /// A file was put back and the log of another stayed.
    #[error(
        "{file} was put back beside {file}-wal, the log of another file, and together they are neither; move \
         {file}-wal and {file}-shm away and put back both files of one backup, or the files that were there \
         (docs/operating.md, Putting back a backup)"
    )]
    ForeignLog {
        /// The file.
        file: &'static str,
    },
    /// One file was put back without the other.
    #[error(
        "{older} (of {of}) is older than {newer} (of {other}), so they are not of one backup; put back both \
         files of one backup, or accept with `touch {accept}` that {lost} (docs/operating.md, Putting back a \
         backup)"
    )]
    Older {
        /// The older file.
        older: &'static str,
        /// When it was the present one.
        of: String,
        /// The other file.
        newer: &'static str,
        /// When that was the present one.
        other: String,
        /// What is lost with the older one.
        lost: &'static str,
        /// The file that accepts it.
        accept: String,
    },
    /// A file whose trees are broken.
    #[error(
        "{file} is damaged ({found}); put back both files of a backup (docs/operating.md, Putting back a \
         backup)"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What SQLite found first.
        found: String,
    },
    /// The SQLite library has a bug that loses data.
    #[error("SQLite {0} is too old: 3.51.3 or later is needed (its WAL-reset fix); rebuild Latchkey")]
    OldLibrary(String),
    /// The file is something else, or its beginning is lost.
    #[error("{file} is no database: restore a backup (docs/operating.md)")]
    NotADatabase {
        /// The file.
        file: String,
    },
    /// Another program is at work on it.
    #[error(
        "cannot open {file}, because another program holds a lock on it; end that program, then try again"
    )]
    Locked {
        /// The file.
        file: String,
    },
    /// Even opening takes a little room.
    #[error("cannot open {file}, because the disk is full; make room, then start Latchkey again")]
    NoRoom {
        /// The file.
        file: String,
    },
    /// Anything else.
    #[error("cannot open {file}: {reason}; check that the directory exists and is writable")]
    Io {
        /// The file.
        file: String,
        /// What the system or the database says.
        reason: String,
    },
}
