//! A million keys in seconds, for the directories that benches work on: no audit log, no sync.

use crate::Trouble;
use domain::address::Address;
use rusqlite::{Connection, params};
use std::path::Path;
use store::{NewKey, StoreError};

/// Adds keys of owners, each locked to `lock`, to a directory that no server uses.
///
/// # Errors
/// The database is in trouble, or a key is there already.
pub fn insert_locked_keys(
    directory: &Path,
    lock: Address,
    keys: impl IntoIterator<Item = NewKey>,
) -> Result<(), StoreError> {
    Ok(insert(directory, lock, keys)?)
}

fn insert(directory: &Path, lock: Address, keys: impl IntoIterator<Item = NewKey>) -> Result<(), Trouble> {
    let mut connection = Connection::open(directory.join("latchkey.db"))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let tx = connection.transaction()?;
    let mut insert = tx.prepare(
        "INSERT INTO keys (id, user_no, account_no, key_type, description, token_hash, masked, sealed,
         created_at, locked_ip, locked_at) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8)",
    )?;
    for key in keys {
        insert.execute(params![
            key.id.0.as_bytes(),
            key.user.0,
            key.key_type as u8,
            key.description,
            key.token_hash.0,
            key.masked,
            key.sealed,
            key.at.0,
            lock.to_bytes(),
        ])?;
    }
    drop(insert);
    tx.commit()?;
    Ok(())
}
