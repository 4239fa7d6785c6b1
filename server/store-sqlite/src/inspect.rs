//! Finds what a start would find in a data directory, and leaves no trace there.

use super::belonging::compare;
use super::cannot_open;
use super::files::refuse_other_files;
use super::labels::{Label, length, reader};
use super::load::prefixes;
use super::open::MIGRATIONS;
use super::usage_open::MIGRATIONS as USAGE_MIGRATIONS;
use crate::OpenError;
use domain::mark::File;
use domain::token::TokenHash;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use store::PrefixInUse;

/// Checks that both files are there and belong to each other and to the secrets; returns the prefixes of the living keys.
/// Files that a run left that was not stopped are for the start to recover, and are not looked at.
///
/// # Errors
/// As of [`super::open`].
pub fn inspect(directory: &Path, fingerprint: TokenHash) -> Result<Vec<PrefixInUse>, OpenError> {
    let (state, usage) = (directory.join("latchkey.db"), directory.join("usage.db"));
    refuse_other_files([&state, &usage])?;
    let is_whole =
        |path: &Path| std::fs::metadata(path.with_extension("db-wal")).map_or(true, |log| log.len() == 0);
    if !has_content(&state) || !is_whole(&state) {
        return Ok(vec![]);
    }
    if !usage.exists() {
        return Err(OpenError::NoCounts { file: usage.display().to_string() });
    }
    let (id, found) = open(&state)
        .and_then(|c| look_at_state(&c, &state, fingerprint))
        .map_err(|e| cannot_open(&state, e))??;
    if has_content(&usage) && is_whole(&usage) {
        open(&usage).and_then(|c| look_at_usage(&c, &usage, &id)).map_err(|e| cannot_open(&usage, e))??;
        let label = |path: &Path, file| {
            open(path).and_then(|c| Label::of(&c, file, None)).map_err(|e| cannot_open(path, e))
        };
        if let (Some(of_state), Some(of_counts)) = (label(&state, File::State)?, label(&usage, File::Counts)?)
        {
            compare(&state, &of_state, &of_counts)?;
        }
    }
    Ok(found)
}

/// The same for files that a server has open; their logs are read too. The server has checked that they are whole and of one
/// state, and their marks move on meanwhile.
///
/// # Errors
/// As of [`super::open`].
pub fn inspect_in_use(directory: &Path, fingerprint: TokenHash) -> Result<Vec<PrefixInUse>, OpenError> {
    let (state, usage) = (directory.join("latchkey.db"), directory.join("usage.db"));
    refuse_other_files([&state, &usage])?;
    if !has_content(&state) {
        return Ok(vec![]);
    }
    let (id, found) = reader(&state)
        .and_then(|c| look_at_state(&c, &state, fingerprint))
        .map_err(|e| cannot_open(&state, e))??;
    if has_content(&usage) {
        reader(&usage).and_then(|c| look_at_usage(&c, &usage, &id)).map_err(|e| cannot_open(&usage, e))??;
    }
    Ok(found)
}

fn has_content(path: &Path) -> bool {
    length(path) > 0
}

type Found = (Vec<u8>, Vec<PrefixInUse>);

fn look_at_state(
    connection: &Connection,
    path: &Path,
    fingerprint: TokenHash,
) -> rusqlite::Result<Result<Found, OpenError>> {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    let version: i64 =
        connection.query_row("SELECT max(version) FROM _sqlx_migrations", [], |row| row.get(0))?;
    if version > newest {
        return Ok(Err(OpenError::Newer { file: path.display().to_string() }));
    }
    let sql = "SELECT id, fingerprint FROM installation";
    let (id, made_with): (Vec<u8>, Vec<u8>) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if made_with != fingerprint.0 {
        return Ok(Err(OpenError::OtherSecrets));
    }
    Ok(Ok((id, prefixes(connection)?)))
}

fn look_at_usage(
    connection: &Connection,
    path: &Path,
    installation: &[u8],
) -> rusqlite::Result<Result<(), OpenError>> {
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > USAGE_MIGRATIONS.len() {
        return Ok(Err(OpenError::Newer { file: path.display().to_string() }));
    }
    let id: Vec<u8> = connection.query_row("SELECT id FROM installation", [], |row| row.get(0))?;
    Ok(if id == installation { Ok(()) } else { Err(OpenError::Foreign) })
}

/// Opens a file as immutable, because otherwise even a reader makes files beside it.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(immutable(path)?, flags)
}

/// The address of a file that nobody changes.
pub(super) fn immutable(path: &Path) -> rusqlite::Result<String> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let url = url::Url::from_file_path(&whole).map_err(|()| rusqlite::Error::InvalidPath(whole))?;
    Ok(format!("{url}?immutable=1"))
}
