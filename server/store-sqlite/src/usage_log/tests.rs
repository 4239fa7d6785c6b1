//! What one step of the writer costs, counted in rows: none grows with what waits.

use super::*;
use crate::Trouble;
use crate::usage_journal::{DROP, DROP_BYTES};
use crate::usage_keep::Walk;
use crate::use_sums::{FOLD_ROWS, UseSums};
use contract::Code;
use domain::address::Address;
use domain::ids::KeyNumber;

/// Rows of a step beside those that are meant: marks in the journal.
const MARKS: i64 = 2;

struct Deaf;

impl Watcher for Deaf {
    fn committed(&self, _: Change) {}
}

fn open(dir: &Path) -> SqliteUsageLog {
    let state = dir.join("latchkey.db");
    let keys = "CREATE TABLE keys (no INTEGER PRIMARY KEY, id BLOB)";
    Connection::open(&state).unwrap().execute(keys, []).unwrap();
    let bond = Arc::default();
    let usage = dir.join("usage.db");
    let (mut log, _) = SqliteUsageLog::begin(&usage, &state, false, bond, Arc::new(Deaf)).unwrap();
    log.begin_with(Mark(1)).unwrap();
    log
}

impl SqliteUsageLog {
    /// Rows that were ever changed through this connection.
    fn changes(&self) -> i64 {
        self.connection.query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap()
    }

    /// Rows that a step changes, and what it returns.
    fn rows_of<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Trouble>) -> (i64, T) {
        let before = self.changes();
        let answer = step(self).unwrap();
        (self.changes() - before, answer)
    }
}

fn uses_of(key: u32, addresses: u32) -> impl Iterator<Item = Use> {
    (0..addresses).map(move |n| {
        let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + 7 * key + n).into());
        Use { key: KeyNumber(key.into()), user: UserNumber(key.into()), address, rotated_at: None }
    })
}

#[test]
fn a_fold_of_many_keys_with_many_addresses_takes_small_steps() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let most = i64::try_from(FOLD_ROWS).unwrap();
    // Twice: the second time each key has as many addresses as it may, and others make room.
    for (generation, at) in [(Generation(1), Micros(1)), (Generation(2), Micros(2))] {
        let mut sums = UseSums::default();
        for key in 1..=64 {
            let uses: Vec<_> = uses_of(key + 1000 * u32::from(generation.0 == 2), 1000)
                .map(|one| Use { key: KeyNumber(key.into()), ..one })
                .collect();
            log.generation = generation;
            log.rows_of(|log| log.append_row(at, &uses));
            uses.iter().for_each(|one| sums.add(*one, at));
        }
        let (mut pieces, mut steps) = (sums.into_pieces(), 0);
        loop {
            let chunk = pieces.next_chunk();
            if chunk.is_empty() {
                break;
            }
            let (rows, ()) = log.rows_of(|log| log.fold(generation, &chunk));
            assert!(rows <= 2 * most + MARKS + 2, "{rows} rows in step {steps}");
            steps += 1;
        }
        assert!(steps >= 64 * 4, "{steps}");
        loop {
            let (rows, more) = log.rows_of(|log| log.drop_generation(generation));
            assert!(rows <= DROP, "{rows}");
            if !more {
                break;
            }
        }
    }
    let kept: i64 = log.connection.query_row("SELECT count(*) FROM addresses", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 64 * 1000);
    let left: i64 = log.connection.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_mark_that_was_refused_once_is_taken_later_though_nothing_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.bond.want(Mark(2));
    for may_not_write in [true, false] {
        log.connection.pragma_update(None, "query_only", may_not_write).unwrap();
        log.begin_maintenance(Micros(1), None).unwrap();
        assert!(log.has_work());
        assert_eq!(log.maintain().await.is_err(), may_not_write);
    }
    assert_eq!(log.mark(), Mark(2));
}

#[test]
fn large_rows_of_the_journal_go_a_few_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let uses: Vec<_> = uses_of(1, 1024).collect();
    for _ in 0..300 {
        log.generation = Generation(1);
        log.append_row(Micros(1), &uses).unwrap();
    }
    let mut steps = 0;
    while log.drop_generation(Generation(1)).unwrap() {
        steps += 1;
    }
    assert!(steps >= 300 * 1024 * 24 / (DROP_BYTES + 1024 * 24), "{steps}");
}

#[test]
fn old_hours_of_one_key_go_a_few_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for hours in (0..20_000_i64).collect::<Vec<_>>().chunks(128) {
        let refusals: Vec<_> = hours
            .iter()
            .map(|hour| {
                (Refusal { key: KeyNumber(1), user: UserNumber(1), hour: *hour, code: Code::Deleted }, 1)
            })
            .collect();
        let (rows, ()) = log.rows_of(|log| log.write_refusals(&refusals));
        assert!(rows <= 256, "{rows} rows of refusals");
    }
    let (mut from, mut steps) = (Some(Walk::START), 0);
    while let Some(walk) = from {
        let (rows, next) = log.rows_of(|log| Ok(usage_keep::forget(&log.connection, 19_000, walk)?));
        assert!(rows <= 256, "{rows}");
        (from, steps) = (next, steps + 1);
    }
    assert!(steps >= 2 * 20_000 / 256, "{steps}");
    let left: i64 = log.connection.query_row("SELECT count(*) FROM hourly", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1000);
}
