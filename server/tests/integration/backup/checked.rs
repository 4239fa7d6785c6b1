//! `latchkey check`.

use super::{Place, files, log_in, use_times};
use crate::binary::{Server, latchkey, verb_under};
use crate::patience::wait_until;
use insta::assert_snapshot;
use std::fs::{self, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};

/// What a check says; it makes and changes nothing.
fn checked(place: &Place, arguments: &[&str]) -> String {
    let content = || {
        let names = files(&place.data());
        let read = |name: &String| fs::read(place.data().join(name)).ok();
        names.iter().map(|name| (name.clone(), read(name))).collect::<Vec<_>>()
    };
    let before = content();
    let said = place.said(&[&["check"], arguments].concat());
    assert!(before == content(), "it changed something: {said}");
    said
}

#[test]
fn sound_data_are_said_to_be_sound() {
    let place = Place::new();
    let mut said = checked(&place, &[]);
    let server = Server::start(&place.data());
    let (mut client, cookie) = log_in(&server);
    let key = client.generate(&cookie, "default");
    use_times(&mut client, &key.1, 4);
    said += &place.said(&["check"]);
    assert!(place.run(&["backup", "backups/a"]).status.success());
    assert!(place.run(&["backup", "backups/b.tar.zst", "--with-secrets"]).status.success());
    said += &place.said(&["check", "backups/a"]);
    said += &place.said(&["check", "backups/b.tar.zst"]);
    assert_snapshot!(said, @"
    0
    [base]/data, a data directory without a server
    databases  whole, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    those that the databases were made with
    holds      1 user, 0 keys, 0 deleted keys, 0 uses
    0
    [base]/data, a data directory with a running server
    databases  whole, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    those that the databases were made with
    holds      1 user, 1 key, 0 deleted keys, 4 uses
    0
    backups/a, a backup of [time]
    databases  whole, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    not in it: they are kept elsewhere
    holds      1 user, 1 key, 0 deleted keys, 4 uses
    0
    backups/b.tar.zst, a backup of [time]
    databases  whole, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    those that the databases were made with
    holds      1 user, 1 key, 0 deleted keys, 4 uses
    ");
    let json = place.json(&["check"]);
    assert!(json["running"] == true && json["sound"] == true && json["uses"] == 4, "{json}");
    assert!(!server.stop().contains("unclean_stop"));
}

#[test]
fn a_server_that_stops_is_not_held_up_by_a_check() {
    let place = Place::new();
    let server = Server::start(&place.data());
    // Each of its pages is long in coming once the reading has begun.
    let record = place.path("record");
    let state = place.data().join("latchkey.db");
    let fault = "inject=pread64:delay_enter=100000:when=30+";
    let under =
        ["strace", "-D", "-f", "-q", "-P", state.to_str().unwrap(), "-e", "trace=pread64", "-e", fault, "-o"];
    let under: Vec<_> =
        under.iter().map(ToString::to_string).chain([record.to_str().unwrap().to_owned()]).collect();
    let check = std::thread::spawn({
        let data = place.data();
        move || verb_under(&under, &data, &["check"], "").1
    });
    let pages = || fs::read_to_string(&record).map_or(0, |text| text.matches("pread64").count());
    wait_until("it reads", || pages() > 40);
    drop(server.stop());
    let checked = check.join().unwrap();
    let stopped = "latchkey: the server stopped meanwhile; run the command again\n";
    assert_eq!((checked.status.code(), crate::said::err(&checked)), (Some(1), stopped.to_owned()));
    assert!(!Server::start(&place.data()).stop().contains("unclean_stop"), "its logs could be emptied");
}

#[test]
fn what_is_wrong_is_named() {
    let place = Place::new();
    let data = place.data();
    let kept =
        ["latchkey.db", "usage.db", "secrets.toml"].map(|name| (name, fs::read(data.join(name)).unwrap()));
    let put_back = || kept.iter().for_each(|(name, bytes)| fs::write(data.join(name), bytes).unwrap());
    let mut said = String::new();
    fs::set_permissions(data.join("secrets.toml"), Permissions::from_mode(0o644)).unwrap();
    said += &checked(&place, &[]);
    fs::set_permissions(data.join("secrets.toml"), Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(data.join("secrets.toml")).unwrap();
    said += &checked(&place, &[]);
    let other = place.path("other");
    drop(Server::start(&other).stop());
    fs::copy(other.join("secrets.toml"), data.join("secrets.toml")).unwrap();
    said += &checked(&place, &[]);
    put_back();
    fs::copy(other.join("usage.db"), data.join("usage.db")).unwrap();
    said += &checked(&place, &[]);
    put_back();
    // Both of this installation, and of different moments.
    assert!(crate::binary::verb(&data, &["gateway", "add", "x"], "").status.success());
    fs::write(data.join("latchkey.db"), &kept[0].1).unwrap();
    said += &checked(&place, &[]);
    put_back();
    fs::write(data.join("usage.db"), "").unwrap();
    said += &checked(&place, &[]);
    put_back();
    fs::write(data.join("latchkey.db"), "no database").unwrap();
    said += &checked(&place, &[]);
    put_back();
    let sql = "UPDATE installation SET id = id; PRAGMA foreign_keys = OFF;
        INSERT INTO sessions (user_no, token_hash, created_at, last_seen_at, proved_at, address, user_agent)
        SELECT 99, randomblob(32), 0, 0, 0, zeroblob(16), ''";
    let state = rusqlite::Connection::open(data.join("latchkey.db")).unwrap();
    state.execute_batch(sql).unwrap();
    drop(state);
    said += &checked(&place, &[]);
    put_back();
    assert_snapshot!(said, @"
    0
    [base]/data, a data directory without a server
    databases  whole, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    those that the databases were made with
    holds      1 user, 0 keys, 0 deleted keys, 0 uses
    latchkey: secrets.toml can be read by others (mode 0644); chmod 600, or the next start does it
    3
    [base]/data, a data directory without a server
    databases  whole, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    not in it: they are kept elsewhere
    holds      1 user, 0 keys, 0 deleted keys, 0 uses
    latchkey: [base]/data/secrets.toml is missing, and without it no key of this data directory can be recognised; put it back from where you keep it, or set LATCHKEY_PEPPER_FILE and LATCHKEY_SEALING_KEY_FILE
    3
    [base]/data, a data directory without a server
    latchkey: latchkey.db was made with another pepper or sealing key, and no key would be recognised; put back the secrets.toml (or the settings pepper and sealing_key) that belong to it
    3
    [base]/data, a data directory without a server
    latchkey: usage.db belongs to another installation; put back the file that belongs to this latchkey.db
    3
    [base]/data, a data directory without a server
    latchkey: latchkey.db (of [time] [time] UTC) is older than usage.db (of [time] [time] UTC), so they are not of one backup; put back both files of one backup, or accept with `touch [base]/data/accept-loss` that users, keys and changes since then are gone, deleted keys pass again (docs/operating.md, Putting back a backup)
    3
    [base]/data, a data directory without a server
    latchkey: [base]/data/usage.db is missing, and with it all counts; put it back, or, if it is lost for good, accept that all counts start at 0 with `touch [base]/data/usage.db`
    3
    [base]/data, a data directory without a server
    latchkey: [base]/data/latchkey.db is no database: restore a backup (docs/operating.md)
    3
    [base]/data, a data directory without a server
    databases  in trouble, of [time] [time] UTC and [time] [time] UTC
    version    migration 23
    secrets    those that the databases were made with
    holds      1 user, 0 keys, 0 deleted keys, 0 uses
    latchkey: latchkey.db: rows that lead nowhere: 1 of table sessions name rows of users that are not there
    ");
    let file = fs::OpenOptions::new().write(true).open(data.join("latchkey.db")).unwrap();
    for page in 3..30 {
        file.write_all_at(&[0xEE; 512], page * 4096).unwrap();
    }
    let damaged = latchkey(&data, &["check", "--json"]).output().unwrap();
    assert_eq!(damaged.status.code(), Some(3), "{damaged:?}");
    let refused = place.said(&["backup", "backups/a"]);
    assert!(refused.starts_with("1\n") && place.backups().is_empty(), "{refused}");
}
