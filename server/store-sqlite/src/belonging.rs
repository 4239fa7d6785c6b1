//! Checks that the files in the data directory are of one state, before anything is written to them.
//!
//! The files are only read here: a connection that may write would carry a foreign log into the file for good.

use super::labels::{Label, cannot_read, has_log, length, log_of, reader};
use super::{labels, not_sound};
use crate::OpenError;
use domain::mark::{File, Mark, Mismatch, judge};
use std::io::{self, ErrorKind};
use std::path::Path;

/// The operator makes this file to accept that two files of different states are taken as they are.
const ACCEPT: &str = "accept-loss";

/// What the two files were found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// One state, or there is only one of them.
    Together,
    /// Of different states, and the operator accepts it.
    Accepted,
}

/// Looks at the files; refuses what is damaged or does not belong together.
pub(super) fn check(state: &Path, counts: &Path) -> Result<Found, OpenError> {
    for file in [counts, state] {
        make_durable(file).map_err(|e| cannot_read(file, &e))?;
    }
    let Some(of_state) = Label::read(state, File::State)? else { return Ok(Found::Together) };
    if !of_state.marked.fits_its_log() {
        // usage.db tells nothing about this, and may be missing.
        return Err(OpenError::ForeignLog { file: name(File::State) });
    }
    let found = match Label::read(counts, File::Counts)? {
        Some(of_counts) => compare(state, &of_state, &of_counts)?,
        None => Found::Together,
    };
    quick_check([state, counts])?;
    Ok(found)
}

/// Judges what the files say of themselves.
pub(super) fn compare(state: &Path, of_state: &Label, of_counts: &Label) -> Result<Found, OpenError> {
    if of_counts.installation != of_state.installation {
        return Err(OpenError::Foreign);
    }
    if of_counts.marked.mark == Mark(0) && !of_counts.holds_counts {
        // usage.db was made anew by the operator, or by a start that did not get far.
        return Ok(Found::Together);
    }
    let file = match judge(of_state.marked, of_state.known, of_counts.marked) {
        Ok(()) => return Ok(Found::Together),
        Err(Mismatch::ForeignLog(file)) => return Err(OpenError::ForeignLog { file: name(file) }),
        Err(Mismatch::Older(file)) => file,
    };
    let marks = (of_state.marked.mark, of_counts.marked.mark);
    let (older, newer, other, lost) = match file {
        File::State => (
            marks.0,
            marks.1,
            File::Counts,
            "users, keys and changes since then are gone, deleted keys pass again",
        ),
        File::Counts => (marks.1, marks.0, File::State, "what was counted since then is gone"),
    };
    let accept = state.with_file_name(ACCEPT);
    if accept.exists() {
        let event = "loss_accepted";
        tracing::warn!(event, file = name(file), of = %older, "older than the other file; {ACCEPT} says to take it: {lost}");
        return Ok(Found::Accepted);
    }
    Err(OpenError::Older {
        older: name(file),
        of: older.to_string(),
        newer: name(other),
        other: newer.to_string(),
        lost,
        accept: accept.display().to_string(),
    })
}

/// Removes the operator's acceptance, which holds for one start.
pub(super) fn forget_acceptance(state: &Path) -> Result<(), OpenError> {
    let path = state.with_file_name(ACCEPT);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_read(&path, &error)),
        _ => Ok(()),
    }
}

fn name(file: File) -> &'static str {
    match file {
        File::State => "latchkey.db",
        File::Counts => "usage.db",
    }
}

/// Whether the file of the counts is there and anything was ever counted in it.
pub(super) fn holds_counts(path: &Path) -> Result<bool, OpenError> {
    if length(path) == 0 {
        return Ok(false);
    }
    reader(path).and_then(|connection| labels::holds_counts(&connection)).map_err(|e| not_sound(path, e))
}

/// Syncs a file and its log: what a killed run wrote may not be on disk yet, and has to be before the marks move on from it.
fn make_durable(file: &Path) -> io::Result<()> {
    for path in [file.to_owned(), log_of(file)] {
        match std::fs::File::open(path).and_then(|f| f.sync_all()) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Checks the trees of both files in parallel, if the last run was not stopped properly.
fn quick_check(files: [&Path; 2]) -> Result<(), OpenError> {
    let sound = std::thread::scope(|scope| {
        let checks =
            files.map(|file| scope.spawn(move || if has_log(file) { is_sound(file) } else { Ok(()) }));
        checks.map(|check| check.join().expect("SQLite answers with errors, not with panics"))
    });
    sound.into_iter().collect()
}

fn is_sound(path: &Path) -> Result<(), OpenError> {
    let look = || reader(path)?.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    let found: String = look().map_err(|e| not_sound(path, e))?;
    if found == "ok" {
        return Ok(());
    }
    let found = found.lines().last().unwrap_or_default().to_owned();
    Err(OpenError::Damaged { file: path.display().to_string(), found })
}
