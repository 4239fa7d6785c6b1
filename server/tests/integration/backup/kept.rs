//! `--keep`, and what a killed backup leaves.

use super::{Place, files};
use crate::binary::{PASSWORD, verb};
use std::fs;

#[test]
fn only_older_backups_of_that_name_and_installation_are_removed() {
    let place = Place::new();
    let backups = place.path("backups");
    let keep = ["backup", "backups/nightly-{time}.tar.zst", "--keep", "2"];
    // Of another installation, no backup, a link, another name, and a directory where archives are meant.
    let other = place.path("other");
    assert!(verb(&other, &["user", "add", "demo", "--password-stdin"], PASSWORD).status.success());
    let foreign = backups.join("nightly-20200101T000000Z.tar.zst");
    assert!(super::run(&other, &backups, &["backup", foreign.to_str().unwrap()]).status.success());
    fs::write(backups.join("nightly-20200102T000000Z.tar.zst"), "a letter").unwrap();
    std::os::unix::fs::symlink(&foreign, backups.join("nightly-20200103T000000Z.tar.zst")).unwrap();
    let stays = ["nightly-monday.tar.zst", "weekly-20200101T000000Z.tar.zst"];
    for name in stays {
        assert!(place.run(&["backup", &format!("backups/{name}")]).status.success());
    }
    let others = place.backups();
    let mut removed = 0;
    for (day, kept) in [1, 2, 2, 2].into_iter().enumerate() {
        let made = place.json(&keep);
        assert_eq!(made["kept"], kept, "{made}");
        removed += made["removed"].as_array().unwrap().len();
        // As if it were of another second; the last one has the earliest name.
        let name = format!("nightly-2021010{}T000000Z.tar.zst", 9 - day);
        fs::rename(made["path"].as_str().unwrap(), backups.join(name)).unwrap();
    }
    assert_eq!(removed, 2);
    let now = place.backups();
    assert!(others.iter().all(|name| now.contains(name)), "{now:?}");
    assert_eq!(now.len(), others.len() + 2, "{now:?}");
}

#[test]
fn the_backup_just_made_stays_whatever_the_clock_says() {
    let place = Place::new();
    let keep = ["backup", "backups/{time}", "--keep", "1"];
    let first = place.json(&keep);
    // As if it were made before the clock was set back.
    let renamed = place.path("backups/20210101T000000Z");
    fs::rename(first["path"].as_str().unwrap(), &renamed).unwrap();
    let manifest = fs::read_to_string(renamed.join("backup.json")).unwrap();
    let moment = first["moment_micros"].to_string();
    let later = (first["moment_micros"].as_i64().unwrap() + 3_600_000_000).to_string();
    fs::write(renamed.join("backup.json"), manifest.replace(&moment, &later)).unwrap();
    let made = place.json(&keep);
    assert!(fs::exists(made["path"].as_str().unwrap()).unwrap(), "{made}");
    assert!(made["kept"] == 1 && made["removed"].as_array().unwrap().len() == 1, "{made}");
    assert_eq!(place.backups().len(), 1);
}

#[test]
fn a_directory_in_which_something_else_lies_is_not_removed() {
    let place = Place::new();
    let keep = ["backup", "backups/{time}", "--keep", "1"];
    assert!(place.run(&keep).status.success());
    let first = "20210101T000000Z";
    fs::rename(place.path("backups").join(place.backups().remove(0)), place.path("backups").join(first))
        .unwrap();
    fs::write(place.path("backups").join(first).join("notes"), "mine").unwrap();
    let said = place.said(&keep);
    assert!(said.contains("could not be removed: notes is in it, which is not of the backup"), "{said}");
    assert_eq!(files(&place.path("backups").join(first)).len(), 4, "and is whole");
}

#[test]
fn what_a_killed_backup_left_is_no_backup_and_goes_with_the_next() {
    let place = Place::new();
    let left = place.path("backups/.old.latchkey-unfinished");
    fs::create_dir_all(left.join("content")).unwrap();
    fs::write(left.join("content/latchkey.db"), "half").unwrap();
    let others = [".hidden", "old.latchkey-unfinished"];
    others.iter().for_each(|name| fs::create_dir(place.path("backups").join(name)).unwrap());
    let at_work = place.path("backups/.busy.latchkey-unfinished");
    fs::create_dir(&at_work).unwrap();
    let lock = fs::File::open(&at_work).unwrap();
    lock.lock().unwrap();
    let made = place.run(&["backup", "backups/new"]);
    assert!(made.status.success(), "{made:?}");
    assert!(!left.exists() && at_work.exists());
    assert!(others.iter().all(|name| place.path("backups").join(name).exists()));
    assert!(super::err(&made).contains("removed 1 backup that was never finished"), "{made:?}");
    assert!(place.said(&["backup", "backups/busy"]).contains("another `latchkey backup` is at work"));
    assert!(
        place
            .said(&["restore", "backups/.busy.latchkey-unfinished"])
            .contains("there is no backup.json in it")
    );
}
