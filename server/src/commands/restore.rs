//! `latchkey restore …`: puts a backup in place, whole or not at all, and says what was done since its moment.

mod report;

use super::backup::{Progress, Source, refuse_too_little_room, stand_back};
use super::control::{DataDir, Replacement, hand_over, hand_over_all, is_locked};
use super::out::{print, remark};
use super::{Common, Failure};
use crate::secrets::{FILE as SECRETS, Secrets, SecretsError};
use crate::settings::Settings;
use clap::Args;
use report::Report;
use std::fs;
use std::path::{Path, PathBuf};
use store_sqlite::{DoneSince, Snapshot, done_since};

/// What makes a directory one that is in use.
const IN_USE: [&str; 4] = ["latchkey.db", "latchkey.db-wal", "usage.db", "usage.db-wal"];

#[derive(Args)]
pub(super) struct Flags {
    /// A backup: a directory or a file .tar.zst
    source: PathBuf,
    /// Take the place of the data that are there; they are kept beside, under a name with the time
    #[arg(long)]
    replace: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let settings = flags.common.settings()?;
    let source = Source::open(&flags.source)?;
    // Before anything is made: what is no backup leaves no trace.
    source.manifest()?;
    stand_back();
    let dir = &settings.data_dir;
    if is_locked(dir) {
        return Err(format!(
            "a server or a command is at work on {}; stop it first, and start it when the backup is in place",
            dir.display()
        )
        .into());
    }
    let is_new = !dir.exists();
    let restored = restore(&settings, &source, flags.replace);
    if restored.is_err() && is_new {
        // It holds the lock alone.
        let _ = fs::remove_file(dir.join("lock"));
        let _ = fs::remove_dir(dir);
    }
    let report = restored?;
    if flags.json {
        return print(serde_json::to_string_pretty(&report)? + "\n");
    }
    print(report.said())?;
    report.cautions().iter().for_each(remark);
    Ok(())
}

fn restore(settings: &Settings, source: &Source, replace: bool) -> Result<Report, Failure> {
    let dir = &settings.data_dir;
    let claim = DataDir::claim(dir)?;
    // Now, as a restore that fails later leaves it behind too, and a server of its owner could not open it.
    hand_over(&dir.join("lock"), dir)?;
    let there = IN_USE.iter().find(|name| fs::metadata(dir.join(name)).is_ok_and(|file| file.len() > 0));
    if let (Some(name), false) = (there, replace) {
        return Err(format!(
            "{} holds data already ({name}); --replace puts the backup in their place and keeps them beside, or name an \
             empty --data-dir",
            dir.display()
        )
        .into());
    }
    let replacement = Replacement::begin(&claim)?;
    let unpacked = replacement.path();
    let manifest = {
        let bytes = source.manifest()?.bytes();
        refuse_too_little_room(dir, bytes)?;
        let progress = Progress::begin(bytes, "unpacking")?;
        source.unpack(unpacked, &mut |bytes| progress.did(bytes))?
    };
    check(settings, source, unpacked, manifest.holds_secrets())?;
    let since = there.map(|_| done_since(unpacked, dir));
    hand_over_all(unpacked, dir)?;
    let kept = replacement.finish()?;
    Ok(Report::of(dir, manifest, kept, since.map(readable)))
}

/// What the old data tell; in words why they do not.
fn readable(since: Result<Option<DoneSince>, store_sqlite::OpenError>) -> Result<DoneSince, String> {
    match since {
        Ok(Some(since)) => Ok(since),
        Ok(None) => Err("they are of another installation".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Refuses what a server would not start on: before it is in place.
fn check(settings: &Settings, source: &Source, unpacked: &Path, has_secrets: bool) -> Result<(), Failure> {
    let shown = source.path().display();
    let dir = if has_secrets { unpacked.to_owned() } else { settings.data_dir.clone() };
    let secrets = Secrets::find(&Settings { data_dir: dir, ..settings.clone() });
    let Some(secrets) = secrets.or_else(|error| match error {
        SecretsError::Missing(_) => Ok(None),
        error => Err(error),
    })?
    else {
        return Err(format!(
            "{shown} holds no secrets, and there are none in {}: put the {SECRETS} that belongs to it there first, or set \
             LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE",
            settings.data_dir.display()
        )
        .into());
    };
    let _progress = Progress::wait("checking")?;
    let examined = Snapshot::of_closed(unpacked)?.examine(Some(secrets.fingerprint))?;
    match examined.faults.first() {
        Some(fault) => Err(format!("{shown} is damaged: {fault}").into()),
        None => Ok(()),
    }
}
