//! A file of 100,000 lines.

use super::{import, said};
use crate::binary::{Client, Server};
use std::fmt::Write;
use std::time::{Duration, Instant};

const LINES: u32 = 100_000;

fn file() -> String {
    let mut text = "username,owner,description,key_type,token,allowed_ips\n".to_owned();
    for line in 0..LINES {
        let owner = line % 100;
        let rest = if line % 10 == 0 {
            "default,legacy-token-of-line-{},203.0.113.0/24"
        } else {
            "cloud,legacy-token-of-line-{},"
        };
        let rest = rest.replace("{}", &line.to_string());
        let _ = writeln!(text, "customer{owner}-{},customer{owner},Key {line},{rest}", line % 7);
    }
    text
}

#[test]
fn a_hundred_thousand_lines_take_less_than_a_minute() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let text = file();
    let begun = Instant::now();
    let imported = said(&import(dir.path(), &["--create-users"], &text));
    let took = begun.elapsed();
    assert_eq!(imported, "imported 100000 keys and made 800 users\n");
    println!("{LINES} lines in {} ms", took.as_millis());
    assert!(took < Duration::from_secs(60), "{took:?}");
    let passes = |server: &Server| {
        let mut client = Client::connect(server.address);
        for line in [0, 1, 57, LINES / 2, LINES - 1] {
            let reply = client.verify(&format!("legacy-token-of-line-{line}"), "203.0.113.7").unwrap();
            assert_eq!(reply.status, 200, "{line}: {}", reply.head);
        }
    };
    passes(&server);
    let again = said(&import(dir.path(), &["--create-users"], &text));
    assert_eq!(again, "imported 0 keys and made 0 users; 100000 keys there already\n");
    drop(server.stop());
    passes(&Server::start(dir.path()));
}
