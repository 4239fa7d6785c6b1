//! The log of the counts in SQLite: locks of other programs, and its size.

use crate::patience::PATIENCE;
use crate::stores::open;
use contract::Code;
use domain::address::Address;
use domain::ids::{KeyNumber, UserNumber};
use domain::time::Micros;
use store::{Refusal, StoreError, UsageLog, UsageReader, Use};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[tokio::test]
async fn a_lock_of_another_program_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log) = open(dir.path()).await;
    let one =
        Use { key: KeyNumber(1), user: UserNumber(1), address: address("203.0.113.7"), rotated_at: None };
    let refusal = Refusal { key: KeyNumber(1), user: UserNumber(1), hour: 1, code: Code::Deleted };
    let other = rusqlite::Connection::open(dir.path().join("usage.db")).unwrap();
    log.recover(&mut |_| {}).await.unwrap();
    log.append(Micros(1), &[one]).await.unwrap();
    log.begin_end();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    for _ in 0..25 {
        for met in [
            log.append(Micros(1), &[one]).await.map(drop),
            log.refuse(&[(refusal, 1)]).await,
            log.maintain().await,
            log.probe().await,
        ] {
            assert!(matches!(met, Err(StoreError::Locked(_))), "{met:?}");
        }
    }
    // A hundred writes that waited for five seconds each took longer.
    assert!(begun.elapsed() < PATIENCE);
    other.execute_batch("ROLLBACK").unwrap();
    log.append(Micros(2), &[one]).await.unwrap();
    let kept = store.count_pieces(&[UserNumber(1)], &[0, 1]).await.unwrap();
    assert_eq!(kept[0].accepted, 2, "nothing was kept of the others");
}

/// The write-ahead log of the counts is moved while it is written, and does not grow for ever.
#[tokio::test]
async fn the_log_of_the_counts_starts_over() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, mut log) = open(dir.path()).await;
    let batch =
        vec![
            Use { key: KeyNumber(1), user: UserNumber(1), address: address("203.0.113.7"), rotated_at: None };
            4000
        ];
    let size = || std::fs::metadata(dir.path().join("usage.db-wal")).unwrap().len();
    let (mut largest, mut committed) = (0, 0);
    let end = std::time::Instant::now() + PATIENCE;
    while largest < 16 << 20 || size() > 8 << 20 {
        assert!(std::time::Instant::now() < end, "it has grown to {largest} and stands at {}", size());
        match log.append(Micros(1), &batch).await {
            Ok(_) => committed += 4000,
            // The checkpoint moves the rest, which keeps a writer out for a moment.
            Err(error) if error.is_lock() => {}
            Err(error) => panic!("{error}"),
        }
        largest = largest.max(size());
        if largest >= 16 << 20 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    let mut counted = 0;
    log.recover(&mut |total| counted += total.count).await.unwrap();
    assert_eq!(counted, committed, "nothing was lost");
}
