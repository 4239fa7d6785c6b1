//! Applications that ask for a key, and those that were let in.

mod fetch;
mod guesses;
mod list;

use super::rows::{client, client_bytes, hash, micros, source_range};
use super::{SqliteStore, audit, keys};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::address::Address;
use domain::application::{DeviceCodeHash, RequestState, UserCodeHash};
use domain::client_address::ClientAddress;
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{
    ApplicationRow, ApplicationStore, Approval, Audit, Fetched, Guesser, KeyScope, NewApplication,
    OpenLimits, StoreError, Tried, WaitingApplication,
};

/// So many at a time, because changes that people wait for share the writer.
const AT_A_TIME: i64 = 500;
pub(super) const OVER: &str =
    "SELECT no FROM applications WHERE key_no IS NULL AND expires_at <= ?1 LIMIT ?2";
pub(super) const UNFETCHED: &str =
    "SELECT no FROM applications WHERE token_sealed IS NOT NULL AND expires_at <= ?1 LIMIT ?2";

/// An open request by the code that a customer types.
const BY_USER_CODE: &str =
    "SELECT * FROM applications WHERE user_code_hash = ? AND state = 0 AND expires_at > ?";
/// The same by the code of its application.
const BY_DEVICE: &str = "SELECT * FROM applications WHERE device_hash = ? AND state = 0 AND expires_at > ?";

fn waiting(row: &SqliteRow) -> Result<WaitingApplication, Trouble> {
    Ok(WaitingApplication {
        device: DeviceCodeHash(hash(row, "device_hash")?),
        name: row.try_get("name")?,
        icon_url: row.try_get("icon_url")?,
        return_url: row.try_get("return_url")?,
        asked_from: client(row, "asked_from")?,
        asked_at: micros(row, "asked_at")?,
        expires_at: micros(row, "expires_at")?,
    })
}

/// How many requests are open: from there, and in all.
async fn count_open(tx: &mut Tx, from: ClientAddress, now: Micros) -> Result<(u64, u64), Trouble> {
    let range = from.known().map(source_range);
    let sql = "SELECT count(*) AS all_open,
               coalesce(sum(CASE WHEN ?2 IS NULL THEN asked_from IS NULL ELSE asked_from BETWEEN ?2 AND ?3 END), 0)
               AS from_there FROM applications WHERE state = 0 AND expires_at > ?1";
    let [first, last] = match range {
        Some([first, last]) => [Some(first), Some(last)],
        None => [None, None],
    };
    let row = tx.one(sql!(sql, now.0, first, last)).await?;
    let count = |column: &str| Ok::<_, Trouble>(row.try_get::<i64, _>(column)?.unsigned_abs());
    Ok((count("from_there")?, count("all_open")?))
}

async fn insert(tx: &mut Tx, asked: &NewApplication, limits: OpenLimits) -> Result<(), Trouble> {
    let (from_there, all) = count_open(tx, asked.from, asked.at).await?;
    let most_there = if asked.from.known().is_some() { limits.of_source } else { limits.of_unknown };
    if from_there >= most_there {
        return Err(StoreError::LimitReached.into());
    }
    if all >= limits.of_all {
        return Err(StoreError::Overloaded.into());
    }
    let sql = "INSERT INTO applications
               (device_hash, user_code_hash, name, icon_url, return_url, asked_from, asked_at, expires_at,
               interval_seconds)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    tx.run(sql!(
        sql,
        asked.device.0.as_slice(),
        asked.user_code.0.as_slice(),
        &asked.name,
        &asked.icon_url,
        &asked.return_url,
        client_bytes(asked.from),
        asked.at.0,
        asked.expires_at.0,
        asked.interval_seconds
    ))
    .await
    .map(drop)
}

