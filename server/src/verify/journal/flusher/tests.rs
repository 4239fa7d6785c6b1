use super::*;
use crate::domain::address::Address;
use crate::domain::ids::{KeyId, KeyNo, UserNo, Username};
use crate::domain::key_type::KeyType;
use crate::domain::rule::AddressRule;
use crate::domain::token::TokenHash;
use crate::domain::verdict::Code;
use crate::store::{Change, IndexedKey, IndexedUser, Refusal, Total, Walk, Watcher};
use crate::verify::KeyEntry;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A log in memory that fails when it is told to.
#[derive(Clone, Default)]
struct FakeLog {
    broken: Arc<AtomicBool>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    batches: Vec<(Generation, usize)>,
    folded: Vec<(Generation, u64)>,
    dropped: Vec<Generation>,
    refused: u64,
    forgotten: Vec<(i64, Walk)>,
}

impl FakeLog {
    fn works(&self) -> Result<(), StoreError> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("disk full".into())),
            false => Ok(()),
        }
    }
}

impl UsageLog for FakeLog {
    fn append(&mut self, generation: Generation, _: Micros, uses: &[Use]) -> Result<(), StoreError> {
        self.works().map(|()| self.kept.lock().batches.push((generation, uses.len())))
    }

    fn fold(&mut self, generation: Generation, sums: &[KeySum]) -> Result<(), StoreError> {
        let count = sums.iter().map(|s| s.count).sum();
        self.works().map(|()| self.kept.lock().folded.push((generation, count)))
    }

    fn drop_generation(&mut self, generation: Generation) -> Result<bool, StoreError> {
        self.works().map(|()| self.kept.lock().dropped.push(generation)).map(|()| false)
    }

    fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        self.works().map(|()| self.kept.lock().refused += refusals.iter().map(|(_, n)| n).sum::<u64>())
    }

    fn totals(&mut self, _: &mut dyn FnMut(Total)) -> Result<(), StoreError> {
        Ok(())
    }

    fn unfolded(&mut self) -> Result<Vec<(Generation, Vec<KeySum>)>, StoreError> {
        Ok(vec![])
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.works()
    }

    fn forget(&mut self, before: i64, from: Walk) -> Result<Option<Walk>, StoreError> {
        self.works().map(|()| self.kept.lock().forgotten.push((before, from)))?;
        Ok((from == Walk::START).then_some(Walk::Users(UserNo(0))))
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Micros {
        Micros(7)
    }
}

fn index() -> Arc<KeyIndex> {
    let index = KeyIndex::default();
    let username = Username::parse("demo").unwrap();
    let user = IndexedUser { no: UserNo(1), owner: None, username, disabled: false };
    index.committed(Change::UserAdded(user));
    index.committed(Change::KeyAdded(Box::new(IndexedKey {
        no: KeyNo(1),
        id: KeyId::generate(),
        user: UserNo(1),
        token_hash: TokenHash([1; 32]),
        key_type: KeyType::Cloud,
        description: "x".into(),
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
    task: tokio::task::JoinHandle<()>,
}

fn start(log: &FakeLog) -> Running {
    let (journal, index) = (Arc::new(Journal::default()), index());
    let (log, clock) = (Box::new(log.clone()), Arc::new(StandingClock));
    let flusher = Flusher::start(Arc::clone(&journal), Arc::clone(&index), log, clock).unwrap();
    let stop = CancellationToken::new();
    let task = tokio::spawn(flusher.tick_every(Duration::from_millis(2)).run(stop.clone()));
    let key = index.get(KeyNo(1)).unwrap();
    Running { journal, index, key, stop, task }
}

fn address() -> Address {
    Address::parse("203.0.113.7").unwrap()
}

#[tokio::test]
async fn uses_that_wait_together_share_a_commit() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log);
    let all = (0..50).map(|_| journal.record(&key, address()));
    let counted = futures::future::join_all(all).await;
    let numbers: Vec<_> = counted.into_iter().map(|c| c.unwrap().times_used).collect();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    assert_eq!(log.kept.lock().batches.iter().map(|(_, uses)| uses).collect::<Vec<_>>(), [&50]);
    stop.cancel();
    task.await.unwrap();
    let kept = log.kept.lock();
    assert_eq!(
        (kept.folded.as_slice(), kept.dropped.as_slice()),
        (&[(Generation(1), 50)][..], &[Generation(1)][..])
    );
}

#[tokio::test]
async fn a_use_that_cannot_be_written_is_refused_and_not_counted() {
    let log = FakeLog::default();
    let Running { journal, index, key, stop: _stop, .. } = start(&log);
    assert!(journal.record(&key, address()).await.is_ok());
    log.broken.store(true, Ordering::SeqCst);
    assert!(journal.record(&key, address()).await.is_err());
    assert_eq!(index.uses(key.no), (1, Some(Micros(7))));
    log.broken.store(false, Ordering::SeqCst);
    assert_eq!(journal.record(&key, address()).await.unwrap().times_used, 2);
}

#[tokio::test]
async fn a_fold_that_fails_is_taken_up_again() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, .. } = start(&log);
    journal.record(&key, address()).await.unwrap();
    journal.refuse(Refusal { key: KeyNo(1), user: UserNo(1), hour: 0, code: Code::Deleted });
    log.broken.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(log.kept.lock().dropped.is_empty());
    log.broken.store(false, Ordering::SeqCst);
    while log.kept.lock().dropped.is_empty() || log.kept.lock().refused == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let kept = log.kept.lock();
    assert_eq!((kept.folded.as_slice(), kept.refused), (&[(Generation(1), 1)][..], 1), "once each");
}

#[tokio::test]
async fn who_settles_is_answered_after_all_before() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, .. } = start(&log);
    let before = journal.record(&key, address());
    let (counted, ()) = futures::join!(before, journal.settle());
    assert_eq!(counted.unwrap().times_used, 1);
    assert_eq!(log.kept.lock().batches.len(), 1);
}

#[tokio::test]
async fn a_stopped_journal_refuses() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log);
    stop.cancel();
    task.await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(5), journal.record(&key, address())).await;
    assert!(waiting.unwrap().is_err());
    tokio::time::timeout(Duration::from_secs(5), journal.settle()).await.unwrap();
}

#[test]
fn old_statistics_go_once_a_day_step_by_step() {
    let mut log = FakeLog::default();
    let mut sweep = Sweep::keeping_days(2);
    let mut at = |hour: i64| sweep.step(&mut log, Micros(hour * Micros::HOUR));
    for hour in [100, 100, 100, 123, 124] {
        at(hour);
    }
    let users = Walk::Users(UserNo(0));
    assert_eq!(log.kept.lock().forgotten, [(52, Walk::START), (52, users), (76, Walk::START)]);
}
