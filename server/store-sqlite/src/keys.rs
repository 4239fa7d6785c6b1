//! Keys, their rules, and the start of the index in memory.

use super::rows::{
    address, corrupt, ids, key_id, key_no, micros, network, number, token_hash, user_no, username,
};
use super::{SqliteStore, audit, load, rotations};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use contract::{KeyType, LockWidth};
use domain::address::Network;
use domain::ids::{KeyId, UserNumber};
use domain::rule::AddressRule;
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::sync::Arc;
use store::{
    Audit, Change, IndexedKey, KeyMark, KeyRow, KeyScope, KeyStore, NewKey, PrefixInUse, StoreError, Watcher,
};

/// Keys with their users and the tokens they had before.
macro_rules! select {
    () => {
        "SELECT k.*, u.username, o.masked AS old_masked, o.until AS old_until
         FROM keys k JOIN users u ON u.no = k.user_no
         LEFT JOIN old_tokens o ON o.key_no = k.no AND o.rotated_at = k.rotated_at WHERE "
    };
}

/// A page of the list: by ids, within the scope (`?2` the account, `?3` the user or NULL).
pub(super) const LIST: &str = concat!(
    select!(),
    "k.id IN (SELECT unhex(value) FROM json_each(?1))
    AND (k.account_no = ?2 OR k.user_no = ?3) AND k.deleted_at IS NULL ORDER BY k.id DESC"
);
const FIND: &str =
    concat!(select!(), "k.id = ?1 AND (k.account_no = ?2 OR k.user_no = ?3) AND k.deleted_at IS NULL");
pub(super) const NETWORKS: &str = "SELECT network, prefix_length FROM key_networks
    WHERE key_no = ? ORDER BY added_at, network";

/// The account and the user of a scope, one of which is set.
pub(super) fn scope_numbers(scope: KeyScope) -> (Option<i64>, Option<i64>) {
    match scope {
        KeyScope::Account(owner) => (Some(owner.0), None),
        KeyScope::User(user) => (None, Some(user.0)),
    }
}

pub(super) fn key_type(row: &SqliteRow) -> Result<KeyType, Trouble> {
    KeyType::from_number(row.try_get("key_type")?).ok_or_else(|| corrupt("key type"))
}

pub(super) fn rule(row: &SqliteRow, allow_list: Vec<Network>) -> Result<AddressRule, Trouble> {
    Ok(AddressRule {
        enforced: key_type(row)?.is_address_bound(),
        locked: address(row, "locked_ip")?,
        width: LockWidth::from_number(row.try_get("lock_width")?),
        allow_list: allow_list.into(),
    })
}

pub(super) fn key_row(row: &SqliteRow, allow_list: Vec<Network>) -> Result<KeyRow, Trouble> {
    Ok(KeyRow {
        id: key_id(row, "id")?,
        user: user_no(row, "user_no")?,
        username: username(row)?,
        key_type: key_type(row)?,
        description: row.try_get("description")?,
        token_hash: token_hash(row)?,
        masked: row.try_get("masked")?,
        is_sealed: row.try_get::<Option<&[u8]>, _>("sealed")?.is_some(),
        created_at: micros(row, "created_at")?,
        paused: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
        expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(Micros),
        manages_keys: row.try_get("manages_keys")?,
        rule: rule(row, allow_list)?,
        rotation: rotations::rotation(row)?,
    })
}

#[async_trait]
impl KeyStore for SqliteStore {
    async fn load(&self, watcher: Arc<dyn Watcher>) -> Result<Vec<PrefixInUse>, StoreError> {
        let path = self.directory.join("latchkey.db");
        let loaded = tokio::task::spawn_blocking(move || load::load(&path, watcher.as_ref())).await;
        Ok(loaded.map_err(|error| StoreError::Unavailable(error.to_string()))??)
    }

