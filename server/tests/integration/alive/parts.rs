//! A part of the server that ends is seen: by who asks whether it is ready, and by the server itself.

use crate::app::TestApp;
use crate::patience::PATIENCE;
use crate::stores::open_watched;
use contract::Role;
use domain::ids::Username;
use domain::time::Micros;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use store::{Action, Audit, Change, NewUser, Store, StoreError, UserStore, Watcher};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn it_is_not_ready_once_a_part_has_ended() {
    let app = TestApp::start().await;
    let ready = async || app.stranger().get("/readyz").await.status;
    assert_eq!(ready().await, StatusCode::OK);
    let stop = CancellationToken::new();
    let life = Arc::clone(&app.services.life);
    let part = life.run(&Handle::current(), "the part", &stop, async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let nothing: [u8; 0] = [];
        assert_eq!(nothing.len(), 1, "a fault");
    });
    part.await.unwrap();
    assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
    insta::assert_snapshot!(life.over().await, @"the part has ended: assertion `left == right` failed: a fault left: 0 right: 1");
}

/// Cannot take in a user of that name.
struct Fragile;

impl Watcher for Fragile {
    fn committed(&self, change: Change) {
        if let Change::UserAdded(user) = change {
            assert_ne!(user.username.as_str(), "fatal", "a fault of the index");
        }
    }
}

fn user(name: &str) -> NewUser {
    NewUser {
        owner: None,
        username: Username::parse(name).unwrap(),
        email: None,
        email_confirmed: false,
        role: Role::ManagesKeys,
        password_hash: "h".into(),
        at: Micros(1),
    }
}

fn audit() -> Audit {
    let (actor, detail) = (String::from("x"), String::new());
    Audit { at: Micros(1), action: Action::UserAdded, actor, user: None, address: None, asker: None, detail }
}

/// SQLite only: there one task writes.
#[tokio::test]
async fn a_writer_of_the_state_that_panics_ends_the_server_and_leaves_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log) = open_watched(dir.path(), Arc::new(Fragile)).await;
    store.insert_user(user("first"), audit()).await.unwrap();
    assert_eq!(store.ready().await, Ok(()));
    for name in ["fatal", "second"] {
        let refused = tokio::time::timeout(PATIENCE, store.insert_user(user(name), audit())).await;
        assert!(refused.unwrap().is_err(), "{name}");
    }
    let cause = tokio::time::timeout(PATIENCE, store.failed()).await.unwrap();
    assert!(matches!(&cause, StoreError::Ended(_)), "{cause}");
    insta::assert_snapshot!(cause, @r#"the part that writes has ended: assertion `left != right` failed: a fault of the index left: "fatal" right: "fatal""#);
    assert_eq!(store.ready().await, Err(cause));
}
