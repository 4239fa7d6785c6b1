//! A backup in the place of data that are there.

use super::{CLIENT, Place, files, log_in, use_times};
use crate::binary::{Client, PASSWORD, Server, Start, verb, verb_under};
use crate::faults::trace;
use crate::patience::wait_until;
use crate::said::{out, without};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

const NOBODY: u32 = 65534;

/// A data directory with a backup, and more that was done since.
struct Since {
    place: Place,
    deleted: (String, String),
    rotated: (String, String),
    latched: (String, String),
    made: (String, String),
}

fn since() -> Since {
    let place = Place::new();
    for name in ["eve", "max"] {
        assert!(verb(&place.data(), &["user", "add", name, "--password-stdin"], PASSWORD).status.success());
    }
    assert!(verb(&place.data(), &["gateway", "add", "old"], "").status.success());
    let server = Server::start(&place.data());
    let (mut client, cookie) = log_in(&server);
    let [deleted, rotated, latched] = [(); 3].map(|()| client.generate(&cookie, "default"));
    use_times(&mut client, &deleted.1, 2);
    assert!(place.run(&["backup", "backups/a"]).status.success());
    use_times(&mut client, &deleted.1, 1);
    assert_eq!(client.call(&cookie, "delete_key", &[("id", &deleted.0)]).status, 200);
    let overlap = [("id", rotated.0.as_str()), ("overlap_seconds", "0")];
    assert_eq!(client.call(&cookie, "rotate_key", &overlap).status, 200);
    use_times(&mut client, &latched.1, 1);
    let made = client.generate(&cookie, "cloud");
    assert!(place.run(&["user", "disable", "eve"]).status.success());
    assert!(
        verb(&place.data(), &["user", "reset-password", "max", "--password-stdin"], "another password")
            .status
            .success()
    );
    assert!(place.run(&["gateway", "remove", "old"]).status.success());
    // Killed, so that its last changes stand in its log.
    server.kill();
    Since { place, deleted, rotated, latched, made }
}

#[test]
fn it_says_what_was_done_since_and_keeps_what_was_there() {
    let Since { place, deleted, rotated, latched, made } = since();
    let restored = place.run(&["restore", "backups/a", "--replace"]);
    let masked = |key: &(String, String)| format!("{}…{}", &key.1[..8], &key.1[key.1.len() - 4..]);
    let (one, two, three) = (masked(&deleted), masked(&rotated), masked(&latched));
    let chances = [
        (deleted.0.as_str(), "deleted"),
        (one.as_str(), "its token"),
        (rotated.0.as_str(), "rotated"),
        (two.as_str(), "its token"),
        (latched.0.as_str(), "latched"),
        (three.as_str(), "its token"),
    ];
    let base = place.base.path().to_str().unwrap();
    let text = format!("{}\n{}{}", restored.status.code().unwrap(), out(&restored), super::err(&restored));
    assert_snapshot!(super::named(&without(&text.replace(base, "[base]"), &chances)), @"
    0
    [base]/data holds the state of [time]: 3 users, 3 keys and 2 uses
    what was there before is kept in [base]/data/before-restore-[time]; remove it when nobody misses it
    deleted since, pass again (`latchkey key revoke ID --reason TEXT`): 1 key
      [deleted]  [its token] of demo, deleted [time]
    rotated since, have the token of before again: 1 key
      [rotated]  [its token] of demo, rotated [time]
    latched since, latch anew to the first address that uses them: 1 key
      [latched]  [its token] of demo, latched [time]
    disabled since, let in again (`latchkey user disable NAME`): 1 user
      eve, disabled [time]
    changed since, the password of before holds again (`latchkey user reset-password NAME`): 1 user
      max, changed [time]
    removed since, taken again (`latchkey gateway remove NAME`): 1 gateway
      old
    made since, gone: 1 key
    latchkey: what was done after [time] is not in it. Keys that were deleted since pass again, users who were disabled or removed are let in, keys latch anew to the first address, and the ends and allow-lists of keys, the roles of users, tokens, passwords, second factors and sessions are those of then
    latchkey: above stands what the data tell of it that were there; look through it before you start the server
    ");
    let kept = files(&place.data()).into_iter().find(|name| name.starts_with("before-restore-")).unwrap();
    let server = Server::start(&place.data());
    let mut client = Client::connect(server.address);
    for (key, status) in [(&deleted, 200), (&rotated, 200), (&made, 401)] {
        assert_eq!(client.verify(&key.1, CLIENT).unwrap().status, status);
    }
    drop(server.stop());
    // The way back.
    let old = place.data().join(kept);
    assert!(files(&old).contains(&"latchkey.db-wal".to_owned()), "{:?}", files(&old));
    fs::copy(place.data().join("secrets.toml"), old.join("secrets.toml")).unwrap();
    let server = Server::start(&old);
    let mut client = Client::connect(server.address);
    for (key, status) in [(&deleted, 401), (&made, 200)] {
        assert_eq!(client.verify(&key.1, CLIENT).unwrap().status, status);
    }
}

#[test]
fn the_lists_are_there_for_programs_too() {
    let Since { place, deleted, .. } = since();
    let report = place.json(&["restore", "backups/a", "--replace"]);
    let since = &report["since"];
    assert!(since["deleted"][0]["id"] == deleted.0.as_str() && since["deleted"][1].is_null(), "{since}");
    assert_eq!(since["deleted"][0]["username"], "demo");
    let lists = ["paused", "rotated", "latched", "disabled", "passwords", "gateways"];
    assert_eq!(lists.map(|list| since[list].as_array().unwrap().len()), [0, 1, 1, 1, 1, 1]);
    assert!(since["keys_made"] == 1 && since["users_made"] == 0, "{since}");
    assert!(report["kept"].as_str().unwrap().contains("/before-restore-"));
    // Again: of what is there now nothing was done since, and a damaged state tells nothing.
    let again = place.json(&["restore", "backups/a", "--replace"]);
    assert_eq!(again["since"]["deleted"], serde_json::json!([]));
    fs::write(place.data().join("latchkey.db"), "x".repeat(9000)).unwrap();
    let blind = place.json(&["restore", "backups/a", "--replace"]);
    assert!(blind["since"].is_null() && blind["unknown"].is_string(), "{blind}");
}

#[test]
fn killed_at_any_step_it_is_the_old_state_or_the_new_one() {
    let place = Place::new();
    assert!(place.run(&["backup", "backups/a", "--with-secrets"]).status.success());
    let server = Server::start(&place.data());
    let (mut client, cookie) = log_in(&server);
    let key = client.generate(&cookie, "cloud");
    server.kill();
    let newest = place.path("newest");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let _ = fs::remove_dir_all(to);
        fs::create_dir(to).unwrap();
        for name in files(from) {
            let path = from.join(&name);
            if path.is_file() {
                fs::copy(&path, to.join(&name)).unwrap();
            }
        }
    };
    copy(&place.data(), &newest);
    let source = place.path("backups/a");
    let restore = ["restore", source.to_str().unwrap(), "--replace"];
    let (mut old, mut new) = (0, 0);
    for step in 1.. {
        copy(&newest, &place.data());
        let fault = format!("rename,renameat,renameat2:signal=SIGKILL:when={step}");
        let (_, killed) = verb_under(&trace::inject_anywhere(&fault), &place.data(), &restore, "");
        // Its state may lie aside, and is there nevertheless.
        let server = Start { seen: Some(newest.clone()), ..Start::default() }.run(&place.data());
        let is_old = Client::connect(server.address).verify(&key.1, CLIENT).unwrap().status == 200;
        assert!(
            server.log().contains("restored") || is_old || killed.status.success(),
            "step {step}: {}",
            server.log()
        );
        drop(server.stop());
        let checked = place.json(&["check"]);
        assert_eq!(checked["keys"], i32::from(is_old), "step {step}");
        assert!(!files(&place.data()).iter().any(|name| name == "restore.decided"));
        if is_old {
            old += 1;
        } else {
            new += 1;
        }
        if killed.status.success() {
            break;
        }
    }
    assert!(old >= 1 && new >= 4, "{old} times the old state, {new} times the new one");
}

