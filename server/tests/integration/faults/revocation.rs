//! A key that is in use without a pause is deleted: not one use is accepted once that is answered.

use super::rounds;
use super::trace::{self, Call};
use crate::binary::{Client, PASSWORD, Server, Start, verb};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;

/// Uses the key until it is refused. Answers when the last accepted request was sent, and how many were.
fn use_until_refused(address: SocketAddr, token: &str, used: &AtomicU64) -> (Option<Instant>, u64) {
    let mut client = Client::connect(address);
    let (mut last, mut accepted) = (None, 0);
    loop {
        let sent = Instant::now();
        let reply = client.verify(token, "203.0.113.7").unwrap();
        match reply.header("x-latchkey-code") {
            None => {
                assert_eq!(reply.status, 200);
                (last, accepted) = (Some(sent), accepted + 1);
                used.fetch_add(1, Ordering::Relaxed);
            }
            Some(code) => {
                assert_eq!(code, "DELETED");
                return (last, accepted);
            }
        }
    }
}

/// What one round left: the key, the port that its deletion was asked from, and the accepted uses.
struct Deleted {
    id: String,
    port: u16,
    accepted: u64,
}

fn one_round(server: &Server, cookie: &str) -> Deleted {
    let mut owner = Client::connect(server.address);
    let (id, token) = owner.generate(cookie, "default");
    let used = AtomicU64::new(0);
    // A connection of its own, so that the deletion is the first answer on it.
    let mut deleting = Client::connect(server.address);
    let form = serde_urlencoded::to_string([("id", id.as_str())]).unwrap();
    let head = format!(
        "POST /account/api-keys/{id}/delete HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
         content-type: application/x-www-form-urlencoded\r\n"
    );
    let accepted = thread::scope(|scope| {
        let ask = || use_until_refused(server.address, &token, &used);
        let users: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
        while used.load(Ordering::Relaxed) < 4 * CONNECTIONS as u64 {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(deleting.ask(&head, &form).unwrap().status, 303);
        let deleted = Instant::now();
        let accepted = users.into_iter().map(|user| {
            let (last, accepted) = user.join().unwrap();
            assert!(last.is_none_or(|sent| sent < deleted), "accepted after the deletion was answered");
            accepted
        });
        accepted.sum()
    });
    Deleted { id, port: deleting.port(), accepted }
}

/// In what the server sent: no key is passed on after the answer to its deletion.
fn compare_with_record(record: &Path, rounds: &[Deleted]) {
    let (calls, _) = trace::read(record, 0);
    let sent: Vec<_> = calls
        .iter()
        .filter_map(|traced| match &traced.call {
            Call::Send(port, bytes) => Some((*port, String::from_utf8_lossy(bytes))),
            _ => None,
        })
        .collect();
    for Deleted { id, port, accepted } in rounds {
        let is_pass = |text: &str| {
            text.starts_with("HTTP/1.1 200 ") && text.contains(&format!("x-latchkey-key-id: {id}"))
        };
        let passes: Vec<_> = (0..sent.len()).filter(|n| is_pass(&sent[*n].1)).collect();
        // An earlier connection may have had the same port.
        let answer =
            sent[passes[0]..].iter().position(|(to, text)| to == port && text.starts_with("HTTP/1.1 303 "));
        let deletion = passes[0] + answer.expect("the deletion was answered");
        assert_eq!(passes.len() as u64, *accepted, "the record shows what the clients saw");
        let late = passes.iter().filter(|n| **n > deletion).count();
        assert_eq!(late, 0, "passed on after the answer to the deletion");
    }
}

#[test]
fn not_one_use_is_accepted_after_the_deletion_is_answered() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("data");
    assert!(verb(&dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let record = base.path().join("record");
    let start = Start { under: trace::record_answers(&record), ..Start::default() };
    let server = start.run(&dir);
    let cookie = Client::connect(server.address).log_in("demouser");
    let rounds: Vec<_> = (0..rounds("REVOCATIONS", 8)).map(|_| one_round(&server, &cookie)).collect();
    let process = server.id();
    server.kill();
    trace::wait_for_end(&record, process);
    compare_with_record(&record, &rounds);
    let accepted: u64 = rounds.iter().map(|r| r.accepted).sum();
    println!("{} deletions under {accepted} accepted uses, none accepted or sent too late", rounds.len());
}
