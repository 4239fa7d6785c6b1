//! What is counted of tokens that keys had before.

use super::engines::{Engine, for_each_engine};
use super::usage::{add_keys, fold, one_use};
use super::*;
use store::{ADDRESSES, OldTokenUses, SpanStarts, StoreError, Use};

const HOUR: i64 = Micros::HOUR;
const DAYS: [i64; 2] = [100, 76];

fn by_old_token(one: Use, rotated_at: i64) -> Use {
    Use { rotated_at: Some(Micros(rotated_at)), ..one }
}

fn sums(uses: &OldTokenUses) -> (u64, u64, u64) {
    (uses.today, uses.yesterday, uses.addresses.iter().map(|seen| seen.count).sum())
}

async fn uses_by_an_old_token_are_counted_in_addition(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let ([id, other], [number, another]) = add_keys::<2>(store.as_ref(), &told).await;
    let (new, old) = (one_use(number, 7), by_old_token(one_use(number, 8), 5));
    let earlier = by_old_token(one_use(number, 9), 4);
    let of_other = by_old_token(one_use(another, 7), 5);
    log.append(Micros(75 * HOUR), &[old, earlier]).await.unwrap();
    log.append(Micros(76 * HOUR), &[old, new, old]).await.unwrap();
    log.append(Micros(100 * HOUR), &[new, old, of_other]).await.unwrap();
    let starts = SpanStarts { today: 100, days_7: 76, days_30: 0 };
    let look = async || {
        let found = store.find_old_token_uses(id, Micros(5), DAYS).await.unwrap();
        assert_eq!(sums(&found), (1, 2, 4));
        assert_eq!((found.last(), found.addresses.len()), (Some(Micros(100 * HOUR)), 1));
        assert_eq!(found.addresses[0].first, Micros(75 * HOUR));
        let all = store.count_key_uses(id, starts).await.unwrap();
        assert_eq!(all.accepted, [2, 5, 7], "they are among the uses of the key");
        let others = store.find_old_token_uses(other, Micros(5), DAYS).await.unwrap();
        assert_eq!(sums(&others), (1, 0, 1));
    };
    look().await;
    fold(log.as_mut(), look).await;
    look().await;
    let never = store.find_old_token_uses(id, Micros(6), DAYS).await;
    assert_eq!(never, Ok(OldTokenUses::default()), "another rotation");
    let unknown = store.find_old_token_uses(KeyId::generate(), Micros(5), DAYS).await;
    assert_eq!(unknown, Err(StoreError::NotFound));
}

async fn what_a_crash_leaves_of_them_is_counted_once(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let ([id], [number]) = add_keys(store.as_ref(), &told).await;
    // So many that they are folded in several steps.
    let uses: Vec<_> = (0..900).map(|n| by_old_token(one_use(number, n), 5)).collect();
    log.append(Micros(100 * HOUR), &uses).await.unwrap();
    log.begin_end();
    let mut steps = 0;
    while steps < 6 && log.has_work() {
        log.maintain().await.unwrap();
        steps += 1;
        let found = store.find_old_token_uses(id, Micros(5), DAYS).await.unwrap();
        assert_eq!((sums(&found), found.addresses.len()), ((900, 0, 900), 900), "after {steps} steps");
    }
    assert!(log.has_work(), "the process dies in the middle");
    drop(log);
    store.close().await;
    let (store, mut log, _) = open(engine, dir.path()).await;
    log.recover(&mut |_| {}).await.unwrap();
    fold(log.as_mut(), async || {
        let found = store.find_old_token_uses(id, Micros(5), DAYS).await.unwrap();
        assert_eq!((sums(&found), found.addresses.len()), ((900, 0, 900), 900));
    })
    .await;
}

async fn an_old_token_keeps_a_thousand_addresses_and_its_hours_are_forgotten(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let ([id], [number]) = add_keys(store.as_ref(), &told).await;
    for n in 0..1500 {
        let one = by_old_token(one_use(number, n), 5);
        log.append(Micros(i64::from(n + 1)), &[one]).await.unwrap();
    }
    fold(log.as_mut(), async || {}).await;
    let found = store.find_old_token_uses(id, Micros(5), [0, 0]).await.unwrap();
    let oldest = found.addresses.iter().map(|seen| seen.last.0).min().unwrap();
    assert_eq!((found.addresses.len(), oldest, found.today), (ADDRESSES, 501, 1500));
    // A later rotation: the addresses of the one before are of no use any more.
    log.append(Micros(2000), &[by_old_token(one_use(number, 1), 1600)]).await.unwrap();
    log.begin_maintenance(Micros(2000 * HOUR), Some(500)).unwrap();
    while log.has_work() {
        log.maintain().await.unwrap();
    }
    fold(log.as_mut(), async || {}).await;
    let found = store.find_old_token_uses(id, Micros(5), [0, 0]).await.unwrap();
    assert!(found.today == 0 && found.addresses.len() < ADDRESSES, "{}", found.addresses.len());
}

for_each_engine!(
    uses_by_an_old_token_are_counted_in_addition,
    what_a_crash_leaves_of_them_is_counted_once,
    an_old_token_keeps_a_thousand_addresses_and_its_hours_are_forgotten
);
