use super::*;
use crate::verify::KeyEntry;
use async_trait::async_trait;
use contract::{Code, KeyType};
use domain::address::Address;
use domain::ids::{KeyId, KeyNo, UserNo, Username};
use domain::rule::AddressRule;
use domain::time::Steady;
use domain::token::TokenHash;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Change, IndexedKey, IndexedUser, Lag, Refusal, Total, Watcher};

/// A log in memory that fails when it is told to.
#[derive(Clone, Default)]
struct FakeLog {
    broken: Arc<AtomicBool>,
    locked: Arc<AtomicBool>,
    /// Whether the lock is that of its own checkpoint.
    emptied: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
    helpless: Arc<AtomicBool>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    batches: Vec<usize>,
    /// Uses that wait to be folded, and whether that has begun.
    unfolded: usize,
    is_folding: bool,
    folded: Vec<usize>,
    refused: u64,
    tries: u32,
    /// What each transaction wrote.
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Uses(usize),
    Folded,
    Refused(usize),
}

impl FakeLog {
    fn works(&self) -> Result<(), StoreError> {
        self.kept.lock().tries += 1;
        assert!(!self.panics.load(Ordering::SeqCst), "a fault of the log");
        if self.locked.load(Ordering::SeqCst) {
            let text = "database is locked".to_owned();
            let is_own = self.emptied.load(Ordering::SeqCst);
            return Err(if is_own { StoreError::Busy(text) } else { StoreError::Locked(text) });
        }
        match self.broken.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("disk full".into())),
            false => Ok(()),
        }
    }

    fn note(&self, step: Step) {
        self.kept.lock().steps.push(step);
    }
}

#[async_trait]
impl UsageLog for FakeLog {
    async fn recover(&mut self, _: &mut (dyn FnMut(Total) + Send)) -> Result<(), StoreError> {
        Ok(())
    }

    async fn append(&mut self, _: Micros, uses: &[Use]) -> Result<(), StoreError> {
        self.works()?;
        self.note(Step::Uses(uses.len()));
        let mut kept = self.kept.lock();
        kept.batches.push(uses.len());
        kept.unfolded += uses.len();
        Ok(())
    }

    async fn refuse(&mut self, refusals: &[(Refusal, u64)]) -> Result<(), StoreError> {
        self.works()?;
        self.note(Step::Refused(refusals.len()));
        self.kept.lock().refused += refusals.iter().map(|(_, n)| n).sum::<u64>();
        Ok(())
    }

    async fn probe(&mut self) -> Result<(), StoreError> {
        self.works()
    }

    fn begin_maintenance(&mut self, _: Micros, _: Option<i64>) -> Result<(), StoreError> {
        if self.helpless.load(Ordering::SeqCst) {
            return Err(StoreError::Ended("its helper is gone".into()));
        }
        self.begin_end();
        Ok(())
    }

    fn begin_end(&mut self) {
        let mut kept = self.kept.lock();
        kept.is_folding = kept.unfolded > 0;
    }

    fn has_work(&self) -> bool {
        self.kept.lock().is_folding
    }

    async fn maintain(&mut self) -> Result<(), StoreError> {
        let works = self.works();
        let mut kept = self.kept.lock();
        kept.is_folding = works.as_ref().is_err_and(StoreError::is_lock);
        works?;
        let folded = std::mem::take(&mut kept.unfolded);
        kept.folded.push(folded);
        kept.steps.push(Step::Folded);
        Ok(())
    }

    fn lag(&self) -> Lag {
        Lag { uses: self.kept.lock().unfolded as u64, since: None }
    }

