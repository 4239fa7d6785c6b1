//! What another process changed before a use was committed counts for the answer. The engine is SQLite's, whose log is one
//! of a test's own that tells of such changes.

mod shared_log;

use super::*;
use crate::verify::Flusher;
use contract::{KeyType, Role};
use domain::address::Network;
use domain::ids::{KeyId, KeyNumber, UserNumber};
use domain::rule::AddressRule;
use domain::time::Steady;
use domain::token::TokenHash;
use shared_log::{Elsewhere, SharedLog};
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Action, Audit, Change, KeyChange, NewKey, NewUser, NoticePolicy, OldToken, Watcher};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

const NOW: Micros = Micros(Micros::HOUR);

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn here() -> Address {
    address("203.0.113.7")
}

/// A clock that stands still and counts how often it is asked for the present.
#[derive(Default)]
struct CountingClock(AtomicUsize);

impl Clock for CountingClock {
    fn now(&self) -> Micros {
        self.0.fetch_add(1, Ordering::SeqCst);
        NOW
    }

    fn steady(&self) -> Steady {
        Steady(NOW.0)
    }
}

/// A verifier over one Default key, which is locked to [`here`].
struct Bench {
    _dir: TempDir,
    verifier: Verifier,
    clock: Arc<CountingClock>,
    store: Arc<dyn Store>,
    elsewhere: Arc<Elsewhere>,
    token: String,
    id: KeyId,
    key: KeyNumber,
    owner: UserNumber,
    _stop: DropGuard,
}

fn audit(action: Action) -> Audit {
    let (actor, detail) = ("operator".into(), String::new());
    Audit { at: NOW, action, actor, user: None, address: None, detail, asker: None }
}

/// Adds an owner with a Default key.
async fn fill(store: &dyn Store, token_hash: TokenHash) -> (UserNumber, KeyId) {
    let user = NewUser {
        owner: None,
        username: Username::parse("demo").unwrap(),
        email: None,
        email_confirmed: false,
        role: Role::ManagesKeys,
        password_hash: "h".into(),
        at: NOW,
    };
    let owner = store.insert_user(user, audit(Action::UserAdded)).await.unwrap();
    let key = NewKey {
        id: KeyId::generate(),
        user: owner,
        key_type: KeyType::Default,
        most: None,
        description: "x".into(),
        token_hash,
        masked: "lkd_abcd…wxyz".into(),
        sealed: None,
        expires_at: None,
        manages_keys: false,
        at: NOW,
    };
    let id = key.id;
    store.insert_key(key, audit(Action::KeyGenerated)).await.unwrap();
    (owner, id)
}

impl Bench {
    async fn start() -> Self {
        let (dir, index) = (tempfile::tempdir().unwrap(), Arc::new(KeyIndex::default()));
        let (format, pepper) = (TokenFormat::new("lk").unwrap(), Pepper::new(&[7; 32]));
        let token = format.generate(KeyType::Default).unwrap().expose().to_owned();
        let opened =
            store_sqlite::open(dir.path(), TokenHash([9; 32]), false, NoticePolicy::default(), index.clone());
        let (store, log) = opened.await.unwrap();
        let (store, elsewhere): (Arc<dyn Store>, _) = (Arc::new(store), Arc::<Elsewhere>::default());
        let (owner, id) = fill(store.as_ref(), pepper.hash(&token)).await;
        let key = index.find(&pepper.hash(&token)).unwrap().number;
        let (journal, clock) = (Arc::<Journal>::default(), Arc::<CountingClock>::default());
        let log = Box::new(SharedLog { log: Box::new(log), elsewhere: Arc::clone(&elsewhere) });
        let own_clock = Arc::<CountingClock>::default();
        let flusher = Flusher::start(Arc::clone(&journal), Arc::clone(&index), log, own_clock).await.unwrap();
        let stop = CancellationToken::new();
        #[expect(clippy::disallowed_methods, reason = "a verifier that waits for it would show its end")]
        tokio::spawn(flusher.run(stop.clone()));
        let verifier = Verifier::new(VerifierParts {
            index,
            journal,
            store: Arc::clone(&store),
            notice_buffer: Arc::default(),
            pepper,
            format,
            clock: Arc::<CountingClock>::clone(&clock),
        });
        let _stop = stop.drop_guard();
        let bench = Self { _dir: dir, verifier, clock, store, elsewhere, token, id, key, owner, _stop };
        assert_eq!(bench.verify(here()).await, Code::Valid, "it is latched");
        bench
    }

    async fn verify(&self, address: Address) -> Code {
        let request = VerificationRequest { token: &self.token, username: None, address, dry_run: false };
        self.verifier.verify(request).await.code
    }

    /// Verifies while another process makes these changes before the use is committed.
    async fn verify_beside(&self, changes: Vec<Change>) -> Code {
        *self.elsewhere.changes.lock() = changes;
        self.verify(here()).await
    }

    fn times_used(&self) -> u64 {
        self.verifier.parts.index.uses(&self.verifier.parts.pepper.hash(&self.token)).0
    }

