//! Disks that are full, broken or not ours, and files that are missing: a clear word, and nothing is lost.

use super::small_disk::SmallDisk;
use super::trace;
use crate::binary::{Client, PASSWORD, Server, Start, latchkey, verb};
use crate::log_lines::{lines_of, tells_of};
use crate::patience::{PATIENCE, wait_until};
use crate::said::{refusal, without_dir};
use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const HERE: &str = "203.0.113.7";
const THERE: &str = "203.0.113.8";

/// A user with two keys: one that is latched to [`HERE`], one that is fresh.
struct Known {
    cookie: String,
    latched: (String, String),
    fresh: (String, String),
}

impl Known {
    fn make(server: &Server, dir_of_verbs: impl Fn(&[&str], &str)) -> Self {
        dir_of_verbs(&["user", "add", "demouser", "--password-stdin"], PASSWORD);
        let mut client = Client::connect(server.address);
        let cookie = client.log_in("demouser");
        let (latched, fresh) = (client.generate(&cookie, "default"), client.generate(&cookie, "default"));
        assert_eq!(client.verify(&latched.1, HERE).unwrap().status, 200);
        Self { cookie, latched, fresh }
    }

    fn in_dir(server: &Server, dir: &Path) -> Self {
        Self::make(server, |arguments, input| assert!(verb(dir, arguments, input).status.success()))
    }
}

