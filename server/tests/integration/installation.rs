//! An installation that is hard to break by accident: who makes one, whose its files are, and what is said where
//! one cannot be used.

use crate::binary::{Server, Start, install, latchkey, verb};
use crate::faults::trace;
use crate::log_lines::lines_of;
use crate::patience::quick_round;
use crate::said::{refusal, without_dir};
use insta::assert_snapshot;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A user who owns nothing here.
const NOBODY: u32 = 65534;

/// Standard error of a server that does not start.
fn refused(dir: &Path) -> String {
    refusal(&latchkey(dir, &["serve", "--listen", "127.0.0.1:0"]).output().unwrap())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn no_verb_makes_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    let verbs: [&[&str]; 15] = [
        &["gateway", "add", "billing"],
        &["gateway", "list"],
        &["gateway", "remove", "billing"],
        &["user", "add", "eve"],
        &["user", "list"],
        &["user", "disable", "eve"],
        &["user", "enable", "eve"],
        &["user", "reset-password", "eve"],
        &["user", "reset-2fa", "eve"],
        &["user", "end-sessions", "eve"],
        &["key", "list"],
        &["key", "find", "x"],
        &["key", "show", "0198c0de-0000-7000-8000-000000000000"],
        &["key", "revoke", "0198c0de-0000-7000-8000-000000000000", "--reason", "x", "--yes"],
        &["doctor", "gateway", "http://127.0.0.1:1/"],
    ];
    for arguments in verbs {
        // In the wrong folder, and with a typing error.
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        let here = command.env_clear().current_dir(&folder).args(arguments).output().unwrap();
        assert!(here.stdout.is_empty(), "{arguments:?}: {here:?}");
        let error = refusal(&here);
        let dir = folder.path().join("data");
        insta::allow_duplicates! { assert_snapshot!(without_dir(&error, &dir), @"latchkey: no Latchkey runs on [dir], and none was installed there; start it with `latchkey serve`, or name its --data-dir"); }
        refusal(&latchkey(&folder.path().join("typo"), arguments).output().unwrap());
        assert_eq!(names(folder.path()), [""; 0], "{arguments:?}");
        refusal(&latchkey(folder.path(), arguments).output().unwrap());
        assert_eq!(names(folder.path()), [""; 0], "{arguments:?}");
    }
}

#[test]
fn a_verb_waits_for_a_server_that_starts_for_the_first_time() {
    let made = tempfile::tempdir().unwrap();
    install(made.path());
    // A verb waits ten seconds.
    let (waits, listed) = quick_round(Duration::from_secs(8), || {
        let dir = tempfile::tempdir().unwrap();
        let lock = fs::File::create(dir.path().join("lock")).unwrap();
        lock.lock().unwrap();
        let mut list = latchkey(dir.path(), &["user", "list"]).spawn().unwrap();
        // It has the lock and nothing else; then there is an installation.
        std::thread::sleep(Duration::from_millis(300));
        let waits = list.try_wait().unwrap().is_none();
        for name in ["secrets.toml", "usage.db", "latchkey.db"] {
            fs::copy(made.path().join(name), dir.path().join(name)).unwrap();
        }
        drop(lock);
        (waits, list.wait_with_output().unwrap())
    });
    assert!(waits && listed.status.success(), "{listed:?}");
}

