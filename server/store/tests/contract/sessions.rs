//! Sessions, and what overtakes them.

use super::engines::{Engine, for_each_engine};
use super::*;
use domain::ids::SessionNumber;
use store::{NewSession, Renewal, SessionHash, StoreError};

fn hash(n: u8) -> SessionHash {
    SessionHash([n; 32])
}

/// A session of a user, from 203.0.113.7.
fn begin(user: UserNumber, n: u8, at: i64) -> NewSession {
    NewSession {
        hash: hash(n),
        user,
        at: Micros(at),
        address: address("203.0.113.7").into(),
        user_agent: "ua".into(),
        code_pending: false,
        verified: None,
        replaces: None,
    }
}

/// A store with one user, whose password has the hash `h`.
async fn open_with_user(engine: Engine, dir: &Path) -> (Arc<dyn Store>, UserNumber) {
    let (store, ..) = open(engine, dir).await;
    let number = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    (store, number)
}

/// Begins sessions 1, 2, …, at 10, 20, …
async fn begin_some(store: &dyn Store, number: UserNumber, count: u8) {
    for n in 1..=count {
        store.insert_session(begin(number, n, 10 * i64::from(n)), audit(10, Action::Login)).await.unwrap();
    }
}

async fn session_number(store: &dyn Store, n: u8) -> SessionNumber {
    store.find_session(hash(n)).await.unwrap().unwrap().0.number
}

async fn an_address_is_known_after_a_login_from_its_source(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    let knows = async |from: &str| store.has_logged_in_from(number, address(from)).await.unwrap();
    assert!(!knows("203.0.113.7").await);
    for (n, from) in [(1, "203.0.113.7"), (2, "2001:db8:1:2::7")] {
        let session = NewSession { address: address(from).into(), ..begin(number, n, 5) };
        let login = Audit { user: Some(number), address: Some(session.address), ..audit(10, Action::Login) };
        store.insert_session(session, login).await.unwrap();
    }
    assert!(knows("203.0.113.7").await && !knows("203.0.113.8").await);
    assert!(knows("2001:db8:1:2:ffff::9").await, "the same /64");
    assert!(!knows("2001:db8:1:3::7").await);
}

async fn a_proof_renews_the_token_once(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    begin_some(store.as_ref(), number, 1).await;
    let first = session_number(store.as_ref(), 1).await;
    store.touch_session(first, Micros(70), address("203.0.113.9").into()).await.unwrap();
    let renewal = Renewal { session: first, from: hash(1), to: hash(11) };
    store.prove_session(renewal, Micros(80)).await.unwrap();
    store.prove_session(renewal, Micros(80)).await.expect("a second click is as good as one");
    let another = Renewal { to: hash(12), ..renewal };
    assert_eq!(store.prove_session(another, Micros(81)).await, Err(StoreError::SignedOut));
    assert!(store.find_session(hash(1)).await.unwrap().is_none(), "the old token is worth nothing");
    let (session, owner) = store.find_session(hash(11)).await.unwrap().unwrap();
    let times = (session.created_at.0, session.last_seen_at.0, session.proved_at.0);
    assert_eq!((times, owner.number), ((10, 70, 80), number));
}

async fn sessions_are_counted_and_end_by_their_times(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    begin_some(store.as_ref(), number, 4).await;
    let first = session_number(store.as_ref(), 1).await;
    store.touch_session(first, Micros(70), address("203.0.113.9").into()).await.unwrap();
    store.delete_session(session_number(store.as_ref(), 2).await, audit(1, Action::Logout)).await.unwrap();
    assert!(store.find_session(hash(2)).await.unwrap().is_none());
    assert!(store.find_session(hash(9)).await.unwrap().is_none());
    let count = async |seen, begun| store.count_sessions(Micros(seen), Micros(begun)).await.unwrap();
    assert_eq!(count(0, 0).await, 3);
    assert_eq!(count(35, 5).await, 2, "the third was not seen");
    assert_eq!(count(0, 15).await, 2, "the first is too old");
    let delete_old =
        async |seen, begun| store.delete_old_sessions(Micros(seen), Micros(begun), Micros(90)).await.unwrap();
    assert_eq!(delete_old(35, 5).await, 1, "the third was not seen");
    assert_eq!(delete_old(0, 15).await, 1, "the first is too old");
    assert!(store.find_session(hash(4)).await.unwrap().is_some());
}

