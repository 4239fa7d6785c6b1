//! Addresses that the owner of a key does not want to hear of again.

use super::super::rows::stored_address;
use crate::Trouble;
use crate::statements::{Tx, sql};
use contract::Cause;
use domain::address::Address;
use domain::ids::KeyId;
use domain::notice::gathering::Refusals;
use domain::time::Micros;
use sqlx::Row;
use store::NewNotice;

/// The notice without them; none if nothing is left.
pub(super) async fn without(tx: &mut Tx, notice: &NewNotice) -> Result<Option<NewNotice>, Trouble> {
    let (Cause::NewAddress, Some(key)) = (notice.cause, notice.key) else {
        return Ok(Some(notice.clone()));
    };
    let rows = tx
        .all(sql!(
            "SELECT address FROM ignored_addresses WHERE key_no = (SELECT no FROM keys WHERE id = ?)",
            key.0
        ))
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
/// Returns whether it was not ignored before.
pub(super) async fn insert(
    tx: &mut Tx,
    key: KeyId,
    address: Address,
    most: u32,
    at: Micros,
) -> Result<bool, Trouble> {
    let sql = "INSERT OR IGNORE INTO ignored_addresses (key_no, address, ignored_at) 
               SELECT no, ?2, ?3 FROM keys WHERE id = ?1";
    let inserted = tx.run(sql!(sql, key.0, address.to_bytes().as_slice(), at.0)).await?;
    if inserted == 0 {
        return Ok(false);
    }
    let sql =
        "DELETE FROM ignored_addresses WHERE key_no = (SELECT no FROM keys WHERE id = ?1) AND address IN
               (SELECT address FROM ignored_addresses WHERE key_no = (SELECT no FROM keys WHERE id = ?1)
               ORDER BY ignored_at DESC, address LIMIT -1 OFFSET ?2)";
    tx.run(sql!(sql, key.0, most)).await?;
    Ok(true)
}
