//! SIGKILL under load: no accepted use is lost, and none is made up.

use crate::binary::{Client, PASSWORD, Server, verb};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const KEYS: usize = 8;
const CLIENTS: usize = 4;
const ROUNDS: u64 = 10;

#[derive(Default)]
struct Seen {
    sent: AtomicU64,
    valid: AtomicU64,
}

/// Asks for each key in turn until the connection dies or the round is over.
fn load(address: SocketAddr, tokens: &[String], seen: &[Seen], stop: &AtomicBool) {
    let mut client = Client::connect(address);
    for turn in (0..tokens.len()).cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let head = format!(
            "GET /authz/forward-auth HTTP/1.1\r\nx-api-key: {}\r\nx-forwarded-for: 203.0.113.7\r\n",
            tokens[turn]
        );
        seen[turn].sent.fetch_add(1, Ordering::SeqCst);
        match client.ask(&head, "") {
            Ok(reply) if reply.status == 200 => seen[turn].valid.fetch_add(1, Ordering::SeqCst),
            Ok(reply) => panic!("{} {}", reply.head, reply.body),
            Err(_) => return,
        };
    }
}

#[test]
fn killed_under_load_it_counts_what_it_answered() {
    let dir = tempfile::tempdir().unwrap();
    let added = verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD);
    assert!(added.status.success(), "{added:?}");
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let types = ["default", "cloud"];
    let keys: Vec<_> = (0..KEYS).map(|n| client.generate(&cookie, types[n % 2])).collect();
    let tokens: Arc<Vec<String>> = Arc::new(keys.iter().map(|(_, token)| token.clone()).collect());
    let seen: Arc<Vec<Seen>> = Arc::new((0..KEYS).map(|_| Seen::default()).collect());
    let mut server = Some(server);
    for round in 0..ROUNDS {
        let running = server.take().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (address, tokens) = (running.address, Arc::clone(&tokens));
                let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
                thread::spawn(move || load(address, &tokens, &seen, &stop))
            })
            .collect();
        // At another moment each round, some of them after a fold has begun.
        thread::sleep(Duration::from_millis(200 + 37 * round + if round == 5 { 5000 } else { 0 }));
        running.kill();
        stop.store(true, Ordering::SeqCst);
        clients.into_iter().for_each(|c| c.join().unwrap());
        let restarted = Server::start(dir.path());
        let mut client = Client::connect(restarted.address);
        for ((id, _), seen) in keys.iter().zip(seen.iter()) {
            let (valid, sent) = (seen.valid.load(Ordering::SeqCst), seen.sent.load(Ordering::SeqCst));
            let counted = client.times_used(&cookie, id);
            assert!((valid..=sent).contains(&counted), "round {round}: {valid} <= {counted} <= {sent}");
        }
        server = Some(restarted);
    }
    let answered: u64 = seen.iter().map(|s| s.valid.load(Ordering::SeqCst)).sum();
    assert!(answered > 500, "the load was no load: {answered}");
    drop(server);
    for file in ["latchkey.db", "usage.db"] {
        let database = rusqlite::Connection::open(dir.path().join(file)).unwrap();
        let check: String = database.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
        assert_eq!(check, "ok", "{file}");
    }
}
