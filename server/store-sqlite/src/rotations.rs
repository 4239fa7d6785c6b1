//! Rotation of keys.

use super::rows::{hash, key_no, optional_micros};
use super::{SqliteStore, audit};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::{KeyId, KeyNumber};
use domain::rotation;
use domain::time::Micros;
use domain::token::TokenHash;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Audit, Change, NewToken, OldToken, Rotation, RotationStore, StoreError};

/// A living key with its token and its last rotation.
const STANDING: &str =
    "SELECT k.no, k.token_hash, k.masked, k.rotated_at, o.token_hash AS old_hash, o.until AS old_until
    FROM keys k LEFT JOIN old_tokens o ON o.key_no = k.no AND o.rotated_at = k.rotated_at
    WHERE k.id = ? AND k.deleted_at IS NULL";

#[async_trait]
impl RotationStore for SqliteStore {
    async fn rotate_key(
        &self,
        key: KeyId,
        token: NewToken,
        until: Micros,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let standing = tx.one(sql!(STANDING, key.0)).await?;
            if overlapping(&standing, audit.at)?.is_some() {
                return Err(StoreError::LimitReached.into());
            }
            check_unknown(tx, &token.token_hash).await?;
            let (number, token_hash) = (key_no(&standing, "no")?, TokenHash(hash(&standing, "token_hash")?));
            if token_hash == token.token_hash {
                return Err(StoreError::Conflict.into());
            }
            let rotated_at = next_rotation(&standing, audit.at)?;
            let old = OldToken { key: number, token_hash, rotated_at, until };
            keep_old(tx, &old, standing.try_get("masked")?).await?;
            set_token(tx, number, &token, rotated_at).await?;
            audit::write(tx, &audit, Some(key)).await?;
            // In this order, so that the token before is known at every moment.
            tx.tell(Change::OldToken(old));
            tx.tell(Change::KeyToken(number, token.token_hash, token.masked));
            Ok(())
        })
    }

    async fn end_old_token(&self, key: KeyId, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let standing = tx.one(sql!(STANDING, key.0)).await?;
            let Some(rotated_at) = overlapping(&standing, audit.at)? else {
                return Err(StoreError::NotFound.into());
            };
            let token_hash = TokenHash(hash(&standing, "old_hash")?);
            let sql = "UPDATE old_tokens SET until = ? WHERE token_hash = ?";
            tx.run(sql!(sql, audit.at.0, token_hash.0.as_slice())).await?;
            audit::write(tx, &audit, Some(key)).await?;
            let number = key_no(&standing, "no")?;
            tx.tell(Change::OldToken(OldToken { key: number, token_hash, rotated_at, until: audit.at }));
            Ok(())
        })
    }
}

/// When the rotation was whose old token still passes.
fn overlapping(standing: &SqliteRow, now: Micros) -> Result<Option<Micros>, Trouble> {
    let until = optional_micros(standing, "old_until")?;
    let passes = until.is_some_and(|until| rotation::passes(until, now));
    if passes { optional_micros(standing, "rotated_at") } else { Ok(None) }
}

/// The time of a rotation now: behind the last one of the key also where the clock stands still or was set back, because
/// it tells old tokens apart.
fn next_rotation(standing: &SqliteRow, now: Micros) -> Result<Micros, Trouble> {
    let last = optional_micros(standing, "rotated_at")?;
    Ok(last.map_or(now, |last| now.max(Micros(last.0 + 1))))
}

/// `Conflict` if a key had a token with this hash before. The present ones are unique by themselves.
pub(super) async fn check_unknown(tx: &mut Tx, token_hash: &TokenHash) -> Result<(), Trouble> {
    let known = sql!("SELECT 1 FROM old_tokens WHERE token_hash = ?", token_hash.0.as_slice());
    match tx.optional(known).await? {
        Some(_) => Err(StoreError::Conflict.into()),
        None => Ok(()),
    }
}

async fn keep_old(tx: &mut Tx, old: &OldToken, masked: &str) -> Result<(), Trouble> {
    let sql = "INSERT INTO old_tokens (token_hash, key_no, masked, rotated_at, until) VALUES (?, ?, ?, ?, ?)";
    let hash = old.token_hash.0.as_slice();
    tx.run(sql!(sql, hash, old.key.0, masked, old.rotated_at.0, old.until.0)).await.map(drop)
}

async fn set_token(tx: &mut Tx, key: KeyNumber, token: &NewToken, at: Micros) -> Result<(), Trouble> {
    let sql =
        "UPDATE keys SET token_hash = ?, masked = ?, sealed = ?, rotated_at = ?, is_foreign = 0 WHERE no = ?";
    let hash = token.token_hash.0.as_slice();
    tx.run(sql!(sql, hash, &token.masked, &token.sealed, at.0, key.0)).await.map(drop)
}

/// The last rotation of a key; the row has the columns of its old token as `old_…`.
pub(super) fn rotation(row: &SqliteRow) -> Result<Option<Rotation>, Trouble> {
    let (at, until) = (optional_micros(row, "rotated_at")?, optional_micros(row, "old_until")?);
    let (Some(at), Some(until)) = (at, until) else { return Ok(None) };
    Ok(Some(Rotation { at, until, masked: row.try_get("old_masked")? }))
}
