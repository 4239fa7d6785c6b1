//! The steps of a backup: copy, look through, pack, give it its name.

use super::manifest::{FILES, FileLine, MANIFEST, Manifest, copy_hashed};
use super::pace::{Pace, Progress};
use super::source::Source;
use super::target::{Target, exists};
use super::unfinished::{Unfinished, cannot_write};
use super::{archive, megabytes};
use crate::commands::Failure;
use crate::commands::control::{Borrowed, Lent, borrow};
use crate::secrets::{Secrets, SecretsError};
use crate::services::SystemClock;
use crate::settings::Settings;
use domain::time::{Clock, Micros};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use store::private;
use store_sqlite::Snapshot;

/// How often a copy is begun anew because its server stopped.
const TRIES: u32 = 4;

/// A backup that has its name.
pub(super) struct Made {
    pub(super) manifest: Manifest,
    /// What it takes on its disk.
    pub(super) bytes: u64,
}

/// Makes a backup.
pub(super) fn make(settings: &Settings, target: &Target, with_secrets: bool) -> Result<Made, Failure> {
    let fingerprint = match Secrets::find(settings) {
        Ok(secrets) => secrets.map(|secrets| secrets.fingerprint),
        // They may be in the environment of the server alone, and a backup needs them only where it holds them.
        Err(SecretsError::Missing(_)) if !with_secrets => None,
        Err(error) => return Err(error.into()),
    };
    let mut copying = Copying { settings, moment: Micros(0), still_micros: 0 };
    let borrowed = borrow(settings, false)?;
    let unfinished = Unfinished::begin(&target.folder, &target.name)?;
    let content = unfinished.content();
    copying.copy(borrowed, &content)?;
    let examined = {
        let _progress = Progress::wait("checking")?;
        Snapshot::of_closed(&content)?.examine(fingerprint)?
    };
    if let Some(fault) = examined.faults.first() {
        return Err(format!(
            "the data are in trouble, and no backup was made: {fault}; `latchkey check` tells more"
        )
        .into());
    }
    if with_secrets && !Secrets::write_copy(settings, &content.join(crate::secrets::FILE))? {
        return Err("there are no secrets to back up".into());
    }
    let lines = lines(&content)?;
    let manifest = Manifest::of(&examined, (copying.moment, copying.still_micros), lines);
    let bytes = finish(unfinished, &manifest, target)?;
    Ok(Made { manifest, bytes })
}

/// The copying of both databases.
struct Copying<'a> {
    settings: &'a Settings,
    moment: Micros,
    still_micros: i64,
}

impl Copying<'_> {
    /// Copies them. A server that stops meanwhile is not held up: the copy is begun anew when the next one runs.
    fn copy(&mut self, mut borrowed: Borrowed, into: &Path) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let copied = match borrowed {
                Borrowed::Running(lent) => self.copy_running(lent, into)?,
                // The claim keeps servers from starting meanwhile.
                Borrowed::Stopped(_claim) => self.copy_stopped(into)?,
            };
            if copied {
                return Ok(());
            }
            for name in &FILES[..2] {
                std::fs::remove_file(into.join(name)).or_else(|error| match error.kind() {
                    ErrorKind::NotFound => Ok(()),
                    _ => Err(error),
                })?;
            }
            borrowed = borrow(self.settings, true)?;
        }
        Err("the server was stopped again and again while it was copied; run the command again".into())
    }

    fn copy_running(&mut self, mut lent: Lent, into: &Path) -> Result<bool, Failure> {
        let snapshot = Snapshot::of_running(&self.settings.data_dir)?;
        let begun = lent.at_one_moment(self.settings, || {
            self.moment = SystemClock.now();
            snapshot.begin()?;
            self.still_micros = SystemClock.now().0 - self.moment.0;
            Ok(())
        })?;
        if !begun {
            return Ok(false);
        }
        let mut pace = Pace::begin();
        self.copy_from(&snapshot, into, &mut |bytes| {
            pace.did(bytes);
            lent.goes_on()
        })
    }

    fn copy_stopped(&mut self, into: &Path) -> Result<bool, Failure> {
        let snapshot = Snapshot::of_stopped(&self.settings.data_dir)?;
        (self.moment, self.still_micros) = (SystemClock.now(), 0);
        self.copy_from(&snapshot, into, &mut |_| true)
    }

    fn copy_from(
        &self,
        snapshot: &Snapshot,
        into: &Path,
        goes_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<bool, Failure> {
        let bytes = snapshot.bytes()?;
        refuse_too_little_room(into, bytes)?;
        let progress = Progress::begin(bytes, "copying")?;
        Ok(snapshot.copy(into, |bytes| {
            progress.did(bytes);
            goes_on(bytes)
        })?)
    }
}

/// Refuses a disk that cannot hold it, before anything is written there.
pub(in super::super) fn refuse_too_little_room(folder: &Path, bytes: u64) -> Result<(), Failure> {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    // Both are hidden names of this program; what the operator named is above them.
    let shown =
        folder.ancestors().find(|path| !path.to_string_lossy().contains("unfinished")).unwrap_or(folder);
    Err(format!(
        "there is no room in {}: {} are needed and {} free; make room, or choose another place",
        shown.display(),
        megabytes(bytes),
        megabytes(free)
    )
    .into())
}

/// What stands in the manifest of each file.
fn lines(content: &Path) -> Result<Vec<FileLine>, Failure> {
    let mut lines = vec![];
    for name in FILES {
        let mut file = match File::open(content.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            opened => opened?,
        };
        let (bytes, sha256) = copy_hashed(&mut file, &mut io::sink(), u64::MAX, &mut |_| ())?;
        lines.push(FileLine { name: name.to_owned(), bytes, sha256 });
    }
    Ok(lines)
}

/// Writes the manifest, packs, compares what was written with what was looked through, and gives it its name.
fn finish(unfinished: Unfinished, manifest: &Manifest, target: &Target) -> Result<u64, Failure> {
    let cannot = |error: &io::Error| Failure::from(cannot_write(&target.folder, error));
    let (content, packed) = (unfinished.content(), unfinished.archive());
    let mut text = serde_json::to_vec_pretty(manifest)?;
    text.push(b'\n');
    write_new(&content.join(MANIFEST), &text).map_err(|e| cannot(&e))?;
    let written = if target.is_archive {
        let progress = Progress::begin(manifest.bytes(), "packing")?;
        archive::pack(&content, manifest, &packed, &mut |bytes| progress.did(bytes))
            .map_err(|e| cannot(&e))?;
        Source::Archive(packed)
    } else {
        File::open(&content).and_then(|folder| folder.sync_all()).map_err(|e| cannot(&e))?;
        Source::Directory(content)
    };
    {
        let progress = Progress::begin(manifest.bytes(), "comparing")?;
        written.compare(&mut |bytes| progress.did(bytes))?;
    }
    let bytes = match &written {
        Source::Archive(file) => file.metadata()?.len(),
        Source::Directory(_) => manifest.bytes() + text.len() as u64,
    };
    let path = target.path();
    unfinished.finish(target.is_archive, &path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => exists(&path, path.is_dir()),
        _ => cannot(&error),
    })?;
    Ok(bytes)
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(private::MODE).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}
