//! Other files take the place of those in a data directory, all of them or none.
//!
//! They are gathered in a directory inside the data directory, which may be a volume that cannot be renamed. One renaming
//! decides: from then on the rest is done by whoever has the data directory next, also after a crash, step by step, and each
//! step can be done twice. Where the old files are kept is chosen once and stands among the new ones: so whoever goes on moves
//! the rest of them to the same place.

use super::DataDir;
use super::data_dir::wrong;
use super::ownership::hand_over;
use crate::commands::Failure;
use crate::services::SystemClock;
use domain::time::Clock;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use store::private;

/// Where the files are gathered.
const GATHERED: &str = "restore.unfinished";
/// What it is called once it is decided.
const DECIDED: &str = "restore.decided";
/// What the name of the old files begins with.
const OLD: &str = "before-restore-";
/// The file that says where they are kept.
const KEPT_IN: &str = "kept-in";
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
        let made = remove(&path)
            .and_then(|()| DirBuilder::new().mode(0o700).create(&path))
            .and_then(|()| write_new(&path.join(KEPT_IN), &new_name(dir)));
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
    let swapped = || {
        let old = dir.join(kept_in(dir, &decided)?);
        swap(dir, &decided, &old)?;
        Ok(old)
    };
    let old = swapped().map_err(|error| wrong("write to", dir, &decided, &error))?;
    tracing::info!(event = "restored", "a backup was put in place of what was there");
    Ok(old.is_dir().then_some(old))
}

/// A name for what is kept that nothing in the directory has.
fn new_name(dir: &Path) -> String {
    let time = SystemClock.now().rfc_3339().replace(['-', ':'], "");
    let mut name = format!("{OLD}{time}");
    let mut number = 1;
    while fs::symlink_metadata(dir.join(&name)).is_ok() {
        number += 1;
        name = format!("{OLD}{time}-{number}");
    }
    name
}

/// The name that was chosen. It is gone where the removal of what was decided was broken off, and nothing is left to keep then.
fn kept_in(dir: &Path, decided: &Path) -> io::Result<String> {
    match fs::read_to_string(decided.join(KEPT_IN)) {
        Ok(name) if name.starts_with(OLD) && !name.contains('/') => Ok(name),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(new_name(dir)),
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(private::MODE).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn swap(dir: &Path, decided: &Path, old: &Path) -> io::Result<()> {
    for (name, beside) in FILES {
        let new = decided.join(name);
        if !new.exists() {
            // In place already, or not in the backup.
            continue;
        }
        for name in beside.iter().chain([&name]) {
            set_aside(dir, name, old)?;
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
fn set_aside(dir: &Path, name: &str, old: &Path) -> io::Result<()> {
    let file = dir.join(name);
    if fs::symlink_metadata(&file).is_err() {
        return Ok(());
    }
    match DirBuilder::new().mode(0o700).create(old) {
        // A server of the owner may have to go on.
        Ok(()) => hand_over(old, dir)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    fs::rename(&file, old.join(name))?;
    File::open(old)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
