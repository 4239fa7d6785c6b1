//! What a backup says of itself: `backup.json`, the first file in it.

use crate::commands::Failure;
use domain::time::Micros;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use store_sqlite::Examined;
use uuid::Uuid;

/// Its name in a backup.
pub(in super::super) const MANIFEST: &str = "backup.json";
/// The files that a backup may hold besides; the secrets only where they were asked for.
pub(in super::super) const FILES: [&str; 3] = ["latchkey.db", "usage.db", crate::secrets::FILE];
/// The most bytes of it.
pub(in super::super) const LIMIT: u64 = 64 * 1024;
const FORMAT: &str = "latchkey backup";
const VERSION: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Serialize, Deserialize)]
pub(in super::super) struct Manifest {
    format: String,
    format_version: u32,
    /// The version that made it.
    pub(in super::super) latchkey: String,
    pub(in super::super) installation: Uuid,
    /// RFC 3339: what was answered before is in it, and nothing that was asked afterwards.
    pub(in super::super) moment: String,
    pub(in super::super) moment_micros: i64,
    /// How long the server made no change for it.
    pub(in super::super) still_micros: i64,
    /// The marks of the two files (domain/mark.rs).
    pub(in super::super) state_mark: i64,
    pub(in super::super) counts_mark: i64,
    pub(in super::super) migration: i64,
    pub(in super::super) users: u64,
    pub(in super::super) keys: u64,
    pub(in super::super) deleted_keys: u64,
    pub(in super::super) uses: u64,
    pub(in super::super) files: Vec<FileLine>,
}

/// A file of a backup.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct FileLine {
    pub(in super::super) name: String,
    pub(in super::super) bytes: u64,
    pub(in super::super) sha256: String,
}

impl Manifest {
    pub(super) fn of(
        examined: &Examined,
        (moment, still_micros): (Micros, i64),
        files: Vec<FileLine>,
    ) -> Self {
        let figures = examined.figures;
        Self {
            format: FORMAT.to_owned(),
            format_version: VERSION,
            latchkey: env!("CARGO_PKG_VERSION").to_owned(),
            installation: examined.installation,
            moment: moment.rfc_3339(),
            moment_micros: moment.0,
            still_micros,
            state_mark: examined.state_mark.0,
            counts_mark: examined.counts_mark.0,
            migration: examined.migration,
            users: figures.users,
            keys: figures.keys,
            deleted_keys: figures.deleted_keys,
            uses: figures.uses,
            files,
        }
    }

    /// Reads it; names every reason why something else is none.
    pub(in super::super) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let read: Self =
            serde_json::from_slice(text).map_err(|error| format!("its {MANIFEST} is none: {error}"))?;
        if read.format != FORMAT {
            return Err(format!("its {MANIFEST} is none of Latchkey").into());
        }
        if read.format_version > VERSION {
            return Err("it was made by a newer version of Latchkey; use that version".into());
        }
        let known = |file: &FileLine| FILES.contains(&file.name.as_str());
        let all =
            FILES[..2].iter().all(|name| read.files.iter().filter(|file| file.name == *name).count() == 1);
        if !all || !read.files.iter().all(known) || read.files.len() > FILES.len() {
            return Err(format!("its {MANIFEST} does not name both databases and nothing else").into());
        }
        Ok(read)
    }

    /// Bytes of all files in it.
    pub(in super::super) fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    pub(in super::super) fn holds_secrets(&self) -> bool {
        self.files.iter().any(|file| file.name == crate::secrets::FILE)
    }

    pub(in super::super) fn line(&self, name: &str) -> Option<&FileLine> {
        self.files.iter().find(|file| file.name == name)
    }

    pub(in super::super) fn moment(&self) -> Micros {
        Micros(self.moment_micros)
    }
}

/// Copies so many bytes at most, and returns what came: its length and SHA-256. `each` is told of every piece.
pub(in super::super) fn copy_hashed(
    from: &mut dyn Read,
    to: &mut dyn Write,
    most: u64,
    each: &mut dyn FnMut(u64),
) -> io::Result<(u64, String)> {
    let (mut from, mut hash) = (from.take(most), Sha256::new());
    let (mut piece, mut bytes) = (vec![0; 256 * 1024], 0);
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&piece[..read]);
        to.write_all(&piece[..read])?;
        bytes += read as u64;
        each(read as u64);
    }
    Ok((bytes, hex::encode(hash.finalize())))
}
