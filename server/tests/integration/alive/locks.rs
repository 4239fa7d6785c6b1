//! Another program holds a lock on a database: what needs that database is refused in bounded time, and
//! everything else is answered as ever.

use crate::binary::{Client, PASSWORD, Server, latchkey, verb};
use crate::patience::{quick_round, wait_beside};
use crate::said::{refusal, without_dir};
use crate::stores::open;
use domain::address::Address;
use domain::ids::{KeyNumber, UserNumber};
use domain::time::Micros;
use insta::assert_snapshot;
use latchkey::services::SystemClock;
use rusqlite::Connection;
use service::verify::{Flusher, KeyIndex};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use store::{MailStore, Store, StoreError, UsageLog, Use};

const HERE: &str = "203.0.113.7";
const THERE: &str = "203.0.113.8";
/// A program that waits for a lock to go waits five seconds. The quickest of several waits less: the machine may stand
/// still in any one of them.
const SOON: Duration = Duration::from_secs(4);
/// The server waits half a second for a lock, and its start five: a lock that a test held longer shows nothing.
const MOMENT: Duration = Duration::from_millis(300);

struct Scene {
    server: Server,
    cookie: String,
    /// A key that is latched to [`HERE`], with its id, and a fresh one.
    latched: (String, String),
    fresh: String,
    _dir: tempfile::TempDir,
}

impl Scene {
    fn set() -> (Self, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(dir.path());
        assert!(
            verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success()
        );
        let mut client = Client::connect(server.address);
        let cookie = client.log_in("demouser");
        let (latched, fresh) = (client.generate(&cookie, "default"), client.generate(&cookie, "default").1);
        assert_eq!(client.verify(&latched.1, HERE).unwrap().status, 200);
        let path = dir.path().to_owned();
        (Self { server, cookie, latched, fresh, _dir: dir }, path)
    }

    fn client(&self) -> Client {
        Client::connect(self.server.address)
    }

    fn readyz(&self) -> (u16, String) {
        self.client().readyz()
    }
}