async fn a_session_that_waits_for_its_code_is_none_yet(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    let pending = NewSession { code_pending: true, ..begin(number, 5, 50) };
    store.insert_session(pending, audit(10, Action::PasswordAccepted)).await.unwrap();
    let (session, _) = store.find_session(hash(5)).await.unwrap().unwrap();
    assert!(session.code_pending);
    assert_eq!(store.count_sessions(Micros(0), Micros(0)).await, Ok(0));
    let renewal = Renewal { session: session.number, from: hash(5), to: hash(6) };
    assert_eq!(store.prove_session(renewal, Micros(51)).await, Err(StoreError::SignedOut));
    let delete_old = async |asked| store.delete_old_sessions(Micros(0), Micros(0), Micros(asked)).await;
    assert_eq!(delete_old(50).await, Ok(0));
    assert_eq!(delete_old(51).await, Ok(1), "it waited too long");
}

/// What changed between the check of a password and the session ends the login.
async fn a_login_that_was_overtaken_does_not_begin(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    let begin = async |hash: &str, code_pending| {
        let verified = Some(hash.to_owned());
        let session = NewSession { verified, code_pending, ..begin(number, 7, 50) };
        store.insert_session(session, audit(10, Action::Login)).await
    };
    assert_eq!(begin("another", false).await, Err(StoreError::NotFound), "the password was changed");
    assert_eq!(begin("h", true).await, Err(StoreError::NotFound), "the second factor was switched off");
    assert_eq!(begin("h", false).await, Ok(()));
}

async fn a_password_is_changed_by_a_session_that_stands(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    begin_some(store.as_ref(), number, 2).await;
    let session = session_number(store.as_ref(), 1).await;
    let kept = Renewal { session, from: hash(1), to: hash(17) };
    let change = async |present: &str, kept| {
        let audit = audit(11, Action::PasswordChanged);
        store.change_password(number, present.to_owned(), "newer".into(), kept, audit).await
    };
    assert_eq!(change("another", kept).await, Err(StoreError::NotFound), "the operator was faster");
    let ended = Renewal { session: SessionNumber(99), ..kept };
    assert_eq!(change("h", ended).await, Err(StoreError::SignedOut), "the session has ended");
    change("h", kept).await.unwrap();
    assert!(store.find_session(hash(1)).await.unwrap().is_none(), "the old token is worth nothing");
    assert!(store.find_session(hash(2)).await.unwrap().is_none(), "all others end");
    assert_eq!(session_number(store.as_ref(), 17).await, session);
}

async fn disabling_ends_sessions_and_lets_none_begin(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    let sub = store.insert_user(user("s", Some(number)), audit(1, Action::UserAdded)).await.unwrap();
    begin_some(store.as_ref(), number, 1).await;
    store.insert_session(begin(sub, 2, 20), audit(10, Action::Login)).await.unwrap();
    store.set_user_disabled(number, true, audit(1, Action::UserDisabled)).await.unwrap();
    for (n, of) in [(1, number), (2, sub)] {
        assert!(store.find_session(hash(n)).await.unwrap().is_none());
        let again = store.insert_session(begin(of, n, 30), audit(10, Action::Login)).await;
        assert_eq!(again, Err(StoreError::NotFound));
    }
}

async fn the_oldest_session_makes_room_and_a_replaced_one_ends(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, number) = open_with_user(engine, dir.path()).await;
    let begin = async |n: u8, code_pending, replaces: Option<u8>| {
        let at = 100 - i64::from(n);
        let session = NewSession { code_pending, replaces: replaces.map(hash), ..begin(number, n, at) };
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
    let lines = history_of(store.as_ref(), number, 100).await;
    let ended = lines.iter().filter(|line| line.action == "session_ended" && line.actor == "a").count();
    assert_eq!(ended, 2, "both stand in the history of the user");
}

for_each_engine!(
    an_address_is_known_after_a_login_from_its_source,
    a_proof_renews_the_token_once,
    sessions_are_counted_and_end_by_their_times,
    a_session_that_waits_for_its_code_is_none_yet,
    a_login_that_was_overtaken_does_not_begin,
    a_password_is_changed_by_a_session_that_stands,
    disabling_ends_sessions_and_lets_none_begin,
    the_oldest_session_makes_room_and_a_replaced_one_ends
);
