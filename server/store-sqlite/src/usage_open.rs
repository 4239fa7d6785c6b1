//! The file of the counts as it is opened: its settings, its version and the installation that it belongs to.

use crate::checkpoint::CUT;
use crate::usage_journal::Generation;
use crate::usage_names;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// Each entry takes the file one version further; `PRAGMA user_version` says where it stands.
pub(super) const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/usage/0001_begin.sql"),
    include_str!("../migrations/usage/0002_marks.sql"),
    include_str!("../migrations/usage/0003_totals.sql"),
    include_str!("../migrations/usage/0004_old_tokens.sql"),
];

/// The place of the last row of each generation.
pub(super) fn last_places(connection: &Connection) -> rusqlite::Result<HashMap<Generation, i64>> {
    let mut select =
        connection.prepare("SELECT seq >> 32, max(seq) & 4294967295 FROM journal GROUP BY seq >> 32")?;
    let places = select.query_map([], |row| Ok((Generation(row.get(0)?), row.get(1)?)))?;
    places.collect()
}

/// Sets what holds for this connection or for the file.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The schema and the installation survive power loss, whatever the setting says of uses.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints run beside the hot path.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", CUT)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Takes the file from a version to the present one; `state` is latchkey.db, whose keys are counted in it.
pub(super) fn migrate(connection: &mut Connection, version: usize, state: &Path) -> rusqlite::Result<()> {
    usage_names::attach(connection, state)?;
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        // Deferred: an immediate one would lock the state too.
        let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", done + 1)?;
        tx.commit()?;
    }
    usage_names::detach(connection)
}

/// Writes the installation into a new file; returns the one it belongs to.
pub(super) fn claim(connection: &Connection, installation: Uuid) -> rusqlite::Result<Uuid> {
    connection.execute(
        "INSERT INTO installation (only, id) VALUES (1, ?) ON CONFLICT DO NOTHING",
        [installation.as_bytes().as_slice()],
    )?;
    let bytes: [u8; 16] = connection.query_row("SELECT id FROM installation", [], |r| r.get(0))?;
    Ok(Uuid::from_bytes(bytes))
}