#[test]
fn what_was_there_is_kept_in_one_place_whenever_it_was_killed() {
    let place = Place::new();
    assert!(place.run(&["backup", "backups/a"]).status.success());
    drop(Server::start(&place.data()).stop());
    let kept = || {
        let names = files(&place.data()).into_iter().filter(|name| name.starts_with("before-restore-"));
        names.map(|name| files(&place.data().join(name))).collect::<Vec<_>>()
    };
    // Decided is the first renaming; the state lies aside then, and the counts do not.
    let source = place.path("backups/a");
    let fault = trace::inject_anywhere("rename,renameat,renameat2:signal=SIGKILL:when=4");
    let restore = ["restore", source.to_str().unwrap(), "--replace"];
    drop(verb_under(&fault, &place.data(), &restore, ""));
    assert_eq!(kept(), [["latchkey.db"]]);
    let second = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let of_the_kill = second();
    wait_until("another second", || second() > of_the_kill);
    assert!(place.run(&["user", "list"]).status.success());
    assert_eq!(kept(), [["latchkey.db", "usage.db"]]);
}

#[test]
fn a_restore_by_root_that_is_refused_leaves_the_lock_to_the_owner_of_the_data() {
    let place = Place::new();
    assert!(place.run(&["backup", "backups/a"]).status.success());
    let data = place.data();
    fs::remove_file(data.join("lock")).unwrap();
    files(&data).iter().for_each(|name| chown(data.join(name), Some(NOBODY), Some(NOBODY)).unwrap());
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    let refused = place.said(&["restore", "backups/a"]);
    assert!(refused.starts_with("1\n") && refused.contains("holds data already"), "{refused}");
    let owner = fs::metadata(data.join("lock")).unwrap();
    assert_eq!((owner.uid(), owner.gid()), (NOBODY, NOBODY));
}

#[test]
fn who_has_the_number_of_another_is_not_taken_for_them_and_who_was_removed_changed_no_password() {
    let Since { place, .. } = since();
    drop(Server::start(&place.data()).stop());
    // As after a restore over data that were restored: numbers were given again, and a user was removed.
    let sql = "UPDATE users SET username = 'zoe', username_folded = 'zoe', created_at = created_at + 1
            WHERE username = 'eve';
        UPDATE keys SET id = randomblob(16) WHERE deleted_at IS NOT NULL;
        UPDATE users SET removed_at = 7000000, disabled_at = 7000000, password_hash = '', username_folded = 'max#3'
            WHERE username = 'max'";
    rusqlite::Connection::open(place.data().join("latchkey.db")).unwrap().execute_batch(sql).unwrap();
    let restored = place.run(&["restore", "backups/a", "--replace", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&restored.stdout).unwrap();
    let since = &report["since"];
    assert_eq!(since["removed"], serde_json::json!([{"username": "max", "at": "1970-01-01T00:00:07Z"}]));
    assert!(["disabled", "passwords", "deleted"].iter().all(|list| since[list][0].is_null()), "{since}");
    assert!(since["users_made"] == 1 && since["keys_made"] == 2, "{since}");
}
