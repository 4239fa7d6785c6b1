//! Addresses that the owner of a key does not want to hear of again.

use super::super::rows::stored_address;
use crate::Trouble;
use contract::Cause;
use domain::address::Address;
use domain::ids::KeyNo;
use domain::notice::gathering::Refusals;
use domain::time::Micros;
use sqlx::{Row, SqliteConnection};
use store::NewNotice;

/// The notice without them; none if nothing is left.
pub(super) async fn without(
    connection: &mut SqliteConnection,
    notice: &NewNotice,
) -> Result<Option<NewNotice>, Trouble> {
    let (Cause::NewAddress, Some(key)) = (notice.cause, notice.key) else {
        return Ok(Some(notice.clone()));
    };
    let rows = sqlx::query("SELECT address FROM ignored_addresses WHERE key_no = ?")
        .bind(i64::from(key.0))
        .fetch_all(connection)
        .await?;
    let ignored: Result<Vec<_>, _> = rows
        .iter()
        .map(|row| row.try_get("address").map_err(Trouble::from).and_then(stored_address))
        .collect();
    let refusals = Refusals { count: notice.count, addresses: notice.addresses.clone() };
    let left = refusals.without(&ignored?);
    Ok(left.map(|Refusals { count, addresses }| NewNotice { addresses, count, ..notice.clone() }))
}

/// Ignores an address from now on; beyond `most` of them the one that was ignored longest ago makes room.
/// Answers whether it was not ignored before.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    key: KeyNo,
    address: Address,
    most: u32,
    at: Micros,
) -> Result<bool, Trouble> {
    let sql = "INSERT OR IGNORE INTO ignored_addresses (key_no, address, ignored_at) VALUES (?, ?, ?)";
    let inserted = sqlx::query(sql)
        .bind(i64::from(key.0))
        .bind(address.to_bytes().to_vec())
        .bind(at.0)
        .execute(&mut *connection)
        .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "DELETE FROM ignored_addresses WHERE key_no = ?1 AND address IN
         (SELECT address FROM ignored_addresses WHERE key_no = ?1
          ORDER BY ignored_at DESC, address LIMIT -1 OFFSET ?2)",
    )
    .bind(i64::from(key.0))
    .bind(i64::from(most))
    .execute(connection)
    .await?;
    Ok(true)
}
