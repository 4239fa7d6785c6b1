mod chores;
mod fake_log;
mod locks;

use super::batches::BATCH;
use super::*;
use crate::verify::KeyEntry;
use async_trait::async_trait;
use contract::{Code, KeyType};
use domain::address::Address;
use domain::ids::{KeyId, KeyNumber, UserNumber, Username};
use domain::rule::AddressRule;
use domain::time::{Micros, Steady};
use domain::token::TokenHash;
use fake_log::{FakeLog, Step};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Change, IndexedKey, IndexedUser, Lag, Refusal, Total, Watcher};

/// Under which the key stands that is used.
const HASH: TokenHash = TokenHash([1; 32]);

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Micros {
        Micros(7)
    }

    fn steady(&self) -> Steady {
        Steady(7)
    }
}

fn index() -> Arc<KeyIndex> {
    let index = KeyIndex::default();
    let username = Username::parse("demo").unwrap();
    let user = IndexedUser { number: UserNumber(1), owner: None, username, disabled: false };
    index.committed(Change::UserAdded(user));
    index.committed(Change::KeyAdded(Box::new(IndexedKey {
        number: KeyNumber(1),
        id: KeyId::generate(),
        user: UserNumber(1),
        token_hash: HASH,
        key_type: KeyType::Cloud,
        description: "x".into(),
        masked: "lkc_abcd…wxyz".into(),
        deleted: false,
        disabled: false,
        expires_at: None,
        rule: AddressRule::default(),
    })));
    Arc::new(index)
}

/// A running flusher over one key.
struct Running {
    journal: Arc<Journal>,
    index: Arc<KeyIndex>,
    key: KeyEntry,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), StoreError>>,
}

async fn start(log: &FakeLog) -> Running {
    let (journal, index) = (Arc::new(Journal::default()), index());
    let (log, clock) = (Box::new(log.clone()), Arc::new(StandingClock));
    let flusher = Flusher::start(Arc::clone(&journal), Arc::clone(&index), log, clock).await.unwrap();
    let stop = CancellationToken::new();
    #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
    let task = tokio::spawn(flusher.tick_every(Duration::from_millis(2)).run(stop.clone()));
    let key = index.find(&HASH).unwrap();
    Running { journal, index, key, stop, task }
}

fn address() -> Address {
    Address::parse("203.0.113.7").unwrap()
}

#[tokio::test]
async fn uses_that_wait_together_share_a_commit() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    let all = (0..50).map(|_| journal.record(&key, address(), None));
    let counted = futures::future::join_all(all).await;
    let numbers: Vec<_> = counted.into_iter().map(|c| c.unwrap().times_used).collect();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    assert_eq!(log.kept.lock().batches, [50]);
    stop.cancel();
    task.await.unwrap().unwrap();
    assert_eq!(log.kept.lock().folded, [50]);
}

#[tokio::test]
async fn a_use_that_cannot_be_written_is_refused_and_not_counted() {
    let log = FakeLog::default();
    let Running { journal, index, key, stop: _stop, .. } = start(&log).await;
    assert!(journal.record(&key, address(), None).await.is_ok());
    log.broken.store(true, Ordering::SeqCst);
    assert!(journal.record(&key, address(), None).await.is_err());
    assert_eq!(index.uses(&HASH), (1, Some(Micros(7))));
    log.broken.store(false, Ordering::SeqCst);
    assert_eq!(journal.record(&key, address(), None).await.unwrap().times_used, 2);
}

#[tokio::test]
async fn who_settles_is_answered_after_all_before() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, .. } = start(&log).await;
    let before = journal.record(&key, address(), None);
    let (counted, ()) = futures::join!(before, journal.settle());
    assert_eq!(counted.unwrap().times_used, 1);
    assert_eq!(log.kept.lock().batches.len(), 1);
}

/// The thread that verifies may have judged a use just before a deletion, and queued it just after.
#[tokio::test]
async fn who_settles_is_answered_after_a_full_queue_that_stood_behind() {
    let log = FakeLog::default();
    let Running { journal, index, key, stop: _stop, .. } = start(&log).await;
    let settling = async {
        journal.settle().await;
        index.uses(&HASH).0
    };
    let behind = futures::future::join_all((0..BATCH * 3).map(|_| journal.record(&key, address(), None)));
    let (counted, _) = futures::join!(settling, behind);
    assert_eq!(counted, 3 * BATCH as u64);
}

#[tokio::test]
async fn a_stopped_journal_refuses() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    stop.cancel();
    task.await.unwrap().unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(120), journal.record(&key, address(), None)).await;
    assert!(waiting.unwrap().is_err());
    tokio::time::timeout(Duration::from_secs(120), journal.settle()).await.unwrap();
}

#[tokio::test]
async fn a_journal_whose_log_panics_refuses_and_leaves_nobody_waiting() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, task, .. } = start(&log).await;
    log.panics.store(true, Ordering::SeqCst);
    let within = |future| tokio::time::timeout(Duration::from_secs(5), future);
    assert!(within(journal.record(&key, address(), None)).await.unwrap().is_err());
    assert!(task.await.unwrap_err().is_panic());
    assert!(within(journal.record(&key, address(), None)).await.unwrap().is_err());
    assert!(journal.ready().is_err(), "nobody counts any more");
}

#[tokio::test]
async fn it_ends_when_who_helps_the_log_has() {
    let log = FakeLog::default();
    let Running { journal, task, stop: _stop, .. } = start(&log).await;
    log.helpless.store(true, Ordering::SeqCst);
    assert!(matches!(task.await.unwrap(), Err(StoreError::Ended(_))));
    assert!(journal.ready().is_err());
}
