//! Links by which a user sets a password without the one they had.

use super::engines::{Engine, for_each_engine};
use super::*;
use store::{EmailChange, LinkRecipient, NewMail, NewPasswordLink, PasswordLinkHash, StoreError};
use tempfile::TempDir;

fn hash(n: u8) -> PasswordLinkHash {
    PasswordLinkHash([n; 32])
}

/// A store with an owner and their sub-user.
struct Bench {
    _dir: TempDir,
    store: Arc<dyn Store>,
    owner: UserNumber,
    sub: UserNumber,
}

impl Bench {
    async fn open(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, _log, _told) = open(engine, dir.path()).await;
        let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
        let sub = store.insert_user(user("s", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
        Self { _dir: dir, store, owner, sub }
    }

    /// Makes a link from 10 until 100.
    async fn make(&self, n: u8, whose: Option<UserNumber>) {
        let recipient = whose.map(|user| LinkRecipient {
            user,
            mail: NewMail { user: Some(user), payload: vec![n], due_at: Micros(10) },
            audit: audit_of(user, 10, Action::PasswordLinkSent),
        });
        let link = NewPasswordLink { hash: hash(n), at: Micros(10), expires_at: Micros(100), recipient };
        self.store.insert_password_link(link).await.unwrap();
    }

    /// Whose link it is, if it is open.
    async fn opens(&self, n: u8, at: i64) -> Option<UserNumber> {
        self.store.find_password_link(hash(n), Micros(at)).await.unwrap().map(|found| found.user)
    }

    async fn set(&self, n: u8, at: i64) -> Result<(), StoreError> {
        self.store.set_password_by_link(hash(n), "new".into(), audit(at, Action::PasswordSetByLink)).await
    }

    async fn password(&self, whose: &str) -> String {
        self.store.find_user(&name(whose)).await.unwrap().unwrap().password_hash
    }
}

async fn a_link_sets_a_password_once_and_in_time(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.make(1, Some(bench.sub)).await;
    assert_eq!(bench.opens(1, 99).await, Some(bench.sub));
    assert_eq!(bench.opens(1, 100).await, None, "its end is not in it");
    assert_eq!(bench.set(1, 100).await, Err(StoreError::NotFound));
    assert_eq!(bench.set(2, 20).await, Err(StoreError::NotFound), "a link that was never made");
    assert_eq!(bench.password("s").await, "h");
    bench.set(1, 20).await.unwrap();
    assert_eq!(bench.password("s").await, "new");
    assert_eq!(bench.password("o").await, "h");
    assert_eq!(bench.set(1, 21).await, Err(StoreError::NotFound));
    let lines = history_of(bench.store.as_ref(), bench.sub, 10).await;
    assert!(lines.iter().any(|line| line.action == "password_link_sent"));
}

async fn only_the_last_link_of_a_user_is_open(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.make(1, Some(bench.sub)).await;
    bench.make(2, Some(bench.owner)).await;
    bench.make(3, Some(bench.sub)).await;
    assert_eq!(bench.opens(1, 20).await, None);
    assert_eq!(bench.opens(2, 20).await, Some(bench.owner), "another user's stays");
    assert_eq!(bench.opens(3, 20).await, Some(bench.sub));
}

async fn a_link_of_nobody_opens_nothing_and_brings_no_letter(engine: Engine) {
    let bench = Bench::open(engine).await;
    bench.make(1, None).await;
    bench.make(2, None).await;
    assert_eq!(bench.opens(1, 20).await, None);
    assert_eq!(bench.set(1, 20).await, Err(StoreError::NotFound));
    assert_eq!(bench.store.count_mails().await, Ok(0));
    bench.make(3, Some(bench.sub)).await;
    assert_eq!(bench.store.count_mails().await, Ok(1));
}

async fn a_link_ends_with_what_it_rests_on(engine: Engine) {
    let bench = Bench::open(engine).await;
    // Another password.
    bench.make(1, Some(bench.sub)).await;
    bench.store.set_password(bench.sub, "other".into(), audit(20, Action::PasswordReset)).await.unwrap();
    assert_eq!(bench.opens(1, 21).await, None);
    // Another mail address: the letter may lie with somebody else.
    bench.make(2, Some(bench.sub)).await;
    let change = EmailChange {
        user: bench.sub,
        old: None,
        farewell: None,
        audit: audit_of(bench.sub, 30, Action::EmailChanged),
    };
    bench.store.set_email(Some("s@example.com".into()), change).await.unwrap();
    assert_eq!(bench.opens(2, 31).await, None);
    // The user, or the owner of their account, is disabled.
    bench.make(3, Some(bench.sub)).await;
    for whose in [bench.sub, bench.owner] {
        let line = |action| audit_of(whose, 40, action);
        bench.store.set_user_disabled(whose, true, line(Action::UserDisabled)).await.unwrap();
        assert_eq!(bench.opens(3, 41).await, None);
        assert_eq!(bench.set(3, 41).await, Err(StoreError::NotFound));
        bench.store.set_user_disabled(whose, false, line(Action::UserEnabled)).await.unwrap();
    }
    assert_eq!(bench.opens(3, 41).await, Some(bench.sub));
}

for_each_engine!(
    a_link_sets_a_password_once_and_in_time,
    only_the_last_link_of_a_user_is_open,
    a_link_of_nobody_opens_nothing_and_brings_no_letter,
    a_link_ends_with_what_it_rests_on
);
