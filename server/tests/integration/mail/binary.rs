//! Mail of the binary as a process.

use super::smtp::Smtp;
use crate::binary::{PASSWORD, Server, latchkey, verb};
use crate::certificates::Authority;
use crate::log_lines::{lines_of, tells_of};
use crate::patience::{wait_or_tell, wait_until};
use crate::ports::FreePort;
use crate::said::refusal;
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;

const FROM: (&str, &str) = ("LATCHKEY_SMTP_FROM", "keys@example.com");

/// A data directory in which one letter waits: its server was killed after it had committed what the letter tells
/// of, and before anybody could take it.
fn with_a_letter() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let nobody = FreePort::take();
    let url = format!("smtp://127.0.0.1:{}?tls=none", nobody.number);
    let server = Server::start_with(dir.path(), &[], &[("LATCHKEY_SMTP_URL", &url), FROM]);
    let add = ["user", "add", "demo", "--email", "demo@example.org", "--password-stdin"];
    assert!(verb(dir.path(), &add, PASSWORD).status.success());
    let reset = ["user", "reset-password", "demo", "--password-stdin"];
    assert!(verb(dir.path(), &reset, "another horse battery").status.success());
    server.kill();
    dir
}

/// How many letters wait.
fn letters(dir: &TempDir) -> u64 {
    let state = rusqlite::Connection::open(dir.path().join("latchkey.db")).unwrap();
    state.query_one("SELECT count(*) FROM mails", [], |row| row.get(0)).unwrap()
}

fn wait_for_log(server: &Server, event: &str) {
    wait_or_tell(|| tells_of(&server.log(), event), || format!("{event}: {}", server.log()));
}

#[test]
fn a_letter_that_was_committed_survives_sigkill_and_is_sent_once() {
    let dir = with_a_letter();
    let smtp = Smtp::start();
    let url = format!("smtp://127.0.0.1:{}?tls=none", smtp.port);
    let settings = [("LATCHKEY_SMTP_URL", url.as_str()), FROM];
    let server = Server::start_with(dir.path(), &[], &settings);
    let mail = smtp.next();
    assert_eq!(mail["to"], json!(["demo@example.org"]));
    assert_eq!(mail["headers"]["subject"], "Your account was changed");
    wait_until("it is noted as sent", || letters(&dir) == 0);
    server.stop();
    let server = Server::start_with(dir.path(), &[], &settings);
    std::thread::sleep(Duration::from_millis(1500));
    server.stop();
    assert!(smtp.all().is_empty(), "it is sent once");
}

#[test]
fn a_letter_in_flight_at_sigkill_is_sent_again_under_its_own_message_id() {
    let dir = with_a_letter();
    let hanging = Smtp::start_with(&json!({"hang": true}));
    let url = format!("smtp://127.0.0.1:{}?tls=none", hanging.port);
    let server = Server::start_with(dir.path(), &[], &[("LATCHKEY_SMTP_URL", &url), FROM]);
    assert_eq!(hanging.next()["hanging"], true);
    server.kill();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let smtp = Smtp::start();
        let url = format!("smtp://127.0.0.1:{}?tls=none", smtp.port);
        let copy = tempfile::tempdir().unwrap();
        for file in ["latchkey.db", "latchkey.db-wal", "usage.db", "usage.db-wal", "secrets.toml"] {
            let _ = std::fs::copy(dir.path().join(file), copy.path().join(file));
        }
        let public_url = ["--public-url", "https://keys.example.com"];
        let _server = Server::start_with(copy.path(), &public_url, &[("LATCHKEY_SMTP_URL", &url), FROM]);
        ids.push(smtp.next()["headers"]["message-id"].as_str().unwrap().to_owned());
    }
    assert!(ids[0] == ids[1] && ids[0].ends_with("@keys.example.com>"), "{ids:?}");
}

#[test]
fn starttls_and_a_password_from_a_file_are_used() {
    let dir = with_a_letter();
    let authority = Authority::found();
    authority.issue("mail");
    let path = |name: &str| authority.path(name).to_str().unwrap().to_owned();
    let (certificate, key, ca) = (path("cert.pem"), path("key.pem"), path("ca.pem"));
    let login = ["keys@example.com", "a long password"];
    let smtp = Smtp::start_with(&json!({"login": login, "certificate": certificate, "key": key}));
    let password = path("password");
    std::fs::write(&password, "a long password\n").unwrap();
    let url = format!("smtp://keys%40example.com@localhost:{}", smtp.port);
    let mut settings =
        vec![("LATCHKEY_SMTP_URL", url.as_str()), FROM, ("LATCHKEY_SMTP_PASSWORD_FILE", &password)];
    let server = Server::start_with(dir.path(), &[], &settings);
    wait_for_log(&server, "mail_waits");
    let told = lines_of(&server.stop(), "mail_waits").remove(0);
    assert!(told.contains("certificate"), "nobody vouches for this server: {told}");
    settings.push(("SSL_CERT_FILE", &ca));
    let server = Server::start_with(dir.path(), &[], &settings);
    let mail = smtp.next();
    assert_eq!((&mail["user"], &mail["tls"]), (&json!("keys@example.com"), &json!(true)));
    let log = server.stop();
    assert!(!log.contains("a long password") && !log.contains("demo@example.org"), "{log}");
}

#[test]
fn without_a_mail_server_it_says_so_once_and_serves() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    wait_for_log(&server, "no_mail");
    assert_eq!(server.stop().matches("smtp_url").count(), 1);
}

#[test]
fn wrong_settings_stop_the_start_and_show_no_password() {
    let dir = tempfile::tempdir().unwrap();
    for verb in ["serve", "config"] {
        let mut command = latchkey(dir.path(), &[verb]);
        command.env("LATCHKEY_SMTP_URL", "smtp://keys:s3cret@mail.example.com").env(FROM.0, FROM.1);
        let output = command.output().unwrap();
        insta::allow_duplicates! { insta::assert_snapshot!(refusal(&output), @"latchkey: smtp_url (from LATCHKEY_SMTP_URL): must not hold a password: put it into a file and name that in LATCHKEY_SMTP_PASSWORD_FILE"); }
    }
    let mut command = latchkey(dir.path(), &["config"]);
    command.env("LATCHKEY_SMTP_URL", "smtp://keys@mail.example.com").env(FROM.0, FROM.1);
    let output = command.env("LATCHKEY_SMTP_PASSWORD", "s3cret").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("smtp_password = \"(hidden)\"") && !text.contains("s3cret"), "{text}");
}