    fn rule(&self, locked: Option<Address>, allow_list: &[&str]) -> Change {
        let allow_list = allow_list.iter().map(|text| Network::parse(text).unwrap()).collect();
        Change::KeyRule(
            self.key,
            AddressRule { enforced: true, locked, allow_list, ..AddressRule::default() },
        )
    }
}

#[tokio::test]
async fn a_use_that_passes_no_more_by_the_time_of_its_commit_is_refused_and_counted() {
    let bench = Bench::start().await;
    let mut times = 1;
    let back = |change| (vec![change], Code::Valid);
    for (changes, code) in [
        (vec![Change::UserDisabled(bench.owner, true)], Code::OwnerDisabled),
        back(Change::UserDisabled(bench.owner, false)),
        (vec![Change::KeyChanged(bench.key, KeyChange::Paused(true))], Code::Disabled),
        back(Change::KeyChanged(bench.key, KeyChange::Paused(false))),
        (vec![Change::KeyChanged(bench.key, KeyChange::ExpiresAt(Some(NOW)))], Code::Expired),
        back(Change::KeyChanged(bench.key, KeyChange::ExpiresAt(None))),
        (vec![bench.rule(Some(address("203.0.113.8")), &[])], Code::IpNotAllowed),
        back(bench.rule(Some(address("203.0.113.8")), &["203.0.113.0/24"])),
        (vec![bench.rule(Some(here()), &[]), Change::KeyDeleted(bench.key)], Code::Deleted),
    ] {
        if code == Code::Valid {
            // Nothing of it can pass before the change is known.
            bench.verifier.parts.index.committed_elsewhere(changes);
            assert_eq!(bench.verify(here()).await, code);
        } else {
            assert_eq!(bench.verify_beside(changes).await, code);
            assert_eq!(bench.verify(here()).await, code, "the index has the change");
        }
        times += 1;
        assert_eq!(bench.times_used(), times, "{code:?}: what was committed stays counted");
    }
}

#[tokio::test]
async fn a_use_by_a_token_whose_time_is_over_elsewhere_is_refused() {
    let bench = Bench::start().await;
    let token_hash = bench.verifier.parts.pepper.hash(&bench.token);
    let old = |until| Change::OldToken(OldToken { key: bench.key, token_hash, rotated_at: Micros(1), until });
    let rotated =
        vec![old(Micros(NOW.0 + 1)), Change::KeyToken(bench.key, TokenHash([8; 32]), "lkc_abcd…wxyz".into())];
    assert_eq!(bench.verify_beside(rotated).await, Code::Valid, "both tokens pass for a while");
    assert_eq!(bench.verify_beside(vec![old(NOW)]).await, Code::Rotated);
}

#[tokio::test]
async fn a_lock_that_was_released_elsewhere_is_bound_anew_before_the_answer() {
    let bench = Bench::start().await;
    let held = bench.elsewhere.commits.lock().await;
    let released = async {
        while bench.elsewhere.batches.lock().len() < 2 {
            tokio::task::yield_now().await;
        }
        bench.store.release_lock(bench.id, audit(Action::LockReleased)).await.unwrap();
        *bench.elsewhere.changes.lock() = vec![bench.rule(None, &[])];
        drop(held);
    };
    let (code, ()) = futures::join!(bench.verify(here()), released);
    assert_eq!(code, Code::Valid);
    assert_eq!(bench.verify(address("203.0.113.8")).await, Code::IpNotAllowed, "it is latched again");
    assert_eq!(bench.times_used(), 2, "once each");
}

/// The use that waits for the next commit was judged before the change was known, and the next commit tells of nothing.
#[tokio::test]
async fn a_use_that_was_judged_before_the_change_and_is_committed_later_is_refused_too() {
    let bench = Bench::start().await;
    let held = bench.elsewhere.commits.lock().await;
    let second = async {
        while bench.elsewhere.batches.lock().len() < 2 {
            tokio::task::yield_now().await;
        }
        *bench.elsewhere.changes.lock() = vec![Change::KeyDeleted(bench.key)];
        let released = async { drop(held) };
        futures::join!(bench.verify(here()), released).0
    };
    let codes = futures::join!(bench.verify(here()), second);
    assert_eq!(codes, (Code::Deleted, Code::Deleted));
    assert_eq!(*bench.elsewhere.batches.lock(), [1, 1, 1], "each in a commit of its own");
}

#[tokio::test]
async fn without_changes_of_others_nothing_is_judged_twice() {
    let bench = Bench::start().await;
    let asked = || bench.clock.0.load(Ordering::SeqCst);
    let before = asked();
    for turn in 1..=10 {
        // A change of this process is no reason either: its caller waits until earlier uses are answered.
        let network = Network::parse(&format!("10.0.0.{turn}")).unwrap();
        let added = bench.store.insert_network(bench.id, network, 99, audit(Action::AddressAdded));
        let (code, added) = futures::join!(bench.verify(here()), added);
        assert_eq!((code, added), (Code::Valid, Ok(())));
        assert_eq!(asked(), before + turn, "one judgement");
    }
    assert_eq!(bench.verify_beside(vec![Change::ForeignTokensAdmitted]).await, Code::Valid);
    assert_eq!(asked(), before + 12, "two of them");
}
