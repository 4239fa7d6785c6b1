//! What is changed of a key beside its address rule.

use super::bench::Bench;
use super::engines::{Engine, for_each_engine};
use super::*;
use contract::Cause;
use store::{KeyChange, KeyScope, StoreError};

const DAY: i64 = 24 * 3600;

impl Bench {
    async fn change(&self, change: KeyChange) -> Result<(), StoreError> {
        self.store.change_key(self.id, vec![(change, audit(7, Action::KeyRenamed))]).await
    }

    async fn reminded(&self, now: i64) -> u64 {
        self.store.remind_of_expiries(Micros(now * Micros::SECOND)).await.unwrap()
    }
}

async fn each_change_is_kept_and_told_and_the_same_again_is_neither(engine: Engine) {
    let bench = Bench::open(engine).await;
    let number = bench.told.number(bench.id).0;
    for (change, told) in [
        (KeyChange::Description("other".into()), format!("key {number} Description(\"other\")")),
        (KeyChange::Paused(true), format!("key {number} Paused(true)")),
        (KeyChange::ExpiresAt(Some(Micros(9))), format!("key {number} ExpiresAt(Some(Micros(9)))")),
    ] {
        bench.change(change.clone()).await.unwrap();
        assert_eq!(bench.told.take(), [told]);
        bench.change(change).await.unwrap();
        assert!(bench.told.take().is_empty(), "it is so already");
    }
    let scope = KeyScope::User(bench.sub);
    let row = bench.store.find_key(scope, bench.id).await.unwrap().unwrap();
    assert_eq!((row.description.as_str(), row.paused, row.expires_at), ("other", true, Some(Micros(9))));
    bench.change(KeyChange::Paused(false)).await.unwrap();
    bench.change(KeyChange::ExpiresAt(None)).await.unwrap();
    let row = bench.store.find_key(scope, bench.id).await.unwrap().unwrap();
    assert_eq!((row.paused, row.expires_at), (false, None));
}

async fn a_deleted_key_is_not_changed(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.change(KeyChange::ExpiresAt(Some(Micros(DAY * Micros::SECOND)))).await.unwrap();
    bench.store.delete_key(bench.id, audit(8, Action::KeyDeleted)).await.unwrap();
    bench.told.take();
    for change in [KeyChange::Description("x".into()), KeyChange::Paused(true), KeyChange::ExpiresAt(None)] {
        assert_eq!(bench.change(change).await, Err(StoreError::NotFound));
    }
    assert!(bench.told.take().is_empty());
    assert_eq!(bench.reminded(0).await, 0);
}

async fn a_week_and_a_day_before_its_end_a_key_s_user_is_told_once(engine: Engine) {
    let bench = Bench::open(engine).await;
    let end = 30 * DAY;
    bench.change(KeyChange::ExpiresAt(Some(Micros(end * Micros::SECOND)))).await.unwrap();
    let mut told = Vec::new();
    for day in 0..32 {
        if bench.reminded(day * DAY).await > 0 {
            told.push(day);
        }
        assert_eq!(bench.reminded(day * DAY).await, 0, "once");
    }
    assert_eq!(told, [23, 29]);
    let list = bench.store.list_notices(bench.sub, 0, 10).await.unwrap();
    let reminders = list.iter().filter(|notice| notice.cause == Cause::KeyExpiring);
    let days: Vec<_> = reminders.map(|notice| notice.detail.as_str()).collect();
    assert_eq!(days, ["1", "7"], "newest first");
    // Another end begins anew.
    bench.change(KeyChange::ExpiresAt(Some(Micros((end + 7 * DAY) * Micros::SECOND)))).await.unwrap();
    assert_eq!(bench.reminded(end).await, 1);
}

for_each_engine!(
    each_change_is_kept_and_told_and_the_same_again_is_neither,
    a_deleted_key_is_not_changed,
    a_week_and_a_day_before_its_end_a_key_s_user_is_told_once
);
