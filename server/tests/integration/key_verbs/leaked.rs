//! A key leaked: its token is piped in, the key found and revoked, refused at the next request, and its owner told.

use super::{Made, json, key, rotate, said, serve_demo, verdict};
use crate::binary::{Client, PASSWORD, Server, verb};
use crate::mail::smtp::Smtp;
use crate::said::out;
use insta::assert_snapshot;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const HOME: &str = "203.0.113.7";

/// No file of a directory holds any of these.
fn holds_none(dir: &Path, tokens: &[&str]) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for token in tokens {
            let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
            assert!(!found, "{} holds a token", path.display());
        }
    }
}

#[test]
fn a_leaked_key_is_found_revoked_and_refused_and_its_owner_told() {
    let dir = tempfile::tempdir().unwrap();
    let smtp = Smtp::start();
    let url = format!("smtp://127.0.0.1:{}?tls=none", smtp.port);
    let add = ["user", "add", "demo", "--email", "demo@example.org", "--password-stdin"];
    assert!(verb(dir.path(), &add, PASSWORD).status.success());
    let settings = [("LATCHKEY_SMTP_URL", url.as_str()), ("LATCHKEY_SMTP_FROM", "keys@example.com")];
    let server = Server::start_with(dir.path(), &[], &settings);
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    assert_eq!(client.call(&cookie, "choose_notices", &[("mail_key_deleted", "on")]).status, 200);
    let made = Made::of(client.generate(&cookie, "default"));
    assert_eq!(verdict(&mut client, &made.token, HOME), "200");
    let masked = made.masked();
    let chances = [(made.id.as_str(), "id"), (masked.as_str(), "masked")];

    let found = json(&key(dir.path(), &["find", "--token-from-stdin", "--json"], &made.token));
    assert_eq!(found["keys"][0]["id"], made.id.as_str());
    let reason = "found in a public repository";
    let revoke = ["revoke", "--token-from-stdin", "--reason", reason, "--yes"];
    let revoked = key(dir.path(), &revoke, &format!("{}\n", made.token));
    assert_snapshot!(said(&revoked, &chances), @"
    0
    “load” of demo ([masked]) is deleted and refused from now on; demo is told; used 1 time, last at [time]Z
    ");
    assert_eq!(verdict(&mut client, &made.token, HOME), "DELETED", "at the next request");

    let page = client.get(&cookie, "/account/notifications").unwrap().body;
    assert!(page.contains("The key “load” was deleted"), "{page}");
    assert!(page.contains(&format!("By the operator of this service. Reason given: {reason}")), "{page}");
    let letters = std::iter::repeat_with(|| smtp.next());
    let letter =
        letters.take(9).find(|mail| mail["headers"]["subject"] == "A key was deleted: load").unwrap();
    let text = letter["text"].as_str().unwrap();
    assert!(text.contains(reason) && text.contains("operator"), "{text}");

    let again = key(dir.path(), &revoke, &made.token);
    assert_snapshot!(said(&again, &chances), @"
    4
    latchkey: “load” of demo ([masked]) was deleted already, at [time]Z; nothing was changed
    ");
    let again = key(dir.path(), &["revoke", &made.id, "--reason", "x", "--yes", "--json"], "");
    assert_eq!((again.status.code(), &json(&again)["revoked"]), (Some(4), &false.into()));
    for undone in ["resume_key", "rotate_key", "set_key_expiry"] {
        let fields = [("id", made.id.as_str()), ("overlap_seconds", "0"), ("expires_at", "")];
        assert_eq!(client.call(&cookie, undone, &fields).status, 404, "{undone}: nobody undoes it");
    }
    let history = json(&key(dir.path(), &["show", &made.id, "--json"], ""))["history"][0].clone();
    let line = [&history["action"], &history["actor"], &history["detail"]];
    assert_eq!(line, ["key_deleted", "operator", reason]);
    let log = server.stop();
    assert!(!log.contains(&made.token), "{log}");
    holds_none(dir.path(), &[&made.token]);
}

#[test]
fn a_key_that_is_revoked_while_no_server_runs_is_refused_when_one_does() {
    let (dir, server, mut client, cookie) = serve_demo();
    let made = Made::of(client.generate(&cookie, "cloud"));
    let newer = rotate(&mut client, &cookie, &made.id, "3600");
    for token in [&made.token, &newer] {
        assert_eq!(verdict(&mut client, token, HOME), "200");
    }
    server.stop();
    let revoke = ["revoke", "--token-from-stdin", "--reason", "leaked", "--yes"];
    let revoked = key(dir.path(), &revoke, &made.token);
    let masked = super::masked(&newer);
    assert_snapshot!(said(&revoked, &[(&made.id, "id"), (&masked, "masked")]), @"
    0
    “load” of demo ([masked]) is deleted and refused from now on; demo is told; used 2 times, last at [time]Z
    the token was an old one; the present one is refused with it
    ");
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    for token in [&made.token, &newer] {
        assert_eq!(verdict(&mut client, token, HOME), "DELETED");
    }
    let page = client.get(&cookie, "/account/notifications").unwrap().body;
    assert!(page.contains("Reason given: leaked"), "{page}");
    holds_none(dir.path(), &[&made.token, &newer]);
}

#[test]
fn nothing_passes_that_is_sent_after_the_verb_has_ended() {
    let (dir, server, mut client, cookie) = serve_demo();
    for _ in 0..5 {
        let made = Made::of(client.generate(&cookie, "cloud"));
        let (address, stop) = (server.address, AtomicBool::new(false));
        let (ended, asked) = std::thread::scope(|scope| {
            let ask = || {
                let (mut client, mut asked) = (Client::connect(address), Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let sent = Instant::now();
                    asked.push((sent, client.verify(&made.token, HOME).unwrap().status));
                }
                asked
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            assert_eq!(verdict(&mut client, &made.token, HOME), "200");
            let revoked = key(dir.path(), &["revoke", &made.id, "--reason", "x", "--yes"], "");
            let ended = Instant::now();
            assert!(revoked.status.success(), "{revoked:?}");
            assert_eq!(verdict(&mut client, &made.token, HOME), "DELETED");
            stop.store(true, Ordering::Relaxed);
            let asked: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            (ended, asked)
        });
        assert!(asked.iter().any(|(_, status)| *status == 200), "it was in use");
        assert!(!asked.iter().any(|(sent, status)| *sent > ended && *status == 200));
        let passed = asked.iter().filter(|(_, status)| *status == 200).count() as u64;
        let shown = key(dir.path(), &["show", &made.id, "--json"], "");
        assert_eq!(json(&shown)["times_used"], passed + 1, "{}", out(&shown));
    }
}
