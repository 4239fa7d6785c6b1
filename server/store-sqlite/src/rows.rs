//! Reads columns as domain types.

use crate::Trouble;
use crate::row_numbers;
use contract::Role;
use domain::address::{Address, Network};
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, KeyNumber, UserNumber, Username};
use domain::time::Micros;
use domain::token::TokenHash;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::StoreError;

/// A value that no version of this program wrote.
pub(super) fn corrupt(what: &str) -> Trouble {
    StoreError::Unavailable(format!("unreadable {what}")).into()
}

/// Reads the rows of a queue. Returns what they hold, and the numbers of those that cannot be read, each of which is logged:
/// the caller sets them aside, so that the rows behind them do not wait for ever.
pub(super) fn sort_out<T>(
    table: &'static str,
    rows: &[SqliteRow],
    column: &str,
    read: impl Fn(&SqliteRow) -> Result<T, Trouble>,
) -> Result<(Vec<T>, Vec<i64>), Trouble> {
    let (mut held, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match read(row) {
            Ok(value) => held.push(value),
            Err(error) => {
                let number: i64 = row.try_get(column)?;
                tracing::error!(table, row = number, %error, "a row of latchkey.db cannot be read and is set aside");
                unreadable.push(number);
            }
        }
    }
    Ok((held, unreadable))
}

/// A count of 32 bits.
pub(super) fn number(value: i64) -> Result<u32, Trouble> {
    u32::try_from(value).map_err(|_| corrupt("number"))
}

/// A number of things, which is never negative.
pub(super) fn count(row: &SqliteRow, column: &str) -> Result<u64, Trouble> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}

/// A time that may be missing.
pub(super) fn optional_micros(row: &SqliteRow, column: &str) -> Result<Option<Micros>, Trouble> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Micros))
}

/// Whether a row has a value in this column.
pub(super) fn has(row: &SqliteRow, column: &str) -> Result<bool, Trouble> {
    Ok(row.try_get::<Option<i64>, _>(column)?.is_some())
}

pub(super) fn user_no(row: &SqliteRow, column: &str) -> Result<UserNumber, Trouble> {
    row_numbers::user(row.try_get(column)?)
}

pub(super) fn key_no(row: &SqliteRow, column: &str) -> Result<KeyNumber, Trouble> {
    row_numbers::key(row.try_get(column)?)
}

pub(super) fn key_id(row: &SqliteRow, column: &str) -> Result<KeyId, Trouble> {
    Ok(KeyId(row.try_get(column)?))
}

pub(super) fn owner(row: &SqliteRow) -> Result<Option<UserNumber>, Trouble> {
    row.try_get::<Option<i64>, _>("owner_no")?.map(row_numbers::user).transpose()
}

pub(super) fn role(row: &SqliteRow) -> Result<Role, Trouble> {
    match row.try_get("role")? {
        0 => Ok(Role::ManagesKeys),
        1 => Ok(Role::ReadsOnly),
        _ => Err(corrupt("role")),
    }
}

pub(super) fn username(row: &SqliteRow) -> Result<Username, Trouble> {
    Username::parse(row.try_get("username")?).map_err(|_| corrupt("username"))
}

pub(super) fn micros(row: &SqliteRow, column: &str) -> Result<Micros, Trouble> {
    Ok(Micros(row.try_get(column)?))
}

pub(super) fn token_hash(row: &SqliteRow) -> Result<TokenHash, Trouble> {
    hash(row, "token_hash").map(TokenHash)
}

pub(super) fn hash(row: &SqliteRow, column: &str) -> Result<[u8; 32], Trouble> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| corrupt("hash"))
}

pub(super) fn address(row: &SqliteRow, column: &str) -> Result<Option<Address>, Trouble> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(stored_address).transpose()
}

/// The client of a page; an unknown one is stored as no address.
pub(super) fn client(row: &SqliteRow, column: &str) -> Result<ClientAddress, Trouble> {
    address(row, column).map(ClientAddress::from)
}

/// How the client of a page is stored.
pub(super) fn client_bytes(client: ClientAddress) -> Option<Vec<u8>> {
    client.known().map(|address| address.to_bytes().to_vec())
}

pub(super) fn stored_address(bytes: &[u8]) -> Result<Address, Trouble> {
    bytes.try_into().map(Address::from_bytes).map_err(|_| corrupt("address"))
}

pub(super) fn network(row: &SqliteRow) -> Result<Network, Trouble> {
    let bytes: &[u8] = row.try_get("network")?;
    let bytes = bytes.try_into().map_err(|_| corrupt("network"))?;
    let length = u8::try_from(row.try_get::<i64, _>("prefix_length")?).map_err(|_| corrupt("network"))?;
    Network::from_stored(bytes, length).ok_or_else(|| corrupt("network"))
}

/// The first and the last address of a source: one, or for IPv6 those of its /64, which one machine holds whole.
pub(super) fn source_range(address: Address) -> [Vec<u8>; 2] {
    let first = address.source().to_bytes();
    let mut last = first;
    if address.site().is_some() {
        last[8..].fill(0xff);
    }
    [first.to_vec(), last.to_vec()]
}

/// A list of ids for `IN (SELECT unhex(value) FROM json_each(?))`.
pub(super) fn ids(keys: &[KeyId]) -> String {
    let quoted: Vec<_> = keys.iter().map(|key| format!("\"{}\"", key.0.simple())).collect();
    format!("[{}]", quoted.join(","))
}

/// A list of numbers for `IN (SELECT value FROM json_each(?))`.
pub(super) fn numbers<N: std::fmt::Display>(numbers: impl Iterator<Item = N>) -> String {
    let mut text = String::from("[");
    for (place, number) in numbers.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&number.to_string());
    }
    text.push(']');
    text
}
