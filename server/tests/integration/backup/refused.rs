//! What the verbs refuse, and what they say then.

use super::{Place, files};
use crate::binary::{Server, is_root, latchkey};
use crate::said::err;
use insta::assert_snapshot;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// What several command lines say, one after the other.
fn said(place: &Place, lines: &[&[&str]]) -> String {
    lines.iter().map(|arguments| format!("$ {}\n{}", arguments.join(" "), place.said(arguments))).collect()
}

#[test]
fn wrong_usage_is_told_and_makes_nothing() {
    let place = Place::new();
    fs::write(place.path("backups/file.tar.zst"), "a letter").unwrap();
    fs::create_dir(place.path("backups/empty")).unwrap();
    let before = place.backups();
    let lines: [&[&str]; 13] = [
        &["backup", "backups/a.tar.gz"],
        &["backup", "backups/{time}/a"],
        &["backup", "backups/a", "--keep", "3"],
        &["backup", "backups/a-{time}", "--keep", "0"],
        &["backup"],
        &["backup", "nowhere/a"],
        &["backup", "backups/file.tar.zst"],
        &["backup", "backups/empty"],
        &["backup", "backups/file.tar.zst/a"],
        &["restore", "backups/nothing"],
        &["restore", "backups/empty"],
        &["restore"],
        &["check", "backups/empty"],
    ];
    assert_snapshot!(said(&place, &lines), @"
    $ backup backups/a.tar.gz
    2
    latchkey: backups/a.tar.gz: a backup is a directory, or a file whose name ends with .tar.zst; .gz is neither
    $ backup backups/{time}/a
    2
    latchkey: backups/{time}/a: {time} stands in the last part of a path only
    $ backup backups/a --keep 3
    2
    latchkey: --keep needs {time} in the name of the backup, such as latchkey-{time}.tar.zst
    $ backup backups/a-{time} --keep 0
    2
    error: invalid value '0' for '--keep <N>': number would be zero for non-zero type

    For more information, try '--help'.
    $ backup
    2
    error: the following required arguments were not provided:
      <TARGET>

    Usage: latchkey backup --data-dir <DIR> <TARGET>

    For more information, try '--help'.
    $ backup nowhere/a
    1
    latchkey: there is no folder nowhere; make it first, or is a disk not mounted?
    $ backup backups/file.tar.zst
    1
    latchkey: backups/file.tar.zst is there already, and a backup takes the place of nothing; choose another name
    $ backup backups/empty
    1
    latchkey: backups/empty is there already, and a backup gets a name of its own, such as backups/empty/latchkey-{time}.tar.zst
    $ backup backups/file.tar.zst/a
    1
    latchkey: backups/file.tar.zst is no directory
    $ restore backups/nothing
    1
    latchkey: there is no backups/nothing
    $ restore backups/empty
    1
    latchkey: backups/empty is no whole backup: there is no backup.json in it
    $ restore
    2
    error: the following required arguments were not provided:
      <SOURCE>

    Usage: latchkey restore --data-dir <DIR> <SOURCE>

    For more information, try '--help'.
    $ check backups/empty
    1
    latchkey: backups/empty is neither a data directory nor a backup: there is no latchkey.db and no backup.json in it
    ");
    assert_eq!(place.backups(), before);
    let other = super::run(&place.path("elsewhere"), place.base.path(), &["backup", "backups/a"]);
    assert_snapshot!(place.shown(&other), @"
    1
    latchkey: no Latchkey runs on [base]/elsewhere, and none was installed there; start it with `latchkey serve`, or name its --data-dir
    ");
    let other = super::run(&place.path("elsewhere"), place.base.path(), &["check"]);
    assert_snapshot!(place.shown(&other), @"
    1
    latchkey: [base]/elsewhere is neither a data directory nor a backup: there is no latchkey.db and no backup.json in it
    ");
    assert!(!place.path("elsewhere").exists());
    assert_eq!(place.backups(), before);
}

#[test]
fn no_restore_touches_data_that_are_in_use_or_were_not_meant() {
    let place = Place::new();
    assert!(place.run(&["backup", "backups/a"]).status.success());
    let server = Server::start(&place.data());
    let mut text = said(&place, &[&["restore", "backups/a"], &["restore", "backups/a", "--replace"]]);
    drop(server.stop());
    text += &said(&place, &[&["restore", "backups/a"]]);
    let new = place.path("new");
    let restore = || place.shown(&super::run(&new, place.base.path(), &["restore", "backups/a"]));
    text += &restore();
    assert!(!new.exists());
    // Secrets of another installation.
    drop(Server::start(&place.path("other")).stop());
    fs::create_dir(&new).unwrap();
    fs::copy(place.path("other/secrets.toml"), new.join("secrets.toml")).unwrap();
    text += &restore();
    assert_snapshot!(text, @"
    $ restore backups/a
    1
    latchkey: a server or a command is at work on [base]/data; stop it first, and start it when the backup is in place
    $ restore backups/a --replace
    1
    latchkey: a server or a command is at work on [base]/data; stop it first, and start it when the backup is in place
    $ restore backups/a
    1
    latchkey: [base]/data holds data already (latchkey.db); --replace puts the backup in their place and keeps them beside, or name an empty --data-dir
    1
    latchkey: backups/a holds no secrets, and there are none in [base]/new: put the secrets.toml that belongs to it there first, or set LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE
    1
    latchkey: latchkey.db was made with another pepper or sealing key, and no key would be recognised; put back the secrets.toml (or the settings pepper and sealing_key) that belong to it
    ");
    assert_eq!(files(&new), ["lock", "secrets.toml"]);
}

#[test]
fn another_user_is_told_whose_the_data_are() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    fs::set_permissions(place.base.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.data(), Permissions::from_mode(0o755)).unwrap();
    let server = Server::start(&place.data());
    for running in [true, false] {
        for arguments in [&["backup", "/tmp/latchkey-of-nobody"][..], &["check"], &["restore", "backups"]] {
            let as_nobody = latchkey(&place.data(), arguments);
            let mut command = Command::new("setpriv");
            command.env_clear().args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
            command.arg(as_nobody.get_program()).args(as_nobody.get_args());
            let output = command.current_dir(place.base.path()).output().unwrap();
            let error = err(&output);
            assert_eq!(output.status.code(), Some(1), "{error}");
            let is_told = error.contains("belongs to root, and this process runs as nobody")
                || error.contains("Permission denied")
                || error.contains("there is no backup.json in it");
            assert!(is_told, "running {running}, {arguments:?}: {error}");
        }
        if running {
            server.signal("-TERM");
            crate::patience::wait_until("it stops", || !place.data().join("latchkey.db-wal").exists());
        }
    }
}

#[test]
fn a_place_that_takes_no_backup_is_named() {
    let place = Place::new();
    let backups = place.path("backups");
    let mut command = Command::new("prlimit");
    // A file may grow to 40 kB here, which is less than a database.
    command.env_clear().arg("--fsize=40000").arg(env!("CARGO_BIN_EXE_latchkey"));
    command.args(["backup", "backups/a", "--data-dir"]).arg(place.data()).current_dir(place.base.path());
    let output = command.output().unwrap();
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    if !is_root() {
        fs::set_permissions(&backups, Permissions::from_mode(0o500)).unwrap();
        assert!(place.said(&["backup", "backups/b"]).contains("choose a folder that this user may write to"));
        fs::set_permissions(&backups, Permissions::from_mode(0o700)).unwrap();
    }
    // What the first one left is gone with the next.
    assert!(place.run(&["backup", "backups/c"]).status.success());
    assert_eq!(place.backups(), ["c"]);
}
