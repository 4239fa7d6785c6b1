//! Wrong usage, standard input that is no token, and the question before a revocation.

use super::{Made, key, named, said, serve_demo, verdict};
use crate::binary::{Server, install, latchkey};
use crate::said::without_dir;
use insta::{allow_duplicates, assert_snapshot};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

const ID: &str = "0198c0de-0000-7000-8000-000000000000";

/// A token of our form that nobody has.
fn token() -> String {
    let format = domain::token::TokenFormat::new("lk").unwrap();
    format.generate(contract::KeyType::Default).unwrap().expose().to_owned()
}

#[test]
fn wrong_usage_is_told_and_never_repeats_a_token() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path());
    let token = token();
    let reason = format!("found {token} on GitHub");
    let quoted = format!("see \"{token}\".");
    let asked: [&[&str]; 14] = [
        &[],
        &["find"],
        &["find", "x", "--token-from-stdin"],
        &["find", &token],
        &["find", "x", "--username", &token],
        &["list", "--username", &token],
        &["show"],
        &["show", &token],
        &["show", ID, "--username", "demo"],
        &["revoke", ID],
        &["revoke", &token, "--reason", "x", "--yes"],
        &["revoke", ID, "--reason", &reason, "--yes"],
        &["revoke", ID, "--reason", &quoted, "--yes"],
        &["revoke", ID, "--reason", " ", "--yes"],
    ];
    let mut text = String::new();
    for arguments in asked {
        let output = key(dir.path(), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = said(&output, &[]);
        assert!(!said.contains(&token), "{said}");
        let lines = said.lines().skip(1).take_while(|line| !line.is_empty());
        let shown = arguments.join(" ").replace(&token, "TOKEN");
        let _ = writeln!(text, "key {shown}\n  {}", lines.collect::<Vec<_>>().join("\n  "));
    }
    assert_snapshot!(without_dir(&text, dir.path()), @r#"
    key 
      error: unexpected argument '--data-dir' found
    key find
      error: the following required arguments were not provided:
        <TEXT>
    key find x --token-from-stdin
      error: the argument '[TEXT]' cannot be used with '--token-from-stdin'
    key find TOKEN
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key find x --username TOKEN
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key list --username TOKEN
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key show
      error: the following required arguments were not provided:
        <ID>
    key show TOKEN
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key show 0198c0de-0000-7000-8000-000000000000 --username demo
      error: the argument '[ID]' cannot be used with '--username <NAME>'
    key revoke 0198c0de-0000-7000-8000-000000000000
      error: the following required arguments were not provided:
        --reason <TEXT>
    key revoke TOKEN --reason x --yes
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key revoke 0198c0de-0000-7000-8000-000000000000 --reason found TOKEN on GitHub --yes
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key revoke 0198c0de-0000-7000-8000-000000000000 --reason see "TOKEN". --yes
      latchkey: there is a whole token in the command line, which others read and shells keep: treat it as leaked, and pipe it in with --token-from-stdin
    key revoke 0198c0de-0000-7000-8000-000000000000 --reason   --yes
      latchkey: the reason is empty; choose another
    "#);
}

#[test]
fn what_is_no_token_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path());
    let large = "x".repeat(2 * 1024 * 1024);
    let inputs: [(&str, &str); 6] = [
        ("empty", ""),
        ("an empty line", "\n"),
        ("two lines", "lkd_one\nlkd_two\n"),
        ("2 MB", &large),
        ("spaces", " lkd_x \n"),
        ("a word", "lkd_000000000000000000000000000000000000"),
    ];
    let mut text = String::new();
    for (name, input) in inputs {
        for verb in [&["find", "--token-from-stdin"][..], &["show", "--token-from-stdin"]] {
            let _ = writeln!(
                text,
                "{name}, {}: {}",
                verb[0],
                said(&key(dir.path(), verb, input), &[]).trim_end()
            );
        }
    }
    assert_snapshot!(text, @"
    empty, find: 1
    latchkey: standard input holds no token; pipe one in, alone on its line
    empty, show: 1
    latchkey: standard input holds no token; pipe one in, alone on its line
    an empty line, find: 1
    latchkey: standard input holds no token; pipe one in, alone on its line
    an empty line, show: 1
    latchkey: standard input holds no token; pipe one in, alone on its line
    two lines, find: 1
    latchkey: standard input holds more than one line; pipe the token in alone
    two lines, show: 1
    latchkey: standard input holds more than one line; pipe the token in alone
    2 MB, find: 1
    latchkey: standard input holds more than a token, which has at most 512 characters
    2 MB, show: 1
    latchkey: standard input holds more than a token, which has at most 512 characters
    spaces, find: 3
    latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
    spaces, show: 3
    latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
    a word, find: 3
    latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
    a word, show: 3
    latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
    ");
}

