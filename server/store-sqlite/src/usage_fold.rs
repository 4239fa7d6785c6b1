//! Folding: pieces of the journal become totals, hours and addresses, in the transaction of the caller.

use crate::usage_keep::{Addresses, make_room};
use crate::use_sums::{KeySum, Piece, UseSums};
use contract::Code;
use domain::address::Address;
use domain::ids::{KeyNumber, UserNumber};
use rusqlite::{CachedStatement, Transaction, params};
use std::collections::{HashMap, HashSet};

/// What of a generation stands in the journal.
#[derive(Default)]
pub(super) struct Unfolded {
    pub(super) sums: UseSums,
    pub(super) folded: HashSet<KeyNumber>,
    pub(super) moved: HashSet<(KeyNumber, Address)>,
}

impl Unfolded {
    /// The sums that no transaction has folded yet, in the order of their keys.
    pub(super) fn into_sums(self) -> Vec<KeySum> {
        let Self { sums, folded, moved } = self;
        let mut left = sums.into_sorted();
        left.retain(|sum| !folded.contains(&sum.key));
        for sum in &mut left {
            let key = sum.key;
            sum.addresses.retain(|(address, ..)| !moved.contains(&(key, *address)));
        }
        left
    }
}

/// Adds pieces to what is kept.
pub(super) fn add_pieces(tx: &Transaction<'_>, pieces: &[Piece]) -> rusqlite::Result<()> {
    let mut users: HashMap<(UserNumber, i64), u64> = HashMap::new();
    let (mut totals, mut hours) = (tx.prepare_cached(ADD_TOTAL)?, Hours::prepare(tx)?);
    let mut addresses = Addresses::prepare(tx)?;
    for piece in pieces {
        match piece {
            Piece::Addresses(key, more) => {
                addresses.add(*key, more)?;
            }
            Piece::Key(sum) => {
                totals.execute(params![sum.key.0, sum.user.0, sum.count, sum.last.0])?;
                for (hour, count) in &sum.hours {
                    hours.add(sum.key, *hour, Code::Valid, *count)?;
                    *users.entry((sum.user, *hour)).or_default() += count;
                }
                if addresses.add(sum.key, &sum.addresses)? {
                    make_room(tx, sum.key)?;
                }
            }
            Piece::Room(key) => make_room(tx, *key)?,
        }
    }
    add_user_hours(tx, false, users)
}

const ADD_TOTAL: &str = "INSERT INTO totals (key_no, user_no, times_used, last_used) VALUES (?, ?, ?, ?)
    ON CONFLICT (key_no) DO UPDATE SET times_used = times_used + excluded.times_used,
    last_used = max(last_used, excluded.last_used)";

/// Adds to the hours of keys. It is prepared once for the rows of a transaction, as looking a statement up is a
/// good part of what a row costs.
pub(super) struct Hours<'c>(CachedStatement<'c>);

impl<'c> Hours<'c> {
    pub(super) fn prepare(tx: &'c Transaction<'_>) -> rusqlite::Result<Self> {
        let add = "INSERT INTO hourly (key_no, hour, code, count) VALUES (?, ?, ?, ?)
             ON CONFLICT (key_no, hour, code) DO UPDATE SET count = count + excluded.count";
        tx.prepare_cached(add).map(Self)
    }

    pub(super) fn add(&mut self, key: KeyNumber, hour: i64, code: Code, count: u64) -> rusqlite::Result<()> {
        self.0.execute(params![key.0, hour, code as u8, count]).map(drop)
    }
}

/// Adds to the hours of users.
pub(super) fn add_user_hours(
    tx: &Transaction<'_>,
    refused: bool,
    users: HashMap<(UserNumber, i64), u64>,
) -> rusqlite::Result<()> {
    let mut add = tx.prepare_cached(
        "INSERT INTO user_hourly (user_no, hour, refused, count) VALUES (?, ?, ?, ?)
         ON CONFLICT (user_no, hour, refused) DO UPDATE SET count = count + excluded.count",
    )?;
    for ((user, hour), count) in users {
        add.execute(params![user.0, hour, refused, count])?;
    }
    Ok(())
}
