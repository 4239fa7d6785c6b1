//! Data directories of released versions, as a killed server of theirs left them (`tests/released`): they are opened,
//! and nothing is lost. The files are texts of SQL, written by the version itself; they are never edited.
//!
//! With a release, its own is added by `scripts/test-release`, once its version stands in Cargo.toml.

mod written;

use crate::binary::{Client, Server};
use crate::patience::wait_until;
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Where those of all versions stand.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released")
}

/// Puts a data directory together; answers its keys.
fn restore(from: &Path, dir: &Path) -> Value {
    for file in ["latchkey", "usage"] {
        let connection = Connection::open(dir.join(format!("{file}.db"))).unwrap();
        // Rows stand in the order of the tables' names.
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(&fs::read_to_string(from.join(format!("{file}.sql"))).unwrap()).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    }
    fs::copy(from.join("secrets.toml"), dir.join("secrets.toml")).unwrap();
    serde_json::from_str(&fs::read_to_string(from.join("keys.json")).unwrap()).unwrap()
}

fn count(dir: &Path, query: &str) -> u64 {
    Connection::open(dir.join("usage.db")).unwrap().query_one(query, [], |row| row.get(0)).unwrap()
}

/// Fails unless a server finds all that a released version held.
fn opens(from: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let keys = restore(from, dir.path());
    let text = |group: &str, name: &str| keys[group][name].as_str().unwrap().to_owned();
    let mut used = 8;
    // The second start finds everything moved.
    for start in 1..=2 {
        let server = Server::start(dir.path());
        let mut client = Client::connect(server.address);
        let cookie = client.log_in("demouser");
        let times = |client: &mut Client, name: &str| client.times_used(&cookie, &text("ids", name));
        assert_eq!(
            times(&mut client, "Shop"),
            used,
            "five folded uses, and three that only the journal held: {}",
            from.display()
        );
        assert_eq!(times(&mut client, "App of a friend"), 2 + start);
        let mut code = |token: &str, address: &str| {
            let reply = client.verify(token, address).unwrap();
            reply.header("x-latchkey-code").unwrap_or("VALID").to_owned()
        };
        assert_eq!(code(&text("tokens", "Shop"), "203.0.113.7"), "VALID");
        used += 1;
        assert_eq!(code(&text("tokens", "Shop"), "203.0.113.8"), "IP_NOT_ALLOWED", "its lock is kept");
        assert_eq!(code(&text("tokens", "App of a friend"), "192.0.2.200"), "VALID");
        assert_eq!(code(&text("tokens", "Deleted"), "203.0.113.9"), "DELETED");
        assert_eq!(code(&text("tokens", "Never used"), "203.0.113.44"), "VALID");
        assert_eq!(code(&text("tokens", "Never used"), "203.0.113.45"), "IP_NOT_ALLOWED");
        let (gateway, secret) = (keys["gateway"].as_str().unwrap(), text("tokens", "Old SMPP"));
        let answer = written::bind(&mut client, gateway, &secret);
        assert!(answer.contains(r#""code":"VALID""#), "{answer}");
        assert_eq!(times(&mut client, "Shop"), used);
        drop(server.stop());
        assert_eq!(count(dir.path(), "SELECT count(*) FROM counted_keys"), 5, "each count knows whose it is");
    }
}

#[test]
fn what_a_released_version_held_is_there_after_the_upgrade() {
    let versions: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(versions.iter().any(|path| path.ends_with("0.1.0")), "{versions:?}");
    versions.iter().for_each(|version| opens(version));
}

/// What `scripts/test-release` keeps is what each run writes down and opens, so it cannot rot.
#[test]
fn what_this_version_writes_down_is_opened_too() {
    let written = tempfile::tempdir().unwrap();
    written::write(written.path());
    opens(written.path());
    if std::env::var_os("LATCHKEY_TEST_RELEASE").is_some() {
        let kept = folder().join(env!("CARGO_PKG_VERSION"));
        fs::create_dir(&kept)
            .unwrap_or_else(|error| panic!("{}: {error}; it is never edited", kept.display()));
        for file in fs::read_dir(written.path()).unwrap().flatten() {
            fs::copy(file.path(), kept.join(file.file_name())).unwrap();
        }
    }
}