async fn approve(
    tx: &mut Tx,
    approval: Approval,
    generated: &Audit,
    approved: &Audit,
) -> Result<(), Trouble> {
    let (device, key) = (approval.device.0, approval.key.id);
    tx.one(sql!(BY_DEVICE, device.as_slice(), approved.at.0)).await?;
    keys::insert(tx, approval.key).await?;
    audit::write_untold(tx, generated, Some(key)).await?;
    let sql = "UPDATE applications SET state = ?1, user_code_hash = NULL, decided_by = ?2, decided_at = ?3,
               token_sealed = ?4, expires_at = max(applications.expires_at, ?5),
               key_no = k.no, user_no = k.user_no, account_no = k.account_no
               FROM keys k WHERE k.id = ?6 AND device_hash = ?7";
    tx.run(sql!(
        sql,
        RequestState::Approved as u8,
        approved.user.map(|user| user.0),
        approved.at.0,
        &approval.token_sealed,
        approval.fetch_until.0,
        key.0,
        device.as_slice()
    ))
    .await?;
    audit::write(tx, approved, Some(key)).await
}

#[async_trait]
impl ApplicationStore for SqliteStore {
    async fn insert_application(&self, asked: NewApplication, limits: OpenLimits) -> Result<(), StoreError> {
        change!(self, |tx| insert(tx, &asked, limits).await)
    }

    async fn try_user_code(&self, code: UserCodeHash, guesser: Guesser) -> Result<Tried, StoreError> {
        change!(self, |tx| guesses::try_code(tx, code, guesser).await)
    }

    async fn find_application(
        &self,
        code: UserCodeHash,
        now: Micros,
    ) -> Result<Option<WaitingApplication>, StoreError> {
        self.find(sql!(BY_USER_CODE, code.0.as_slice(), now.0), waiting).await
    }

    async fn find_application_of_device(
        &self,
        device: DeviceCodeHash,
        now: Micros,
    ) -> Result<Option<WaitingApplication>, StoreError> {
        self.find(sql!(BY_DEVICE, device.0.as_slice(), now.0), waiting).await
    }

    async fn approve_application(
        &self,
        approval: Approval,
        generated: Audit,
        approved: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| approve(tx, approval, &generated, &approved).await)
    }

    async fn refuse_application(&self, device: DeviceCodeHash, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql =
                "UPDATE applications SET state = ?, user_code_hash = NULL, decided_by = ?, decided_at = ?
                       WHERE device_hash = ? AND state = 0 AND expires_at > ? RETURNING no";
            let (refused, by) = (RequestState::Refused as u8, audit.user.map(|user| user.0));
            tx.one(sql!(sql, refused, by, audit.at.0, device.0.as_slice(), audit.at.0)).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn fetch_token(&self, device: DeviceCodeHash, now: Micros) -> Result<Fetched, StoreError> {
        fetch::fetch(self, device, now).await
    }

    async fn count_applications(&self, scope: KeyScope) -> Result<u64, StoreError> {
        list::count(self, scope).await
    }

    async fn list_applications(
        &self,
        scope: KeyScope,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<ApplicationRow>, StoreError> {
        list::list(self, scope, skipped, most).await
    }

    async fn is_address_of_keys(&self, scope: KeyScope, address: Address) -> Result<bool, StoreError> {
        list::is_address_of_keys(self, scope, address).await
    }

    async fn forget_applications(&self, ended: Micros, now: Micros) -> Result<u64, StoreError> {
        let no = |row: &SqliteRow| Ok(row.try_get::<i64, _>(0)?);
        let any = self.find(sql!(OVER, ended.0, 1), no).await?;
        if any.is_none() && self.find(sql!(UNFETCHED, now.0, 1), no).await?.is_none() {
            return Ok(0);
        }
        change!(self, |tx| {
            let over = format!("DELETE FROM applications WHERE no IN ({OVER})");
            let forgotten = tx.run(sql!(sqlx::AssertSqlSafe(over), ended.0, AT_A_TIME)).await?;
            let wipe = format!("UPDATE applications SET token_sealed = NULL WHERE no IN ({UNFETCHED})");
            Ok(forgotten + tx.run(sql!(sqlx::AssertSqlSafe(wipe), now.0, AT_A_TIME)).await?)
        })
    }
}
