//! The operator's verbs about users and gateways, without a server and with one that runs.

use crate::binary::{Client, PASSWORD, Server, verb};
use crate::said::{err, out, refusal, without};
use insta::assert_snapshot;
use std::process::Output;

/// Does this without a server and with one that runs: given a way to run verbs, a free name, and the server.
fn both_ways(act: impl Fn(&dyn Fn(&[&str], &str) -> Output, &str, Option<&Server>)) {
    let dir = tempfile::tempdir().unwrap();
    for (running, name) in [(false, "a"), (true, "b")] {
        let server = running.then(|| Server::start(dir.path()));
        act(&|arguments, input| verb(dir.path(), arguments, input), name, server.as_ref());
    }
}

#[test]
fn users_are_kept_with_and_without_a_server() {
    both_ways(|run, name, _| {
        let added = run(&["user", "add", name, "--password-stdin", "--email", "x@example.org"], PASSWORD);
        assert!(added.status.success() && out(&added).is_empty(), "{added:?}");
        let sub = run(&["user", "add", &format!("{name}-sub"), "--owner", name], "");
        assert_eq!(out(&sub).trim().len(), 20, "a password is made up and printed alone: {sub:?}");
        let disabled = out(&run(&["user", "disable", name], ""));
        assert_eq!(disabled, format!("{name} is disabled; 1 sub-user and 0 keys with it\n"));
        assert_eq!(out(&run(&["user", "disable", name], "")), format!("{name} was disabled already\n"));
        let users: serde_json::Value =
            serde_json::from_slice(&run(&["user", "list", "--json"], "").stdout).unwrap();
        let of_name = users.as_array().unwrap().iter().find(|u| u["username"] == name).unwrap();
        assert_eq!((&of_name["disabled"], &of_name["email"]), (&true.into(), &"x@example.org".into()));
        let enabled = out(&run(&["user", "enable", name], ""));
        assert_eq!(enabled, format!("{name} is enabled; 1 sub-user and 0 keys with it\n"));
        assert_eq!(out(&run(&["user", "enable", name], "")), format!("{name} was enabled already\n"));
        assert!(out(&run(&["user", "list"], "")).contains("active"));
        let reset = run(&["user", "reset-password", name, "--password-stdin"], "another password");
        assert!(reset.status.success(), "{reset:?}");
    });
}

#[test]
fn what_a_verb_cannot_do_is_refused_with_and_without_a_server() {
    both_ways(|run, name, _| {
        let sub = format!("{name}-sub");
        assert!(run(&["user", "add", name, "--password-stdin"], PASSWORD).status.success());
        assert!(run(&["user", "add", &sub, "--owner", name], "").status.success());
        let said = [
            &["user", "add", "no spaces"][..],
            &["user", "add", &sub],
            &["user", "add", "c", "--owner", "nobody"],
            &["user", "add", "c", "--owner", &sub],
            &["user", "add", "c", "--email", "nonsense"],
            &["user", "add", "c", "--password-stdin"],
            &["user", "disable", "nobody"],
            &["gateway", "remove", "nothing"],
            &["gateway", "add", "a b"],
        ]
        .map(|arguments| format!("{}\n  {}", arguments.join(" "), refusal(&run(arguments, "short"))));
        insta::allow_duplicates! { assert_snapshot!(without(&said.join("\n"), &[(&sub, "sub-user")]), @"
        user add no spaces
          latchkey: the username may hold only letters, digits and . _ - @; choose another
        user add [sub-user]
          latchkey: a user named [sub-user] exists already; choose another name
        user add c --owner nobody
          latchkey: there is no user named nobody; `latchkey user list` shows them
        user add c --owner [sub-user]
          latchkey: [sub-user] is a sub-user and cannot own others; name the owner of the account
        user add c --email nonsense
          latchkey: the mail address is not of the form name@example.org; choose another
        user add c --password-stdin
          latchkey: the password is shorter than 10 characters; choose another
        user disable nobody
          latchkey: there is no user named nobody; `latchkey user list` shows them
        gateway remove nothing
          latchkey: there is no gateway named nothing; `latchkey gateway list` shows them
        gateway add a b
          latchkey: the gateway's name may hold 1 to 64 letters, digits and . _ - only; choose another
        "); }
    });
}

#[test]
fn gateways_are_kept_with_and_without_a_server() {
    both_ways(|run, name, server| {
        let token = out(&run(&["gateway", "add", name], ""));
        assert!(
            token.starts_with("lkgw_") && token.ends_with('\n') && token.lines().count() == 1,
            "{token:?}"
        );
        assert!(out(&run(&["gateway", "list"], "")).contains(name));
        assert!(!out(&run(&["gateway", "list", "--json"], "")).contains(token.trim()));
        if let Some(server) = server {
            let mut client = Client::connect(server.address);
            let head = format!("POST /v1/verify HTTP/1.1\r\nauthorization: Bearer {}\r\n", token.trim());
            let ask = r#"{"key":"lkd_x","client_ip":"203.0.113.7"}"#;
            assert_eq!(client.ask(&head, ask).unwrap().status, 200, "the server knows the gateway at once");
            assert!(run(&["gateway", "remove", name], "").status.success());
            assert_eq!(client.ask(&head, ask).unwrap().status, 401, "and its removal");
        }
    });
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
    let said = [
        &["user", "set-role", "owner", "reads-only"][..],
        &["user", "set-role", "nobody", "reads-only"],
        &["user", "set-role", "sub", "everything"],
        &["user", "end-sessions", "nobody"],
        &["user", "add", "c", "--role", "reads-only"],
    ]
    .map(|arguments| {
        let refused = run(arguments, "");
        format!("{}: {:?}\n{}", arguments.join(" "), refused.status.code(), err(&refused))
    });
    assert_snapshot!(said.join("\n"), @"
    user set-role owner reads-only: Some(1)
    latchkey: owner owns its account and always manages keys; only sub-users have a role

    user set-role nobody reads-only: Some(1)
    latchkey: there is no user named nobody; `latchkey user list` shows them

    user set-role sub everything: Some(2)
    error: invalid value 'everything' for '<ROLE>'
      [possible values: manages-keys, reads-only]

    For more information, try '--help'.

    user end-sessions nobody: Some(1)
    latchkey: there is no user named nobody; `latchkey user list` shows them

    user add c --role reads-only: Some(2)
    error: the following required arguments were not provided:
      --owner <OWNER>

    Usage: latchkey user add --owner <OWNER> --role <ROLE> --data-dir <DIR> <NAME>

    For more information, try '--help'.
    ");
}
