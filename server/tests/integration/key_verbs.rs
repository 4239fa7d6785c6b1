//! `latchkey key …`: one key is found, looked at and revoked from the shell, with a server that runs and without one.

mod asked;
mod found;
mod leaked;
mod shown;
mod told;

use crate::binary::{Client, PASSWORD, Server, verb};
use crate::said::{err, out, without};
use serde_json::Value;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// A key, and what its user was shown of it.
struct Made {
    id: String,
    token: String,
}

impl Made {
    fn of((id, token): (String, String)) -> Self {
        Self { id, token }
    }

    /// What lists show of its token.
    fn masked(&self) -> String {
        masked(&self.token)
    }
}

/// What lists show of a token.
fn masked(token: &str) -> String {
    match token.len() {
        8 => format!("{}…", &token[..2]),
        length => format!("{}…{}", &token[..8], &token[length - 4..]),
    }
}

/// Runs `latchkey key` with this on standard input.
fn key(dir: &Path, arguments: &[&str], input: &str) -> Output {
    verb(dir, &[&["key"], arguments].concat(), input)
}

/// Adds a user who can log in.
fn add_user(dir: &Path, name: &str) {
    let added = verb(dir, &["user", "add", name, "--password-stdin"], PASSWORD);
    assert!(added.status.success(), "{added:?}");
}

/// A server, and a client in which `demo` is logged in, with their cookie.
fn serve_demo() -> (TempDir, Server, Client, String) {
    let dir = tempfile::tempdir().unwrap();
    add_user(dir.path(), "demo");
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    (dir, server, client, cookie)
}

/// Gives a key another token, as its page does; answers the new one.
fn rotate(client: &mut Client, cookie: &str, id: &str, overlap: &str) -> String {
    let reply = client.call(cookie, "rotate_key", &[("id", id), ("overlap_seconds", overlap)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json: Value = serde_json::from_str(&reply.body).unwrap();
    json["token"].as_str().unwrap().to_owned()
}

/// Exit code, standard output and standard error, without what differs from run to run.
fn said(output: &Output, chances: &[(&str, &str)]) -> String {
    let code = output.status.code().unwrap();
    named(&format!("{code}\n{}{}", out(output), err(output)), chances)
}

/// A text with `[time]` in place of each time, and a name in place of what else differs from run to run.
fn named(text: &str, chances: &[(&str, &str)]) -> String {
    let text = without(text, chances);
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
        let is_time = digits.len() == 19 && digits.contains('T');
        if is_time { word.replace(digits, "[time]") } else { word.to_owned() }
    });
    words.collect()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a gateway is told of a request with this token.
fn verdict(client: &mut Client, token: &str, address: &str) -> String {
    let reply = client.verify(token, address).unwrap();
    reply.header("x-latchkey-code").map_or_else(|| reply.status.to_string(), str::to_owned)
}
