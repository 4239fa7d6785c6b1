//! Under a load that never pauses, what happens beside the answers happens all the same.

use crate::binary::{Client, PASSWORD, Server, verb};
use crate::patience::PATIENCE;
use rusqlite::Connection;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 32;

fn use_until(over: &AtomicBool, server: SocketAddr, token: &str) {
    let mut client = Client::connect(server);
    while !over.load(Ordering::Relaxed) {
        assert_eq!(client.verify(token, "203.0.113.7").unwrap().status, 200);
    }
}

/// Waits until that sum in usage.db is more than nothing.
fn appears(dir: &Path, sum: &str) -> bool {
    let usage = Connection::open(dir.join("usage.db")).unwrap();
    let (begun, sql) = (Instant::now(), format!("SELECT coalesce(sum({sum}"));
    while begun.elapsed() < PATIENCE {
        if usage.query_row(&sql, [], |r| r.get::<_, u64>(0)).unwrap() > 0 {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn under_load_refusals_are_written_and_the_journal_is_folded() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path();
    assert!(verb(dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir);
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let (_, used) = client.generate(&cookie, "cloud");
    let (id, refused) = client.generate(&cookie, "default");
    let over = AtomicBool::new(false);
    let (written, folded) = thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| use_until(&over, server.address, &used));
        }
        client.call(&cookie, "authorise_address", &[("id", &id), ("address", "203.0.113.8")]);
        assert_eq!(client.verify(&refused, "203.0.113.7").unwrap().status, 403);
        let written = appears(dir, "count), 0) FROM hourly WHERE code <> 0");
        let folded = appears(dir, "times_used), 0) FROM totals");
        over.store(true, Ordering::Relaxed);
        (written, folded)
    });
    assert_eq!((written, folded), (true, true), "(refusals written, journal folded)");
}
