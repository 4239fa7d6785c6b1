//! The file of a Unix socket: made at the start and removed at the end, and never taken from a program that listens on it.

use std::fs::{self, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The mode of a socket: the server's user and group may connect.
const MODE: u32 = 0o660;

/// Removed when dropped, unless somebody listens on it: to be dropped after its listener.
pub(super) struct SocketFile(PathBuf);

impl SocketFile {
    /// Listens on a path; what a killed server left there is removed.
    pub(super) fn listen(path: &Path) -> Result<(UnixListener, Self)> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                remove_stale(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        listener.set_nonblocking(true)?;
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
        Ok((listener, Self(path.to_owned())))
    }
}

impl SocketFile {
    /// Looks whether a path could be listened on, and leaves it as it is.
    pub(super) fn look(path: &Path) -> Result<()> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        if !fs::metadata(parent)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        match fs::symlink_metadata(path) {
            Ok(_) => refuse_in_use(path),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = remove_stale(&self.0);
    }
}

fn remove_stale(path: &Path) -> Result<()> {
    refuse_in_use(path)?;
    fs::remove_file(path)
}

/// Refuses everything but the socket of a dead server.
fn refuse_in_use(path: &Path) -> Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(Error::new(ErrorKind::AlreadyExists, "there is a file that is no socket"));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(Error::new(ErrorKind::AddrInUse, "another program listens there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_taken_from_the_dead_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l.sock");
        let (listener, file) = SocketFile::listen(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let taken = SocketFile::listen(&path).err().unwrap();
        assert_eq!(taken.to_string(), "another program listens there");
        drop(listener);
        let (again, newer) = SocketFile::listen(&path).unwrap();
        drop(file);
        assert!(path.exists(), "it belongs to another by now");
        drop((again, newer));
        assert!(!path.exists());
        fs::write(&path, "precious").unwrap();
        assert!(SocketFile::listen(&path).err().unwrap().to_string().contains("no socket"));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}
