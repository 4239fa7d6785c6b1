//! Which user owns the data. A command that was run as the wrong user gets a message that says so.

use super::super::Failure;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Files that this process has to be able to write.
const FILES: [&str; 7] = [
    "latchkey.db",
    "latchkey.db-wal",
    "latchkey.db-shm",
    "usage.db",
    "usage.db-wal",
    "usage.db-shm",
    "secrets.toml",
];

/// Refuses to begin where a file belongs to another user, for example after root ran a verb there.
pub(in super::super) fn refuse_files_of_others(data_dir: &Path) -> Result<(), Failure> {
    for file in FILES.map(|name| data_dir.join(name)) {
        let opened = OpenOptions::new().read(true).append(true).open(&file);
        if opened.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
            && let Some(why) = denied(&file, data_dir)
        {
            return Err(why.into());
        }
    }
    Ok(())
}

/// Gives a directory and the files in it to the owner of the data directory, where root put them there for somebody else.
pub(in super::super) fn hand_over_all(files: &Path, data_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(files)? {
        hand_over(&entry?.path(), data_dir)?;
    }
    hand_over(files, data_dir)
}

/// The same of one file or directory.
pub(in super::super) fn hand_over(path: &Path, data_dir: &Path) -> io::Result<()> {
    let owner = fs::metadata(data_dir)?;
    if !rustix::process::geteuid().is_root() || owner.uid() == 0 {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid()))
}

/// The message about a file of another user, with what mends it; `None` if the file is this user's own.
pub(super) fn denied(file: &Path, data_dir: &Path) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    // A file in a closed directory cannot be looked at, so the owner of that directory counts.
    let (seen, owner) =
        file.ancestors().find_map(|path| Some((path, fs::symlink_metadata(path).ok()?.uid())))?;
    (owner != me).then(|| {
        let (owner, me) = (name_of(owner), name_of(me));
        let mends = match (seen.starts_with(data_dir), file == data_dir) {
            (true, _) => format!("chown -R {me} {}, or run the command as that user", data_dir.display()),
            // The directory was to be made.
            (false, true) => format!("run as root: install -d -m 700 -o {me} {}", data_dir.display()),
            (false, false) => "run the command as that user".to_owned(),
        };
        format!("{} belongs to {owner}, and this process runs as {me}: {mends}", seen.display())
    })
}

/// The name of a user, or its number where it has none.
fn name_of(id: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| id.to_string())
}
