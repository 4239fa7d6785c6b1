//! Other files take the place of those in a data directory, all of them or none.
//!
//! They are gathered in a directory inside the data directory, which may be a volume that cannot be renamed. One renaming
//! decides: from then on the rest is done by whoever has the data directory next, also after a crash, step by step, and each
//! step can be done twice.

use super::DataDir;
use super::data_dir::wrong;
use crate::commands::Failure;
use crate::services::SystemClock;
use domain::time::Clock;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where the files are gathered.
const GATHERED: &str = "restore.unfinished";
/// What it is called once it is decided.
const DECIDED: &str = "restore.decided";
/// What the name of the old files begins with.
const OLD: &str = "before-restore-";
/// The files, and what belongs to each of them and goes with it.
const FILES: [(&str, &[&str]); 3] = [
    ("latchkey.db", &["latchkey.db-wal", "latchkey.db-shm", "accept-loss"]),
    ("usage.db", &["usage.db-wal", "usage.db-shm"]),
    ("secrets.toml", &[]),
];

/// Files that are to take the place of others. Dropped before it is finished, it leaves no trace.
pub(in super::super) struct Replacement<'a> {
    dir: &'a Path,
    path: PathBuf,
}

impl<'a> Replacement<'a> {
    /// Makes the place where the files are gathered.
    pub(in super::super) fn begin(claim: &'a DataDir) -> Result<Self, Failure> {
        let dir = claim.path();
        let path = dir.join(GATHERED);
        let made = remove(&path).and_then(|()| DirBuilder::new().mode(0o700).create(&path));
        made.map_err(|error| wrong("write to", dir, &path, &error))?;
        Ok(Self { dir, path })
    }

    /// Where they are gathered.
    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts them in place; returns where the old ones are, if there were any.
    pub(in super::super) fn finish(self) -> Result<Option<PathBuf>, Failure> {
        let decided = self.dir.join(DECIDED);
        let decide = || {
            File::open(&self.path)?.sync_all()?;
            fs::rename(&self.path, &decided)?;
            File::open(self.dir)?.sync_all()
        };
        decide().map_err(|error| wrong("write to", self.dir, &decided, &error))?;
        go_on(self.dir)
    }
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        let _ = remove(&self.path);
    }
}

/// Whether files were about to take the place of others when something ended it.
pub(super) fn is_decided(dir: &Path) -> bool {
    dir.join(DECIDED).is_dir()
}

/// Goes on with what was decided, if anything was. Called by whoever has claimed the directory.
pub(super) fn go_on(dir: &Path) -> Result<Option<PathBuf>, Failure> {
    let decided = dir.join(DECIDED);
    if !is_decided(dir) {
        return Ok(None);
    }
    let time = SystemClock.now().rfc_3339().replace(['-', ':'], "");
    let old = dir.join(format!("{OLD}{time}"));
    swap(dir, &decided, &old).map_err(|error| wrong("write to", dir, &decided, &error))?;
    tracing::info!(event = "restored", "a backup was put in place of what was there");
    Ok(old.is_dir().then_some(old))
}

fn swap(dir: &Path, decided: &Path, old: &Path) -> io::Result<()> {
    for (name, beside) in FILES {
        let new = decided.join(name);
        if !new.exists() {
            // In place already, or not in the backup.
            continue;
        }
        for name in beside.iter().chain([&name]) {
            set_aside(&dir.join(name), old)?;
        }
        // Before the new one has the name: or a power loss could leave it beside the log of the old one.
        File::open(dir)?.sync_all()?;
        fs::rename(&new, dir.join(name))?;
    }
    File::open(dir)?.sync_all()?;
    fs::remove_dir_all(decided)?;
    File::open(dir)?.sync_all()
}

/// Moves a file among the old ones, if it is there.
fn set_aside(file: &Path, old: &Path) -> io::Result<()> {
    if fs::symlink_metadata(file).is_err() {
        return Ok(());
    }
    match DirBuilder::new().mode(0o700).create(old) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::rename(file, old.join(file.file_name().unwrap_or_default()))?;
    File::open(old)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
