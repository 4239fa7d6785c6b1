//! Keys of a list by what the store alone knows of them.

use super::bench::Bench;
use super::engines::{Engine, for_each_engine};
use super::*;
use contract::Cause;
use store::{KeyMark, KeyScope, NewNotice, NewToken};

impl Bench {
    /// How many keys with a mark the owner, the sub-user and a stranger have.
    async fn marked(&self, mark: KeyMark) -> [usize; 3] {
        let mut counts = [0; 3];
        let stranger = UserNumber(self.sub.0 + 1);
        let scopes = [KeyScope::Account(self.owner), KeyScope::User(self.sub), KeyScope::Account(stranger)];
        for (count, scope) in counts.iter_mut().zip(scopes) {
            *count = self.store.list_marked_keys(scope, mark, 50).await.unwrap().len();
        }
        counts
    }

    async fn add_manager(&self, of: UserNumber, hash: u8) {
        let new = NewKey { manages_keys: true, ..key(of, KeyType::Cloud, hash) };
        self.store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
    }
}

async fn keys_that_manage_are_found_within_the_scope(engine: Engine) {
    let bench = Bench::open(engine).await;
    assert_eq!(bench.marked(KeyMark::ManagesKeys).await, [0, 0, 0]);
    bench.add_manager(bench.sub, 2).await;
    bench.add_manager(bench.owner, 3).await;
    assert_eq!(bench.marked(KeyMark::ManagesKeys).await, [2, 1, 0]);
    let scope = KeyScope::Account(bench.owner);
    let one = bench.store.list_marked_keys(scope, KeyMark::ManagesKeys, 1).await.unwrap();
    assert_eq!(one.len(), 1, "no more than asked for");
    bench.store.delete_key(one[0], audit(9, Action::KeyDeleted)).await.unwrap();
    assert_eq!(bench.marked(KeyMark::ManagesKeys).await[0], 1, "a tombstone manages nothing");
}

async fn keys_that_rotate_are_found_until_the_old_token_ends(engine: Engine) {
    let bench = Bench::open(engine).await;
    let token = NewToken { token_hash: TokenHash([9; 32]), masked: "lkd_9…wxyz".into(), sealed: None };
    bench.store.rotate_key(bench.id, token, Micros(20), audit(10, Action::KeyRotated)).await.unwrap();
    assert_eq!(bench.marked(KeyMark::Rotating(Micros(19))).await, [1, 1, 0]);
    assert_eq!(bench.marked(KeyMark::Rotating(Micros(20))).await, [0, 0, 0]);
    bench.store.end_old_token(bench.id, audit(15, Action::OldTokenEnded)).await.unwrap();
    assert_eq!(bench.marked(KeyMark::Rotating(Micros(15))).await, [0, 0, 0]);
}

async fn refused_keys_are_those_that_somebody_was_told_of(engine: Engine) {
    let bench = Bench::open(engine).await;
    let told = |cause, at| NewNotice {
        user: bench.sub,
        cause,
        key: Some(bench.id),
        at: Micros(at),
        count: 3,
        addresses: vec![(address("192.0.2.1"), 3)],
        detail: String::new(),
    };
    bench.store.insert_notices(vec![told(Cause::DeadKeyInUse, 50)]).await.unwrap();
    assert_eq!(bench.marked(KeyMark::RefusedSince(Micros(0))).await, [0, 0, 0], "another cause");
    bench.store.insert_notices(vec![told(Cause::NewAddress, 50), told(Cause::NewAddress, 60)]).await.unwrap();
    assert_eq!(bench.marked(KeyMark::RefusedSince(Micros(0))).await, [1, 1, 0], "each key once");
    assert_eq!(bench.marked(KeyMark::RefusedSince(Micros(60))).await, [0, 0, 0], "not lately");
    bench.store.delete_key(bench.id, audit(70, Action::KeyDeleted)).await.unwrap();
    assert_eq!(bench.marked(KeyMark::RefusedSince(Micros(0))).await, [0, 0, 0]);
}

for_each_engine!(
    keys_that_manage_are_found_within_the_scope,
    keys_that_rotate_are_found_until_the_old_token_ends,
    refused_keys_are_those_that_somebody_was_told_of
);