    async fn close(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

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
    task: tokio::task::JoinHandle<Result<(), StoreError>>,
}

async fn start(log: &FakeLog) -> Running {
    let (journal, index) = (Arc::new(Journal::default()), index());
    let (log, clock) = (Box::new(log.clone()), Arc::new(StandingClock));
    let flusher = Flusher::start(Arc::clone(&journal), Arc::clone(&index), log, clock).await.unwrap();
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
    let Running { journal, key, stop, task, .. } = start(&log).await;
    let all = (0..50).map(|_| journal.record(&key, address()));
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
    let Running { journal, key, stop: _stop, .. } = start(&log).await;
    journal.record(&key, address()).await.unwrap();
    journal.refuse(Refusal { key: KeyNo(1), user: UserNo(1), hour: 0, code: Code::Deleted });
    log.broken.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(log.kept.lock().folded.is_empty());
    log.broken.store(false, Ordering::SeqCst);
    while log.kept.lock().folded.is_empty() || log.kept.lock().refused == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let kept = log.kept.lock();
    assert_eq!((kept.folded.as_slice(), kept.refused), (&[1][..], 1), "once each");
}

#[tokio::test]
async fn who_settles_is_answered_after_all_before() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, .. } = start(&log).await;
    let before = journal.record(&key, address());
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
        index.uses(key.no).0
    };
    let behind = futures::future::join_all((0..BATCH * 3).map(|_| journal.record(&key, address())));
    let (counted, _) = futures::join!(settling, behind);
    assert_eq!(counted, 3 * BATCH as u64);
}

#[tokio::test]
async fn a_stopped_journal_refuses() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    stop.cancel();
    task.await.unwrap().unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(120), journal.record(&key, address())).await;
    assert!(waiting.unwrap().is_err());
    tokio::time::timeout(Duration::from_secs(120), journal.settle()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn uses_wait_a_moment_for_a_lock_and_are_counted() {
    let log = FakeLog::default();
    let Running { journal, index, key, stop: _stop, .. } = start(&log).await;
    log.locked.store(true, Ordering::SeqCst);
    let released = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        log.locked.store(false, Ordering::SeqCst);
    };
    let deleting = async {
        tokio::task::yield_now().await;
        journal.settle().await;
        index.uses(key.no).0
    };
    let begun = tokio::time::Instant::now();
    let (one, other, counted, ()) =
        futures::join!(journal.record(&key, address()), journal.record(&key, address()), deleting, released);
    assert_eq!((one.unwrap().times_used, other.unwrap().times_used), (1, 2), "in their order");
    assert_eq!(counted, 2, "who settles waits for those who wait");
    assert!((100..200).contains(&begun.elapsed().as_millis()));
    assert_eq!(journal.ready(), Ok(()), "a moment is no trouble");
}

#[tokio::test(start_paused = true)]
async fn while_a_lock_lasts_each_use_is_refused_at_once() {
    let log = FakeLog::default();
    let Running { journal, index, key, stop: _stop, .. } = start(&log).await;
    log.locked.store(true, Ordering::SeqCst);
    journal.refuse(Refusal { key: KeyNo(1), user: UserNo(1), hour: 0, code: Code::Deleted });
    let begun = tokio::time::Instant::now();
    let refused = journal.record(&key, address()).await;
    assert!(matches!(refused, Err(StoreError::Locked(_))) && begun.elapsed() < Duration::from_secs(1));
    assert!(journal.ready().is_err());
    let before = log.kept.lock().tries;
    for _ in 0..20 {
        let begun = tokio::time::Instant::now();
        assert!(journal.record(&key, address()).await.is_err());
        assert_eq!(begun.elapsed(), Duration::ZERO, "one after another waits for nobody");
    }
    assert!(log.kept.lock().tries - before <= 21, "each is one try");
    log.locked.store(false, Ordering::SeqCst);
    assert_eq!(journal.record(&key, address()).await.unwrap().times_used, 1);
    assert_eq!((journal.ready(), index.uses(key.no).0), (Ok(()), 1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let kept = log.kept.lock();
    assert_eq!((kept.refused, kept.folded.as_slice()), (1, &[1][..]), "and what waited is written");
}

#[tokio::test(start_paused = true)]
async fn our_own_checkpoint_is_waited_for_while_a_slow_disk_syncs() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, .. } = start(&log).await;
    let syncing = |millis| {
        log.emptied.store(true, Ordering::SeqCst);
        log.locked.store(true, Ordering::SeqCst);
        let log = log.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            log.emptied.store(false, Ordering::SeqCst);
            // The last try may have met it just before.
            tokio::time::sleep(Duration::from_millis(1)).await;
            log.locked.store(false, Ordering::SeqCst);
        }
    };
    for (turn, millis) in [(1, 700), (2, 3000)] {
        let (counted, ()) = futures::join!(journal.record(&key, address()), syncing(millis));
        assert_eq!(counted.unwrap().times_used, turn);
        assert_eq!(journal.ready(), Ok(()), "no other program is in the way");
    }
    let begun = tokio::time::Instant::now();
    let waiting = async { (journal.record(&key, address()).await, begun.elapsed()) };
    let ((refused, after), ()) = futures::join!(waiting, syncing(60_000));
    assert!(matches!(refused, Err(StoreError::Busy(_))) && (5000..5500).contains(&after.as_millis()));
    assert_eq!(journal.record(&key, address()).await.unwrap().times_used, 3);
}

