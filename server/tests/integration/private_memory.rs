//! What the process holds stays in it: no core dump, whatever ends it, and no password that was hashed.

use crate::binary::{Client, PASSWORD, Server, Start, is_root, verb};
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

/// How much memory is looked at in one piece.
const PIECE: usize = 1 << 20;

#[test]
fn a_crash_leaves_no_core_dump() {
    let dir = tempfile::tempdir().unwrap();
    let under = ["sh", "-c", "ulimit -c unlimited && exec \"$0\" \"$@\""].map(str::to_owned).into();
    let server = Start { under, ..Start::default() }.run(dir.path());
    let id = server.id().to_string();
    // The limit alone would not do: a pattern that names a program overrides it.
    assert!(Command::new("prlimit").args(["--core=unlimited", "--pid", &id]).status().unwrap().success());
    server.signal("-ABRT");
    assert!(!server.dumped_core());
}

/// A server whose memory these tests may read.
fn readable_server(dir: &Path) -> Server {
    // What is not dumpable is root's; without root a user namespace makes us that.
    let under = if is_root() { &[][..] } else { &["unshare", "--user", "--map-root-user"] };
    Start { under: under.iter().map(ToString::to_string).collect(), ..Start::default() }.run(dir)
}

/// The places in a process's memory at which a text stands, with what stands before and behind it.
fn places(server: &Server, text: &str) -> Vec<String> {
    let process = format!("/proc/{}", server.id());
    let memory = File::open(format!("{process}/mem")).unwrap();
    let maps = read_to_string(format!("{process}/maps")).unwrap();
    let (mut bytes, zeros, mut found) =
        (vec![0; PIECE + text.len()], vec![0; PIECE + text.len()], Vec::new());
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (begin, end) = map.split_once(' ').unwrap().0.split_once('-').unwrap();
        let address = |text| usize::from_str_radix(text, 16).unwrap();
        for at in (address(begin)..address(end)).step_by(PIECE) {
            // What crosses the border of two pieces is seen with the first.
            let length = bytes.len().min(address(end) - at);
            // Some of what the kernel maps cannot be read.
            let Ok(length) = memory.read_at(&mut bytes[..length], at as u64) else { continue };
            if bytes[..length] == zeros[..length] {
                continue;
            }
            let piece = String::from_utf8_lossy(&bytes[..length]);
            let around = |place| {
                let before: String = piece[..place].chars().rev().take(40).collect();
                let behind: String = piece[place..].chars().take(80).collect();
                format!("{:?} in {map}", before.chars().rev().collect::<String>() + &behind)
            };
            found.extend(piece.match_indices(text).map(|(place, _)| around(place)));
        }
    }
    found
}

#[test]
fn a_password_from_the_operator_stands_nowhere_once_it_is_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let server = readable_server(dir.path());
    let set = |words: &[&str], password| verb(dir.path(), &[words, &["--password-stdin"]].concat(), password);
    assert!(!places(&server, "127.0.0.1").is_empty(), "memory can be read");
    // One plain, one with what JSON escapes and letters that are normalised; verbs send both in hex.
    for (name, password) in
        [("ana", "ochre lantern quarrels 47"), ("mihai", "ochre \"lantern\" \\ t\u{326}uica\u{306}")]
    {
        assert!(set(&["user", "add", name], password).status.success());
        let escaped = serde_json::to_string(password).unwrap();
        for form in [password, escaped.trim_matches('"'), &hex::encode(password)] {
            assert_eq!(places(&server, form), Vec::<String>::new());
        }
    }
    let refused = set(&["user", "add", "ana"], "umber anvils wander 53");
    assert_eq!(refused.status.code(), Some(1));
    // Without its beginning: over that the allocator writes when memory is given back.
    assert_eq!(places(&server, "anvils wander 53"), Vec::<String>::new());
    assert!(set(&["user", "reset-password", "ana"], PASSWORD).status.success());
    assert_eq!(places(&server, PASSWORD), Vec::<String>::new());
}

/// HTTP's own buffers keep a form as it was sent, where a space is a plus.
#[test]
fn a_password_from_a_form_stands_nowhere_as_it_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let server = readable_server(dir.path());
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let mut client = Client::connect(server.address);
    // Long, because memory of that size is given out again seldom, and what was not wiped there is seen.
    let around = "umber".repeat(60);
    let body = format!("username=demouser&password={around}+anvils+wander+53+{around}");
    let answer = client.ask("POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n", &body).unwrap();
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(places(&server, "anvils wander 53"), Vec::<String>::new());
    client.log_in("demouser");
    assert_eq!(places(&server, PASSWORD), Vec::<String>::new());
}
