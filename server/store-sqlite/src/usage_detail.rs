//! From where a key was used, and why it was refused.

use super::SqliteStore;
use super::rows::{corrupt, stored_address};
use super::usage_entries::{FOLDED, MOVED, USES, folded_keys, moved_addresses, uses};
use super::usage_read::Turns;
use crate::Trouble;
use crate::statements::sql;
use contract::Code;
use domain::address::Address;
use domain::ids::KeyNumber;
use domain::time::Micros;
use sqlx::Row;
use std::collections::{HashMap, HashSet};
use store::{AddressUses, Refused, SpanStarts};

/// Addresses and journal from one snapshot, in which they add up.
const ADDRESSES: &str = "SELECT NULL AS seq, 0 AS kind, first_at AS at, last_at, count, address AS entries
    FROM usage.addresses WHERE key_no = ?1
    UNION ALL SELECT seq, kind, at, 0, 0, entries FROM usage.journal";
const REFUSED: &str = "SELECT code, hour, count FROM usage.hourly
    WHERE key_no = ?1 AND hour >= ?2 AND code <> 0";

/// The addresses of a key, the one that was used last first.
pub(super) async fn addresses(store: &SqliteStore, key: KeyNumber) -> Result<Vec<AddressUses>, Trouble> {
    let rows = sql!(ADDRESSES, key.0).fetch_all(&store.readers).await?;
    let (mut folded, mut moved) = (HashSet::new(), HashSet::new());
    for row in &rows {
        let Some(seq) = row.try_get::<Option<i64>, _>("seq")? else { continue };
        match row.try_get::<i64, _>("kind")? {
            FOLDED if folded_keys(row.try_get("entries")?).any(|other| other == key) => {
                folded.insert(seq >> 32);
            }
            MOVED => {
                let moving = moved_addresses(row.try_get("entries")?).filter(|(other, _)| *other == key);
                moved.extend(moving.map(|(_, address)| (seq >> 32, address)));
            }
            _ => {}
        }
    }
    let (mut found, mut turns) = (HashMap::<Address, AddressUses>::new(), Turns::default());
    for row in &rows {
        let at = Micros(row.try_get("at")?);
        match row.try_get::<Option<i64>, _>("seq")? {
            None => {
                let address = stored_address(row.try_get("entries")?)?;
                let count = row.try_get::<i64, _>("count")?.unsigned_abs();
                add(
                    &mut found,
                    AddressUses { address, count, first: at, last: Micros(row.try_get("last_at")?) },
                );
            }
            Some(seq) if row.try_get::<i64, _>("kind")? != USES || folded.contains(&(seq >> 32)) => {}
            Some(seq) => {
                let entries: &[u8] = row.try_get("entries")?;
                turns.read(entries).await;
                for one in uses(entries)?.filter(|one| one.key == key) {
                    if moved.contains(&(seq >> 32, one.address)) {
                        continue;
                    }
                    add(&mut found, AddressUses { address: one.address, count: 1, first: at, last: at });
                }
            }
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_unstable_by_key(|uses| (std::cmp::Reverse(uses.last), uses.address.to_bytes()));
    Ok(found)
}

fn add(found: &mut HashMap<Address, AddressUses>, uses: AddressUses) {
    let known = found.entry(uses.address).or_insert(AddressUses { count: 0, ..uses });
    known.count += uses.count;
    known.first = known.first.min(uses.first);
    known.last = known.last.max(uses.last);
}

/// The refusals of a key by cause, the most frequent first.
pub(super) async fn refused(
    store: &SqliteStore,
    key: KeyNumber,
    starts: SpanStarts,
) -> Result<Vec<Refused>, Trouble> {
    let rows = sql!(REFUSED, key.0, starts.days_30).fetch_all(&store.readers).await?;
    let mut causes: Vec<Refused> = Vec::new();
    for row in &rows {
        let number = usize::try_from(row.try_get::<i64, _>("code")?).ok();
        let code = number.and_then(|number| Code::ALL.get(number)).ok_or_else(|| corrupt("cause"))?;
        let (hour, count) = (row.try_get("hour")?, row.try_get::<i64, _>("count")?.unsigned_abs());
        let at = causes.iter().position(|cause| cause.code == *code).unwrap_or_else(|| {
            causes.push(Refused { code: *code, spans: [0; 3] });
            causes.len() - 1
        });
        causes[at].add(starts, hour, count);
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.spans[2]));
    Ok(causes)
}
