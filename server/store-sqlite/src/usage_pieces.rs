//! The counts of pieces of time that follow each other, for charts.

use super::SqliteStore;
use super::rows::{corrupt, ids, key_id, key_no, numbers};
use super::usage_read::Found;
use crate::Trouble;
use crate::statements::sql;
use domain::ids::{KeyId, KeyNumber, UserNumber};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::{HashMap, HashSet};
use store::PieceCounts;

/// The pieces of time `?2`, each a pair of hours. They are read from their text once, not for every row.
macro_rules! pieces {
    () => {
        "WITH p (place, first, until) AS MATERIALIZED (SELECT key, value ->> 0, value ->> 1 FROM json_each(?2))"
    };
}

/// `?1` users. A sum is a range of the primary key for each user and piece.
const OF_USERS: &str = concat!(
    pieces!(),
    "SELECT NULL AS seq, 0 AS kind, p.place AS at, NULL AS entries, 0 AS whose,
       (SELECT sum(h.count) FROM usage.user_hourly h WHERE h.user_no IN (SELECT value FROM json_each(?1))
        AND h.hour >= p.first AND h.hour < p.until AND h.refused = 0) AS accepted,
       (SELECT sum(h.count) FROM usage.user_hourly h WHERE h.user_no IN (SELECT value FROM json_each(?1))
        AND h.hour >= p.first AND h.hour < p.until AND h.refused = 1) AS refused
     FROM p
     UNION ALL SELECT seq, kind, at, entries, 0, 0, 0 FROM usage.journal WHERE kind IN (0, 1)"
);
/// The same for the keys with the numbers `?1`.
const OF_KEYS: &str = concat!(
    pieces!(),
    ", k (no) AS MATERIALIZED (SELECT value FROM json_each(?1))
     SELECT NULL AS seq, 0 AS kind, p.place AS at, NULL AS entries, k.no AS whose,
       (SELECT sum(h.count) FROM usage.hourly h WHERE h.key_no = k.no
        AND h.hour >= p.first AND h.hour < p.until AND h.code = 0) AS accepted,
       (SELECT sum(h.count) FROM usage.hourly h WHERE h.key_no = k.no
        AND h.hour >= p.first AND h.hour < p.until AND h.code <> 0) AS refused
     FROM k CROSS JOIN p
     UNION ALL SELECT seq, kind, at, entries, 0, 0, 0 FROM usage.journal WHERE kind IN (0, 1)"
);
const NUMBERS: &str = "SELECT no, id FROM keys WHERE id IN (SELECT unhex(value) FROM json_each(?))";

/// Pairs of hours, as the statements take them.
fn pieces(edges: &[i64]) -> String {
    let pairs: Vec<_> = edges.windows(2).map(|pair| format!("[{},{}]", pair[0], pair[1])).collect();
    format!("[{}]", pairs.join(","))
}

/// The counts of these users' keys together.
pub(super) async fn of_users(
    store: &SqliteStore,
    users: &[UserNumber],
    edges: &[i64],
) -> Result<Vec<PieceCounts>, Trouble> {
    let mut counts = none(edges);
    let wanted: HashSet<UserNumber> = users.iter().copied().collect();
    let query = sql!(OF_USERS, numbers(users.iter().map(|user| user.0)), pieces(edges));
    let add = |found: Found<'_>| {
        match found {
            Found::Sum(row) => add_sum(&mut counts, row)?,
            Found::Use(one, hour) if wanted.contains(&one.user) => add_use(&mut counts, edges, hour),
            Found::Use(..) => {}
        }
        Ok(())
    };
    store.read_counts(query, add).await?;
    Ok(counts)
}

/// The counts of each of these keys, in their order.
pub(super) async fn of_keys(
    store: &SqliteStore,
    keys: &[KeyId],
    edges: &[i64],
) -> Result<Vec<Vec<PieceCounts>>, Trouble> {
    let rows = sql!(NUMBERS, ids(keys)).fetch_all(&store.readers).await?;
    let known = rows.iter().map(|row| Ok((key_id(row, "id")?, key_no(row, "no")?)));
    let known: HashMap<KeyId, KeyNumber> = known.collect::<Result<_, Trouble>>()?;
    let mut counts: HashMap<KeyNumber, _> = known.values().map(|number| (*number, none(edges))).collect();
    let query = sql!(OF_KEYS, numbers(known.values().map(|number| number.0)), pieces(edges));
    let add = |found: Found<'_>| {
        let number = match found {
            Found::Sum(row) => key_no(row, "whose")?,
            Found::Use(one, _) => one.key,
        };
        match (counts.get_mut(&number), found) {
            (Some(own), Found::Sum(row)) => add_sum(own, row)?,
            (Some(own), Found::Use(_, hour)) => add_use(own, edges, hour),
            (None, _) => {}
        }
        Ok(())
    };
    store.read_counts(query, add).await?;
    let own = |key| known.get(key).and_then(|number| counts.get(number)).cloned();
    Ok(keys.iter().map(|key| own(key).unwrap_or_else(|| none(edges))).collect())
}

fn none(edges: &[i64]) -> Vec<PieceCounts> {
    vec![PieceCounts::default(); edges.len().saturating_sub(1)]
}

fn add_use(counts: &mut [PieceCounts], edges: &[i64], hour: i64) {
    if let Some(piece) = PieceCounts::place(edges, hour).and_then(|place| counts.get_mut(place)) {
        piece.add(false, 1);
    }
}

/// Adds a row of sums. A piece without any has no sum.
fn add_sum(counts: &mut [PieceCounts], row: &SqliteRow) -> Result<(), Trouble> {
    let place = usize::try_from(row.try_get::<i64, _>("at")?).map_err(|_| corrupt("piece of time"))?;
    let piece = counts.get_mut(place).ok_or_else(|| corrupt("piece of time"))?;
    for (is_refused, column) in [(false, "accepted"), (true, "refused")] {
        let sum: Option<i64> = row.try_get(column)?;
        piece.add(is_refused, sum.map_or(0, i64::unsigned_abs));
    }
    Ok(())
}
