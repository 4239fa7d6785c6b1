//! Backups that are put back in part: two databases and their logs are one state, or they are refused.

use super::house::{CLIENT, Customer, House};
use super::trace;
use crate::binary::{latchkey, verb, verb_under};
use crate::patience::wait_until;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

const OTHER: &str = "198.51.100.6";

#[test]
fn a_state_that_is_put_back_beside_the_log_of_a_killed_server_is_refused() {
    let house = House::with_users(&["demouser"]);
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let keys: Vec<_> = (0..40).map(|_| demo.generate("cloud")).collect();
    drop(server.stop());
    house.keep("latchkey.db");
    house.keep("usage.db");
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    keys[..30].iter().for_each(|key| demo.delete(key));
    drop(server.stop());
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let new: Vec<_> = (0..60).map(|_| demo.generate("cloud")).collect();
    server.kill();
    let newest = fs::read(house.file("latchkey.db")).unwrap();
    house.put_back("latchkey.db");
    let said = house.refuses();
    assert!(said.contains("latchkey.db was put back beside latchkey.db-wal"), "{said}");
    house.put_back("usage.db");
    let said = house.refuses();
    assert!(said.contains("latchkey.db was put back beside latchkey.db-wal"), "both, with the logs: {said}");
    // The backup, as it should be put back.
    house.remove_log("latchkey.db");
    house.remove_log("usage.db");
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    assert!(keys.iter().all(|key| demo.passes(key, CLIENT)), "all of the backup");
    assert!(!new.iter().any(|key| demo.passes(key, CLIENT)), "and nothing of what came after it");
    drop(server.stop());
    // Back to where it was: refused, as that file lacks its log.
    fs::write(house.file("latchkey.db"), newest).unwrap();
    assert!(house.refuses().contains("are not of one backup"));
}

/// The mark in the header of a file, which its log does not change.
fn mark_without_log(file: &Path) -> [u8; 4] {
    let mut mark = [0; 4];
    fs::File::open(file).unwrap().read_exact_at(&mut mark, 68).unwrap();
    mark
}

#[test]
fn a_log_that_was_begun_anew_while_the_server_ran_is_told_from_that_of_another_file() {
    let house = House::with_users(&["demouser"]);
    let state = house.file("latchkey.db");
    house.keep("latchkey.db");
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let before = mark_without_log(&state);
    for _ in 0..90 {
        demo.generate("cloud");
    }
    wait_until("the log is emptied", || mark_without_log(&state) != before);
    demo.generate("cloud");
    server.kill();
    house.put_back("latchkey.db");
    let said = house.refuses();
    assert!(said.contains("latchkey.db was put back beside latchkey.db-wal"), "{said}");
}

#[test]
fn counts_of_a_vanished_key_are_never_shown_for_a_new_one() {
    let house = House::with_users(&["demouser", "eve"]);
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let old = demo.generate("cloud");
    demo.use_times(&old, 4);
    drop(server.stop());
    house.keep("latchkey.db");
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let vanished = demo.generate("default");
    demo.use_times(&vanished, 5);
    assert!(!demo.passes(&vanished, OTHER), "refused once");
    demo.use_times(&old, 2);
    drop(server.stop());
    house.put_back("latchkey.db");
    let said = house.refuses();
    assert!(said.contains("latchkey.db (of ") && said.contains("is older than usage.db (of "), "{said}");
    assert!(said.contains("deleted keys pass again") && said.contains("accept-loss`"), "{said}");
    let checked = latchkey(house.dir.path(), &["config", "--check"]).output().unwrap();
    assert!(String::from_utf8(checked.stderr).unwrap().contains("is older than usage.db"), "and the check");
    house.accept();
    let server = house.start();
    assert!(!house.is_accepted(), "for one start only");
    assert!(server.log().contains("older than the other file"), "{}", server.log());
    let mut eve = Customer::of(&server, "eve");
    let new = eve.generate("default");
    assert_eq!(eve.times_used(&new), 0);
    let usage = eve.usage(&new);
    assert!(!usage.contains(CLIENT) && !usage.contains("IP_NOT_ALLOWED"), "{usage}");
    assert!(!eve.passes(&vanished, CLIENT));
    drop(server.stop());
    let server = house.start();
    let mut eve = Customer::of(&server, "eve");
    assert_eq!(eve.times_used(&new), 0, "after a restart too");
    eve.use_times(&new, 1);
    assert_eq!(eve.times_used(&new), 1);
    let mut demo = Customer::of(&server, "demouser");
    assert_eq!(demo.times_used(&old), 6, "what is counted of a key that is there stays");
    assert!(demo.usage(&old).contains(CLIENT));
    drop(demo.dashboard());
}

