//! The data directory, which one process owns by a lock. Only `serve` makes it, and only `serve` listens on the socket
//! for verbs.

use super::super::Failure;
use super::ownership::{denied, refuse_files_of_others};
use super::replacing::{go_on, is_decided};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::private;
use tokio::net::UnixListener;

/// How long a server waits for a verb that works on the data directory by itself.
const CLAIM_PATIENCE: Duration = Duration::from_secs(2);
/// How much longer where no server answers: a command that copies the data takes some seconds.
const LONG_PATIENCE: Duration = Duration::from_secs(20);
/// The most bytes of a socket's path (`sun_path`, with the 0 at its end).
const SOCKET_PATH: usize = 107;

/// A data directory that belongs to this process.
pub(in super::super) struct DataDir {
    path: PathBuf,
    /// Unlocked when it is dropped or the process dies.
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it does not exist, and locks it. Waits a moment for a verb that is at work there.
    pub(in super::super) fn claim(path: &Path) -> Result<Self, Failure> {
        refuse_what_is_no_directory(path)?;
        make_durably(path).map_err(|e| wrong("make", path, path, &e))?;
        let mut claimed = Self::lock_within(path, CLAIM_PATIENCE)?;
        if claimed.is_none() && super::places(path).is_none() {
            // No server has it, so it is a command, which ends.
            claimed = Self::lock_within(path, LONG_PATIENCE)?;
        }
        claimed.ok_or_else(|| {
            format!("another Latchkey uses {}; stop it first, or choose another --data-dir", path.display())
                .into()
        })
    }

    fn lock_within(path: &Path, patience: Duration) -> Result<Option<Self>, Failure> {
        let end = Instant::now() + patience;
        loop {
            let claimed = Self::lock(path)?;
            if claimed.is_some() || Instant::now() >= end {
                return Ok(claimed);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Locks the directory of an installation for a verb, which makes none; `None` while another process has it.
    pub(super) fn claim_existing(path: &Path) -> Result<Option<Self>, Failure> {
        let state = path.join("latchkey.db");
        match fs::metadata(&state) {
            Ok(_) => Self::lock(path),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                if is_decided(path) {
                    return Self::lock(path);
                }
                // A server that starts for the first time holds the lock before it makes the database.
                if is_locked(path) { Ok(None) } else { Err(no_installation(path)) }
            }
            Err(e) => Err(wrong("look into", path, &state, &e)),
        }
    }

    fn lock(path: &Path) -> Result<Option<Self>, Failure> {
        let file = path.join("lock");
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(private::MODE).open(&file);
        let lock = lock.map_err(|e| wrong("write to", path, &file, &e))?;
        match lock.try_lock() {
            Ok(()) => {
                private::close_to_others(&file);
                refuse_files_of_others(path)?;
                go_on(path)?;
                Ok(Some(Self { path: path.to_owned(), _lock: lock }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(wrong("lock", path, &file, &e)),
        }
    }

    /// Listens for verbs.
    pub(in super::super) fn listen(&self) -> Result<UnixListener, Failure> {
        refuse_long_socket(&self.path)?;
        let path = socket(&self.path);
        // A killed server left it behind; the lock proves that none runs.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(|e| no_socket(&path, &e))?;
        fs::set_permissions(&path, Permissions::from_mode(private::MODE))?;
        Ok(listener)
    }
}

/// The socket on which the server of a data directory answers verbs.
pub(super) fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

/// Refuses a directory with too long a path for the socket in it.
pub(in super::super) fn refuse_long_socket(data_dir: &Path) -> Result<(), Failure> {
    let path = socket(data_dir);
    let length = path.as_os_str().len();
    if length <= SOCKET_PATH {
        return Ok(());
    }
    Err(format!(
        "the path {} is too long for a socket ({length} bytes, at most {SOCKET_PATH}); choose a --data-dir with a \
         shorter path",
        path.display()
    )
    .into())
}

/// The message where a socket cannot be made, which names the cause.
fn no_socket(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    if fs::symlink_metadata(path).is_ok_and(|file| file.is_dir()) {
        return format!("{shown}, where the socket for commands belongs, is a directory; remove it").into();
    }
    // A socket without a path fails too where the system forbids Unix sockets.
    let is_forbidden = std::os::unix::net::UnixDatagram::unbound().is_err();
    if is_forbidden {
        return format!(
            "cannot make the socket {shown}: this system allows the process no Unix sockets ({error}); allow it \
             AF_UNIX (systemd: RestrictAddressFamilies)"
        )
        .into();
    }
    format!("cannot listen on {shown}: {error}; look at the file system, or choose another --data-dir").into()
}

/// Refuses a path at which there is something else than a directory.
pub(in super::super) fn refuse_what_is_no_directory(path: &Path) -> Result<(), Failure> {
    if path.exists() && !path.is_dir() {
        return Err(format!("{} is no directory; choose another --data-dir", path.display()).into());
    }
    Ok(())
}

/// Makes a directory and those above it, and syncs each: what is synced inside is worth nothing while a power loss can
/// still remove the directory itself.
fn make_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_durably(parent)?;
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    File::open(parent)?.sync_all()
}

/// Whether a process holds the lock of a directory. Makes nothing.
pub(in super::super) fn is_locked(data_dir: &Path) -> bool {
    let lock = File::open(data_dir.join("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The message where there is no installation.
fn no_installation(data_dir: &Path) -> Failure {
    let dir = whole(data_dir);
    let dir = dir.display();
    format!(
        "no Latchkey runs on {dir}, and none was installed there; start it with `latchkey serve`, or name its --data-dir"
    )
    .into()
}

/// The absolute path, because a relative one tells nothing to somebody in the wrong folder.
pub(super) fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The message where a directory or a file in it cannot be used.
pub(in super::super) fn wrong(what: &str, data_dir: &Path, file: &Path, error: &io::Error) -> Failure {
    let of_another = (error.kind() == ErrorKind::PermissionDenied).then(|| denied(file, data_dir)).flatten();
    of_another
        .unwrap_or_else(|| {
            format!("cannot {what} {}: {error}; choose another --data-dir", data_dir.display())
        })
        .into()
}
