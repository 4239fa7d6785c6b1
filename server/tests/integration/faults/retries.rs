//! A request with an Idempotency-Key is asked again and again while the server is killed at one of its writes, and after
//! it: never two keys, always the same answer.

use super::{rounds, trace};
use crate::binary::{Client, PASSWORD, Reply, Server, Start, verb};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

const AT_ONCE: usize = 20;
/// The writes of a change, one of which is the last: with a few more, so that some rounds die after it.
const WRITES: u32 = 96;

fn ask(client: &mut Client, token: &str, line: &str, more: &str, body: &str) -> std::io::Result<Reply> {
    let head = format!(
        "{line} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nX-Forwarded-For: 203.0.113.50\r\n\
         Content-Type: application/json\r\n{more}"
    );
    client.ask(&head, body)
}

fn generate(client: &mut Client, token: &str, name: &str) -> std::io::Result<Reply> {
    let body = format!(r#"{{"description": "{name}"}}"#);
    ask(client, token, "POST /v1/keys", &format!("Idempotency-Key: {name}\r\n"), &body)
}

/// The ids of the keys of that description.
fn generated(server: SocketAddr, token: &str, name: &str) -> Vec<String> {
    let path = format!("GET /v1/keys?q={name}&limit=100");
    let list = ask(&mut Client::connect(server), token, &path, "", "").unwrap();
    let list: Value = serde_json::from_str(&list.body).unwrap();
    list["data"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

/// Asks for the same key on many connections until the server is dead, or has told each of them twice. Returns what it
/// told.
fn ask_until_death(server: SocketAddr, token: &str, name: &str) -> Vec<String> {
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let Ok(mut client) = Client::try_connect(server) else { return };
                let mut told = 0;
                while told < 2
                    && let Ok(reply) = generate(&mut client, token, name)
                {
                    match reply.status {
                        201 => {
                            told += 1;
                            answers.lock().unwrap().push(reply.body);
                        }
                        409 | 503 => {}
                        other => panic!("{other}: {}", reply.body),
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap()
}

fn managing_token(dir: &Path) -> String {
    assert!(verb(dir, &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir);
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let fields = [("description", "program"), ("key_type", "cloud"), ("manages_keys", "true")];
    let made: Value = serde_json::from_str(&client.call(&cookie, "generate_key", &fields).body).unwrap();
    drop(client);
    drop(server.stop());
    made["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_request_that_comes_again_across_a_kill_makes_one_key_and_gets_one_answer() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path();
    let token = managing_token(dir);
    let settings = [("LATCHKEY_API_REQUESTS_PER_MINUTE", "0")];
    let start = |under| Start { settings: &settings, under, ..Start::default() }.try_run(dir);
    let (mut before, mut after) = (0, 0);
    for round in 0..rounds("RETRY_KILLS", 8) {
        let name = format!("round-{round}");
        let of_start = trace::calls_of_a_start(dir, "latchkey.db-wal", "pwrite64");
        let nth = of_start + 1 + round * 12 % WRITES;
        let fault = format!("pwrite64:signal=SIGKILL:when={nth}");
        let mut answers = match start(trace::inject(&dir.join("latchkey.db-wal"), &fault)) {
            Ok(server) => {
                let answers = ask_until_death(server.address, &token, &name);
                server.kill();
                answers
            }
            // The write was one of the start.
            Err(_) => vec![],
        };
        let server = start(vec![]).unwrap();
        let there = generated(server.address, &token, &name).len();
        *if there == 0 { &mut before } else { &mut after } += 1;
        assert!(there == 1 || there == 0 && answers.is_empty(), "told {answers:?}, kept {there}");
        for _ in 0..2 {
            let reply = generate(&mut Client::connect(server.address), &token, &name).unwrap();
            assert_eq!(reply.status, 201, "{}", reply.body);
            answers.push(reply.body);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        let key: Value = serde_json::from_str(&answers[0]).unwrap();
        assert_eq!(generated(server.address, &token, &name), [key["id"].as_str().unwrap()]);
        server.kill();
    }
    println!("killed before the key was kept: {before}, after: {after}");
}
