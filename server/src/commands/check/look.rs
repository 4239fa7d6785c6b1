//! Opens what is to be looked through, by what it is.

use crate::commands::Failure;
use crate::commands::backup::{MANIFEST, Progress, Source, refuse_too_little_room};
use crate::commands::control::{Borrowed, borrow, is_locked, refuse_files_of_others};
use crate::secrets::{FILE as SECRETS, Secrets, SecretsError};
use crate::settings::Settings;
use domain::token::TokenHash;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use store_sqlite::{Examined, OpenError, Snapshot};

/// Files of a data directory that are nobody else's business.
const PRIVATE: [&str; 5] = ["latchkey.db", "latchkey.db-wal", "usage.db", "usage.db-wal", SECRETS];

/// What was found.
pub(super) struct Looked {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Of a backup.
    pub(super) moment: Option<String>,
    /// Nothing where the databases cannot be looked into.
    pub(super) whole: Option<Whole>,
    pub(super) faults: Vec<String>,
    /// What a start mends, or does not need.
    pub(super) warnings: Vec<String>,
}

/// Databases that could be looked into.
pub(super) struct Whole {
    pub(super) examined: Examined,
    pub(super) secrets: Found,
}

/// What was looked at.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Running,
    Stopped,
    Backup,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        if matches!(self, Self::Backup) { "backup" } else { "data_dir" }
    }

    pub(super) fn is_running(self) -> bool {
        matches!(self, Self::Running)
    }

    pub(super) fn said(self, moment: Option<&str>) -> String {
        match self {
            Self::Running => "a data directory with a running server".to_owned(),
            Self::Stopped => "a data directory without a server".to_owned(),
            Self::Backup => format!("a backup of {}", moment.unwrap_or("an unknown moment")),
        }
    }
}

/// Whether the secrets are at hand.
#[derive(Clone, Copy)]
pub(super) enum Found {
    Fit,
    Elsewhere,
}

impl Found {
    pub(super) fn name(self) -> &'static str {
        if matches!(self, Self::Fit) { "fit" } else { "elsewhere" }
    }

    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Fit => "those that the databases were made with",
            Self::Elsewhere => "not in it: they are kept elsewhere",
        }
    }
}

/// Looks it through.
pub(super) fn look(settings: &Settings, given: Option<&Path>) -> Result<Looked, Failure> {
    let path = given.unwrap_or(&settings.data_dir);
    let Some(given) = given else { return data_dir(settings) };
    match Source::open(given)? {
        Source::Directory(path) if !path.join(MANIFEST).exists() => {
            data_dir(&Settings { data_dir: path, ..settings.clone() })
        }
        source => backup(path, &source, settings),
    }
}

fn data_dir(settings: &Settings) -> Result<Looked, Failure> {
    let dir = &settings.data_dir;
    refuse_files_of_others(dir)?;
    let state = dir.join("latchkey.db");
    if let Err(error) = fs::metadata(&state) {
        let shown = dir.display();
        return Err(match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("{shown} is neither a data directory nor a backup: there is no latchkey.db and no {MANIFEST} in it")
            }
            _ => format!("cannot look into {shown}: {error}"),
        }
        .into());
    }
    let running = is_locked(dir);
    let kind = if running { Kind::Running } else { Kind::Stopped };
    let mut looked = Looked {
        path: dir.clone(),
        kind,
        moment: None,
        whole: None,
        faults: vec![],
        warnings: open_files(dir),
    };
    match Secrets::find(settings) {
        Ok(secrets) => {
            let fingerprint = secrets.map(|secrets| secrets.fingerprint);
            let examined =
                if running { beside_server(settings, fingerprint)? } else { alone(dir, fingerprint) };
            looked.take(examined, Found::Fit)?;
        }
        Err(error @ (SecretsError::Missing(_) | SecretsError::Unreadable(..))) => {
            looked.faults.push(error.to_string());
            let examined = if running { beside_server(settings, None)? } else { alone(dir, None) };
            looked.take(examined, Found::Elsewhere)?;
        }
        Err(error) => return Err(error.into()),
    }
    if !running && is_locked(dir) {
        return Err(
            "a server was started meanwhile, so what was found may be wrong; run the command again".into()
        );
    }
    Ok(looked)
}