/// Standard error of a server that does not start.
fn refuses_to_start(dir: &Path) -> String {
    let output = latchkey(dir, &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    without_dir(&refusal(&output), dir)
}

/// Makes the first account of a server.
fn create_first_account(server: &Server) {
    let mut client = Client::connect(server.address);
    let setup = server.setup.as_deref().unwrap().split("token=").nth(1).unwrap().to_owned();
    let fields = [("token", setup.as_str()), ("username", "demouser"), ("password", PASSWORD)];
    let form = serde_urlencoded::to_string(fields).unwrap();
    let head = format!("POST /setup?token={setup} HTTP/1.1\r\nsec-fetch-site: same-origin\r\n");
    assert_eq!(client.ask(&head, &form).unwrap().status, 303);
}

/// Uses a key until that is refused; returns how many uses were accepted.
fn use_until_refused(client: &mut Client, known: &Known) -> u64 {
    let mut accepted = 0;
    // What is left in the last pages may still serve some.
    wait_until("uses are refused", || match client.verify(&known.latched.1, HERE).unwrap().status {
        200 => {
            accepted += 1;
            false
        }
        status => {
            assert_eq!(status, 503);
            true
        }
    });
    accepted
}

#[test]
fn on_a_full_disk_uses_and_changes_are_refused_and_come_back_with_room() {
    let disk = SmallDisk::mount("4m");
    let server = disk.start();
    let mut client = Client::connect(server.address);
    create_first_account(&server);
    let known = Known::make(&server, |_, _| {});
    assert_eq!(client.readyz(), (200, "ok".to_owned()));
    disk.fill();
    // One more was accepted before the disk was full.
    let accepted = 1 + use_until_refused(&mut client, &known);
    let refused = client.verify(&known.latched.1, THERE).unwrap();
    assert_eq!(refused.header("x-latchkey-code"), Some("IP_NOT_ALLOWED"), "refusals go on");
    wait_until("changes are refused", || {
        let fields = [("description", "x"), ("key_type", "default")];
        client.call(&known.cookie, "generate_key", &fields).status == 503
    });
    assert_eq!(client.verify(&known.fresh.1, HERE).unwrap().status, 503, "nothing can be bound");
    assert_eq!(client.times_used(&known.cookie, &known.latched.0), accepted, "pages can be read");
    let (status, text) = client.readyz();
    assert_eq!(status, 503);
    assert_snapshot!(text, @"the disk is full: accepted uses and changes are refused");
    fs::remove_file(disk.seen("filler")).unwrap();
    wait_until("it is ready again", || client.readyz().0 == 200);
    assert_eq!(client.verify(&known.latched.1, HERE).unwrap().status, 200);
    assert_eq!(client.verify(&known.fresh.1, THERE).unwrap().status, 200, "nobody was bound meanwhile");
    client.generate(&known.cookie, "cloud");
    let log = server.log();
    for event in ["uses_refused", "changes_refused"] {
        assert!(tells_of(&log, event) && log.lines().count() < 40, "{log}");
    }
    server.kill();
    disk.fill();
    assert_snapshot!(without_dir(&disk.refuses_to_start(), &disk.data()), @"latchkey: cannot open [dir]/latchkey.db, because the disk is full; make room, then start Latchkey again");
    fs::remove_file(disk.seen("filler")).unwrap();
    let restarted = disk.start();
    let mut client = Client::connect(restarted.address);
    assert_eq!(client.times_used(&known.cookie, &known.latched.0), accepted + 1);
    assert_eq!(client.times_used(&known.cookie, &known.fresh.0), 1);
}

#[test]
fn in_a_directory_that_cannot_be_written_it_says_so() {
    let disk = SmallDisk::mount("4m");
    drop(disk.start());
    disk.remount("ro");
    assert_snapshot!(without_dir(&disk.refuses_to_start(), &disk.data()), @"latchkey: cannot write to [dir]: Read-only file system (os error 30); choose another --data-dir");
}

/// Runs into a fault of the state's log; answers what the server said last.
fn broken_state(dir: &Path, known: &Known, fault: &str) -> String {
    let under = trace::inject(&dir.join("latchkey.db-wal"), fault);
    let mut server = Start { under, ..Start::default() }.run(dir);
    let mut client = Client::connect(server.address);
    wait_until("a change meets the fault", || {
        let fields = [("description", "x"), ("key_type", "default")];
        // A change that the server makes by itself may meet it first, and end the server before it answers.
        let Ok(reply) = client.try_call(&known.cookie, "generate_key", &fields) else { return true };
        assert!([200, 503].contains(&reply.status), "{}", server.log());
        reply.status == 503
    });
    assert_eq!(server.wait(PATIENCE), Some(1), "it ends by itself");
    server.log()
}

#[test]
fn a_change_that_cannot_be_written_or_synced_ends_the_server_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let known = Known::in_dir(&server, dir.path());
    drop(server.stop());
    for call in ["fsync", "pwrite64"] {
        // A change after a start is hit, and not the start.
        let next = 1 + trace::calls_of_a_start(dir.path(), "latchkey.db-wal", call);
        let fault = format!("{call}:error=EIO:when={next}+");
        let log = broken_state(dir.path(), &known, &fault);
        let last = log.lines().last().unwrap();
        assert!(last.starts_with("latchkey: stopped, because a change of latchkey.db"), "{log}");
        let restarted = Server::start(dir.path());
        let mut client = Client::connect(restarted.address);
        assert_eq!(client.verify(&known.latched.1, THERE).unwrap().status, 403, "still latched: {fault}");
        assert_eq!(client.verify(&known.latched.1, HERE).unwrap().status, 200);
        drop(restarted.stop());
    }
}

#[test]
fn a_use_that_cannot_be_written_or_synced_is_refused_and_not_counted() {
    for (durability, fault) in [("commit", "pwrite64"), ("fsync", "fsync")] {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(dir.path());
        let known = Known::in_dir(&server, dir.path());
        drop(server.stop());
        let fault = format!("{fault}:error=EIO:when=12..31");
        let settings = [("LATCHKEY_USAGE_DURABILITY", durability)];
        let under = trace::inject(&dir.path().join("usage.db-wal"), &fault);
        let server = Start { settings: &settings, under, ..Start::default() }.run(dir.path());
        let mut client = Client::connect(server.address);
        let mut statuses = vec![];
        wait_until("the fault is over", || {
            statuses.push(client.verify(&known.latched.1, HERE).unwrap().status);
            statuses.contains(&503) && statuses.last() == Some(&200)
        });
        let accepted = 1 + statuses.iter().filter(|status| **status == 200).count() as u64;
        assert_eq!(client.times_used(&known.cookie, &known.latched.0), accepted);
        server.kill();
        let restarted = Server::start(dir.path());
        let mut client = Client::connect(restarted.address);
        assert_eq!(
            client.times_used(&known.cookie, &known.latched.0),
            accepted,
            "{durability}: {statuses:?}"
        );
    }
}