#[test]
fn whose_the_data_are_is_said_to_another_user() {
    let base = tempfile::tempdir().unwrap();
    fs::set_permissions(&base, Permissions::from_mode(0o755)).unwrap();
    let dir = base.path().join("data");
    install(&dir);
    let shown = dir.display();
    let as_nobody = |arguments: &[&str]| {
        refusal(&latchkey(&dir, arguments).current_dir("/").uid(NOBODY).gid(NOBODY).output().unwrap())
    };
    let serve: &[&str] = &["serve", "--listen", "127.0.0.1:0"];
    let wanted = |file: &str| {
        format!(
            "latchkey: {file} belongs to root, and this process runs as nobody: chown -R nobody {shown}, or run the \
             command as that user"
        )
    };
    let new = base.path().join("new");
    let wanted_made = format!(
        "latchkey: {} belongs to root, and this process runs as nobody: run as root: install -d -m 700 -o nobody {}",
        base.path().display(),
        new.display()
    );
    for arguments in [serve, &["config", "--check"]] {
        let mut command = latchkey(&new, arguments);
        assert_eq!(refusal(&command.current_dir("/").uid(NOBODY).gid(NOBODY).output().unwrap()), wanted_made);
    }
    // Closed, as it was made, then open to look into, then with one file of root's in it.
    for arguments in [&["user", "list"][..], &["config", "--check"]] {
        assert_eq!(as_nobody(arguments), wanted(&shown.to_string()));
    }
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
    for arguments in
        [serve, &["user", "list"], &["gateway", "add", "x"], &["key", "list"], &["key", "find", "x"]]
    {
        assert_eq!(as_nobody(arguments), wanted(&dir.join("lock").display().to_string()));
    }
    for file in ["lock", "secrets.toml", "usage.db", ""] {
        std::os::unix::fs::chown(dir.join(file), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    for arguments in [serve, &["user", "list"]] {
        assert_eq!(as_nobody(arguments), wanted(&dir.join("latchkey.db").display().to_string()));
    }
    std::os::unix::fs::chown(dir.join("latchkey.db"), Some(NOBODY), Some(NOBODY)).unwrap();
    let listed = latchkey(&dir, &["user", "list"]).current_dir("/").uid(NOBODY).gid(NOBODY).output().unwrap();
    assert!(listed.status.success(), "the command mends it: {listed:?}");
}

#[test]
fn files_are_for_their_owner_alone_in_a_directory_that_was_there() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
    let umask = vec!["sh".to_owned(), "-c".to_owned(), "umask 022; exec \"$0\" \"$@\"".to_owned()];
    let start = || Start { under: umask.clone(), ..Start::default() }.run(dir.path());
    let check = |server: &Server| {
        let names = names(dir.path());
        assert!(names.iter().any(|name| name == "latchkey.db-wal"), "{names:?}");
        for name in names {
            assert_eq!(mode(&dir.path().join(&name)), 0o600, "{name}: {}", server.log());
        }
    };
    let server = start();
    check(&server);
    server.kill();
    // As older versions left them.
    for name in names(dir.path()).iter().filter(|name| *name != "control.sock") {
        fs::set_permissions(dir.path().join(name), Permissions::from_mode(0o644)).unwrap();
    }
    check(&start());
}

#[test]
fn what_a_volume_adds_to_the_mode_of_the_secrets_is_told_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path());
    let secrets = dir.path().join("secrets.toml");
    for added in [0o660, 0o640, 0o604, 0o440] {
        fs::set_permissions(&secrets, Permissions::from_mode(added)).unwrap();
        let log = Server::start(dir.path()).stop();
        let told = lines_of(&log, "mode_put_back");
        assert!(told.len() == 1 && told[0].contains("secrets.toml"), "{added:o}: {log}");
        assert_eq!(mode(&secrets) & 0o077, 0, "{added:o}");
    }
    let without_effect = trace::inject(&secrets, "chmod,fchmodat:retval=0");
    let start = || Start { under: without_effect.clone(), ..Start::default() };
    fs::set_permissions(&secrets, Permissions::from_mode(0o660)).unwrap();
    let log = start().run(dir.path()).stop();
    assert_eq!(lines_of(&log, "secrets_readable").len(), 1, "told, and not fatal: {log}");
    fs::set_permissions(&secrets, Permissions::from_mode(0o666)).unwrap();
    let mut command = Command::new(&without_effect[0]);
    command
        .env_clear()
        .args(&without_effect[1..])
        .arg(env!("CARGO_BIN_EXE_latchkey"))
        .args(["serve", "--data-dir"]);
    let error = refusal(&command.arg(dir.path()).output().unwrap());
    assert_snapshot!(without_dir(&error, dir.path()), @"latchkey: [dir]/secrets.toml can be read by others, and its mode cannot be put back to 0600 here; keep the secrets in files elsewhere and name them in LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE, or mount the volume with a mask (umask=077)");
}

#[test]
fn what_keeps_the_socket_for_commands_away_is_named() {
    let base = tempfile::tempdir().unwrap();
    let long = base.path().join("x".repeat(120));
    assert_snapshot!(without_dir(&refused(&long), base.path()), @"latchkey: the path [dir]/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/control.sock is too long for a socket (149 bytes, at most 107); choose a --data-dir with a shorter path");
    let taken = base.path().join("taken");
    fs::create_dir_all(taken.join("control.sock")).unwrap();
    assert_snapshot!(without_dir(&refused(&taken), base.path()), @"latchkey: [dir]/taken/control.sock, where the socket for commands belongs, is a directory; remove it");
    let dir = base.path().join("denied");
    // The first socket is the one for HTTP.
    let denied = trace::inject_anywhere("socket:error=EAFNOSUPPORT:when=2+");
    let mut command = Command::new(&denied[0]);
    command.env_clear().args(&denied[1..]).arg(env!("CARGO_BIN_EXE_latchkey"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&dir);
    assert_snapshot!(without_dir(&refusal(&command.output().unwrap()), base.path()), @"latchkey: cannot make the socket [dir]/denied/control.sock: this system allows the process no Unix sockets (Address family not supported by protocol (os error 97)); allow it AF_UNIX (systemd: RestrictAddressFamilies)");
}

#[test]
fn a_socket_that_is_gone_while_the_server_runs_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let socket = dir.path().join("control.sock");
    fs::remove_file(&socket).unwrap();
    let error = || without_dir(&refusal(&verb(dir.path(), &["user", "list"], "")), dir.path());
    assert_snapshot!(error(), @"latchkey: a server runs on [dir], but the socket [dir]/control.sock is gone; restart the server, which makes it anew");
    drop(UnixListener::bind(&socket).unwrap());
    assert_snapshot!(error(), @"latchkey: a server runs on [dir], but does not listen on [dir]/control.sock: it is stopping, or another program has taken its place; see its log");
    drop(server);
}

#[test]
fn a_database_that_is_none_is_said_to_be_none() {
    for file in ["latchkey.db", "usage.db"] {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path());
        fs::write(dir.path().join(file), "a shopping list, or the page of a proxy\n".repeat(200)).unwrap();
        let wanted = format!(
            "latchkey: {} is no database: restore a backup (docs/operating.md)",
            dir.path().join(file).display()
        );
        assert_eq!(refused(dir.path()), wanted);
        assert_eq!(refusal(&verb(dir.path(), &["user", "list"], "")), wanted);
        assert_eq!(refusal(&verb(dir.path(), &["config", "--check"], "")), wanted);
    }
}
