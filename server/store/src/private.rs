//! Files that nobody but this process's user may read.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Their mode, whatever the umask and the mode of the directory are.
pub const MODE: u32 = 0o600;
/// What others than the owner may do.
const OTHERS: u32 = 0o077;

/// Makes an empty file, unless it is there.
///
/// # Errors
/// The file cannot be made.
pub fn make(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(MODE).open(path).map(drop)
}

/// Takes away what others may do with a file of this user, and tells the log. Returns what they may still do:
/// nothing, unless the file is another's, or lies where modes cannot be changed.
pub fn close_to_others(path: &Path) -> u32 {
    let others = || fs::metadata(path).map_or(0, |file| file.mode() & OTHERS);
    let before = others();
    if before == 0 {
        return 0;
    }
    let mode = fs::metadata(path).map_or(MODE, |file| file.mode() & 0o7700);
    let changed = fs::set_permissions(path, Permissions::from_mode(mode));
    let left = others();
    let file = path.display();
    match changed {
        Ok(()) if left == 0 => {
            tracing::warn!(event = "mode_put_back", %file, "it could be read by others; its mode was put back to 0600");
        }
        Ok(()) => {
            tracing::warn!(%file, "it can be read by others; a change of its mode has no effect here");
        }
        Err(error) => {
            tracing::warn!(%file, %error, "it can be read by others; its mode cannot be changed");
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_made_for_their_owner_and_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mode = || fs::metadata(&path).unwrap().mode() & 0o777;
        make(&path).unwrap();
        assert_eq!(mode(), 0o600);
        fs::write(&path, "kept").unwrap();
        make(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
        for open in [0o660, 0o644, 0o666] {
            fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
            assert_eq!(close_to_others(&path), 0);
            assert_eq!(mode(), 0o600);
        }
        fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
        assert_eq!(close_to_others(&path), 0);
        assert_eq!(mode(), 0o400);
        assert_eq!(close_to_others(&dir.path().join("none")), 0);
    }
}
