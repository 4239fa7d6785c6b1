//! Where a backup goes: a folder, and a name in it that may hold the time.

use crate::commands::{Ended, Failure};
use domain::time::Micros;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What stands for the time in a name.
pub(super) const TIME: &str = "{time}";
const ENDING: &str = ".tar.zst";
/// Other archives, which somebody may expect.
const OTHERS: [&str; 10] = [".tar", ".tgz", ".gz", ".xz", ".bz2", ".zip", ".zst", ".7z", ".db", ".sql"];
/// The command line is wrong in a way that clap cannot see.
const WRONG_USAGE: u8 = 2;

/// Where a backup goes.
pub(super) struct Target {
    /// It is there already.
    pub(super) folder: PathBuf,
    pub(super) name: String,
    pub(super) is_archive: bool,
    /// What stands before and behind the time in the name, if that holds it.
    pub(super) around_time: Option<(String, String)>,
}

impl Target {
    /// Reads what was given. Nothing is looked at yet.
    pub(super) fn parse(given: &Path, now: Micros) -> Result<Self, Failure> {
        let wrong = |why: &str| Ended::failure(WRONG_USAGE, format!("{}: {why}", given.display()));
        let name = given.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            return Err(wrong("a backup needs a name of plain text, such as monday.tar.zst"));
        };
        let folder = given.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| folder.to_string_lossy().contains(TIME)) {
            return Err(wrong("{time} stands in the last part of a path only"));
        }
        let is_archive = name.ends_with(ENDING);
        if let Some(other) = OTHERS.iter().find(|other| !is_archive && name.ends_with(**other)) {
            return Err(wrong(&format!(
                "a backup is a directory, or a file whose name ends with {ENDING}; {other} is neither"
            )));
        }
        let around_time =
            name.split_once(TIME).map(|(before, behind)| (before.to_owned(), behind.to_owned()));
        if around_time.as_ref().is_some_and(|(_, behind)| behind.contains(TIME)) {
            return Err(wrong("{time} stands in a name once only"));
        }
        Ok(Self {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            name: name.replacen(TIME, &compact(now), 1),
            is_archive,
            around_time,
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Refuses a folder that is not there, and a name that something has.
    pub(super) fn refuse_what_is_there(&self) -> Result<(), Failure> {
        let folder = self.folder.display();
        match std::fs::metadata(&self.folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(format!("{folder} is no directory").into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(
                    format!("there is no folder {folder}; make it first, or is a disk not mounted?").into()
                );
            }
            Err(error) => return Err(format!("cannot look into {folder}: {error}").into()),
        }
        let path = self.path();
        match std::fs::symlink_metadata(&path) {
            Err(_) => Ok(()),
            Ok(found) => Err(exists(&path, found.is_dir())),
        }
    }
}

/// The message where something has the name.
pub(super) fn exists(path: &Path, is_directory: bool) -> Failure {
    let (shown, inside) = (path.display(), path.join("latchkey-{time}.tar.zst"));
    let inside = inside.display();
    match is_directory {
        true => format!("{shown} is there already, and a backup gets a name of its own, such as {inside}"),
        false => {
            format!("{shown} is there already, and a backup takes the place of nothing; choose another name")
        }
    }
    .into()
}

/// A time as it stands in names, such as `20261128T013000Z`.
fn compact(time: Micros) -> String {
    time.rfc_3339().replace(['-', ':'], "")
}

/// Whether a text has the form of a time in a name.
pub(super) fn is_time(text: &str) -> bool {
    let form = |(place, byte): (usize, u8)| match place {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 16 && text.bytes().enumerate().all(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: Micros = Micros(1_795_829_400_123_456);

    #[rstest]
    #[case("/backups/latchkey-{time}.tar.zst", "latchkey-20261128T013000Z.tar.zst", true)]
    #[case("{time}", "20261128T013000Z", false)]
    #[case("monday", "monday", false)]
    #[case("../v1.2", "v1.2", false)]
    fn a_name_may_hold_the_time(#[case] given: &str, #[case] name: &str, #[case] is_archive: bool) {
        let target = Target::parse(Path::new(given), NOW).unwrap();
        assert_eq!((target.name.as_str(), target.is_archive), (name, is_archive));
    }

    #[rstest]
    #[case("/")]
    #[case("a/..")]
    #[case("a.zip")]
    #[case("a.tar.gz")]
    #[case("a.tar")]
    #[case("{time}/a")]
    #[case("{time}-{time}")]
    fn other_names_are_wrong_usage(#[case] given: &str) {
        let refused = Target::parse(Path::new(given), NOW).err().unwrap();
        assert_eq!(refused.downcast_ref::<Ended>().unwrap().code, 2);
    }

    #[test]
    fn a_time_is_known_by_its_form() {
        assert!(is_time(&compact(NOW)));
        let others = ["", "20261128T013000", "20261128t013000Z", "2026-11-28T01:30", "20261128T01300ăZ"];
        assert!(!others.into_iter().any(is_time));
    }
}
