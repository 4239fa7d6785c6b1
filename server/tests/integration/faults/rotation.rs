//! A key that is in use without a pause is rotated, or expires: not one use is refused before the end of a token, and not
//! one is accepted after it.

use crate::binary::{Client, PASSWORD, Server, verb};
use crate::patience::PATIENCE;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use rusqlite::Connection;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const CONNECTIONS: usize = 64;
const HOME: &str = "203.0.113.7";

fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Micros(i64::try_from(since.as_micros()).unwrap())
}

/// How often a token was sent, and how often it passed.
#[derive(Default)]
struct Uses {
    sent: AtomicU64,
    valid: AtomicU64,
    refused: AtomicU64,
}

impl Uses {
    fn valid(&self) -> u64 {
        self.valid.load(Ordering::SeqCst)
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

/// Uses a token without a pause until that is over or the server is gone. It passes until `end`, and from then on it is
/// refused with this code.
fn use_until(over: &AtomicBool, server: SocketAddr, token: &str, end: Option<(Micros, &str)>, uses: &Uses) {
    let Ok(mut client) = Client::try_connect(server) else { return };
    while !over.load(Ordering::SeqCst) {
        let asked = now();
        uses.sent.fetch_add(1, Ordering::SeqCst);
        let Ok(reply) = client.verify(token, HOME) else { return };
        match (reply.header("x-latchkey-code"), end) {
            (None, _) => {
                assert_eq!(reply.status, 200, "{}", reply.head);
                assert!(end.is_none_or(|(end, _)| asked < end), "accepted after its end");
                uses.valid.fetch_add(1, Ordering::SeqCst);
            }
            (Some(code), Some((end, expected))) if code == expected => {
                assert!(now() >= end, "refused before its end");
                uses.refused.fetch_add(1, Ordering::SeqCst);
            }
            (Some(code), _) => panic!("{code}"),
        }
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn rotate(client: &mut Client, cookie: &str, id: &str) -> String {
    let reply = client.call(cookie, "rotate_key", &[("id", id), ("overlap_seconds", "3600")]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str::<serde_json::Value>(&reply.body).unwrap()["token"].as_str().unwrap().to_owned()
}

/// The uses by the old token, as the page of the key shows them.
fn old_uses(client: &mut Client, cookie: &str, id: &str) -> u64 {
    let reply = client.get(cookie, &format!("/portal/find_key?id={id}")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    // "Used today 3 of 5", "Used yesterday 0 of 0".
    let html = json["html"]["old_token"].as_str().unwrap();
    let shares =
        html.split("<dd>").filter_map(|fact| fact.split_once(" of ")?.0.replace(',', "").parse::<u64>().ok());
    let shares: Vec<_> = shares.collect();
    assert_eq!(shares.len(), 2, "{html}");
    shares.iter().sum()
}

/// The same as they are kept once all is folded.
fn kept_old_uses(dir: &Path) -> u64 {
    let usage = Connection::open(dir.join("usage.db")).unwrap();
    let left: u64 = usage.query_row("SELECT count(*) FROM old_token_journal", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "a stop folds everything");
    let [hours, addresses] = ["old_token_hours", "old_token_addresses"].map(|table| -> u64 {
        let sql = format!("SELECT coalesce(sum(count), 0) FROM {table}");
        usage.query_row(&sql, [], |row| row.get(0)).unwrap()
    });
    assert_eq!(hours, addresses);
    hours
}

/// Old and new token in use through the rotation, until the server is killed. Returns the new token.
fn rotate_and_kill(dir: &Path, id: &str, old_token: &str, cookie: &str, old: &Uses, new: &Uses) -> String {
    let server = Server::start(dir);
    let (address, over) = (server.address, AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS / 2 {
            scope.spawn(|| use_until(&over, address, old_token, None, old));
        }
        wait_until("the token is used", || old.valid() > 200);
        let new_token = rotate(&mut Client::connect(address), cookie, id);
        for _ in 0..CONNECTIONS / 2 {
            let (over, token) = (&over, new_token.clone());
            scope.spawn(move || use_until(over, address, &token, None, new));
        }
        let before = old.valid();
        wait_until("both are used", || old.valid() > before + 200 && new.valid() > 200);
        server.kill();
        over.store(true, Ordering::SeqCst);
        new_token
    })
}

#[test]
fn a_rotation_refuses_no_use_before_its_end_and_loses_none() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path();
    assert!(verb(dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir);
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let (id, old_token) = client.generate(&cookie, "default");
    drop(client);
    drop(server.stop());
    let (old, new) = (Uses::default(), Uses::default());
    let new_token = rotate_and_kill(dir, &id, &old_token, &cookie, &old, &new);
    // The shortest overlap is an hour; the rest of it goes by here.
    let end = now().plus_seconds(6);
    let state = Connection::open(dir.join("latchkey.db")).unwrap();
    assert_eq!(state.execute("UPDATE old_tokens SET until = ?", [end.0]), Ok(1));
    drop(state);
    let server = Server::start(dir);
    let mut client = Client::connect(server.address);
    let (counted, counted_old) = (client.times_used(&cookie, &id), old_uses(&mut client, &cookie, &id));
    let (valid, sent) = (old.valid() + new.valid(), old.sent() + new.sent());
    assert!((valid..=sent).contains(&counted), "{valid} <= {counted} <= {sent}");
    assert!((1..=old.sent()).contains(&counted_old), "{counted_old} of {}", old.sent());

    let (old, new, over) = (Uses::default(), Uses::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS / 2 {
            let end = Some((end, "ROTATED"));
            scope.spawn(|| use_until(&over, server.address, &new_token, None, &new));
            scope.spawn({
                let (over, token, old, address) = (&over, &old_token, &old, server.address);
                move || use_until(over, address, token, end, old)
            });
        }
        wait_until("the old token is refused", || old.refused.load(Ordering::SeqCst) > 200);
        let before = new.valid();
        wait_until("the new one goes on", || new.valid() > before + 200);
        over.store(true, Ordering::SeqCst);
    });
    assert!(old.valid() > 0, "it was used until its end");
    let times_used = client.times_used(&cookie, &id);
    assert_eq!(times_used, counted + old.valid() + new.valid(), "the sum of both is Times Used");
    drop(client);
    drop(server.stop());
    assert_eq!(kept_old_uses(dir), counted_old + old.valid());
}

#[test]
fn a_key_that_expires_under_load_passes_until_its_second() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path();
    assert!(verb(dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir);
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let (id, token) = client.generate(&cookie, "cloud");
    let end = Micros(now().0 / Micros::SECOND * Micros::SECOND).plus_seconds(4);
    let shown = TimeZone::default().input_text(end);
    let reply = client.call(&cookie, "set_key_expiry", &[("id", &id), ("expires_at", &shown)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let (uses, over) = (Uses::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| use_until(&over, server.address, &token, Some((end, "EXPIRED")), &uses));
        }
        wait_until("it is refused", || uses.refused.load(Ordering::SeqCst) > 500);
        over.store(true, Ordering::SeqCst);
    });
    assert!(uses.valid() > 0);
    assert_eq!(client.times_used(&cookie, &id), uses.valid());
}
