//! The operator's verbs, as a shell sees them.

use crate::app::TestApp;
use crate::binary::{Client, PASSWORD, Server, latchkey, verb};
use crate::patience::{PATIENCE, wait_until};
use crate::two_factor::enrol;
use std::process::{Command, Output};

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn users_and_gateways_are_kept_with_and_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    for running in [false, true] {
        let server = running.then(|| Server::start(dir.path()));
        let name = if running { "b" } else { "a" };
        let run = |arguments: &[&str], input: &str| verb(dir.path(), arguments, input);
        let added = run(&["user", "add", name, "--password-stdin", "--email", "x@example.org"], PASSWORD);
        assert!(added.status.success() && out(&added).is_empty(), "{added:?}");
        let sub = run(&["user", "add", &format!("{name}-sub"), "--owner", name], "");
        assert_eq!(out(&sub).trim().len(), 20, "a password is made up and printed alone: {sub:?}");
        let taken = run(&["user", "add", name, "--password-stdin"], PASSWORD);
        assert_eq!(taken.status.code(), Some(1));
        assert!(
            err(&taken).starts_with(&format!("latchkey: a user named {name} exists already")),
            "{taken:?}"
        );
        assert_eq!(err(&taken).lines().count(), 1);
        for (arguments, says) in [
            (vec!["user", "add", "no spaces"], "the username may hold only"),
            (vec!["user", "add", "c", "--owner", "nobody"], "there is no user named nobody"),
            (vec!["user", "add", "c", "--email", "nonsense"], "the mail address"),
            (vec!["user", "disable", "nobody"], "there is no user named nobody"),
            (vec!["gateway", "remove", "nothing"], "there is no gateway named nothing"),
            (vec!["gateway", "add", "a b"], "the gateway's name"),
        ] {
            let refused = run(&arguments, "");
            assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
            assert!(err(&refused).contains(says), "{arguments:?}: {}", err(&refused));
        }
        let nested = run(&["user", "add", "c", "--owner", &format!("{name}-sub")], "");
        assert!(err(&nested).contains("is a sub-user"), "{nested:?}");
        let short = run(&["user", "add", "c", "--password-stdin"], "short");
        assert!(err(&short).contains("shorter than 10"), "{short:?}");
        let disabled = run(&["user", "disable", name], "");
        assert_eq!(
            out(&disabled),
            format!("{name} is disabled; 1 sub-user and 0 keys with it\n"),
            "{disabled:?}"
        );
        let again = run(&["user", "disable", name], "");
        assert_eq!((again.status.code(), out(&again)), (Some(0), format!("{name} was disabled already\n")));
        let users: serde_json::Value =
            serde_json::from_slice(&run(&["user", "list", "--json"], "").stdout).unwrap();
        let of_name = users.as_array().unwrap().iter().find(|u| u["username"] == name).unwrap();
        assert_eq!((&of_name["disabled"], &of_name["email"]), (&true.into(), &"x@example.org".into()));
        let enabled = out(&run(&["user", "enable", name], ""));
        assert_eq!(enabled, format!("{name} is enabled; 1 sub-user and 0 keys with it\n"));
        assert_eq!(out(&run(&["user", "enable", name], "")), format!("{name} was enabled already\n"));
        assert!(out(&run(&["user", "list"], "")).contains("active"));
        let token = out(&run(&["gateway", "add", name], ""));
        assert!(
            token.starts_with("lkgw_") && token.ends_with('\n') && token.lines().count() == 1,
            "{token:?}"
        );
        assert!(out(&run(&["gateway", "list"], "")).contains(name));
        assert!(!out(&run(&["gateway", "list", "--json"], "")).contains(token.trim()));
        assert!(
            run(&["user", "reset-password", name, "--password-stdin"], "another password").status.success()
        );
        if let Some(server) = &server {
            let mut client = Client::connect(server.address);
            let head = format!("POST /v1/verify HTTP/1.1\r\nauthorization: Bearer {}\r\n", token.trim());
            let ask = r#"{"key":"lkd_x","client_ip":"203.0.113.7"}"#;
            assert_eq!(client.ask(&head, ask).unwrap().status, 200, "the server knows the gateway at once");
            assert!(run(&["gateway", "remove", name], "").status.success());
            assert_eq!(client.ask(&head, ask).unwrap().status, 401, "and its removal");
        }
    }
}

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
    assert!(
        err(&again).contains("two-factor login of demo is off, so there is nothing to reset"),
        "{again:?}"
    );
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
    let text = out(&shown);
    assert!(text.contains("listen = \"127.0.0.1:5000\"  # LATCHKEY_LISTEN"), "{text}");
    assert!(text.contains(&format!("trusted_proxies = \"10.0.0.0/8\"  # {config_path}")), "{text}");
    assert!(text.contains("# --data-dir") && text.contains("# default"), "{text}");
    let pepper = "ab".repeat(32);
    assert!(!out(&run("LATCHKEY_PEPPER", &pepper)).contains(&pepper));
    let unknown = run("LATCHKEY_LISTN", "x");
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(
        err(&unknown),
        "latchkey: environment: there is no setting LATCHKEY_LISTN; did you mean LATCHKEY_LISTEN?\n"
    );
    std::fs::write(&config, "listenn = 'x'").unwrap();
    assert!(err(&run("A", "b")).contains("there is no setting listenn; did you mean listen?"));
}

