//! Sessions, and what overtakes them.

use super::engines::{Engine, for_each_engine};
use super::*;
use domain::ids::SessionNo;
use store::{NewSession, Renewal, SessionHash, StoreError};

/// What changed between the check of a password and the session ends the login.
async fn login_that_was_overtaken(store: &dyn Store, begin: &dyn Fn(u8, i64) -> NewSession) {
    let told = || audit(10, Action::Login);
    let verified = |hash: &str, code_pending| NewSession {
        verified: Some(hash.to_owned()),
        code_pending,
        ..begin(7, 50)
    };
    for stale in [verified("another", false), verified("h", true)] {
        assert_eq!(store.insert_session(stale, told()).await, Err(StoreError::NotFound));
    }
    store.insert_session(verified("h", false), told()).await.unwrap();
    let (user, token) = (begin(7, 50).user, SessionHash([7; 32]));
    let session = store.find_session(token).await.unwrap().unwrap().0.no;
    let kept = Renewal { session, from: token, to: SessionHash([17; 32]) };
    let change = async |present: &str, kept| {
        let audit = audit(11, Action::PasswordChanged);
        store.change_password(user, present.to_owned(), "newer".into(), kept, audit).await
    };
    assert_eq!(change("another", kept).await, Err(StoreError::NotFound), "the operator was faster");
    let ended = Renewal { session: SessionNo(99), ..kept };
    assert_eq!(change("h", ended).await, Err(StoreError::SignedOut), "the session has ended");
    change("h", kept).await.unwrap();
    assert!(store.find_session(token).await.unwrap().is_none(), "the old token is worth nothing");
    assert_eq!(store.find_session(kept.to).await.unwrap().unwrap().0.no, session);
    store.delete_session(session, audit(1, Action::Logout)).await.unwrap();
}

async fn sessions(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, _) = open(engine, dir.path()).await;
    let no = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    let hash = |n: u8| SessionHash([n; 32]);
    let from = address("203.0.113.7");
    let begin = |n: u8, at: i64| NewSession {
        hash: hash(n),
        user: no,
        at: Micros(at),
        address: from.into(),
        user_agent: "ua".into(),
        code_pending: false,
        verified: None,
        replaces: None,
    };
    let login = || Audit { user: Some(no), address: Some(from.into()), ..audit(10, Action::Login) };
    assert_eq!(store.has_logged_in_from(no, from).await, Ok(false));
    for n in 1..=4 {
        store.insert_session(begin(n, 10 * i64::from(n)), login()).await.unwrap();
    }
    assert_eq!(store.has_logged_in_from(no, from).await, Ok(true));
    assert_eq!(store.has_logged_in_from(no, address("203.0.113.8")).await, Ok(false));
    let six = NewSession { address: address("2001:db8:1:2::7").into(), ..begin(6, 5) };
    let from_six = Audit { address: Some(six.address), ..login() };
    store.insert_session(six, from_six).await.unwrap();
    for (other, known) in [("2001:db8:1:2:ffff::9", true), ("2001:db8:1:3::7", false)] {
        assert_eq!(store.has_logged_in_from(no, address(other)).await, Ok(known), "{other}");
    }
    let number = async |n: u8| store.find_session(hash(n)).await.unwrap().unwrap().0.no;
    store.delete_session(number(6).await, audit(1, Action::Logout)).await.unwrap();
    let first = number(1).await;
    store.touch_session(first, Micros(70), address("203.0.113.9").into()).await.unwrap();
    let renewal = Renewal { session: first, from: hash(1), to: hash(11) };
    store.prove_session(renewal, Micros(80)).await.unwrap();
    store.prove_session(renewal, Micros(80)).await.expect("a second click is as good as one");
    let another = Renewal { to: hash(12), ..renewal };
    assert_eq!(store.prove_session(another, Micros(81)).await, Err(StoreError::SignedOut));
    assert!(store.find_session(hash(1)).await.unwrap().is_none(), "a proof renews the token");
    let (session, owner) = store.find_session(hash(11)).await.unwrap().unwrap();
    let times = (session.created_at.0, session.last_seen_at.0, session.proved_at.0);
    assert_eq!((times, owner.no), ((10, 70, 80), no));
    assert!(store.find_session(hash(9)).await.unwrap().is_none());
    store.delete_session(number(2).await, audit(1, Action::Logout)).await.unwrap();
    assert!(store.find_session(hash(2)).await.unwrap().is_none());
    assert_eq!(store.count_sessions(Micros(0), Micros(0)).await, Ok(3));
    assert_eq!(store.count_sessions(Micros(35), Micros(5)).await, Ok(2), "the third was not seen");
    assert_eq!(store.count_sessions(Micros(0), Micros(15)).await, Ok(2), "the first is too old");
    let delete_old = async |seen, begun, asked| {
        store.delete_old_sessions(Micros(seen), Micros(begun), Micros(asked)).await
    };
    assert_eq!(delete_old(35, 5, 90).await, Ok(1), "the third was not seen");
    assert_eq!(delete_old(0, 15, 90).await, Ok(1), "the first is too old");
    let pending = NewSession { code_pending: true, ..begin(5, 50) };
    store.insert_session(pending, audit(10, Action::PasswordAccepted)).await.unwrap();
    assert!(store.find_session(hash(5)).await.unwrap().unwrap().0.code_pending);
    assert_eq!(store.count_sessions(Micros(0), Micros(0)).await, Ok(1), "a pending one is no session yet");
    assert_eq!(delete_old(0, 0, 50).await, Ok(0));
    assert_eq!(delete_old(0, 0, 51).await, Ok(1), "it waited too long");
    login_that_was_overtaken(store.as_ref(), &begin).await;
    store.set_user_disabled(no, true, audit(1, Action::UserDisabled)).await.unwrap();
    assert!(store.find_session(hash(4)).await.unwrap().is_none(), "disabling ends sessions");
}

async fn the_oldest_session_makes_room_and_a_replaced_one_ends(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, _) = open(engine, dir.path()).await;
    let no = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    let hash = |n: u8| SessionHash([n; 32]);
    let begin = async |n: u8, code_pending, replaces: Option<u8>| {
        let session = NewSession {
            hash: hash(n),
            user: no,
            at: Micros(100 - i64::from(n)),
            address: address("203.0.113.7").into(),
            user_agent: "ua".into(),
            code_pending,
            verified: None,
            replaces: replaces.map(hash),
        };
        store.insert_session(session, audit(10, Action::Login)).await.unwrap();
    };
    let lives = async |n: u8| store.find_session(hash(n)).await.unwrap().is_some();
    for n in 1..=20 {
        begin(n, false, None).await;
    }
    for n in 101..=121 {
        begin(n, true, None).await;
    }
    assert!(lives(1).await, "what waits for a code ends no session");
    assert!(!lives(101).await && lives(102).await && lives(121).await, "but is bounded too");
    begin(21, false, None).await;
    assert!(!lives(1).await && lives(2).await && lives(21).await, "the one that began first");
    begin(22, false, Some(9)).await;
    assert!(!lives(9).await && lives(2).await, "the one that it replaces made room");
    let lines = store.list_user_audit(no, 0, 100).await.unwrap();
    let ended = lines.iter().filter(|line| line.action == "session_ended" && line.actor == "a").count();
    assert_eq!(ended, 2, "both stand in the history of the user");
}

for_each_engine!(sessions, the_oldest_session_makes_room_and_a_replaced_one_ends);
