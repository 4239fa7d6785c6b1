//! The program as a shell sees it: settings, exit codes, signals, and data that it refuses.

use crate::app::TestApp;
use crate::binary::{Client, PASSWORD, Server, latchkey, verb};
use crate::log_lines::tells_of;
use crate::patience::{PATIENCE, wait_until};
use crate::said::{err, out, refusal, without, without_dir};
use crate::two_factor::enrol;
use insta::assert_snapshot;
use std::process::Command;

#[test]
fn a_disabled_user_is_refused_at_the_next_request() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD).status.success());
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demouser");
    let (_, token) = client.generate(&cookie, "default");
    let head =
        format!("GET /authz/forward-auth HTTP/1.1\r\nx-api-key: {token}\r\nx-forwarded-for: 203.0.113.7\r\n");
    assert_eq!(client.ask(&head, "").unwrap().status, 200);
    let disabled = verb(dir.path(), &["user", "disable", "demouser"], "");
    assert_eq!(out(&disabled), "demouser is disabled; 0 sub-users and 1 key with it\n");
    let reply = client.ask(&head, "").unwrap();
    assert!(reply.status == 403 && reply.head.contains("x-latchkey-code: OWNER_DISABLED"), "{}", reply.head);
    assert!(verb(dir.path(), &["user", "enable", "demouser"], "").status.success());
    assert_eq!(client.ask(&head, "").unwrap().status, 200);
}

#[tokio::test]
async fn a_second_factor_that_is_reset_is_told_with_what_goes() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    enrol(&app.browser("demo").await).await;
    app.stop().await;
    let reset = verb(app.dir.path(), &["user", "reset-2fa", "demo"], "");
    let wanted = "two-factor login of demo is off; 10 recovery codes and 1 session ended with it\n";
    assert_eq!(out(&reset), wanted, "{reset:?}");
    let again = verb(app.dir.path(), &["user", "reset-2fa", "demo"], "");
    assert_snapshot!(refusal(&again), @"latchkey: two-factor login of demo is off, so there is nothing to reset");
}

#[test]
fn settings_are_shown_and_unknown_ones_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("latchkey.toml");
    std::fs::write(&config, "listen = '127.0.0.1:4000'\ntrusted_proxies = ['10.0.0.0/8']\n").unwrap();
    let config_path = config.to_str().unwrap();
    let run = |name: &str, value: &str| {
        let mut command = latchkey(dir.path(), &["config", "--config", config_path]);
        command.env(name, value).output().unwrap()
    };
    let shown = run("LATCHKEY_LISTEN", "127.0.0.1:5000");
    let text = without_dir(&out(&shown), dir.path());
    let one_of_each = ["data_dir ", "listen ", "log_level ", "trusted_proxies "];
    let lines = text.lines().filter(|line| one_of_each.iter().any(|name| line.starts_with(name)));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    listen = "127.0.0.1:5000"  # LATCHKEY_LISTEN
    data_dir = "[dir]"  # --data-dir
    trusted_proxies = "10.0.0.0/8"  # [dir]/latchkey.toml
    log_level = "info"  # default
    "#);
    let pepper = "ab".repeat(32);
    assert!(!out(&run("LATCHKEY_PEPPER", &pepper)).contains(&pepper));
    let unknown = run("LATCHKEY_LISTN", "x");
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(
        err(&unknown),
        "latchkey: environment: there is no setting LATCHKEY_LISTN; did you mean LATCHKEY_LISTEN?\n"
    );
    std::fs::write(&config, "listenn = 'x'").unwrap();
    assert_snapshot!(without_dir(&refusal(&run("A", "b")), dir.path()), @"latchkey: [dir]/latchkey.toml: there is no setting listenn; did you mean listen?");
}