#[test]
fn usage_errors_are_told_apart() {
    let binary = env!("CARGO_BIN_EXE_latchkey");
    let run = |arguments: &[&str]| Command::new(binary).env_clear().args(arguments).output().unwrap();
    for arguments in [&["nonsense"][..], &[], &["user"], &["user", "add"], &["serve", "--nonsense"]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let version = run(&["--version"]);
    assert_eq!(
        (version.status.code(), out(&version)),
        (Some(0), concat!("latchkey ", env!("CARGO_PKG_VERSION"), "\n").to_owned())
    );
    assert!(out(&run(&["--help"])).contains("gateway"));
    let key_verbs = out(&run(&["--help"])) + &out(&run(&["user", "--help"]));
    assert!(!key_verbs.contains("generate"), "no verb makes a customer's key");
}

#[test]
fn one_server_owns_a_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    assert!(server.setup.as_ref().unwrap().starts_with("Create the first account: http://127.0.0.1:"));
    let second = latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(err(&second).starts_with("latchkey: another Latchkey uses "), "{second:?}");
    let taken = tempfile::tempdir().unwrap();
    let address = server.address.to_string();
    let third = latchkey(taken.path(), &["serve", "--listen", &address]).output().unwrap();
    assert!(err(&third).contains("cannot listen on"), "{third:?}");
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
        wait_until("it is stopping", || server.log().contains("stopping: "));
        busy.write(&body).unwrap();
        assert_eq!(busy.receive().unwrap().status, 422, "what was in flight is answered");
        assert_eq!(server.wait(PATIENCE), Some(0), "{signal}");
    }
}

#[test]
fn a_database_of_a_newer_version_or_other_secrets_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "a", "--password-stdin"], PASSWORD).status.success());
    let refused = || err(&verb(dir.path(), &["user", "list"], ""));
    let usage = rusqlite::Connection::open(dir.path().join("usage.db")).unwrap();
    let version: u32 = usage.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    usage.pragma_update(None, "user_version", 99).unwrap();
    assert!(refused().contains("usage.db was made by a newer version of Latchkey"), "{}", refused());
    usage.pragma_update(None, "user_version", version).unwrap();
    assert_eq!(refused(), "");
    let id: Vec<u8> = usage.query_row("SELECT id FROM installation", [], |r| r.get(0)).unwrap();
    usage.execute("UPDATE installation SET id = zeroblob(16)", []).unwrap();
    assert!(refused().contains("usage.db belongs to another installation"), "{}", refused());
    usage.execute("UPDATE installation SET id = ?", [id]).unwrap();
    drop(usage);
    let state = rusqlite::Connection::open(dir.path().join("latchkey.db")).unwrap();
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', CURRENT_TIMESTAMP, 1, x'00', 1)";
    state.execute(newer, []).unwrap();
    assert!(refused().contains("latchkey.db was made by a newer version of Latchkey"), "{}", refused());
    state.execute("DELETE FROM _sqlx_migrations WHERE version = 9999", []).unwrap();
    assert_eq!(refused(), "");
    let secrets = dir.path().join("secrets.toml");
    let text = std::fs::read_to_string(&secrets).unwrap();
    std::fs::remove_file(&secrets).unwrap();
    assert!(refused().contains("secrets.toml is missing"), "{}", refused());
    let other = tempfile::tempdir().unwrap();
    verb(other.path(), &["user", "list"], "");
    std::fs::copy(other.path().join("secrets.toml"), &secrets).unwrap();
    assert!(refused().contains("made with another pepper"), "{}", refused());
    std::fs::write(&secrets, text).unwrap();
    assert_eq!(refused(), "");
}

#[test]
fn roles_are_given_and_sessions_ended_while_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| verb(dir.path(), arguments, input);
    assert!(
        run(&["user", "add", "owner", "--password-stdin", "--email", "o@example.org"], PASSWORD)
            .status
            .success()
    );
    let add = ["user", "add", "sub", "--owner", "owner", "--role", "reads-only", "--password-stdin"];
    assert!(run(&add, PASSWORD).status.success());
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("sub");
    let mut generates = |cookie: &str| {
        client.call(cookie, "generate_key", &[("description", "x"), ("key_type", "cloud")]).status
    };
    assert_eq!(generates(&cookie), 403);
    let set_role = ["user", "set-role", "sub", "manages-keys"];
    assert_eq!(out(&run(&set_role, "")), "sub manages its keys from now on\n");
    assert_eq!(out(&run(&set_role, "")), "sub manages its keys already\n");
    assert_eq!(generates(&cookie), 200, "at the next request");
    let listed = out(&run(&["user", "list"], ""));
    let line = |name: &str| {
        let line = listed.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        [words[2], words[3], words[4], words[5], words[6]].map(str::to_owned)
    };
    assert_eq!(line("owner"), ["active", "manages-keys", "off", "o@example.org", "-"]);
    assert_eq!(line("sub"), ["active", "manages-keys", "off", "-", "owner"]);
    let json: serde_json::Value =
        serde_json::from_slice(&run(&["user", "list", "--json"], "").stdout).unwrap();
    assert_eq!((&json[1]["role"], &json[1]["two_factor"]), (&"manages-keys".into(), &false.into()));
    assert_eq!(out(&run(&["user", "end-sessions", "sub"], "")), "1 session of sub ended\n");
    assert_eq!(out(&run(&["user", "end-sessions", "sub"], "")), "0 sessions of sub ended\n");
    assert_eq!(generates(&cookie), 401);
    for (arguments, code, says) in [
        (
            vec!["user", "set-role", "owner", "reads-only"],
            1,
            "owner owns its account and always manages keys",
        ),
        (vec!["user", "set-role", "nobody", "reads-only"], 1, "there is no user named nobody"),
        (vec!["user", "set-role", "sub", "everything"], 2, "manages-keys, reads-only"),
        (vec!["user", "end-sessions", "nobody"], 1, "there is no user named nobody"),
        (vec!["user", "add", "c", "--role", "reads-only"], 2, "--owner"),
    ] {
        let refused = run(&arguments, "");
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        assert!(err(&refused).contains(says), "{arguments:?}: {}", err(&refused));
    }
}
