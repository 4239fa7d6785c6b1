//! `--keep N`: of the backups that were made under one name with `{time}`, the latest stay. Only what is such a backup of this
//! installation is ever removed: it says so itself, and the name has the form. The one just made stays whatever the clock says.

use super::manifest::{FILES, MANIFEST};
use super::source::Source;
use super::target::{Target, is_time};
use domain::time::Micros;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What became of the older ones.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) kept: usize,
    pub(super) removed: Vec<PathBuf>,
    /// With the reason.
    pub(super) stayed: Vec<String>,
}

/// Removes all but the one that was made just now and the latest of the others.
pub(super) fn keep(target: &Target, installation: Uuid, most: usize) -> Kept {
    let most = most.saturating_sub(1);
    let mut found = backups(target, installation);
    found.sort_by_key(|(moment, path)| (std::cmp::Reverse(*moment), path.clone()));
    let old = found.split_off(most.min(found.len()));
    let mut kept = Kept { kept: 1 + found.len(), ..Kept::default() };
    for (_, path) in old.into_iter().rev() {
        match remove(&path) {
            Ok(()) => kept.removed.push(path),
            Err(error) => kept.stayed.push(format!("{} could not be removed: {error}", path.display())),
        }
    }
    kept
}

/// The other backups of this installation whose names differ from the target's in the time alone.
fn backups(target: &Target, installation: Uuid) -> Vec<(Micros, PathBuf)> {
    let Some((before, behind)) = &target.around_time else { return vec![] };
    let Ok(entries) = fs::read_dir(&target.folder) else { return vec![] };
    let is_named = |name: &str| {
        if name == target.name {
            return false;
        }
        let time = name.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(behind.as_str()));
        time.is_some_and(is_time)
    };
    let named = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_named));
    named
        .filter_map(|entry| Some((moment(&entry.path(), target.is_archive, installation)?, entry.path())))
        .collect()
}

/// When a backup was made, if it is one of this installation and no link to one.
fn moment(path: &Path, is_archive: bool, installation: Uuid) -> Option<Micros> {
    let found = fs::symlink_metadata(path).ok()?;
    let source = match (found.is_dir(), found.is_file()) {
        (true, _) if !is_archive => Source::Directory(path.to_owned()),
        (_, true) if is_archive => Source::Archive(path.to_owned()),
        _ => return None,
    };
    let manifest = source.manifest().ok()?;
    (manifest.installation == installation).then(|| manifest.moment())
}

/// Removes a backup and nothing else: a directory in which anything lies beside it stays.
fn remove(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if !FILES.iter().chain([&MANIFEST]).any(|known| name == **known) {
            return Err(io::Error::other(format!("{} is in it, which is not of the backup", name.display())));
        }
    }
    // Last what says that it is a backup: so a removal that is broken off is gone on with.
    for name in FILES.into_iter().chain([MANIFEST]) {
        match fs::remove_file(path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::remove_dir(path)
}
