//! Backups that are put back in part: two databases and their logs are one state, or they are refused.

use super::house::{CLIENT, Customer, House};
use super::trace;
use crate::binary::{latchkey, verb, verb_under};
use crate::log_lines::tells_of;
use crate::patience::wait_until;
use crate::said::{refusal, without, without_dir, without_times};
use insta::assert_snapshot;
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
    assert_snapshot!(house.refuses(), @"latchkey: latchkey.db was put back beside latchkey.db-wal, the log of another file, and together they are neither; move latchkey.db-wal and latchkey.db-shm away and put back both files of one backup, or the files that were there (docs/operating.md, Putting back a backup)");
    house.put_back("usage.db");
    assert_snapshot!(house.refuses(), @"latchkey: latchkey.db was put back beside latchkey.db-wal, the log of another file, and together they are neither; move latchkey.db-wal and latchkey.db-shm away and put back both files of one backup, or the files that were there (docs/operating.md, Putting back a backup)");
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
    // Which of them is the older one depends on when the mark moved last.
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
    assert_snapshot!(house.refuses(), @"latchkey: latchkey.db was put back beside latchkey.db-wal, the log of another file, and together they are neither; move latchkey.db-wal and latchkey.db-shm away and put back both files of one backup, or the files that were there (docs/operating.md, Putting back a backup)");
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
    assert_snapshot!(house.refuses(), @"latchkey: latchkey.db (of [time] [time] UTC) is older than usage.db (of [time] [time] UTC), so they are not of one backup; put back both files of one backup, or accept with `touch [dir]/accept-loss` that users, keys and changes since then are gone, deleted keys pass again (docs/operating.md, Putting back a backup)");
    let checked = latchkey(house.dir.path(), &["config", "--check"]).output().unwrap();
    assert_snapshot!(without_times(&without_dir(&refusal(&checked), house.dir.path())), @"latchkey: latchkey.db (of [time] [time] UTC) is older than usage.db (of [time] [time] UTC), so they are not of one backup; put back both files of one backup, or accept with `touch [dir]/accept-loss` that users, keys and changes since then are gone, deleted keys pass again (docs/operating.md, Putting back a backup)");
    house.accept();
    let server = house.start();
    assert!(!house.is_accepted(), "for one start only");
    assert!(tells_of(&server.log(), "loss_accepted"), "{}", server.log());
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
    assert_snapshot!(house.refuses(), @"latchkey: usage.db (of [time] [time] UTC) is older than latchkey.db (of [time] [time] UTC), so they are not of one backup; put back both files of one backup, or accept with `touch [dir]/accept-loss` that what was counted since then is gone (docs/operating.md, Putting back a backup)");
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
    assert_snapshot!(house.refuses(), @"latchkey: usage.db was put back beside usage.db-wal, the log of another file, and together they are neither; move usage.db-wal and usage.db-shm away and put back both files of one backup, or the files that were there (docs/operating.md, Putting back a backup)");
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
    assert_snapshot!(house.refuses(), @"latchkey: latchkey.db (of [time] [time] UTC) is older than usage.db (of [time] [time] UTC), so they are not of one backup; put back both files of one backup, or accept with `touch [dir]/accept-loss` that users, keys and changes since then are gone, deleted keys pass again (docs/operating.md, Putting back a backup)");
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
    let (_, found) = said.split_once("is damaged (").unwrap();
    let (found, _) = found.split_once("); ").unwrap();
    assert_snapshot!(without(&said, &[(found, "what SQLite found")]), @"latchkey: [dir]/latchkey.db is damaged ([what SQLite found]); put back both files of a backup (docs/operating.md, Putting back a backup)");
}
