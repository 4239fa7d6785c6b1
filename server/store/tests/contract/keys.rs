//! Keys: whose they are, their address rules, and what stays of one that is deleted.

use super::bench::Bench;
use super::engines::{Engine, for_each_engine};
use super::*;
use contract::{Cause, LockWidth};
use domain::address::Network;
use domain::client_address::ClientAddress;
use store::{Asker, KeyChange, KeyScope, StoreError};

fn network(text: &str) -> Network {
    Network::parse(text).unwrap()
}

impl Bench {
    async fn add_network(&self, text: &str, limit: u32) -> Result<(), StoreError> {
        self.store.insert_network(self.id, network(text), limit, audit(7, Action::AddressAdded)).await
    }

    async fn bind(&self, from: &str) {
        self.store.bind_first_address(self.id, address(from), Micros(8)).await.unwrap();
    }

    async fn rule(&self) -> String {
        rule_text(&self.store.find_key(KeyScope::User(self.sub), self.id).await.unwrap().unwrap().rule)
    }

    /// Under which number the watcher hears of the key.
    fn number(&self) -> i64 {
        self.told.number(self.id).0
    }

    async fn delete(&self) -> Result<(), StoreError> {
        self.store.delete_key(self.id, audit(10, Action::KeyDeleted)).await
    }
}