    async fn insert_key(&self, key: NewKey, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let id = key.id;
            insert(tx, key).await?;
            audit::write(tx, &audit, Some(id)).await
        })
    }

    async fn list_keys(&self, scope: KeyScope, keys: &[KeyId]) -> Result<Vec<KeyRow>, StoreError> {
        let (account, user) = scope_numbers(scope);
        self.list(sql!(LIST, ids(keys), account, user), |row| key_row(row, vec![])).await
    }

    async fn list_marked_keys(
        &self,
        scope: KeyScope,
        mark: KeyMark,
        most: u32,
    ) -> Result<Vec<KeyId>, StoreError> {
        self.marked_keys(scope, mark, most).await
    }

    async fn find_key(&self, scope: KeyScope, id: KeyId) -> Result<Option<KeyRow>, StoreError> {
        let (account, user) = scope_numbers(scope);
        let with_number = |row: &SqliteRow| Ok((key_no(row, "no")?, key_row(row, vec![])?));
        let found = self.find(sql!(FIND, id.0, account, user), with_number).await?;
        let Some((number, mut key)) = found else { return Ok(None) };
        let networks = self.list(sql!(NETWORKS, number.0), network).await?;
        key.rule.allow_list = networks.into();
        Ok(Some(key))
    }

    async fn reveal_key(&self, key: KeyId, audit: Audit) -> Result<Vec<u8>, StoreError> {
        change!(self, |tx| {
            let sql = "SELECT sealed FROM keys WHERE id = ? AND deleted_at IS NULL AND sealed IS NOT NULL";
            let row = tx.one(sql!(sql, key.0)).await?;
            audit::write(tx, &audit, Some(key)).await?;
            Ok(row.try_get("sealed")?)
        })
    }

    async fn delete_key(&self, key: KeyId, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql = "UPDATE keys SET deleted_at = ?, sealed = NULL WHERE id = ? AND deleted_at IS NULL
                       RETURNING no";
            let number = key_no(&tx.one(sql!(sql, audit.at.0, key.0)).await?, "no")?;
            tx.run(sql!("DELETE FROM key_networks WHERE key_no = ?", number.0)).await?;
            audit::write(tx, &audit, Some(key)).await?;
            tx.tell(Change::KeyDeleted(number));
            Ok(())
        })
    }
}

/// Adds a key within the transaction of a change, which writes its line.
pub(super) async fn insert(tx: &mut Tx, key: NewKey) -> Result<(), Trouble> {
    if let Some(most) = key.most
        && count_living(tx, key.user, most).await? >= most
    {
        return Err(StoreError::LimitReached.into());
    }
    rotations::check_unknown(tx, &key.token_hash).await?;
    let sql = "INSERT INTO keys
               (id, user_no, account_no, key_type, description, token_hash, masked, sealed, created_at, expires_at,
               manages_keys)
               SELECT ?1, no, coalesce(owner_no, no), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
               FROM users WHERE no = ?2 AND removed_at IS NULL RETURNING no";
    let inserted = tx
        .one(sql!(
            sql,
            key.id.0,
            key.user.0,
            key.key_type as u8,
            &key.description,
            key.token_hash.0.as_slice(),
            &key.masked,
            &key.sealed,
            key.at.0,
            key.expires_at.map(|end| end.0),
            key.manages_keys
        ))
        .await?;
    let indexed = IndexedKey {
        number: key_no(&inserted, "no")?,
        id: key.id,
        user: key.user,
        token_hash: key.token_hash,
        key_type: key.key_type,
        description: key.description,
        masked: key.masked,
        deleted: false,
        disabled: false,
        expires_at: key.expires_at,
        rule: AddressRule { enforced: key.key_type.is_address_bound(), ..AddressRule::default() },
    };
    tx.tell(Change::KeyAdded(Box::new(indexed)));
    Ok(())
}

/// How many keys the account of a user has, without the tombstones; counting ends at `most`.
async fn count_living(tx: &mut Tx, user: UserNumber, most: u32) -> Result<u32, Trouble> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM keys WHERE deleted_at IS NULL
               AND account_no = (SELECT coalesce(owner_no, no) FROM users WHERE no = ?) LIMIT ?)";
    let row = tx.one(sql!(sql, user.0, most)).await?;
    number(row.try_get(0)?)
}
