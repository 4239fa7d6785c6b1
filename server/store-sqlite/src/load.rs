//! The start of the index in memory: every user, gateway and key, read once.
//!
//! Through rusqlite on a thread of its own: a million rows through sqlx, which hands over each of them
//! between threads, take several times as long.

use crate::Trouble;
use crate::row_numbers;
use crate::rows::corrupt;
use contract::{KeyType, LockWidth};
use domain::address::{Address, Network};
use domain::ids::{KeyId, KeyNumber, Username};
use domain::rule::AddressRule;
use domain::time::Micros;
use domain::token::{MaskedPrefix, TokenHash};
use rusqlite::{Connection, OpenFlags, Row};
use std::collections::HashMap;
use std::path::Path;
use store::{Change, IndexedKey, IndexedUser, OldToken, PrefixInUse, Watcher};
use uuid::Uuid;

/// By number, so that owners come before their sub-users: they were there when those were added.
const USERS: &str = "SELECT no, owner_no, username, disabled_at IS NOT NULL, removed_at IS NOT NULL
    FROM users ORDER BY no";
const GATEWAYS: &str = "SELECT token_hash, name FROM gateways";
const NETWORKS: &str =
    "SELECT key_no, network, prefix_length FROM key_networks ORDER BY key_no, added_at, network";
const KEYS: &str = "SELECT no, id, user_no, token_hash, key_type, description, deleted_at IS NOT NULL,
    disabled_at IS NOT NULL, expires_at, locked_ip, lock_width, masked, is_foreign FROM keys ORDER BY no";
const ADMITS_FOREIGN: &str = "SELECT foreign_tokens FROM installation";
const OLD_TOKENS: &str = "SELECT key_no, token_hash, rotated_at, until FROM old_tokens";

/// Hands everything to `watcher`, users before their keys; returns what the tokens of living keys begin with.
pub(super) fn load(path: &Path, watcher: &dyn Watcher) -> Result<Vec<PrefixInUse>, Trouble> {
    load_from(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, watcher)
}

/// The same through a connection.
pub(super) fn load_from(connection: &Connection, watcher: &dyn Watcher) -> Result<Vec<PrefixInUse>, Trouble> {
    each(connection, USERS, |row| {
        let user = IndexedUser {
            number: row_numbers::user(row.get(0)?)?,
            owner: row.get::<_, Option<i64>>(1)?.map(row_numbers::user).transpose()?,
            username: Username::parse(&row.get::<_, String>(2)?).map_err(|_| corrupt("username"))?,
            disabled: row.get(3)?,
        };
        let (number, is_removed) = (user.number, row.get(4)?);
        watcher.committed(Change::UserAdded(user));
        if is_removed {
            watcher.committed(Change::UserRemoved(number));
        }
        Ok(())
    })?;
    each(connection, GATEWAYS, |row| {
        watcher.committed(Change::GatewayAdded(TokenHash(row.get(0)?), row.get(1)?));
        Ok(())
    })?;
    if connection.query_one(ADMITS_FOREIGN, [], |row| row.get(0))? {
        watcher.committed(Change::ForeignTokensAdmitted);
    }
    let mut allow_lists: HashMap<KeyNumber, Vec<Network>> = HashMap::new();
    each(connection, NETWORKS, |row| {
        let network = Network::from_stored(row.get(1)?, row.get(2)?).ok_or_else(|| corrupt("network"))?;
        allow_lists.entry(KeyNumber(row.get(0)?)).or_default().push(network);
        Ok(())
    })?;
    // SQLite gives row numbers one after the other, so the last one is about how many there are.
    let last: usize = connection.query_one("SELECT coalesce(max(no), 0) FROM keys", [], |row| row.get(0))?;
    watcher.expect_keys(last);
    let mut prefixes = Vec::new();
    each(connection, KEYS, |row| {
        let allow_list = allow_lists.remove(&KeyNumber(row.get(0)?)).unwrap_or_default();
        let key = key(row, allow_list)?;
        let is_foreign: bool = row.get(12)?;
        if !key.deleted && !is_foreign && key.key_type != KeyType::Smpp {
            let masked = row.get_ref(11)?.as_str().map_err(|_| corrupt("masked token"))?;
            count_prefix(&mut prefixes, masked);
        }
        watcher.committed(Change::KeyAdded(Box::new(key)));
        Ok(())
    })?;
    each(connection, OLD_TOKENS, |row| {
        watcher.committed(Change::OldToken(OldToken {
            key: row_numbers::key(row.get(0)?)?,
            token_hash: TokenHash(row.get(1)?),
            rotated_at: Micros(row.get(2)?),
            until: Micros(row.get(3)?),
        }));
        Ok(())
    })?;
    Ok(prefixes)
}

/// What the tokens of living keys begin with. SMPP secrets have no prefix, and foreign tokens whichever they like. The file
/// may be of a version that knows no foreign tokens.
pub(super) fn prefixes(connection: &Connection) -> rusqlite::Result<Vec<PrefixInUse>> {
    let column = "SELECT count(*) > 0 FROM pragma_table_info('keys') WHERE name = 'is_foreign'";
    let knows_foreign: bool = connection.query_one(column, [], |row| row.get(0))?;
    let own = if knows_foreign { "AND is_foreign = 0" } else { "" };
    let select = format!("SELECT masked FROM keys WHERE deleted_at IS NULL AND key_type <> ? {own}");
    let mut select = connection.prepare(&select)?;
    let mut rows = select.query([KeyType::Smpp as u8])?;
    let mut prefixes = Vec::new();
    while let Some(row) = rows.next()? {
        count_prefix(&mut prefixes, row.get_ref(0)?.as_str()?);
    }
    Ok(prefixes)
}

/// Adds one to the count of a prefix. The list is searched, because it holds a handful at most.
fn count_prefix(prefixes: &mut Vec<PrefixInUse>, masked: &str) {
    let shown = MaskedPrefix::of(masked);
    match prefixes.iter_mut().find(|known| known.prefix.is(shown)) {
        Some(known) => known.keys += 1,
        None => prefixes.push(PrefixInUse { prefix: MaskedPrefix::new(shown), keys: 1 }),
    }
}

fn each(
    connection: &Connection,
    query: &str,
    mut take: impl FnMut(&Row<'_>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut select = connection.prepare(query)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn key(row: &Row<'_>, allow_list: Vec<Network>) -> Result<IndexedKey, Trouble> {
    let key_type = KeyType::from_number(row.get(4)?).ok_or_else(|| corrupt("key type"))?;
    Ok(IndexedKey {
        number: row_numbers::key(row.get(0)?)?,
        id: KeyId(Uuid::from_bytes(row.get(1)?)),
        user: row_numbers::user(row.get(2)?)?,
        token_hash: TokenHash(row.get(3)?),
        key_type,
        description: row.get(5)?,
        masked: row.get(11)?,
        deleted: row.get(6)?,
        disabled: row.get(7)?,
        expires_at: row.get::<_, Option<i64>>(8)?.map(Micros),
        rule: AddressRule {
            enforced: key_type.is_address_bound(),
            locked: row.get::<_, Option<[u8; 16]>>(9)?.map(Address::from_bytes),
            width: LockWidth::from_number(row.get(10)?),
            allow_list: allow_list.into(),
        },
    })
}
