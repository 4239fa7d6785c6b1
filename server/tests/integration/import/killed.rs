//! SIGKILL in the middle of an import leaves nothing of it.

use super::{import, said};
use crate::binary::{Client, PASSWORD, Server, Start, latchkey, verb, verb_under};
use crate::faults::trace;
use crate::patience::{PATIENCE, wait_until};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

const LINES: u32 = 3000;

fn file() -> String {
    let mut text = "username,description,token\n".to_owned();
    for line in 0..LINES {
        let _ = writeln!(text, "customer{},Key {line},legacy-token-of-line-{line:05}", line % 300);
    }
    text
}

fn demo() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    dir
}

/// How many users and keys of the file are there.
fn found(dir: &Path) -> (i64, i64) {
    let state = rusqlite::Connection::open(dir.join("latchkey.db")).unwrap();
    let count = |table: &str| {
        state.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    (count("users") - 1, count("keys"))
}

/// A verb that has been given half of the file, and waits for more.
fn half_given(dir: &Path) -> Child {
    let mut verb = latchkey(dir, &["import", "-", "--create-users"]);
    let mut verb = verb.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text = file();
    verb.stdin.as_mut().unwrap().write_all(&text.as_bytes()[..text.len() / 2]).unwrap();
    verb
}

fn kill(mut verb: Child) {
    verb.kill().unwrap();
    verb.wait().unwrap();
}

#[test]
fn a_verb_that_dies_halfway_leaves_nothing() {
    let dir = demo();
    kill(half_given(dir.path()));
    assert_eq!(found(dir.path()), (0, 0));
    let server = Server::start(dir.path());
    kill(half_given(dir.path()));
    // The server lets the import go as soon as it sees its end, and takes another one in.
    let dry = || import(dir.path(), &["--create-users", "--dry-run"], &file());
    wait_until("the next import", || dry().status.success());
    assert_eq!(said(&dry()), "would import 3000 keys and make 300 users; nothing was written\n");
    assert_eq!(found(dir.path()), (0, 0));
    drop(server.stop());
    assert_eq!(found(dir.path()), (0, 0));
}

#[test]
fn one_import_is_at_work_at_a_time() {
    let dir = demo();
    let server = Server::start(dir.path());
    let waiting = half_given(dir.path());
    let second = || import(dir.path(), &["--create-users", "--dry-run"], "username,description,token\n");
    wait_until("the first import at work", || {
        String::from_utf8_lossy(&second().stderr).contains("another import is at work")
    });
    kill(waiting);
    drop(server.stop());
}

#[test]
fn a_server_that_is_killed_while_it_writes_has_all_or_nothing() {
    let dir = demo();
    let text = file();
    let start = trace::calls_of_a_start(dir.path(), "latchkey.db-wal", "pwrite64");
    let (mut died, mut nth) = (0, 1);
    loop {
        let fault = format!("pwrite64:signal=SIGKILL:when={}", start + nth);
        let under = trace::inject(&dir.path().join("latchkey.db-wal"), &fault);
        let Ok(mut server) = (Start { under, ..Start::default() }).try_run(dir.path()) else {
            nth += 1;
            continue;
        };
        let imported = import(dir.path(), &["--create-users"], &text);
        if imported.status.success() {
            assert_eq!(said(&imported), "imported 3000 keys and made 300 users\n");
            drop(server);
            break;
        }
        let said = String::from_utf8_lossy(&imported.stderr).into_owned();
        assert!(
            said.contains("it is not known whether the file was imported") || said.contains("pipe"),
            "{said}"
        );
        server.wait(PATIENCE);
        died += 1;
        let restarted = Server::start(dir.path());
        let there = found(dir.path());
        assert!(there == (0, 0) || there == (300, 3000), "{there:?} after {nth} writes");
        let mut client = Client::connect(restarted.address);
        let passes = |client: &mut Client, line: u32| {
            client.verify(&format!("legacy-token-of-line-{line:05}"), "203.0.113.7").unwrap().status == 200
        };
        assert_eq!([0, 1500, 2999].map(|line| passes(&mut client, line)), [there.1 > 0; 3]);
        drop(restarted.stop());
        if there.1 > 0 {
            break;
        }
        nth *= 4;
    }
    assert!(died >= 3, "it died {died} times");
}

#[test]
fn a_verb_that_is_killed_while_it_writes_has_all_or_nothing() {
    let dir = demo();
    let text = file();
    let (mut died, mut nth) = (0, 8);
    loop {
        let under = trace::inject(
            &dir.path().join("latchkey.db-wal"),
            &format!("pwrite64:signal=SIGKILL:when={nth}"),
        );
        let (_, imported) = verb_under(&under, dir.path(), &["import", "-", "--create-users"], &text);
        let there = found(dir.path());
        if imported.status.success() {
            assert_eq!(there, (300, 3000));
            break;
        }
        died += 1;
        assert!(there == (0, 0) || there == (300, 3000), "{there:?} after {nth} writes");
        if there.1 > 0 {
            break;
        }
        nth *= 2;
    }
    assert!(died >= 3, "it died {died} times");
}
