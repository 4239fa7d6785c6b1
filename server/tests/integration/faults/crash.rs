//! SIGKILL at any moment: what was answered is there, no accepted use is lost, and none is made up.

use super::customer::Customer;
use super::rounds;
use super::told::Promise;
use super::trace;
use crate::binary::{Client, PASSWORD, Server, Start, verb};
use crate::log_lines::tells_of;
use crate::patience::PATIENCE;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CUSTOMERS: u64 = 4;
/// After which a round ends that its fault did not end.
const LONGEST: Duration = Duration::from_secs(8);
/// Rounds until one has hit a fold, at most.
const FOLDS: u32 = 50;

fn customers(dir: &Path) -> Vec<Customer> {
    let name = |number| format!("customer{number}");
    (0..CUSTOMERS)
        .map(|number| {
            let added = verb(dir, &["user", "add", &name(number), "--password-stdin"], PASSWORD);
            assert!(added.status.success(), "{added:?}");
            Customer::new(name(number), number)
        })
        .collect()
}

/// Where the process dies in a round.
enum Death {
    After(Duration),
    /// At the nth write to a file.
    AtWrite(&'static str, u32),
    /// At the nth write of the checkpoint with which a stop ends.
    Stopping(u32),
}

fn death(round: u32, random: &mut StdRng) -> Death {
    match round % 5 {
        0 | 1 => Death::After(Duration::from_millis(random.random_range(50..2500))),
        2 => Death::AtWrite("usage.db-wal", random.random_range(10..2000)),
        3 => Death::AtWrite("latchkey.db-wal", random.random_range(10..1200)),
        _ => Death::Stopping(random.random_range(1..4)),
    }
}

/// Works on the server until it is dead; answers whether it died, and did not come to a good end before.
fn work_until_death(server: Server, customers: &mut [Customer], death: &Death) -> bool {
    let (address, begun) = (server.address, Instant::now());
    let over = AtomicBool::new(false);
    let mut server = server;
    thread::scope(|scope| {
        for customer in customers {
            scope.spawn(|| customer.live(address, || !over.load(Ordering::SeqCst)));
        }
        let ended = match death {
            Death::After(time) => {
                thread::sleep(*time);
                None
            }
            Death::AtWrite(..) => server.wait(LONGEST),
            Death::Stopping(_) => {
                thread::sleep(Duration::from_secs(1));
                server.signal("-TERM");
                server.wait(PATIENCE)
            }
        };
        server.kill();
        over.store(true, Ordering::SeqCst);
        println!("dead after {} ms", begun.elapsed().as_millis());
        ended != Some(0)
    })
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_told() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path();
    let mut customers = customers(dir);
    for round in 0..rounds("KILLS", 10) {
        let death = death(round, &mut StdRng::seed_from_u64(round.into()));
        let fault = |n: &u32| format!("pwrite64:signal=SIGKILL:when={n}");
        let death = match death {
            Death::Stopping(n) => {
                drop(Server::start(dir).stop());
                Death::Stopping(n + trace::calls_of_a_start(dir, "usage.db", "pwrite64"))
            }
            other => other,
        };
        let under = match &death {
            Death::After(_) => vec![],
            Death::AtWrite(file, n) => trace::inject(&dir.join(file), &fault(n)),
            Death::Stopping(n) => trace::inject(&dir.join("usage.db"), &fault(n)),
        };
        let durability = if round % 2 == 0 { "commit" } else { "fsync" };
        let settings = [("LATCHKEY_USAGE_DURABILITY", durability)];
        let has_died = match (Start { settings: &settings, under, ..Start::default() }.try_run(dir)) {
            Ok(server) => work_until_death(server, &mut customers, &death),
            // The write was one of the start.
            Err(_) => true,
        };
        let restarted = Server::start(dir);
        for customer in &mut customers {
            let promise = Promise { uses: true, refusals: true };
            customer.told.check(&customer.name, &restarted, dir, promise);
        }
        let is_told = tells_of(&restarted.log(), "unclean_stop");
        assert_eq!(is_told, has_died, "{}", restarted.log());
        let valid: u64 = customers.iter().map(|c| c.told.valid()).sum();
        println!("round {round}, {durability}: {valid} accepted uses so far, none lost");
        restarted.kill();
    }
}

/// Uses one key without a pause until the server dies, or never does.
fn hammer(server: &Server, token: &str, sent: &AtomicU64, valid: &AtomicU64) {
    let Ok(mut client) = Client::try_connect(server.address) else { return };
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        sent.fetch_add(1, Ordering::SeqCst);
        match client.verify(token, "203.0.113.7") {
            Ok(reply) => assert_eq!(reply.status, 200, "{}", reply.head),
            Err(_) => return,
        }
        valid.fetch_add(1, Ordering::SeqCst);
    }
}