type Examining = Result<Examined, OpenError>;

/// Beside a server, at one moment, and while it begins nothing that waits for readers.
fn beside_server(settings: &Settings, fingerprint: Option<TokenHash>) -> Result<Examining, Failure> {
    let _progress = Progress::wait("checking")?;
    match borrow(settings, false)? {
        Borrowed::Stopped(_claim) => Ok(alone(&settings.data_dir, fingerprint)),
        Borrowed::Running(mut lent) => {
            let snapshot = match Snapshot::of_running(&settings.data_dir) {
                Ok(snapshot) => snapshot,
                Err(error) => return Ok(Err(error)),
            };
            let begun = lent.at_one_moment(settings, || Ok(snapshot.begin()?))?;
            let interrupt = snapshot.interrupt();
            let examined =
                begun.then(|| lent.watch(|| interrupt.now(), || snapshot.examine(fingerprint))).flatten();
            examined.ok_or_else(|| "the server stopped meanwhile; run the command again".into())
        }
    }
}

fn alone(dir: &Path, fingerprint: Option<TokenHash>) -> Examining {
    Snapshot::of_stopped(dir)?.examine(fingerprint)
}

fn backup(path: &Path, source: &Source, settings: &Settings) -> Result<Looked, Failure> {
    let mut looked = Looked {
        path: path.to_owned(),
        kind: Kind::Backup,
        moment: None,
        whole: None,
        faults: vec![],
        warnings: vec![],
    };
    let manifest = match source.manifest() {
        Ok(manifest) => manifest,
        Err(error) => {
            looked.faults.push(error.to_string());
            return Ok(looked);
        }
    };
    looked.moment = Some(manifest.moment.clone());
    let unpacked = match source {
        Source::Directory(_) => None,
        Source::Archive(_) => {
            let place = tempfile::tempdir()?;
            refuse_too_little_room(place.path(), manifest.bytes())?;
            Some(place)
        }
    };
    let content = unpacked.as_ref().map_or(path, |place| place.path());
    let whole = {
        let progress = Progress::begin(manifest.bytes(), "comparing")?;
        let mut each = |bytes| progress.did(bytes);
        match &unpacked {
            Some(_) => source.unpack(content, &mut each),
            None => source.compare(&mut each),
        }
    };
    if let Err(error) = whole {
        looked.faults.push(error.to_string());
        return Ok(looked);
    }
    let own = Settings { data_dir: content.to_owned(), pepper: None, sealing_key: None, ..settings.clone() };
    let (fingerprint, found) = match manifest.holds_secrets() {
        true => (Secrets::find(&own)?.map(|secrets| secrets.fingerprint), Found::Fit),
        false => (None, Found::Elsewhere),
    };
    let _progress = Progress::wait("checking")?;
    looked.take(Snapshot::of_closed(content).and_then(|snapshot| snapshot.examine(fingerprint)), found)?;
    Ok(looked)
}

impl Looked {
    /// Takes in what came of it: a fault of the data, or trouble in reading them.
    fn take(&mut self, examined: Examining, secrets: Found) -> Result<(), Failure> {
        match examined {
            Ok(examined) => {
                self.faults.extend(examined.faults.iter().cloned());
                self.whole = Some(Whole { examined, secrets });
                Ok(())
            }
            Err(
                error @ (OpenError::Io { .. }
                | OpenError::Locked { .. }
                | OpenError::NoRoom { .. }
                | OpenError::OldLibrary(_)),
            ) => Err(error.into()),
            Err(error) => {
                self.faults.push(error.to_string());
                Ok(())
            }
        }
    }
}

/// Files that others can read. The next start takes that away.
fn open_files(dir: &Path) -> Vec<String> {
    let open = PRIVATE.iter().filter_map(|name| {
        let mode = fs::metadata(dir.join(name)).ok()?.mode() & 0o777;
        (mode & 0o077 != 0).then(|| {
            format!("{name} can be read by others (mode {mode:04o}); chmod 600, or the next start does it")
        })
    });
    open.collect()
}
