//! Rotation: another token for the same key, and the one before.

use super::engines::{Engine, for_each_engine};
use super::*;
use store::{KeyScope, NewToken, Rotation, StoreError};
use tempfile::TempDir;

fn token(hash: u8) -> NewToken {
    NewToken {
        token_hash: TokenHash([hash; 32]),
        masked: format!("lkd_{hash}…wxyz"),
        sealed: Some(vec![hash]),
    }
}

/// A store with a user and a key of theirs, whose token has the hash 1.
struct Bench {
    _dir: TempDir,
    store: Arc<dyn Store>,
    told: Arc<Told>,
    user: UserNumber,
    id: KeyId,
}

impl Bench {
    async fn open(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, _log, told) = open(engine, dir.path()).await;
        let user = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
        let new = key(user, KeyType::Default, 1);
        let id = new.id;
        store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
        told.take();
        Self { _dir: dir, store, told, user, id }
    }

    async fn rotate(&self, hash: u8, at: i64, until: i64) -> Result<(), StoreError> {
        self.store.rotate_key(self.id, token(hash), Micros(until), audit(at, Action::KeyRotated)).await
    }

    async fn end(&self, at: i64) -> Result<(), StoreError> {
        self.store.end_old_token(self.id, audit(at, Action::OldTokenEnded)).await
    }

    /// What the watcher was told, without the number of the key.
    fn take(&self) -> Vec<String> {
        let key = format!("key {} ", self.told.number(self.id).0);
        self.told.take().into_iter().map(|text| text.replace(&key, "")).collect()
    }
}

async fn a_rotated_key_has_another_token_and_keeps_all_else(engine: Engine) {
    let bench = Bench::open(engine).await;
    let (store, scope) = (&bench.store, KeyScope::User(bench.user));
    store.bind_first_address(bench.id, address("10.0.0.1"), Micros(6)).await.unwrap();
    let before = store.find_key(scope, bench.id).await.unwrap().unwrap();
    assert_eq!(before.rotation, None);
    bench.take();
    assert_eq!(bench.rotate(2, 10, 20).await, Ok(()));
    assert_eq!(bench.take(), ["old token 1 until 20", "token 2 lkd_2…wxyz"], "the old one is never unknown");
    let row = store.find_key(scope, bench.id).await.unwrap().unwrap();
    assert_eq!((row.token_hash.0, row.masked.as_str()), ([2; 32], "lkd_2…wxyz"));
    let rotation = Rotation { at: Micros(10), until: Micros(20), masked: before.masked };
    assert_eq!(row.rotation, Some(rotation));
    assert_eq!(rule_text(&row.rule), rule_text(&before.rule));
    assert_eq!((row.description, row.created_at), (before.description, before.created_at));
    assert_eq!(store.reveal_key(bench.id, audit(11, Action::KeyShown)).await, Ok(vec![2]));
    let listed = store.list_keys(scope, &[bench.id]).await.unwrap();
    assert_eq!(listed.len(), 1);
    let lines = store.list_audit(10).await.unwrap();
    assert!(lines.iter().any(|line| line.action == "key_rotated" && line.key == Some(bench.id)));
}

async fn one_old_token_passes_at_a_time(engine: Engine) {
    let bench = Bench::open(engine).await;
    assert_eq!(bench.end(9).await, Err(StoreError::NotFound), "it was never rotated");
    bench.rotate(2, 10, 20).await.unwrap();
    bench.take();
    assert_eq!(bench.rotate(3, 19, 30).await, Err(StoreError::LimitReached));
    assert!(bench.take().is_empty());
    assert_eq!(bench.end(19).await, Ok(()));
    assert_eq!(bench.take(), ["old token 1 until 19"]);
    assert_eq!(bench.end(19).await, Err(StoreError::NotFound));
    assert_eq!(bench.rotate(3, 19, 30).await, Ok(()));
    assert_eq!(bench.take(), ["old token 2 until 30", "token 3 lkd_3…wxyz"]);
    assert_eq!(bench.end(30).await, Err(StoreError::NotFound), "it ended by itself");
    assert_eq!(bench.rotate(4, 30, 30).await, Ok(()), "without an overlap");
    assert_eq!(bench.rotate(5, 30, 30).await, Ok(()), "at the same time");
}

async fn a_token_that_a_key_has_or_had_is_taken(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.rotate(2, 10, 10).await.unwrap();
    let other = key(bench.user, KeyType::Default, 3);
    bench.store.insert_key(other, audit(10, Action::KeyGenerated)).await.unwrap();
    bench.take();
    for taken in [1, 2, 3] {
        let new = key(bench.user, KeyType::Default, taken);
        let inserted = bench.store.insert_key(new, audit(11, Action::KeyGenerated)).await;
        assert_eq!(inserted, Err(StoreError::Conflict));
        assert_eq!(bench.rotate(taken, 12, 12).await, Err(StoreError::Conflict));
    }
    assert!(bench.take().is_empty());
}

async fn a_deleted_key_is_not_rotated(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.rotate(2, 10, 90).await.unwrap();
    bench.store.delete_key(bench.id, audit(11, Action::KeyDeleted)).await.unwrap();
    assert_eq!(bench.rotate(3, 12, 90).await, Err(StoreError::NotFound));
    assert_eq!(bench.end(12).await, Err(StoreError::NotFound));
}

async fn old_tokens_are_loaded_after_their_keys(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.rotate(2, 10, 10).await.unwrap();
    bench.rotate(3, 11, 20).await.unwrap();
    let loaded = Arc::new(Told::default());
    bench.store.load(loaded.clone()).await.unwrap();
    let number = loaded.number(bench.id).0;
    let mut told = loaded.take();
    let mut old = told.split_off(2);
    old.sort_unstable();
    assert_eq!(told, [format!("user {} o", bench.user.0), format!("key {number} key 1 false")]);
    let expected = [(1, 10), (2, 20)];
    assert_eq!(old, expected.map(|(hash, until)| format!("key {number} old token {hash} until {until}")));
}

for_each_engine!(
    a_rotated_key_has_another_token_and_keeps_all_else,
    one_old_token_passes_at_a_time,
    a_token_that_a_key_has_or_had_is_taken,
    a_deleted_key_is_not_rotated,
    old_tokens_are_loaded_after_their_keys
);