#[test]
fn without_its_counts_it_starts_only_when_that_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let known = Known::in_dir(&server, dir.path());
    drop(server.stop());
    let usage = dir.path().join("usage.db");
    let kept = dir.path().join("kept");
    fs::rename(&usage, &kept).unwrap();
    assert_snapshot!(refuses_to_start(dir.path()), @"latchkey: [dir]/usage.db is missing, and with it all counts; put it back, or, if it is lost for good, accept that all counts start at 0 with `touch [dir]/usage.db`");
    assert!(!usage.exists(), "nothing is made in its place");
    fs::rename(&kept, &usage).unwrap();
    let server = Server::start(dir.path());
    assert_eq!(Client::connect(server.address).times_used(&known.cookie, &known.latched.0), 1);
    drop(server.stop());
    fs::remove_file(&usage).unwrap();
    fs::write(&usage, b"").unwrap();
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    assert!(tells_of(&server.log(), "counts_start_at_0"), "{}", server.log());
    assert_eq!(client.times_used(&known.cookie, &known.latched.0), 0);
    assert_eq!(client.verify(&known.latched.1, THERE).unwrap().status, 403, "the state is all there");
}

#[test]
fn files_of_different_installations_are_not_mixed() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for dir in [&one, &other] {
        let server = Server::start(dir.path());
        Known::in_dir(&server, dir.path());
        drop(server.stop());
    }
    let file = |name: &str| one.path().join(name);
    fs::copy(file("usage.db"), file("kept")).unwrap();
    fs::copy(other.path().join("usage.db"), file("usage.db")).unwrap();
    assert_snapshot!(refuses_to_start(one.path()), @"latchkey: usage.db belongs to another installation; put back the file that belongs to this latchkey.db");
    fs::rename(file("kept"), file("usage.db")).unwrap();
    fs::rename(file("latchkey.db"), file("kept")).unwrap();
    assert_snapshot!(refuses_to_start(one.path()), @"latchkey: [dir]/latchkey.db is missing, but usage.db beside it holds the counts of its keys; put it back, or move usage.db away to begin anew");
    assert!(!file("latchkey.db").exists(), "nothing is made in its place");
    fs::rename(file("kept"), file("latchkey.db")).unwrap();
    drop(Server::start(one.path()).stop());
}

#[test]
fn a_second_server_on_the_directory_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let known = Known::in_dir(&server, dir.path());
    assert_snapshot!(refuses_to_start(dir.path()), @"latchkey: another Latchkey uses [dir]; stop it first, or choose another --data-dir");
    let mut client = Client::connect(server.address);
    assert_eq!(client.verify(&known.latched.1, HERE).unwrap().status, 200);
    drop(verb(dir.path(), &["gateway", "add", "edge"], ""));
    assert_eq!(client.times_used(&known.cookie, &known.latched.0), 2);
}

#[test]
fn only_after_a_run_that_was_not_stopped_it_tells_what_it_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let known = Known::in_dir(&server, dir.path());
    drop(server.stop());
    let mut uses = 1;
    let log = loop {
        let server = Server::start(dir.path());
        let begun = Instant::now();
        assert_eq!(Client::connect(server.address).verify(&known.latched.1, HERE).unwrap().status, 200);
        uses += 1;
        server.kill();
        let took = begun.elapsed();
        let server = Server::start(dir.path());
        let log = server.log();
        drop(server.stop());
        // A use is folded within five seconds, and then there is nothing to recover.
        if took < Duration::from_secs(4) {
            break log;
        }
    };
    let unclean = lines_of(&log, "unclean_stop");
    assert_eq!(unclean.len(), 2, "one a file: {log}");
    assert!(unclean[0].contains("latchkey.db") && unclean[1].contains("usage.db"), "{log}");
    assert!(tells_of(&log, "journal_folded"), "{log}");
    let server = Server::start(dir.path());
    assert!(["unclean_stop", "journal_folded"].iter().all(|event| !tells_of(&server.log(), event)));
    assert_eq!(Client::connect(server.address).times_used(&known.cookie, &known.latched.0), uses);
}
