//! What users choose for themselves, and their sessions.

use super::engines::{Engine, for_each_engine};
use super::{audit, audit_of, history_of, open, user};
use domain::address::Address;
use domain::ids::{UserNumber, Username};
use domain::time::Micros;
use std::sync::Arc;
use store::{
    Action, ConfirmationHash, EmailChange, NewConfirmation, NewMail, NewSession, Renewal, SessionHash, Store,
    StoreError,
};

async fn add(store: &Arc<dyn Store>, name: &str) -> UserNumber {
    store.insert_user(user(name, None), audit(1, Action::UserAdded)).await.unwrap()
}

fn letter(user: UserNumber) -> NewMail {
    NewMail { user: Some(user), payload: vec![1], due_at: Micros(1) }
}

fn change(user: UserNumber, at: i64, old: Option<&str>) -> EmailChange {
    let old = old.map(ToOwned::to_owned);
    EmailChange { user, old, farewell: Some(letter(user)), audit: audit_of(user, at, Action::EmailChanged) }
}

async fn choices_and_addresses(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(engine, dir.path()).await.0;
    let (demo, other) = (add(&store, "demo").await, add(&store, "other").await);
    let row = async || store.find_user(&Username::parse("demo").unwrap()).await.unwrap().unwrap();
    assert_eq!((row().await.language, row().await.time_zone), (String::new(), "UTC".to_owned()));
    store.set_language(demo, "ro".into(), None).await.unwrap();
    store.set_time_zone(demo, "Asia/Kathmandu".into(), None).await.unwrap();
    assert_eq!((row().await.language, row().await.time_zone), ("ro".into(), "Asia/Kathmandu".into()));
    let hash = |n: u8| ConfirmationHash([n; 32]);
    for n in 1..=2 {
        let new = NewConfirmation {
            user: demo,
            token_hash: hash(n),
            email: format!("{n}@example.org"),
            expires_at: Micros(100),
        };
        store.insert_confirmation(new, letter(demo), audit_of(demo, 5, Action::EmailEntered)).await.unwrap();
    }
    let waiting = store.find_waiting_address(demo, Micros(99)).await.unwrap().unwrap();
    assert_eq!((waiting.email.as_str(), waiting.expires_at), ("2@example.org", Micros(100)));
    assert!(store.find_waiting_address(demo, Micros(100)).await.unwrap().is_none(), "its time is over");
    let find = async |user, n, at| store.find_confirmation(user, hash(n), Micros(at)).await.unwrap();
    assert_eq!(find(demo, 2, 99).await.as_deref(), Some("2@example.org"));
    for (user, n, at) in [(demo, 1, 99), (other, 2, 99), (demo, 2, 100)] {
        assert_eq!(find(user, n, at).await, None);
        assert_eq!(store.confirm_email(hash(n), change(user, at, None)).await, Err(StoreError::NotFound));
    }
    let elsewhere = store.confirm_email(hash(2), change(demo, 50, Some("old@example.org"))).await;
    assert_eq!(elsewhere, Err(StoreError::Conflict), "another address is replaced than was thought");
    assert_eq!(store.count_mails().await, Ok(2), "what failed queues nothing");
    store.confirm_email(hash(2), change(demo, 50, None)).await.unwrap();
    assert_eq!((row().await.email.as_deref(), row().await.email_confirmed), (Some("2@example.org"), true));
    assert_eq!(store.count_mails().await, Ok(3));
    let again = store.confirm_email(hash(2), change(demo, 51, Some("2@example.org"))).await;
    assert_eq!(again, Err(StoreError::NotFound));
    store.set_email(Some("3@example.org".into()), change(demo, 60, Some("2@example.org"))).await.unwrap();
    assert_eq!((row().await.email.as_deref(), row().await.email_confirmed), (Some("3@example.org"), false));
    store.set_email(None, change(demo, 61, Some("3@example.org"))).await.unwrap();
    assert_eq!((row().await.email, row().await.email_confirmed), (None, false));
}

async fn sessions_of_a_user(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(engine, dir.path()).await.0;
    let (demo, other) = (add(&store, "demo").await, add(&store, "other").await);
    let from = Address::parse("203.0.113.7").unwrap();
    let hash = |n: u8| SessionHash([n; 32]);
    for (n, user) in [(1, demo), (2, demo), (3, demo), (4, other)] {
        let session = NewSession {
            code_pending: false,
            verified: None,
            replaces: None,
            hash: hash(n),
            user,
            at: Micros(10 * i64::from(n)),
            address: from.into(),
            user_agent: format!("agent {n}"),
        };
        store.insert_session(session, audit_of(user, 10, Action::Login)).await.unwrap();
    }
    let number = async |n: u8| store.find_session(hash(n)).await.unwrap().unwrap().0.number;
    let moved = Address::parse("198.51.100.4").unwrap();
    store.touch_session(number(1).await, Micros(70), moved.into()).await.unwrap();
    let list = async |seen, begun, most| {
        let list = store.list_user_sessions(demo, Micros(seen), Micros(begun), most).await.unwrap();
        list.into_iter()
            .map(|s| s.user_agent.trim_start_matches("agent ").parse::<u8>().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(0, 0, 10).await, [1, 3, 2], "the last used first");
    assert_eq!(list(0, 0, 2).await, [1, 3]);
    assert_eq!(list(25, 0, 10).await, [1, 3]);
    assert_eq!(list(0, 15, 10).await, [3, 2]);
    let first = store.list_user_sessions(demo, Micros(0), Micros(0), 1).await.unwrap().remove(0);
    assert_eq!(
        (first.address, first.user_agent.as_str(), first.created_at),
        (moved.into(), "agent 1", Micros(10))
    );
    let kept = Renewal { session: number(3).await, from: hash(3), to: hash(33) };
    store.delete_other_sessions(demo, kept, audit_of(demo, 80, Action::SessionEnded)).await.unwrap();
    assert!(store.find_session(hash(3)).await.unwrap().is_none(), "the one that goes on has another token");
    assert_eq!(list(0, 0, 10).await, [3]);
    assert!(store.find_session(hash(4)).await.unwrap().is_some(), "the other user's stays");
    let lines = history_of(store.as_ref(), demo, 2).await;
    let mut ended: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.detail.as_str())).collect();
    ended.sort_unstable();
    assert_eq!(ended, [("session_ended", "198.51.100.4"), ("session_ended", "203.0.113.7")]);
}

for_each_engine!(choices_and_addresses, sessions_of_a_user);
