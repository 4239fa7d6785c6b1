//! Output that nobody takes: no panic, and no secret in force that nobody has.

use crate::binary::{Client, PASSWORD, Server, install, latchkey, verb};
use crate::said::{err, refusal};
use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Output, Stdio};

/// Runs a verb whose standard output is a full disk.
fn into_full(dir: &Path, arguments: &[&str]) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    latchkey(dir, arguments).stdout(full).output().unwrap()
}

/// Runs a verb whose reader is gone before it says a word.
fn into_closed(dir: &Path, arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    latchkey(dir, arguments).stdout(writer).output().unwrap()
}

#[test]
fn a_secret_that_cannot_be_printed_is_not_in_force() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demo", "--password-stdin"], PASSWORD).status.success());
    for running in [false, true] {
        let server = running.then(|| Server::start(dir.path()));
        for refused in [into_full, into_closed] {
            for arguments in [
                &["gateway", "add", "billing"][..],
                &["user", "add", "eve"],
                &["user", "reset-password", "demo"],
            ] {
                let output = refused(dir.path(), arguments);
                let error = err(&output);
                assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
                let last = error.lines().last().unwrap();
                assert!(last.starts_with("latchkey: cannot write to standard output: "), "{error}");
                assert!(last.ends_with("; nothing was changed"), "{error}");
            }
        }
        let list =
            |of: &str| String::from_utf8(verb(dir.path(), &[of, "list", "--json"], "").stdout).unwrap();
        assert!(!list("gateway").contains("billing"));
        assert!(!list("user").contains("eve"));
        if let Some(server) = server {
            Client::connect(server.address).log_in("demo");
        }
    }
    let token = verb(dir.path(), &["gateway", "add", "billing"], "");
    assert!(token.status.success() && token.stdout.starts_with(b"lkgw_"), "{token:?}");
    let taken = verb(dir.path(), &["gateway", "add", "billing"], "");
    assert!(taken.stdout.is_empty(), "nothing is shown that fails: {taken:?}");
    insta::assert_snapshot!(refusal(&taken), @"latchkey: a gateway named billing exists already; choose another name");
}

/// Answers the first question of a verb as a server would, and breaks off after the second.
fn break_off(listener: &UnixListener) {
    for answer in ["\"Done\"", ""] {
        let (mut stream, _) = listener.accept().unwrap();
        BufReader::new(&stream).read_line(&mut String::new()).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

#[test]
fn of_a_secret_whose_fate_is_unknown_it_is_not_said_that_it_is_not_in_force() {
    for (arguments, advice) in [
        (&["gateway", "add", "billing"][..], "look with `latchkey gateway list`"),
        (&["user", "add", "eve"], "look with `latchkey user list`"),
        (&["user", "reset-password", "demo"], "run the command again to be sure"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("control.sock")).unwrap();
        let server = std::thread::spawn(move || break_off(&listener));
        let output = latchkey(dir.path(), arguments).output().unwrap();
        server.join().unwrap();
        let error = err(&output);
        assert!(!output.stdout.is_empty(), "it was printed: {error}");
        assert_eq!(output.status.code(), Some(1));
        let wanted = format!("; what was printed may be in force: {advice}");
        assert!(error.trim_end().ends_with(&wanted), "{error}");
    }
}

#[test]
fn lists_may_be_cut_and_full_disks_are_told() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verb(dir.path(), &["user", "add", "demo", "--password-stdin"], PASSWORD).status.success());
    for arguments in [
        &["user", "list"][..],
        &["user", "list", "--json"],
        &["config"],
        &["user", "disable", "demo"],
        &["config", "--check"],
    ] {
        let cut = into_closed(dir.path(), arguments);
        assert_eq!((cut.status.code(), err(&cut)), (Some(0), String::new()), "{arguments:?}");
        let full = into_full(dir.path(), arguments);
        assert_eq!(full.status.code(), Some(1), "{arguments:?}");
        assert!(err(&full).starts_with("latchkey: cannot write to standard output: "), "{}", err(&full));
    }
    // Standard error may be full too.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = latchkey(dir.path(), &["user", "disable", "nobody"]).stderr(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_server_whose_link_to_the_first_account_nobody_sees_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let output = into_full(dir.path(), &serve);
    let last = err(&output).lines().last().unwrap().to_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(last.starts_with("latchkey: cannot write to standard output: "), "{last}");
    assert!(last.ends_with("nobody would see the link to the first account"), "{last}");
    assert!(verb(dir.path(), &["user", "add", "demo", "--password-stdin"], PASSWORD).status.success());
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut server = latchkey(dir.path(), &serve).stdout(full).stderr(Stdio::null()).spawn().unwrap();
    // With an account it serves all the same: a verb is answered by it.
    let socket = dir.path().join("control.sock");
    while !socket.exists() && server.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(server.try_wait().unwrap().is_none(), "it goes on");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn bytes_that_are_no_text_are_told_in_a_line() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path());
    let bytes = || OsString::from_vec(b"x\xff".to_vec());
    let run = |name: &OsStr, arguments: &[&OsStr]| {
        latchkey(dir.path(), &["user", "list"]).env(name, bytes()).args(arguments).output().unwrap()
    };
    assert!(run(OsStr::new("HOME"), &[]).status.success(), "what is not ours is not looked at");
    let output = run(OsStr::new("LATCHKEY_LISTEN"), &[]);
    assert_eq!(err(&output), "latchkey: LATCHKEY_LISTEN: is not UTF-8; give a value, or a path, that is\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_latchkey"));
    let folder = command.env_clear().args(["user", "list", "--data-dir"]).arg(bytes()).output().unwrap();
    assert_eq!(err(&folder), "latchkey: --data-dir: is not UTF-8; give a value, or a path, that is\n");
    assert_eq!(folder.status.code(), Some(1));
    assert!(!dir.path().join(bytes()).exists());
}
