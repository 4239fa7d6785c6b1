//! Where a backup is made: a hidden directory beside its place, which is renamed when everything in it was checked. One that
//! its maker left, because it was killed, is removed by the next backup into the same folder.

use crate::commands::Failure;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The end of its name.
const ENDING: &str = ".latchkey-unfinished";

/// A backup that is being made. Removed when it is dropped.
pub(super) struct Unfinished {
    path: PathBuf,
    /// Says that its maker lives.
    _lock: File,
}

impl Unfinished {
    /// Begins one; `name` is that of the backup.
    pub(super) fn begin(folder: &Path, name: &str) -> Result<Self, Failure> {
        let path = folder.join(format!(".{name}{ENDING}"));
        let content = path.join("content");
        let made = new_directory(&path);
        made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => format!(
                "{} is there: another `latchkey backup` is at work on the same name, or it is another user's",
                path.display()
            ),
            _ => cannot_write(folder, &error),
        })?;
        let locked = File::open(&path).and_then(|lock| {
            lock.try_lock()?;
            new_directory(&content)?;
            Ok(lock)
        });
        match locked {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(error) => {
                let _ = fs::remove_dir(&path);
                Err(cannot_write(folder, &error).into())
            }
        }
    }

    /// Where the files of the backup are gathered.
    pub(super) fn content(&self) -> PathBuf {
        self.path.join("content")
    }

    /// Where it is packed.
    pub(super) fn archive(&self) -> PathBuf {
        self.path.join("archive")
    }

    /// Gives it its name, unless something else has taken that meanwhile.
    pub(super) fn finish(self, is_archive: bool, target: &Path) -> io::Result<()> {
        let from = if is_archive { self.archive() } else { self.content() };
        File::open(&self.path)?.sync_all()?;
        match renameat_with(CWD, &from, CWD, target, RenameFlags::NOREPLACE) {
            // Some file systems cannot promise it.
            Err(Errno::INVAL | Errno::NOSYS) if !target.exists() => fs::rename(&from, target)?,
            renamed => renamed?,
        }
        drop(self);
        sync_folder_of(target)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what killed backups of this user left in a folder; returns how many.
pub(super) fn clean(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.flatten().filter(|entry| remove_left(&entry.path())).count()
}

/// Removes it, if it is one that nobody works on.
fn remove_left(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let me = rustix::process::geteuid().as_raw();
    let is_ours = name.starts_with('.')
        && name.ends_with(ENDING)
        && fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == me);
    // Held until it is gone, so that nobody begins to work on it.
    let lock = if is_ours { File::open(path).ok() } else { None };
    lock.is_some_and(|lock| lock.try_lock().is_ok() && fs::remove_dir_all(path).is_ok())
}

fn new_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Makes a new name durable.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// The message where a folder takes no backup.
pub(super) fn cannot_write(folder: &Path, error: &io::Error) -> String {
    let shown = folder.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!("there is no room in {shown}; make room, or choose another folder")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            format!("cannot write to {shown}: {error}; choose a folder that this user may write to")
        }
        _ => format!("cannot write to {shown}: {error}"),
    }
}