/// Holds a lock on a database of a server until it is dropped.
fn lock(dir: &Path, file: &str) -> Connection {
    let other = Connection::open(dir.join(file)).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[test]
fn while_the_counts_are_locked_uses_are_refused_soon_and_all_else_is_answered() {
    let (scene, dir) = Scene::set();
    let held = lock(&dir, "usage.db");
    // One waits for its answer all the while.
    let (told, waiting) = mpsc::channel();
    let (mut one, token) = (scene.client(), scene.latched.1.clone());
    let asking = thread::spawn(move || {
        for _ in 0..10 {
            let begun = Instant::now();
            assert_eq!(one.verify(&token, HERE).unwrap().status, 503);
            told.send(begun.elapsed()).unwrap();
        }
    });
    let mut client = scene.client();
    let (mut rounds, mut quickest) = (0, Duration::MAX);
    while !asking.is_finished() || rounds == 0 {
        let begun = Instant::now();
        assert_eq!(client.ask("GET /healthz HTTP/1.1\r\n", "").unwrap().status, 200);
        let refused = client.verify(&scene.latched.1, THERE).unwrap();
        assert_eq!(refused.header("x-latchkey-code"), Some("IP_NOT_ALLOWED"));
        assert_eq!(client.times_used(&scene.cookie, &scene.latched.0), 1, "pages read on");
        quickest = quickest.min(begun.elapsed());
        rounds += 1;
    }
    asking.join().unwrap();
    assert!(quickest < SOON, "{quickest:?}");
    let uses: Vec<_> = waiting.iter().collect();
    assert!(uses.iter().min() < Some(&SOON), "{uses:?}");
    assert!(rounds > 1);
    let (status, text) = scene.readyz();
    assert_eq!(status, 503);
    assert_snapshot!(text, @"another program holds a lock on a database: accepted uses or changes are refused");
    drop(held);
    assert_eq!(client.verify(&scene.latched.1, HERE).unwrap().status, 200);
    assert_eq!(scene.readyz(), (200, "ok".to_owned()));
    assert_eq!(client.times_used(&scene.cookie, &scene.latched.0), 2, "what was refused was not counted");
    let log = scene.server.log();
    assert_eq!(log.matches("uses cannot be counted").count(), 1, "{log}");
}

#[test]
fn a_lock_of_a_moment_refuses_nothing() {
    let (scene, dir) = Scene::set();
    let mut accepted = 1;
    for _ in 0..5 {
        let status = quick_round(MOMENT, || {
            let mut client = scene.client();
            let held = lock(&dir, "usage.db");
            let head = "GET /authz/forward-auth HTTP/1.1\r\n";
            let key = format!("x-api-key: {}\r\nx-forwarded-for: {HERE}\r\n", scene.latched.1);
            client.send(&format!("{head}{key}"), "").unwrap();
            thread::sleep(Duration::from_millis(50));
            drop(held);
            let status = client.receive().unwrap().status;
            accepted += u64::from(status == 200);
            status
        });
        assert_eq!(status, 200);
    }
    assert_eq!(scene.client().times_used(&scene.cookie, &scene.latched.0), accepted);
    drop(scene.server.stop());
}

#[test]
fn while_the_state_is_locked_changes_are_refused_together_and_keys_pass() {
    let (scene, dir) = Scene::set();
    let held = lock(&dir, "latchkey.db");
    let (told, took) = mpsc::channel();
    thread::scope(|scope| {
        for turn in 0..6 {
            let (scene, told) = (&scene, told.clone());
            scope.spawn(move || {
                // One after the other: the later ones come while the earlier ones wait.
                thread::sleep(Duration::from_millis(300 * turn));
                let mut client = scene.client();
                let begun = Instant::now();
                let fields = [("description", "x"), ("key_type", "default")];
                assert_eq!(client.call(&scene.cookie, "generate_key", &fields).status, 503);
                told.send(begun.elapsed()).unwrap();
            });
        }
        let status = scene.client().verify(&scene.fresh, HERE).unwrap().status;
        assert_eq!(status, 503, "it cannot be latched");
        let mut client = scene.client();
        for _ in 0..20 {
            assert_eq!(client.verify(&scene.latched.1, HERE).unwrap().status, 200, "what is known passes");
        }
        assert_eq!(client.times_used(&scene.cookie, &scene.latched.0), 21);
    });
    drop(told);
    let took: Vec<_> = took.iter().collect();
    assert!(took.iter().min() < Some(&SOON), "{took:?}");
    let (status, text) = scene.readyz();
    assert_eq!(status, 503);
    assert_snapshot!(text, @"another program holds a lock on a database: accepted uses or changes are refused");
    drop(held);
    let mut client = scene.client();
    assert_eq!(client.verify(&scene.fresh, THERE).unwrap().status, 200, "nobody was latched meanwhile");
    client.generate(&scene.cookie, "cloud");
    assert_eq!(scene.readyz(), (200, "ok".to_owned()));
}

#[test]
fn a_start_on_a_locked_database_says_what_is_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    drop(Server::start(dir.path()).stop());
    let mut said = Vec::new();
    for file in ["usage.db", "latchkey.db"] {
        let held = lock(dir.path(), file);
        let output = latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
        said.push(without_dir(&refusal(&output), dir.path()));
        drop(held);
    }
    assert_snapshot!(said.join("\n"), @"
    latchkey: cannot open [dir]/usage.db, because another program holds a lock on it; end that program, then try again
    latchkey: cannot open [dir]/latchkey.db, because another program holds a lock on it; end that program, then try again
    ");
    drop(Server::start(dir.path()).stop());
}

#[test]
fn a_stop_does_not_wait_for_a_lock_and_the_next_start_counts_what_was_left() {
    let (scene, dir) = Scene::set();
    assert_eq!(scene.client().verify(&scene.latched.1, HERE).unwrap().status, 200);
    let held = lock(&dir, "usage.db");
    let Scene { server, cookie, latched, _dir, .. } = scene;
    drop(server.stop());
    drop(held);
    let server = Server::start(&dir);
    assert_eq!(Client::connect(server.address).times_used(&cookie, &latched.0), 2);
}

/// What a killed run leaves: keys whose uses stand in the journal alone.
async fn leave_unfolded(dir: &Path, keys: u32) {
    let (store, mut log) = open(dir).await;
    let uses: Vec<_> = (1..=keys).map(use_of).collect();
    log.append(Micros(1), &uses).await.unwrap();
    drop(log);
    store.close().await;
}

fn use_of(key: u32) -> Use {
    Use {
        key: KeyNumber(key.into()),
        user: UserNumber(1),
        address: Address::parse(HERE).unwrap(),
        rotated_at: None,
    }
}

#[tokio::test]
async fn a_start_that_folds_what_was_left_waits_for_a_lock_of_a_moment() {
    let dir = tempfile::tempdir().unwrap();
    leave_unfolded(dir.path(), 5000).await;
    loop {
        let (store, log) = open(dir.path()).await;
        let (begun, held) = (Instant::now(), lock(dir.path(), "usage.db"));
        let releasing = thread::spawn(move || {
            thread::sleep(MOMENT);
            drop(held);
        });
        let index = Arc::new(KeyIndex::default());
        let flusher = Flusher::start(Arc::default(), index, Box::new(log), Arc::new(SystemClock)).await;
        let (met, took) = (flusher.map(drop), begun.elapsed());
        releasing.join().unwrap();
        store.close().await;
        match met {
            Ok(()) => break,
            Err(error) => assert!(took > SOON, "given up after {took:?}: {error}"),
        }
    }
    let totals = Connection::open(dir.path().join("usage.db")).unwrap();
    let counted = totals.query_row("SELECT count(*), sum(times_used) FROM totals", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    assert_eq!(counted.unwrap(), (5000, 5000), "each use once");
}

#[tokio::test]
async fn changes_wait_for_a_lock_anew_when_the_one_before_was_seen_to_be_gone() {
    loop {
        let dir = tempfile::tempdir().unwrap();
        let (store, _log) = open(dir.path()).await;
        let mark = || {
            let state = Connection::open(dir.path().join("latchkey.db")).unwrap();
            state.query_row("SELECT mark FROM installation", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        let change = || store.postpone_mail(domain::ids::MailNumber(1), Micros(1));
        let (held, before) = (lock(dir.path(), "latchkey.db"), mark());
        assert!(matches!(change().await, Err(StoreError::Locked(_))));
        drop(held);
        // Nobody asks meanwhile; the server itself writes.
        wait_beside("the mark moves", async || mark() != before).await;
        let (begun, held) = (Instant::now(), lock(dir.path(), "latchkey.db"));
        let releasing = async {
            tokio::time::sleep(MOMENT / 2).await;
            drop(held);
        };
        let (changed, ()) = futures::join!(change(), releasing);
        let took = begun.elapsed();
        store.close().await;
        if took < 2 * MOMENT {
            assert_eq!(changed, Ok(()));
            return;
        }
    }
}