#[test]
fn usage_errors_are_told_apart() {
    let binary = env!("CARGO_BIN_EXE_latchkey");
    let run = |arguments: &[&str]| Command::new(binary).env_clear().args(arguments).output().unwrap();
    for arguments in [&["nonsense"][..], &[], &["user"], &["user", "add"], &["serve", "--nonsense"]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let version = concat!("latchkey ", env!("CARGO_PKG_VERSION"));
    assert_eq!(out(&run(&["-V"])), format!("{version}\n"));
    let long = run(&["--version"]);
    let named = out(&long);
    assert_eq!(long.status.code(), Some(0));
    assert!(named.starts_with(&format!("{version} (commit ")) && named.contains(", SQLite 3."), "{named}");
    assert!(out(&run(&["--help"])).contains("gateway"));
    let key_verbs =
        ["user", "key"].map(|verb| out(&run(&[verb, "--help"]))).concat() + &out(&run(&["--help"]));
    assert!(!key_verbs.contains("generate"), "no verb makes a customer's key");
}

#[test]
fn shells_and_the_manual_know_every_verb() {
    let binary = env!("CARGO_BIN_EXE_latchkey");
    let run = |arguments: &[&str]| Command::new(binary).env_clear().args(arguments).output().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = out(&run(&["completions", shell]));
        assert!(script.contains("healthcheck") && script.contains("revoke"), "{shell}");
    }
    assert_eq!(run(&["completions", "nonsense"]).status.code(), Some(2));
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap();
    assert_eq!(run(&["man", folder]).status.code(), Some(0));
    for page in ["latchkey.1", "latchkey-serve.1", "latchkey-key-revoke.1"] {
        let text = std::fs::read_to_string(dir.path().join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    let missing = run(&["man", &format!("{folder}/none")]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(err(&missing).contains("name a folder that is there"), "{}", err(&missing));
}

#[test]
fn the_health_of_a_server_is_asked_where_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let ask = || latchkey(dir.path(), &["healthcheck"]).output().unwrap();
    assert_eq!(ask().status.code(), Some(1), "nothing was installed there");
    let server = Server::start(dir.path());
    let ready = ask();
    assert_eq!((ready.status.code(), out(&ready)), (Some(0), "Latchkey is ready\n".to_owned()));
    drop(server);
    let gone = ask();
    assert_eq!(gone.status.code(), Some(1));
    assert!(err(&gone).contains("no Latchkey runs on"), "{}", err(&gone));
}

#[test]
fn one_server_owns_a_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    assert!(server.setup.as_ref().unwrap().starts_with("Create the first account: http://127.0.0.1:"));
    let second = latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert_snapshot!(without_dir(&refusal(&second), dir.path()), @"latchkey: another Latchkey uses [dir]; stop it first, or choose another --data-dir");
    let taken = tempfile::tempdir().unwrap();
    let address = server.address.to_string();
    let third = latchkey(taken.path(), &["serve", "--listen", &address]).output().unwrap();
    assert_snapshot!(without(&refusal(&third), &[(&address, "address")]), @"latchkey: cannot listen on [address]: Address already in use (os error 98); choose another address");
}

#[test]
fn it_stops_gracefully_on_both_signals() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Server::start(dir.path());
        let mut idle = Client::connect(server.address);
        assert_eq!(idle.ask("GET /healthz HTTP/1.1\r\n", "").unwrap().status, 200);
        // In flight: it has been told to go on, and its body is still to come.
        let mut busy = Client::connect(server.address);
        let body = serde_urlencoded::to_string([("username", "x"), ("password", PASSWORD)]).unwrap();
        busy.announce("POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n", body.len());
        server.signal(signal);
        wait_until("it is stopping", || tells_of(&server.log(), "stopping"));
        busy.write(&body).unwrap();
        assert_eq!(busy.receive().unwrap().status, 422, "what was in flight is answered");
        assert_eq!(server.wait(PATIENCE), Some(0), "{signal}");
    }
}

#[test]
fn a_database_of_a_newer_version_or_other_secrets_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "a", "--password-stdin"], PASSWORD).status.success());
    let passes = || assert_eq!(err(&verb(dir.path(), &["user", "list"], "")), "");
    let refused = || without_dir(&refusal(&verb(dir.path(), &["user", "list"], "")), dir.path());
    let usage = rusqlite::Connection::open(dir.path().join("usage.db")).unwrap();
    let version: u32 = usage.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    usage.pragma_update(None, "user_version", 99).unwrap();
    assert_snapshot!(refused(), @"latchkey: [dir]/usage.db was made by a newer version of Latchkey; use that version, or restore a backup");
    usage.pragma_update(None, "user_version", version).unwrap();
    passes();
    let id: Vec<u8> = usage.query_row("SELECT id FROM installation", [], |r| r.get(0)).unwrap();
    usage.execute("UPDATE installation SET id = zeroblob(16)", []).unwrap();
    assert_snapshot!(refused(), @"latchkey: usage.db belongs to another installation; put back the file that belongs to this latchkey.db");
    usage.execute("UPDATE installation SET id = ?", [id]).unwrap();
    drop(usage);
    let state = rusqlite::Connection::open(dir.path().join("latchkey.db")).unwrap();
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', CURRENT_TIMESTAMP, 1, x'00', 1)";
    state.execute(newer, []).unwrap();
    assert_snapshot!(refused(), @"latchkey: [dir]/latchkey.db was made by a newer version of Latchkey; use that version, or restore a backup");
    state.execute("DELETE FROM _sqlx_migrations WHERE version = 9999", []).unwrap();
    passes();
    let secrets = dir.path().join("secrets.toml");
    let text = std::fs::read_to_string(&secrets).unwrap();
    std::fs::remove_file(&secrets).unwrap();
    assert_snapshot!(refused(), @"latchkey: [dir]/secrets.toml is missing, and without it no key of this data directory can be recognised; put it back from where you keep it, or set LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE");
    let other = tempfile::tempdir().unwrap();
    verb(other.path(), &["user", "list"], "");
    std::fs::copy(other.path().join("secrets.toml"), &secrets).unwrap();
    assert_snapshot!(refused(), @"latchkey: latchkey.db was made with another pepper or sealing key, and no key would be recognised; put back the secrets.toml (or the settings pepper and sealing_key) that belong to it");
    std::fs::write(&secrets, text).unwrap();
    passes();
}