#[test]
fn what_is_not_there_has_an_exit_code_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path());
    for running in [false, true] {
        let server = running.then(|| Server::start(dir.path()));
        let asked: [&[&str]; 6] = [
            &["list"],
            &["find", "x"],
            &["find", "x", "--json"],
            &["show", ID],
            &["show", "no-id"],
            &["revoke", ID, "--reason", "x", "--yes"],
        ];
        let said =
            asked.map(|asked| format!("{}: {}", asked.join(" "), said(&key(dir.path(), asked, ""), &[])));
        let unknown = key(dir.path(), &["find", "--token-from-stdin", "--json"], &token());
        let said = format!("{}token: {}", said.concat(), super::said(&unknown, &[]));
        allow_duplicates! { assert_snapshot!(without_dir(&said, dir.path()), @r#"
        list: 0
        There is no such key; only customers generate keys, in their pages.
        find x: 3
        latchkey: no key was found
        find x --json: 3
        {
          "keys": [],
          "more": 0
        }
        latchkey: no key was found
        show 0198c0de-0000-7000-8000-000000000000: 3
        latchkey: no key has this id; `latchkey key find` finds keys by what is known of them
        show no-id: 3
        latchkey: no key has this id; `latchkey key find` finds keys by what is known of them
        revoke 0198c0de-0000-7000-8000-000000000000 --reason x --yes: 3
        latchkey: no key has this id; `latchkey key find` finds keys by what is known of them
        token: 3
        {
          "keys": [],
          "more": 0
        }
        latchkey: no key has or had this token: it was never given out here, it belongs to another installation, or it was changed on its way
        "#); }
        drop(server.map(Server::stop));
    }
}

/// Runs `latchkey key` on a terminal of its own, on which this is typed; answers the exit code and what stands there.
fn on_terminal(dir: &Path, arguments: &str, typed: &str) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_latchkey");
    let line = format!("{program} key {arguments} --data-dir {}", dir.display());
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear().env("SHELL", "/bin/sh");
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keyboard, mut screen) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while screen.read(&mut byte).unwrap() > 0 {
        shown.extend(byte);
        if shown.ends_with(b"[y/N] ") {
            keyboard.write_all(typed.as_bytes()).unwrap();
        }
    }
    (script.wait().unwrap().code().unwrap(), String::from_utf8(shown).unwrap().replace('\r', ""))
}

#[test]
fn a_revocation_asks_on_a_terminal_and_only_a_yes_is_one() {
    let (dir, _server, mut client, cookie) = serve_demo();
    let made = Made::of(client.generate(&cookie, "cloud"));
    assert_eq!(verdict(&mut client, &made.token, "203.0.113.7"), "200");
    let asked = key(dir.path(), &["revoke", "--token-from-stdin", "--reason", "x"], &made.token);
    let masked = made.masked();
    let chances = [(made.id.as_str(), "id"), (masked.as_str(), "masked")];
    assert_snapshot!(said(&asked, &chances), @"
    2
    latchkey: standard input is no terminal on which to ask; add --yes to revoke without a question
    ");
    let revoke = format!("revoke {} --reason leaked", made.id);
    for answer in ["n\n", "\n", "yess\n"] {
        let (code, shown) = on_terminal(dir.path(), &revoke, answer);
        assert_eq!(code, 5, "{answer:?}: {shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
    }
    assert_eq!(verdict(&mut client, &made.token, "203.0.113.7"), "200");
    let (code, shown) = on_terminal(dir.path(), &revoke, "y\n");
    assert_eq!(code, 0, "{shown}");
    assert_snapshot!(named(&shown, &chances), @"
    “load” of demo ([masked]), active, used 2 times, last at [time]Z.
    Nobody can undo it. Revoke this key? [y/N] y
    “load” of demo ([masked]) is deleted and refused from now on; demo is told; used 2 times, last at [time]Z
    ");
    assert_eq!(verdict(&mut client, &made.token, "203.0.113.7"), "DELETED");
    let (code, _) = on_terminal(dir.path(), &revoke, "");
    assert_eq!(code, 4, "nothing is asked of one that is deleted");
}

#[test]
fn a_piped_token_stands_in_no_list_of_processes() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path());
    let token = token();
    let mut command = latchkey(dir.path(), &["key", "find", "--token-from-stdin"]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(token.as_bytes()).unwrap();
    // It waits for the end of its input meanwhile.
    for file in ["cmdline", "environ"] {
        let bytes = std::fs::read(format!("/proc/{}/{file}", process.id())).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&token), "{file}");
    }
    drop(input);
    assert_eq!(process.wait_with_output().unwrap().status.code(), Some(3));
}
