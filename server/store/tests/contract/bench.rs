//! Stores with an owner, and with a key, on which many clauses stand.

use super::engines::Engine;
use super::*;
use tempfile::TempDir;

/// A store with one owner.
pub(crate) struct OwnerBench {
    dir: TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) told: Arc<Told>,
    pub(crate) owner: UserNumber,
}

impl OwnerBench {
    pub(crate) async fn open(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, _log, told) = open(engine, dir.path()).await;
        let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
        told.take();
        Self { dir, store, told, owner }
    }
}

/// A store with an owner, one sub-user, and a Default key of the sub-user.
pub(crate) struct Bench {
    _dir: TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) told: Arc<Told>,
    pub(crate) owner: UserNumber,
    pub(crate) sub: UserNumber,
    pub(crate) id: KeyId,
}

impl Bench {
    pub(crate) async fn open(engine: Engine) -> Self {
        let OwnerBench { dir, store, told, owner } = OwnerBench::open(engine).await;
        let sub = store.insert_user(user("s", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
        let new = key(sub, KeyType::Default, 1);
        let id = new.id;
        store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
        told.take();
        Self { _dir: dir, store, told, owner, sub, id }
    }
}
