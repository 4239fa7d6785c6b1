//! Users, gateways and the audit log, and what the watcher is told; what every change has in common.

use super::engines::{Data, Engine, for_each_engine};
use super::usage::{add_keys, one_use};
use super::*;
use std::time::Duration;
use store::{KeyScope, NoticePolicy, StoreError, Use};

async fn the_first_user_is_the_first_one_alone(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let first = async |name| store.insert_first_user(user(name, None), audit(1, Action::UserAdded)).await;
    assert_eq!(store.count_users().await, Ok(0));
    first("Owner").await.unwrap();
    assert_eq!(first("other").await, Err(StoreError::Conflict));
    assert_eq!(store.count_users().await, Ok(1));
}

async fn a_username_is_unique_and_found_without_regard_to_case(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open(engine, dir.path()).await;
    let add = async |name, owner| store.insert_user(user(name, owner), audit(1, Action::UserAdded)).await;
    let owner = add("Owner", None).await.unwrap();
    assert_eq!(add("oWNER", None).await, Err(StoreError::Conflict));
    let sub = add("sub", Some(owner)).await.unwrap();
    assert_eq!(told.take(), [format!("user {} Owner", owner.0), format!("user {} sub", sub.0)]);
    let found = store.find_user(&name("OWNER")).await.unwrap().unwrap();
    assert_eq!((found.number, found.username.as_str(), found.is_active()), (owner, "Owner", true));
    assert!(store.find_user(&name("nobody")).await.unwrap().is_none());
    let names: Vec<_> =
        store.list_users().await.unwrap().into_iter().map(|u| u.username.to_string()).collect();
    assert_eq!(names, ["Owner", "sub"]);
}

async fn a_user_is_disabled_with_their_owner(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open(engine, dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    store.insert_user(user("sub", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    told.take();
    store.set_user_disabled(owner, true, audit(2, Action::UserDisabled)).await.unwrap();
    let found = store.find_user(&name("sub")).await.unwrap().unwrap();
    assert_eq!((found.owner, found.disabled, found.owner_disabled), (Some(owner), false, true));
    store.set_user_disabled(owner, false, audit(3, Action::UserEnabled)).await.unwrap();
    assert!(store.find_user(&name("sub")).await.unwrap().unwrap().is_active());
    assert_eq!(told.take(), [true, false].map(|off| format!("user {} disabled {off}", owner.0)));
    let missing = store.set_user_disabled(UserNumber(99), true, audit(1, Action::UserDisabled)).await;
    assert_eq!(missing, Err(StoreError::NotFound));
}

async fn an_owner_does_not_enable_whom_the_operator_disabled(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    let sub = store.insert_user(user("sub", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    let operator = audit(2, Action::UserDisabled);
    let by_owner = Audit { address: Some(address("203.0.113.7").into()), ..operator.clone() };
    store.set_user_disabled(sub, true, by_owner.clone()).await.unwrap();
    store.set_user_disabled(sub, false, by_owner.clone()).await.unwrap();
    store.set_user_disabled(sub, true, operator.clone()).await.unwrap();
    assert_eq!(store.set_user_disabled(sub, false, by_owner).await, Err(StoreError::NotFound));
    assert!(store.find_user(&name("sub")).await.unwrap().unwrap().disabled);
    store.set_user_disabled(sub, false, operator).await.unwrap();
}

async fn a_password_is_replaced(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let number = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    store.set_password(number, "new".into(), audit(4, Action::PasswordReset)).await.unwrap();
    assert_eq!(store.find_user(&name("a")).await.unwrap().unwrap().password_hash, "new");
    let missing = store.set_password(UserNumber(99), "x".into(), audit(1, Action::PasswordReset)).await;
    assert_eq!(missing, Err(StoreError::NotFound));
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
    let new = key(owner, KeyType::Default, 1);
    let id = new.id;
    store.insert_key(new, audit(1, Action::KeyGenerated)).await.unwrap();
    told.take();
    let binds = (0..200).map(|n| {
        let store = store.clone();
        async move {
            let from = address(&format!("10.0.0.{n}"));
            store.bind_first_address(id, from, Micros(1)).await.unwrap();
            store.release_lock(id, audit(1, Action::LockReleased)).await.unwrap();
        }
    });
    futures::future::join_all(binds).await;
    let last = told.take().pop().unwrap();
    let row = store.list_keys(KeyScope::Account(owner), &[id]).await.unwrap().remove(0);
    assert_eq!(last, format!("key {} {}", told.number(id).0, rule_text(&row.rule)));
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
    let one = Use { key: KeyNumber(1), user: owner, address: address("::1"), rotated_at: None };
    log.append(Micros(1), &[one]).await.unwrap();
    store.close().await;
    assert!(matches!(
        store.insert_user(user("late", None), audit(1, Action::UserAdded)).await,
        Err(StoreError::Unavailable(_))
    ));
    drop(log);
    let data = Data {
        directory: dir.path().to_owned(),
        secrets: SECRETS,
        durable_usage: true,
        notices: NoticePolicy::default(),
    };
    let (store, mut log) = engine(data.clone(), told.clone()).await.unwrap();
    store.load(told.clone()).await.unwrap();
    assert_eq!(told.take(), before);
    let mut uses = 0;
    log.recover(&mut |total| uses += total.count).await.unwrap();
    assert_eq!(uses, 1);
    log.append(Micros(2), &[one]).await.unwrap();
    let other = engine(Data { secrets: TokenHash([8; 32]), ..data }, told).await;
    assert!(other.is_err(), "other secrets are refused");
}

async fn while_it_stands_still_changes_wait_and_uses_do_not(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, told) = open(engine, dir.path()).await;
    let (_, numbers) = add_keys::<1>(store.as_ref(), &told).await;
    let still = store.stand_still().await.unwrap();
    let mut change = store.insert_user(user("late", None), audit(1, Action::UserAdded));
    let waits = tokio::time::timeout(Duration::from_millis(50), &mut change).await;
    assert!(waits.is_err(), "a change waits");
    log.append(Micros(1), &[one_use(numbers[0], 7)]).await.unwrap();
    assert!(still.end());
    change.await.unwrap();
    let forgotten = store.stand_still().await.unwrap();
    store.insert_user(user("later", None), audit(1, Action::UserAdded)).await.unwrap();
    assert!(!forgotten.end(), "it ends by itself, and says so");
}

for_each_engine!(
    while_it_stands_still_changes_wait_and_uses_do_not,
    the_first_user_is_the_first_one_alone,
    a_username_is_unique_and_found_without_regard_to_case,
    a_user_is_disabled_with_their_owner,
    an_owner_does_not_enable_whom_the_operator_disabled,
    a_password_is_replaced,
    gateways_and_audit,
    changes_come_in_the_order_of_the_commits,
    who_goes_away_leaves_no_open_transaction,
    what_was_written_is_there_after_reopening
);
