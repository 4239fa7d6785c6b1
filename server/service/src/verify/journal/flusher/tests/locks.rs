//! Locks on the log, and the stop while one lasts.

use super::*;

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
        index.uses(&HASH).0
    };
    let begun = tokio::time::Instant::now();
    let (one, other, counted, ()) = futures::join!(
        journal.record(&key, address(), None),
        journal.record(&key, address(), None),
        deleting,
        released
    );
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
    journal.refuse(Refusal { key: KeyNumber(1), user: UserNumber(1), hour: 0, code: Code::Deleted });
    let begun = tokio::time::Instant::now();
    let refused = journal.record(&key, address(), None).await;
    assert!(matches!(refused, Err(StoreError::Locked(_))) && begun.elapsed() < Duration::from_secs(1));
    assert!(journal.ready().is_err());
    let before = log.kept.lock().tries;
    for _ in 0..20 {
        let begun = tokio::time::Instant::now();
        assert!(journal.record(&key, address(), None).await.is_err());
        assert_eq!(begun.elapsed(), Duration::ZERO, "one after another waits for nobody");
    }
    assert!(log.kept.lock().tries - before <= 21, "each is one try");
    log.locked.store(false, Ordering::SeqCst);
    assert_eq!(journal.record(&key, address(), None).await.unwrap().times_used, 1);
    assert_eq!((journal.ready(), index.uses(&HASH).0), (Ok(()), 1));
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
        let (counted, ()) = futures::join!(journal.record(&key, address(), None), syncing(millis));
        assert_eq!(counted.unwrap().times_used, turn);
        assert_eq!(journal.ready(), Ok(()), "no other program is in the way");
    }
    let begun = tokio::time::Instant::now();
    let waiting = async { (journal.record(&key, address(), None).await, begun.elapsed()) };
    let ((refused, after), ()) = futures::join!(waiting, syncing(60_000));
    assert!(matches!(refused, Err(StoreError::Busy(_))) && (5000..5500).contains(&after.as_millis()));
    assert_eq!(journal.record(&key, address(), None).await.unwrap().times_used, 3);
}

#[tokio::test(start_paused = true)]
async fn a_lock_of_a_moment_loses_nothing_of_a_stop() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    let kinds = 3 * u32::try_from(REFUSAL_CHUNK).unwrap();
    journal.record(&key, address(), None).await.unwrap();
    log.locked.store(true, Ordering::SeqCst);
    for number in 0..kinds {
        journal.refuse(Refusal {
            key: KeyNumber(number.into()),
            user: UserNumber(1),
            hour: 0,
            code: Code::Deleted,
        });
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
    for number in 0..kinds {
        journal.refuse(Refusal {
            key: KeyNumber(number.into()),
            user: UserNumber(1),
            hour: 0,
            code: Code::Deleted,
        });
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
