//! Data directories of released versions, as a killed server of theirs left them (`tests/released`): they are opened,
//! and nothing is lost. The files are texts of SQL, written by the version itself; they are never edited.

use crate::binary::{Client, Server};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released").join(version)
}

/// Puts a data directory together; answers its keys.
fn restore(version: &str, dir: &Path) -> Value {
    let from = folder(version);
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

#[test]
fn what_0_1_0_held_is_there_after_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let keys = restore("0.1.0", dir.path());
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
            "five folded uses, and three that only the journal held"
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
        let question = format!(
            r#"{{"key": "{}", "client_ip": "203.0.113.10", "username": "demouser"}}"#,
            text("tokens", "Old SMPP")
        );
        let gateway = keys["gateway"].as_str().unwrap();
        let head = format!("POST /v1/verify HTTP/1.1\r\nauthorization: Bearer {gateway}\r\n");
        assert!(client.ask(&head, &question).unwrap().body.contains(r#""code":"VALID""#));
        assert_eq!(times(&mut client, "Shop"), used);
        drop(server.stop());
        assert_eq!(count(dir.path(), "SELECT count(*) FROM counted_keys"), 5, "each count knows whose it is");
    }
}

#[test]
fn each_released_version_has_its_test() {
    let folders: Vec<_> = fs::read_dir(folder("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders, ["0.1.0"], "write a test for each");
}
