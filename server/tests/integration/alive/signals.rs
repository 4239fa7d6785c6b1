//! Signals: TERM, INT and QUIT end the server in good order, and no other does anything to it.

use crate::binary::{Client, Server, latchkey};
use crate::certificates::Authority;
use crate::log_lines::tells_of;
use crate::patience::{PATIENCE, quick_round, wait_until};
use rusqlite::Connection;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// By number, as not every `kill` knows all names: HUP, USR1, USR2, ALRM, STKFLT, XCPU, XFSZ, VTALRM, PROF, IO, PWR,
/// and two of those without names.
const HARMLESS: [&str; 13] =
    ["-1", "-10", "-12", "-14", "-16", "-24", "-25", "-26", "-27", "-29", "-30", "-36", "-64"];

fn is_served(server: &Server) -> bool {
    Client::connect(server.address).ask("GET /healthz HTTP/1.1\r\n", "").unwrap().status == 200
}

#[test]
fn no_other_signal_ends_it_from_the_announcement_on() {
    for (round, end) in ["-TERM", "-INT", "-QUIT"].into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        // Each of them at once: what is announced is ready for all of them.
        let mut server = Server::start(dir.path());
        for turn in 0..HARMLESS.len() {
            server.signal(HARMLESS[(turn + 4 * round) % HARMLESS.len()]);
        }
        assert!(is_served(&server), "{}", server.log());
        server.signal(end);
        assert_eq!(server.wait(PATIENCE), Some(0), "{end}: {}", server.log());
        assert!(tells_of(&server.log(), "stopping"), "{}", server.log());
    }
}

#[test]
fn a_hangup_around_the_announcement_does_not_end_a_server_with_tls() {
    let authority = Authority::found();
    authority.issue("one");
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let mut server = authority.serve(dir.path(), &[]);
        server.signal("-HUP");
        let end = Instant::now() + PATIENCE;
        while !tells_of(&server.log(), "certificate_renewed") {
            assert!(
                Instant::now() < end && server.wait(Duration::from_millis(20)).is_none(),
                "{}",
                server.log()
            );
        }
        drop(server.stop());
    }
}

/// Whether a process has a handler for a signal.
fn handles(process: u32, signal: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(caught.trim(), 16).unwrap() >> (signal - 1) & 1 == 1
}

#[test]
fn a_server_that_is_only_starting_can_be_stopped_and_hung_up_on() {
    let dir = tempfile::tempdir().unwrap();
    drop(Server::start(dir.path()).stop());
    // Its start waits five seconds for this lock.
    let other = Connection::open(dir.path().join("usage.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let output = quick_round(Duration::from_secs(4), || {
        let mut command = latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let (id, mut has_ended) = (process.id(), false);
        wait_until("it listens for them early", || {
            has_ended = process.try_wait().unwrap().is_some();
            has_ended || handles(id, 15) && handles(id, 1)
        });
        let signals = ["-HUP", "-USR1", "-TERM"].into_iter().filter(|_| !has_ended);
        for signal in signals {
            assert!(Command::new("kill").args([signal, &id.to_string()]).output().is_ok());
        }
        process.wait_with_output().unwrap()
    });
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "nothing was announced");
}
