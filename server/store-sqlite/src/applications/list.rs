//! Applications that have a key, and where keys pass from.

use crate::rows::{client, key_id, micros, optional_micros, source_range, username};
use crate::statements::sql;
use crate::{SqliteStore, Trouble};
use domain::address::{Address, Network};
use domain::ids::Username;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{ApplicationRow, KeyScope, StoreError};

/// What is asked of a scope: the statement for an account, and that for a user. Each names one column, so that its index
/// is used.
macro_rules! of_scope {
    ($scope:expr, $before:literal, $column:literal, $after:literal) => {
        match $scope {
            KeyScope::Account(owner) => (concat!($before, $column, "account_no = ?1", $after), owner.0),
            KeyScope::User(user) => (concat!($before, $column, "user_no = ?1", $after), user.0),
        }
    };
}

fn application(row: &SqliteRow) -> Result<ApplicationRow, Trouble> {
    let approved_by: &str = row.try_get("approved_by")?;
    Ok(ApplicationRow {
        name: row.try_get("name")?,
        return_url: row.try_get("return_url")?,
        asked_from: client(row, "asked_from")?,
        key: key_id(row, "key_id")?,
        description: row.try_get("description")?,
        masked: row.try_get("masked")?,
        username: username(row)?,
        approved_by: Username::parse(approved_by).map_err(|_| crate::rows::corrupt("username"))?,
        approved_at: micros(row, "decided_at")?,
        fetched_at: optional_micros(row, "fetched_at")?,
    })
}

/// How many have a living key.
pub(super) async fn count(store: &SqliteStore, scope: KeyScope) -> Result<u64, StoreError> {
    let (sql, number) = of_scope!(
        scope,
        "SELECT count(*) FROM applications a JOIN keys k ON k.no = a.key_no
         WHERE a.key_no IS NOT NULL AND k.deleted_at IS NULL AND ",
        "a.",
        ""
    );
    store.count(sql!(sql, number)).await
}

/// Some of them.
pub(super) async fn list(
    store: &SqliteStore,
    scope: KeyScope,
    skipped: u32,
    most: u32,
) -> Result<Vec<ApplicationRow>, StoreError> {
    let (sql, number) = of_scope!(
        scope,
        "SELECT a.*, k.id AS key_id, k.description, k.masked, u.username, d.username AS approved_by
         FROM applications a JOIN keys k ON k.no = a.key_no JOIN users u ON u.no = k.user_no
         JOIN users d ON d.no = a.decided_by
         WHERE a.key_no IS NOT NULL AND k.deleted_at IS NULL AND ",
        "a.",
        " ORDER BY a.decided_at DESC, a.no DESC LIMIT ?2 OFFSET ?3"
    );
    store.list(sql!(sql, number, most, skipped), application).await
}

/// Whether a key is locked to an address, or lists it or a network that holds it.
pub(super) async fn is_address_of_keys(
    store: &SqliteStore,
    scope: KeyScope,
    address: Address,
) -> Result<bool, StoreError> {
    let (sql, number) = of_scope!(
        scope,
        "SELECT 1 FROM keys k WHERE k.deleted_at IS NULL AND (k.locked_ip BETWEEN ?2 AND ?3
             OR EXISTS (SELECT 1 FROM key_networks n WHERE n.key_no = k.no AND (n.network, n.prefix_length) IN
                 (SELECT unhex(c.value ->> 0), c.value ->> 1 FROM json_each(?4) c))) AND ",
        "k.",
        " LIMIT 1"
    );
    let [first, last] = source_range(address);
    let found = store.find(sql!(sql, number, first, last, networks_around(address)), |_| Ok(())).await?;
    Ok(found.is_some())
}

/// Every network that holds an address, as JSON: `[["00…",24],…]`.
fn networks_around(address: Address) -> String {
    let networks = (0..=128).map_while(|length| Network::from_stored(address.to_bytes(), length));
    let texts: Vec<_> = networks
        .map(|network| {
            let bytes: String = network.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("[\"{bytes}\",{}]", network.prefix_length())
        })
        .collect();
    format!("[{}]", texts.join(","))
}
