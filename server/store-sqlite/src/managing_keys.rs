//! Whether a key may ask for changes, within the transaction of the change.

use super::rows::has;
use super::users::role_of;
use crate::Trouble;
use crate::statements::{Tx, sql};
use domain::ids::KeyId;
use domain::managing::ManagerFacts;
use domain::time::Micros;
use sqlx::Row;
use store::StoreError;

/// Fails if the key may not manage keys any more. Returns its number.
pub(super) async fn check_standing(tx: &mut Tx, key: KeyId, now: Micros) -> Result<u32, Trouble> {
    let (number, facts) = read(tx, key).await?;
    if facts.may_change(now) { Ok(number) } else { Err(StoreError::SignedOut.into()) }
}

/// Fails if the key may not change itself any more. Returns its number.
pub(super) async fn check_itself(tx: &mut Tx, key: KeyId, now: Micros) -> Result<u32, Trouble> {
    let (number, facts) = read(tx, key).await?;
    if facts.may_change_itself(now) { Ok(number) } else { Err(StoreError::SignedOut.into()) }
}

async fn read(tx: &mut Tx, key: KeyId) -> Result<(u32, ManagerFacts), Trouble> {
    let sql = "SELECT k.no, k.manages_keys, k.deleted_at, k.disabled_at, k.expires_at, u.role, u.owner_no,
               u.disabled_at AS user_disabled_at, o.disabled_at AS owner_disabled_at
               FROM keys k JOIN users u ON u.no = k.user_no LEFT JOIN users o ON o.no = u.owner_no
               WHERE k.id = ?";
    let Some(row) = tx.optional(sql!(sql, key.0)).await? else { return Err(StoreError::SignedOut.into()) };
    let facts = ManagerFacts {
        permitted: row.try_get("manages_keys")?,
        deleted: has(&row, "deleted_at")?,
        paused: has(&row, "disabled_at")?,
        expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(Micros),
        user_disabled: has(&row, "user_disabled_at")? || has(&row, "owner_disabled_at")?,
        role: role_of(&row)?,
    };
    Ok((row.try_get("no")?, facts))
}
