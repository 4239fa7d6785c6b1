//! Users, keys, gateways and the audit log, and what the watcher is told of them.

use super::engines::{Engine, Place, for_each_engine};
use super::*;
use contract::{KeyType, LockWidth};
use domain::address::Network;
use domain::ids::KeyNo;
use store::{Generation, KeyScope, StoreError, Use};

async fn users(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open(engine, dir.path()).await;
    assert_eq!(store.count_users().await, Ok(0));
    let owner = store.insert_first_user(user("Owner", None), audit(1, Action::UserAdded)).await.unwrap();
    let second = store.insert_first_user(user("other", None), audit(1, Action::UserAdded)).await;
    assert_eq!(second, Err(StoreError::Conflict));
    let taken = store.insert_user(user("oWNER", None), audit(1, Action::UserAdded)).await;
    assert_eq!(taken, Err(StoreError::Conflict), "names are unique without regard to case");
    let sub = store.insert_user(user("sub", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    assert_eq!(told.take(), [format!("user {} Owner", owner.0), format!("user {} sub", sub.0)]);
    let found = store.find_user(&name("OWNER")).await.unwrap().unwrap();
    assert_eq!((found.no, found.username.as_str(), found.is_active()), (owner, "Owner", true));
    assert!(store.find_user(&name("nobody")).await.unwrap().is_none());
    store.set_user_disabled(owner, true, audit(2, Action::UserDisabled)).await.unwrap();
    let found = store.find_user(&name("sub")).await.unwrap().unwrap();
    assert_eq!((found.owner, found.disabled, found.owner_disabled), (Some(owner), false, true));
    store.set_user_disabled(owner, false, audit(3, Action::UserEnabled)).await.unwrap();
    store.set_password(sub, "new".into(), audit(4, Action::PasswordReset)).await.unwrap();
    assert_eq!(store.find_user(&name("sub")).await.unwrap().unwrap().password_hash, "new");
    let names: Vec<_> =
        store.list_users().await.unwrap().into_iter().map(|u| u.username.to_string()).collect();
    assert_eq!(names, ["Owner", "sub"]);
    for missing in [
        store.set_user_disabled(UserNo(99), true, audit(1, Action::UserDisabled)).await,
        store.set_password(UserNo(99), "x".into(), audit(1, Action::PasswordReset)).await,
    ] {
        assert_eq!(missing, Err(StoreError::NotFound));
    }
}

async fn keys(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open(engine, dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    let sub = store.insert_user(user("s", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    let other = store.insert_user(user("x", None), audit(1, Action::UserAdded)).await.unwrap();
    let generate = || audit(5, Action::KeyGenerated);
    let new = key(sub, KeyType::Default, 1);
    let id = new.id;
    let no = store.insert_key(new, generate()).await.unwrap();
    let second = store.insert_key(key(owner, KeyType::Cloud, 2), generate()).await.unwrap();
    let clash = store.insert_key(key(owner, KeyType::Cloud, 2), generate()).await;
    assert_eq!(clash, Err(StoreError::Conflict));
    told.take();
    let (all, own, foreign) = (KeyScope::Account(owner), KeyScope::User(sub), KeyScope::Account(other));
    let listed = |scope| {
        let store = store.clone();
        async move {
            let rows = store.list_keys(scope, &[no, second, KeyNo(99)]).await.unwrap();
            rows.iter().map(|r| r.no).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(all).await, [second, no], "newest first");
    assert_eq!(listed(own).await, [no]);
    assert_eq!(listed(foreign).await, []);
    assert!(store.find_key(foreign, id).await.unwrap().is_none());
    assert_eq!(store.reveal_key(no, audit(6, Action::KeyShown)).await, Ok(vec![1, 2, 3]));
    let add = |network: &'static str, limit| {
        let store = store.clone();
        async move {
            let network = Network::parse(network).unwrap();
            store.insert_network(no, network, limit, audit(7, Action::AddressAdded)).await
        }
    };
    assert_eq!(add("10.0.0.0/8", 2).await, Ok(()));
    assert_eq!(add("10.0.0.0/8", 2).await, Err(StoreError::Conflict));
    assert_eq!(add("2001:db8::/32", 2).await, Ok(()));
    assert_eq!(add("10.1.0.0/16", 2).await, Err(StoreError::Full));
    // Outside of the allow list, whatever was known when it was judged: nothing happens.
    store.bind_first_address(no, address("192.0.2.1"), Micros(8)).await.unwrap();
    store.bind_first_address(no, address("10.0.0.1"), Micros(8)).await.unwrap();
    store.bind_first_address(no, address("10.0.0.2"), Micros(8)).await.unwrap();
    store.set_lock_width(no, LockWidth::Net64, audit(9, Action::LockWidthSet)).await.unwrap();
    let row = store.find_key(own, id).await.unwrap().unwrap();
    assert_eq!(rule_text(&row.rule), "true locked 10.0.0.1 /64 [10.0.0.0/8 2001:db8::/32]");
    let ten = Network::parse("10.0.0.0/8").unwrap();
    store.delete_network(no, ten, audit(9, Action::AddressRemoved)).await.unwrap();
    let gone = store.delete_network(no, ten, audit(9, Action::AddressRemoved)).await;
    assert_eq!(gone, Err(StoreError::NotFound));
    store.release_lock(no, audit(9, Action::LockReleased)).await.unwrap();
    let rules = [
        "true locked - /128 [10.0.0.0/8]",
        "true locked - /128 [10.0.0.0/8 2001:db8::/32]",
        "true locked 10.0.0.1 /128 [10.0.0.0/8 2001:db8::/32]",
        "true locked 10.0.0.1 /64 [10.0.0.0/8 2001:db8::/32]",
        "true locked 10.0.0.1 /64 [2001:db8::/32]",
        "true locked - /64 [2001:db8::/32]",
    ];
    assert_eq!(told.take(), rules.map(|r| format!("key {} {r}", no.0)), "one change for each that happened");
    store.delete_key(no, audit(10, Action::KeyDeleted)).await.unwrap();
    assert_eq!(told.take(), [format!("key {} deleted", no.0)]);
    assert!(store.find_key(all, id).await.unwrap().is_none());
    assert_eq!(listed(all).await, [second]);
    for gone in [
        store.delete_key(no, audit(10, Action::KeyDeleted)).await,
        store.release_lock(no, audit(10, Action::LockReleased)).await,
        store.reveal_key(no, audit(10, Action::KeyShown)).await.map(|_| ()),
        add("10.0.0.0/8", 9).await,
    ] {
        assert_eq!(gone, Err(StoreError::NotFound), "a tombstone changes no more");
    }
    let loaded = Arc::new(Told::default());
    store.load(loaded.clone()).await.unwrap();
    let texts = loaded.take();
    assert_eq!(
        texts[..3],
        [format!("user {} o", owner.0), format!("user {} s", sub.0), format!("user {} x", other.0)]
    );
    assert_eq!(texts[3..], [format!("key {} key 1 true", no.0), format!("key {} key 2 false", second.0)]);
}

async fn gateways_and_audit(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open(engine, dir.path()).await;
    let add = |name: &str, n: u8| {
        store.insert_gateway(name.to_owned(), TokenHash([n; 32]), audit(1, Action::GatewayAdded))
    };
    add("b", 1).await.unwrap();
    add("a", 2).await.unwrap();
    assert_eq!(add("a", 3).await, Err(StoreError::Conflict));
    let names: Vec<_> = store.list_gateways().await.unwrap().into_iter().map(|g| g.name).collect();
    assert_eq!(names, ["a", "b"]);
    store.delete_gateway("a".into(), audit(2, Action::GatewayRemoved)).await.unwrap();
    let gone = store.delete_gateway("a".into(), audit(2, Action::GatewayRemoved)).await;
    assert_eq!(gone, Err(StoreError::NotFound));
    assert_eq!(told.take(), ["gateway b", "gateway a", "gateway removed"]);
    store.record(Audit { detail: "d".into(), ..audit(7, Action::LoginFailed) }).await.unwrap();
    let rows = store.list_audit(2).await.unwrap();
    let texts: Vec<_> = rows.iter().map(|r| (r.at.0, r.action.as_str(), r.detail.as_str())).collect();
    assert_eq!(texts, [(7, "login_failed", "d"), (2, "gateway_removed", "")], "what failed left no line");
}

async fn changes_come_in_the_order_of_the_commits(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open(engine, dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    let no = store.insert_key(key(owner, KeyType::Default, 1), audit(1, Action::KeyGenerated)).await.unwrap();
    told.take();
    let binds = (0..200).map(|n| {
        let store = store.clone();
        async move {
            let from = address(&format!("10.0.0.{n}"));
            store.bind_first_address(no, from, Micros(1)).await.unwrap();
            store.release_lock(no, audit(1, Action::LockReleased)).await.unwrap();
        }
    });
    futures::future::join_all(binds).await;
    let last = told.take().pop().unwrap();
    let row = store.list_keys(KeyScope::Account(owner), &[no]).await.unwrap().remove(0);
    assert_eq!(last, format!("key {} {}", no.0, rule_text(&row.rule)));
}

async fn who_goes_away_leaves_no_open_transaction(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, _) = open(engine, dir.path()).await;
    for n in 0..50 {
        let asked = store.insert_user(user(&format!("u{n}"), None), audit(1, Action::UserAdded));
        // Polled once and dropped, as a request whose client has gone.
        let _ = futures::FutureExt::now_or_never(asked);
    }
    store.insert_user(user("last", None), audit(1, Action::UserAdded)).await.unwrap();
    assert_eq!(store.count_users().await, Ok(51), "what was sent is carried out all the same");
}

async fn what_was_written_is_there_after_reopening(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    store.insert_key(key(owner, KeyType::Default, 1), audit(1, Action::KeyGenerated)).await.unwrap();
    let before = told.take();
    log.append(Generation(7), Micros(1), &[Use { key: KeyNo(1), user: owner, address: address("::1") }])
        .unwrap();
    store.close().await;
    assert!(matches!(
        store.insert_user(user("late", None), audit(1, Action::UserAdded)).await,
        Err(StoreError::Unavailable(_))
    ));
    drop(log);
    let place = Place { directory: dir.path().to_owned(), secrets: SECRETS, durable_usage: true };
    let (store, mut log) = engine(place.clone(), told.clone()).await.unwrap();
    store.load(told.clone()).await.unwrap();
    assert_eq!(told.take(), before);
    assert_eq!(log.unfolded().unwrap()[0].0, Generation(7));
    log.append(Generation(7), Micros(2), &[]).unwrap();
    let other = engine(Place { secrets: TokenHash([8; 32]), ..place }, told).await;
    assert!(other.is_err(), "other secrets are refused");
}

for_each_engine!(
    users,
    keys,
    gateways_and_audit,
    changes_come_in_the_order_of_the_commits,
    who_goes_away_leaves_no_open_transaction,
    what_was_written_is_there_after_reopening
);