async fn a_key_is_seen_within_its_scopes_alone(engine: Engine) {
    let bench = Bench::open(engine).await;
    let store = &bench.store;
    let other = store.insert_user(user("x", None), audit(1, Action::UserAdded)).await.unwrap();
    let add = async |hash| {
        let new = key(bench.owner, KeyType::Cloud, hash);
        let id = new.id;
        store.insert_key(new, audit(5, Action::KeyGenerated)).await.map(|()| id)
    };
    let second = add(2).await.unwrap();
    assert_eq!(add(2).await, Err(StoreError::Conflict), "a token hash is unique");
    let listed = async |scope| -> Vec<_> {
        let rows = store.list_keys(scope, &[bench.id, second, KeyId::generate()]).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(listed(KeyScope::Account(bench.owner)).await, [second, bench.id], "newest first");
    assert_eq!(listed(KeyScope::User(bench.sub)).await, [bench.id]);
    // Of two that are added at once, the one that was generated first may come last.
    let ([older, newer], mut hash) = ([(); 2].map(|()| KeyId::generate()), 3);
    for id in [newer, older] {
        let new = NewKey { id, ..key(bench.owner, KeyType::Cloud, hash) };
        store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
        hash += 1;
    }
    let rows = store.list_keys(KeyScope::Account(bench.owner), &[older, newer]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [newer, older], "by their ids");
    assert_eq!(listed(KeyScope::Account(other)).await, []);
    assert!(store.find_key(KeyScope::Account(other), bench.id).await.unwrap().is_none());
    assert_eq!(store.reveal_key(bench.id, audit(6, Action::KeyShown)).await, Ok(vec![1, 2, 3]));
}

async fn an_allow_list_has_each_network_once_and_a_limit(engine: Engine) {
    let bench = Bench::open(engine).await;
    assert_eq!(bench.add_network("10.0.0.0/8", 2).await, Ok(()));
    assert_eq!(bench.add_network("10.0.0.0/8", 2).await, Err(StoreError::Conflict));
    assert_eq!(bench.add_network("2001:db8::/32", 2).await, Ok(()));
    assert_eq!(bench.add_network("10.1.0.0/16", 2).await, Err(StoreError::LimitReached));
    assert_eq!(bench.rule().await, "true locked - /128 [10.0.0.0/8 2001:db8::/32]");
    let delete = async || {
        let ten = network("10.0.0.0/8");
        bench.store.delete_network(bench.id, ten, audit(9, Action::AddressRemoved)).await
    };
    assert_eq!(delete().await, Ok(()));
    assert_eq!(delete().await, Err(StoreError::NotFound));
    assert_eq!(bench.rule().await, "true locked - /128 [2001:db8::/32]");
}

async fn a_key_adds_addresses_to_itself_alone_and_from_where_it_passes(engine: Engine) {
    let bench = Bench::open(engine).await;
    let ask = async |asker: KeyId, from: &str, text: &str| {
        let (from, asker) = (Some(ClientAddress::Known(address(from))), Some(Asker::Itself(asker)));
        let audit =
            Audit { address: from, asker, actor: "s".into(), ..audit_of(bench.sub, 9, Action::AddressAdded) };
        bench.store.insert_network(bench.id, network(text), 9, audit).await
    };
    let refused = Err(StoreError::SignedOut);
    assert_eq!(ask(bench.id, "10.0.0.1", "10.0.0.1").await, refused, "it passes from nowhere yet");
    bench.bind("10.0.0.1").await;
    let new = key(bench.sub, KeyType::Default, 2);
    let other = new.id;
    bench.store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
    assert_eq!(ask(other, "10.0.0.1", "10.2.0.0/16").await, refused, "it is another key");
    assert_eq!(ask(bench.id, "10.0.0.2", "10.0.0.0/8").await, refused, "the new entry does not let it in");
    assert_eq!(ask(bench.id, "10.0.0.1", "10.2.0.0/16").await, Ok(()));
    assert_eq!(ask(bench.id, "10.2.0.9", "10.3.0.0/16").await, Ok(()));
    let change = async |change| {
        bench.store.change_key(bench.id, vec![(change, audit(7, Action::KeyPaused))]).await.unwrap();
    };
    change(KeyChange::Paused(true)).await;
    assert_eq!(ask(bench.id, "10.0.0.1", "10.4.0.0/16").await, refused, "paused");
    change(KeyChange::Paused(false)).await;
    bench.store.set_user_disabled(bench.owner, true, audit(7, Action::UserDisabled)).await.unwrap();
    assert_eq!(ask(bench.id, "10.0.0.1", "10.4.0.0/16").await, refused, "the owner is disabled");
    assert_eq!(bench.rule().await, "true locked 10.0.0.1 /128 [10.2.0.0/16 10.3.0.0/16]");
    let lines = history_of(bench.store.as_ref(), bench.sub, 1).await;
    let [about, through] = [&lines[0].key, &lines[0].via].map(|key| key.as_ref().map(|key| key.id));
    assert_eq!((about, through), (Some(bench.id), Some(bench.id)));
    let told = bench.store.list_notices(bench.sub, 0, 1).await.unwrap();
    assert_eq!((told[0].cause, told[0].read_at), (Cause::AddressesChanged, None));
}

async fn the_first_address_that_may_pass_binds(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.add_network("10.0.0.0/8", 9).await.unwrap();
    // Outside of the allow list, whatever was known when it was judged: nothing happens.
    bench.bind("192.0.2.1").await;
    assert_eq!(bench.rule().await, "true locked - /128 [10.0.0.0/8]");
    bench.bind("10.0.0.1").await;
    bench.bind("10.0.0.2").await;
    assert_eq!(bench.rule().await, "true locked 10.0.0.1 /128 [10.0.0.0/8]");
}

async fn a_key_that_does_not_pass_is_bound_to_nothing(engine: Engine) {
    let bench = Bench::open(engine).await;
    let change = async |change| {
        bench.store.change_key(bench.id, vec![(change, audit(7, Action::KeyPaused))]).await.unwrap();
    };
    let disable = async |user, disabled| {
        bench.store.set_user_disabled(user, disabled, audit(7, Action::UserDisabled)).await.unwrap();
    };
    let stays_free = async |why: &str| {
        bench.told.take();
        bench.bind("10.0.0.1").await;
        assert_eq!(bench.rule().await, "true locked - /128 []", "{why}");
        assert!(bench.told.take().is_empty(), "{why}");
    };
    change(KeyChange::Paused(true)).await;
    stays_free("paused").await;
    change(KeyChange::Paused(false)).await;
    // It is bound at 8.
    change(KeyChange::ExpiresAt(Some(Micros(8)))).await;
    stays_free("expired").await;
    change(KeyChange::ExpiresAt(Some(Micros(9)))).await;
    for user in [bench.sub, bench.owner] {
        disable(user, true).await;
        stays_free("disabled").await;
        disable(user, false).await;
    }
    bench.bind("10.0.0.1").await;
    assert_eq!(bench.rule().await, "true locked 10.0.0.1 /128 []");
}

async fn the_watcher_is_told_of_each_rule_that_changed(engine: Engine) {
    let bench = Bench::open(engine).await;
    let (store, id) = (&bench.store, bench.id);
    bench.add_network("10.0.0.0/8", 9).await.unwrap();
    bench.bind("192.0.2.1").await;
    bench.bind("10.0.0.1").await;
    for _ in 0..2 {
        let width = (KeyChange::LockWidth(LockWidth::Net64), audit(9, Action::LockWidthSet));
        store.change_key(id, vec![width]).await.unwrap();
    }
    store.delete_network(id, network("10.0.0.0/8"), audit(9, Action::AddressRemoved)).await.unwrap();
    for _ in 0..2 {
        store.release_lock(id, audit(9, Action::LockReleased)).await.unwrap();
    }
    let rules = [
        "true locked - /128 [10.0.0.0/8]",
        "true locked 10.0.0.1 /128 [10.0.0.0/8]",
        "LockWidth(Net64)",
        "true locked 10.0.0.1 /64 []",
        "true locked - /64 []",
    ];
    assert_eq!(bench.told.take(), rules.map(|rule| format!("key {} {rule}", bench.number())));
}

async fn a_deleted_key_is_a_tombstone_that_changes_no_more(engine: Engine) {
    let bench = Bench::open(engine).await;
    let (store, id) = (&bench.store, bench.id);
    bench.delete().await.unwrap();
    assert_eq!(bench.told.take(), [format!("key {} deleted", bench.number())]);
    let all = KeyScope::Account(bench.owner);
    assert!(store.find_key(all, bench.id).await.unwrap().is_none());
    assert!(store.list_keys(all, &[id]).await.unwrap().is_empty());
    for gone in [
        bench.delete().await,
        store.release_lock(id, audit(10, Action::LockReleased)).await,
        store.reveal_key(id, audit(10, Action::KeyShown)).await.map(|_| ()),
        bench.add_network("10.0.0.0/8", 9).await,
    ] {
        assert_eq!(gone, Err(StoreError::NotFound));
    }
    bench.bind("10.0.0.1").await;
    assert!(bench.told.take().is_empty());
}

async fn users_keys_and_tombstones_are_loaded(engine: Engine) {
    let bench = Bench::open(engine).await;
    let new = key(bench.owner, KeyType::Cloud, 2);
    let second = new.id;
    bench.store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
    bench.delete().await.unwrap();
    let loaded = Arc::new(Told::default());
    bench.store.load(loaded.clone()).await.unwrap();
    let expected = [
        format!("user {} o", bench.owner.0),
        format!("user {} s", bench.sub.0),
        format!("key {} key 1 true", bench.number()),
        format!("key {} key 2 false", bench.told.number(second).0),
    ];
    assert_eq!(loaded.take(), expected, "users first");
}

for_each_engine!(
    a_key_is_seen_within_its_scopes_alone,
    an_allow_list_has_each_network_once_and_a_limit,
    a_key_adds_addresses_to_itself_alone_and_from_where_it_passes,
    the_first_address_that_may_pass_binds,
    a_key_that_does_not_pass_is_bound_to_nothing,
    the_watcher_is_told_of_each_rule_that_changed,
    a_deleted_key_is_a_tombstone_that_changes_no_more,
    users_keys_and_tombstones_are_loaded
);
