//! What is written besides uses.

use super::*;

#[tokio::test]
async fn a_fold_that_fails_is_taken_up_again() {
    let log = FakeLog::default();
    let Running { journal, key, stop: _stop, .. } = start(&log).await;
    journal.record(&key, address(), None).await.unwrap();
    journal.refuse(Refusal { key: KeyNumber(1), user: UserNumber(1), hour: 0, code: Code::Deleted });
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
async fn a_flood_is_written_in_small_steps_and_uses_go_in_between() {
    let log = FakeLog::default();
    let Running { journal, key, stop, task, .. } = start(&log).await;
    for number in 0..20_000 {
        journal.refuse(Refusal { key: KeyNumber(number), user: UserNumber(1), hour: 0, code: Code::Deleted });
    }
    let uses = (0..3000_u32).map(|n| {
        let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + n % 1000).into());
        journal.record(&key, address, None)
    });
    assert!(futures::future::join_all(uses).await.iter().all(Result::is_ok));
    while log.kept.lock().refused < 20_000 {
        assert!(journal.record(&key, address(), None).await.is_ok());
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
