//! What was done after the moment of a backup, as far as the state tells that it takes the place of.
//!
//! Numbers are given again after a restore, so over data that were restored before one number may be of two rows. Keys are
//! known by their ids, and users by their number together with the time at which they were made.

use super::cannot_open;
use super::inspect::{immutable, open};
use super::labels::{length, log_of};
use crate::OpenError;
use domain::time::Micros;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row};
use std::path::Path;
use uuid::Uuid;

/// When a row of the later state (`l`) and one of the backup (`b`) are one user.
const SAME_USER: &str = "b.no = l.no AND b.created_at = l.created_at";

/// What a later state knows and a backup does not.
#[derive(Default)]
pub struct DoneSince {
    /// Keys that were deleted; they pass again.
    pub deleted: Vec<TouchedKey>,
    /// Keys that were paused; they pass again.
    pub paused: Vec<TouchedKey>,
    /// Keys that were given another token; the one from before is theirs again.
    pub rotated: Vec<TouchedKey>,
    /// Keys that were latched to their first address; the next one is their first again.
    pub latched: Vec<TouchedKey>,
    /// Users who were disabled; they are let in again.
    pub disabled: Vec<Happened>,
    /// Sub-users who were removed; they are there again.
    pub removed: Vec<Happened>,
    /// Users who changed their password; the one from before is theirs again.
    pub passwords: Vec<Happened>,
    /// Gateways that were removed; their tokens are taken again.
    pub gateways: Vec<String>,
    /// Keys that were made; they are unknown.
    pub keys_made: u64,
    /// Users who were made; they are unknown.
    pub users_made: u64,
}

/// A key and when something was done with it.
pub struct TouchedKey {
    /// Its id.
    pub id: Uuid,
    /// What is shown of its token in the backup.
    pub masked: String,
    /// Whose it is.
    pub username: String,
    /// When.
    pub at: Micros,
}

/// A user and when something was done with them.
pub struct Happened {
    /// The user.
    pub username: String,
    /// When.
    pub at: Micros,
}

/// What the state in `later` knows beyond the one in `backup`, which nobody has open; none where they are of different
/// installations.
///
/// # Errors
/// One of them cannot be read.
pub fn done_since(backup: &Path, later: &Path) -> Result<Option<DoneSince>, OpenError> {
    let (backup, later) = (backup.join("latchkey.db"), later.join("latchkey.db"));
    let connection = open(&backup).map_err(|e| cannot_open(&backup, e))?;
    attach(&connection, &later).and_then(|()| read(&connection)).map_err(|e| cannot_open(&later, e))
}

/// With its log, if it was killed.
fn attach(connection: &Connection, later: &Path) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let mut address = immutable(later)?;
    if length(&log_of(later)) > 0 {
        address = address.replace("?immutable=1", "?mode=ro");
    }
    connection.execute("ATTACH DATABASE ? AS later", [address]).map(drop)
}

fn read(connection: &Connection) -> rusqlite::Result<Option<DoneSince>> {
    let sql = "SELECT (SELECT id FROM main.installation) = (SELECT id FROM later.installation)";
    if !connection.query_row(sql, [], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let keys = |at: &str, is: &str| touched(connection, at, is);
    let knows = |schema: &str, table: &str, column: &str| {
        let sql = "SELECT count(*) > 0 FROM pragma_table_info(?2, ?1) WHERE name = ?3";
        connection.query_row(sql, [schema, table, column], |row| row.get::<_, bool>(0))
    };
    let both_know_rotations = knows("main", "keys", "rotated_at")? && knows("later", "keys", "rotated_at")?;
    let removed_at = |schema: &str, column: &'static str| {
        Ok::<_, rusqlite::Error>(if knows(schema, "users", "removed_at")? { column } else { "NULL" })
    };
    let (was_removed, removed) = (removed_at("main", "b.removed_at")?, removed_at("later", "l.removed_at")?);
    // Who was removed is disabled and has no password by that.
    let living = |at: &str, is: &str| users(connection, at, &format!("{is} AND {removed} IS NULL"));
    let lives = "l.deleted_at IS NULL AND b.deleted_at IS NULL";
    let rotated = format!("coalesce(l.rotated_at, 0) > coalesce(b.rotated_at, 0) AND {lives}");
    Ok(Some(DoneSince {
        deleted: keys("l.deleted_at", "l.deleted_at IS NOT NULL AND b.deleted_at IS NULL")?,
        paused: keys("l.disabled_at", &format!("l.disabled_at IS NOT NULL AND b.disabled_at IS NULL AND {lives}"))?,
        rotated: if both_know_rotations { keys("l.rotated_at", &rotated)? } else { vec![] },
        latched: keys("l.locked_at", &format!("l.locked_ip IS NOT NULL AND b.locked_ip IS NULL AND {lives}"))?,
        disabled: living("l.disabled_at", "l.disabled_at IS NOT NULL AND b.disabled_at IS NULL")?,
        removed: users(connection, removed, &format!("{removed} IS NOT NULL AND {was_removed} IS NULL"))?,
        passwords: living("l.password_set_at", "l.password_hash <> b.password_hash")?,
        gateways: connection
            .prepare(
                "SELECT name FROM main.gateways WHERE token_hash NOT IN (SELECT token_hash FROM later.gateways)
                 ORDER BY name",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
        keys_made: made(connection, "keys", "b.id = l.id")?,
        users_made: made(connection, "users", SAME_USER)?,
    }))
}

/// Keys that both states know, with a time and what has to hold of the later (`l`) and of the backup's (`b`).
fn touched(connection: &Connection, at: &str, is: &str) -> rusqlite::Result<Vec<TouchedKey>> {
    let sql = format!(
        "SELECT l.id, b.masked, u.username, coalesce({at}, 0) FROM later.keys l JOIN main.keys b ON b.id = l.id
         JOIN later.users u ON u.no = l.user_no WHERE {is} ORDER BY 4, l.no"
    );
    let key = |row: &Row<'_>| {
        Ok(TouchedKey {
            id: Uuid::from_bytes(row.get(0)?),
            masked: row.get(1)?,
            username: row.get(2)?,
            at: Micros(row.get(3)?),
        })
    };
    connection.prepare(&sql)?.query_map([], key)?.collect()
}

/// The same of users.
fn users(connection: &Connection, at: &str, is: &str) -> rusqlite::Result<Vec<Happened>> {
    let sql = format!(
        "SELECT l.username, coalesce({at}, 0) FROM later.users l JOIN main.users b ON {SAME_USER}
         WHERE {is} ORDER BY 2, 1"
    );
    let user = |row: &Row<'_>| Ok(Happened { username: row.get(0)?, at: Micros(row.get(1)?) });
    connection.prepare(&sql)?.query_map([], user)?.collect()
}

/// Rows that only the later state has.
fn made(connection: &Connection, table: &str, same: &str) -> rusqlite::Result<u64> {
    let sql = format!(
        "SELECT count(*) FROM later.{table} l WHERE NOT EXISTS (SELECT 1 FROM main.{table} b WHERE {same})"
    );
    connection.query_row(&sql, [], |row| row.get(0))
}