#[test]
fn counts_do_not_go_back_without_a_word() {
    let house = House::with_users(&["demouser"]);
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let old = demo.generate("cloud");
    demo.use_times(&old, 4);
    drop(server.stop());
    house.keep("usage.db");
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let new = demo.generate("cloud");
    demo.use_times(&old, 7);
    demo.use_times(&new, 3);
    drop(server.stop());
    house.put_back("usage.db");
    let said = house.refuses();
    assert!(said.contains("usage.db (of ") && said.contains("is older than latchkey.db (of "), "{said}");
    assert!(said.contains("what was counted since then is gone"), "{said}");
    house.accept();
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    assert_eq!((demo.times_used(&old), demo.times_used(&new)), (4, 0));
    demo.use_times(&new, 2);
    drop(server.stop());
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    assert_eq!((demo.times_used(&old), demo.times_used(&new)), (4, 2));
}

#[test]
fn counts_that_are_put_back_beside_the_log_of_a_killed_server_are_refused() {
    let house = House::with_users(&["demouser"]);
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let key = demo.generate("cloud");
    demo.use_times(&key, 3);
    drop(server.stop());
    house.keep("usage.db");
    let server = house.start();
    Customer::of(&server, "demouser").use_times(&key, 3);
    server.kill();
    let newest = fs::read(house.file("usage.db")).unwrap();
    house.put_back("usage.db");
    let said = house.refuses();
    assert!(said.contains("usage.db was put back beside usage.db-wal"), "{said}");
    fs::write(house.file("usage.db"), newest).unwrap();
    let server = house.start();
    assert_eq!(Customer::of(&server, "demouser").times_used(&key), 6);
}

/// A mark of the state: its own, or the one that the counts have as far as it knows.
fn mark(state: &Path, column: &str) -> i64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let state = Connection::open_with_flags(state, flags).unwrap();
    state.query_row(&format!("SELECT {column} FROM installation"), [], |r| r.get(0)).unwrap()
}

#[test]
fn a_copy_that_was_made_while_it_ran_is_told_from_what_came_later() {
    let house = House::with_users(&["demouser"]);
    let server = house.start();
    let mut demo = Customer::of(&server, "demouser");
    let key = demo.generate("cloud");
    let copy = house.kept.path().join("latchkey.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let state = Connection::open_with_flags(house.file("latchkey.db"), flags).unwrap();
    state.execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
    drop(state);
    demo.delete(&key);
    let moves = || mark(&house.file("latchkey.db"), "known") > mark(&copy, "mark");
    wait_until("the mark moves", moves);
    server.kill();
    house.remove_log("latchkey.db");
    house.put_back("latchkey.db");
    let said = house.refuses();
    assert!(said.contains("latchkey.db (of ") && said.contains("is older than usage.db"), "{said}");
}

#[test]
fn killed_at_any_write_of_a_start_or_an_end_it_starts_again() {
    let house = House::with_users(&["demouser"]);
    let dir = house.dir.path();
    let (mut kills, mut number) = (0, 0);
    for file in ["latchkey.db-wal", "latchkey.db", "usage.db-wal", "usage.db"] {
        for nth in 1.. {
            number += 1;
            let fault = format!("pwrite64:signal=SIGKILL:when={nth}");
            let add = ["gateway", "add", &format!("gateway{number}")];
            let (_, killed) = verb_under(&trace::inject(&dir.join(file), &fault), dir, &add, "");
            if killed.status.success() {
                break;
            }
            kills += 1;
            let listed = verb(dir, &["gateway", "list"], "");
            assert!(listed.status.success(), "write {nth} of {file}: {listed:?}");
        }
    }
    assert!(kills > 12, "only {kills} writes were hit");
}

#[test]
fn a_damaged_tree_is_found_after_a_stop_that_was_none() {
    let house = House::with_users(&["demouser"]);
    let server = house.start();
    server.kill();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let state = Connection::open_with_flags(house.file("latchkey.db"), flags).unwrap();
    // One that no start reads for its own sake.
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'recovery_codes'";
    let page: u64 = state.query_row(sql, [], |r| r.get(0)).unwrap();
    drop(state);
    let file = fs::OpenOptions::new().write(true).open(house.file("latchkey.db")).unwrap();
    file.write_all_at(&[0xEE; 512], (page - 1) * 4096).unwrap();
    let said = house.refuses();
    assert!(said.contains("latchkey.db is damaged ("), "{said}");
}