#[tokio::test(start_paused = true)]
async fn a_lock_of_a_moment_loses_nothing_of_a_stop() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    let kinds = 3 * u32::try_from(REFUSAL_CHUNK).unwrap();
    journal.record(&key, address()).await.unwrap();
    log.locked.store(true, Ordering::SeqCst);
    for no in 0..kinds {
        journal.refuse(Refusal { key: KeyNo(no), user: UserNo(1), hour: 0, code: Code::Deleted });
    }
    stop.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    log.locked.store(false, Ordering::SeqCst);
    task.await.unwrap().unwrap();
    let kept = log.kept.lock();
    assert_eq!((kept.refused, kept.folded.as_slice()), (kinds.into(), &[1][..]));
}

#[tokio::test(start_paused = true)]
async fn what_was_being_written_is_not_lost_by_a_stop_either() {
    let log = FakeLog::default();
    let Running { journal, stop, task, .. } = start(&log).await;
    let kinds = 3 * u32::try_from(REFUSAL_CHUNK).unwrap();
    for no in 0..kinds {
        journal.refuse(Refusal { key: KeyNo(no), user: UserNo(1), hour: 0, code: Code::Deleted });
    }
    log.locked.store(true, Ordering::SeqCst);
    // By now a chunk waits for the lock to go.
    tokio::time::sleep(Duration::from_millis(20)).await;
    stop.cancel();
    tokio::time::sleep(Duration::from_millis(20)).await;
    log.locked.store(false, Ordering::SeqCst);
    task.await.unwrap().unwrap();
    assert_eq!(log.kept.lock().refused, u64::from(kinds));
}

#[tokio::test]
async fn a_flood_is_written_in_small_steps_and_uses_go_in_between() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    for no in 0..20_000 {
        journal.refuse(Refusal { key: KeyNo(no), user: UserNo(1), hour: 0, code: Code::Deleted });
    }
    let uses = (0..3000_u32).map(|n| {
        let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + n % 1000).into());
        journal.record(&key, address)
    });
    assert!(futures::future::join_all(uses).await.iter().all(Result::is_ok));
    while log.kept.lock().refused < 20_000 {
        assert!(journal.record(&key, address()).await.is_ok());
    }
    stop.cancel();
    task.await.unwrap().unwrap();
    let kept = log.kept.lock();
    let mut in_a_row = 0;
    for step in &kept.steps {
        match step {
            Step::Uses(uses) => {
                assert!(*uses <= BATCH);
                in_a_row = 0;
                continue;
            }
            Step::Refused(kinds) => assert!(*kinds <= REFUSAL_CHUNK),
            Step::Folded => {}
        }
        in_a_row += 1;
        assert!(in_a_row <= 2 || kept.refused == 20_000, "a use that waits goes first: {:?}", kept.steps);
    }
    let chunks = kept.steps.iter().filter(|step| matches!(step, Step::Refused(_))).count();
    assert!(chunks >= 20_000 / REFUSAL_CHUNK, "{chunks}");
}

#[tokio::test]
async fn a_journal_whose_log_panics_refuses_and_leaves_nobody_waiting() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, task, .. } = start(&log).await;
    log.panics.store(true, Ordering::SeqCst);
    let within = |future| tokio::time::timeout(Duration::from_secs(5), future);
    assert!(within(journal.record(&key, address())).await.unwrap().is_err());
    assert!(task.await.unwrap_err().is_panic());
    assert!(within(journal.record(&key, address())).await.unwrap().is_err());
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