fn generate(dir: &Path, keys: usize) -> (String, Vec<(String, String)>) {
    /// So many a user may change at once; a server that was started anew knows of none.
    const AT_ONCE: usize = 300;
    assert!(verb(dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let (mut cookie, mut made) = (String::new(), Vec::with_capacity(keys));
    while made.len() < keys {
        let server = Server::start(dir);
        let mut client = Client::connect(server.address);
        cookie = client.log_in("demouser");
        let some = AT_ONCE.min(keys - made.len());
        made.extend((0..some).map(|_| client.generate(&cookie, "cloud")));
        drop(server.stop());
    }
    (cookie, made)
}

#[test]
fn killed_in_the_middle_of_a_checkpoint_under_load_it_counts_what_it_answered() {
    let base = tempfile::tempdir().unwrap();
    let (cookie, keys) = generate(base.path(), 1);
    let (sent, valid) = (AtomicU64::new(0), AtomicU64::new(0));
    let rounds = rounds("CHECKPOINTS", 2);
    let mut hit = 0;
    for round in 0..rounds {
        let start = trace::calls_of_a_start(base.path(), "usage.db", "pwrite64");
        let fault = format!("pwrite64:signal=SIGKILL:when={}", start + 1 + 3 * round);
        let under = trace::inject(&base.path().join("usage.db"), &fault);
        let mut server = Start { under, ..Start::default() }.run(base.path());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| hammer(&server, &keys[0].1, &sent, &valid));
            }
        });
        server.wait(PATIENCE);
        hit += u32::from(base.path().join("usage.db-wal").metadata().unwrap().len() >= 16 << 20);
        let restarted = Server::start(base.path());
        let counted = Client::connect(restarted.address).times_used(&cookie, &keys[0].0);
        let (sent, valid) = (sent.load(Ordering::SeqCst), valid.load(Ordering::SeqCst));
        assert!((valid..=sent).contains(&counted), "{valid} <= {counted} <= {sent}");
        println!("round {round}: {valid} accepted uses, {counted} counted, {sent} sent");
        drop(restarted.stop());
    }
    assert_eq!(hit, rounds, "each in a checkpoint of a grown log");
}

/// Rows of the journal: batches of uses, and marks of folded keys.
fn journal(dir: &Path) -> (u64, u64) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let usage = Connection::open_with_flags(dir.join("usage.db"), flags).unwrap();
    let sql = "SELECT coalesce(sum(kind = 0), 0), coalesce(sum(kind = 1), 0) FROM journal";
    usage.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap()
}

#[test]
fn killed_in_the_middle_of_a_fold_it_counts_every_use_once() {
    const KEYS: usize = 1200;
    let base = tempfile::tempdir().unwrap();
    let dir = base.path();
    let (cookie, keys) = generate(dir, KEYS);
    let (mut uses, mut hit, rounds) = (0, 0, rounds("FOLDS", 2));
    let mut round = 0;
    while round < rounds || hit == 0 {
        assert!(round < rounds.max(FOLDS), "no fold was hit");
        let server = Server::start(dir);
        let mut client = Client::connect(server.address);
        for (_, token) in &keys {
            assert_eq!(client.verify(token, "203.0.113.7").unwrap().status, 200);
        }
        uses += 1;
        // Until some keys are folded and others are not; a fold that is over before it is seen is no hit.
        while journal(dir) != (0, 0) && journal(dir).1 <= u64::from(round % 8) {}
        server.kill();
        let (left, folded) = journal(dir);
        hit += u32::from(left > 0 && folded > 0);
        let restarted = Server::start(dir);
        let mut client = Client::connect(restarted.address);
        for (id, _) in &keys {
            assert_eq!(client.times_used(&cookie, id), uses, "round {round}");
        }
        if left > 0 {
            let log = restarted.log();
            assert!(tells_of(&log, "journal_folded"), "{log}");
        }
        println!("round {round}: {left} batches and {folded} marks of folded keys were left");
        drop(restarted.stop());
        round += 1;
    }
}
