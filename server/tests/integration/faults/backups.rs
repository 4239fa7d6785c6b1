//! Backups under load, with their maker or the server killed at any moment: each one that has a name restores to a state that
//! explains what clients were told up to its moment, and none that is unfinished has a name.

use super::customer::{Customer, Event};
use super::rounds;
use super::small_disk::SmallDisk;
use super::told::{Promise, Told};
use crate::binary::{PASSWORD, Server, latchkey, verb, verb_under};
use crate::patience::wait_until;
use crate::said::refusal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CUSTOMERS: u64 = 4;

fn name(number: u64) -> String {
    format!("customer{number}")
}

/// What is killed while a backup is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    Nothing,
    Backup,
    Server,
    /// Replaced, as an operator does.
    Stopped,
}

fn copy(from: &Path, to: &Path, names: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for name in names {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// What a customer had been told at a moment, by its history; none where two questions were on their way in it.
fn told_at(history: &[Event], begin: i64, end: i64) -> Option<Told> {
    let mut told = Told::default();
    let mut open = 0;
    for event in history.iter().take_while(|event| event.times.0 <= end) {
        told.ask(event.asked);
        match &event.answer {
            Some(answer) if event.times.1 <= begin => told.hear(event.asked, answer, Instant::now()),
            _ => open += 1,
        }
    }
    (open <= 1).then_some(told)
}

fn begin_backup(data: &Path, target: &Path) -> Child {
    let mut command = latchkey(data, &["backup", target.to_str().unwrap(), "--json"]);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Makes a backup while customers work; returns their histories, and what the backup said if it was finished.
fn round(data: &Path, target: &Path, killed: Killed, random: &mut StdRng) -> (Vec<Customer>, Option<Value>) {
    let server = Server::start(data);
    let (over, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut customers: Vec<_> = (0..CUSTOMERS).map(|number| Customer::new(name(number), number)).collect();
    let address = server.address;
    let (server, made) = thread::scope(|scope| {
        for customer in &mut customers {
            scope.spawn(|| {
                customer.live(address, || {
                    asked.fetch_add(1, Ordering::SeqCst);
                    !over.load(Ordering::SeqCst)
                });
            });
        }
        let enough = random.random_range(100..400);
        wait_until("customers work", || asked.load(Ordering::SeqCst) > enough);
        let mut backup = begin_backup(data, target);
        thread::sleep(Duration::from_millis(random.random_range(0..250)));
        let server = match killed {
            Killed::Nothing => server,
            Killed::Backup => {
                backup.kill().unwrap();
                server
            }
            Killed::Server => {
                server.kill();
                Server::start(data)
            }
            Killed::Stopped => {
                drop(server.stop());
                Server::start(data)
            }
        };
        let made = backup.wait_with_output().unwrap();
        thread::sleep(Duration::from_millis(50));
        over.store(true, Ordering::SeqCst);
        assert!(made.status.success() || killed == Killed::Backup, "{killed:?}: {made:?}");
        (server, made.status.success().then(|| serde_json::from_slice(&made.stdout).unwrap()))
    });
    server.kill();
    (customers, made)
}

#[test]
fn each_finished_backup_explains_what_clients_were_told_and_no_other_is_one() {
    let base = tempfile::tempdir().unwrap();
    let (first, backups) = (base.path().join("first"), base.path().join("backups"));
    fs::create_dir(&backups).unwrap();
    for number in 0..CUSTOMERS {
        let added = verb(&first, &["user", "add", &name(number), "--password-stdin"], PASSWORD);
        assert!(added.status.success(), "{added:?}");
    }
    let (mut compared, mut finished) = (0, 0);
    for number in 0..rounds("BACKUPS", 4) {
        let mut random = StdRng::seed_from_u64(number.into());
        let killed = [Killed::Nothing, Killed::Backup, Killed::Server, Killed::Stopped][number as usize % 4];
        let (data, restored) =
            (base.path().join(format!("data{number}")), base.path().join(format!("new{number}")));
        copy(&first, &data, &["latchkey.db", "usage.db", "secrets.toml"]);
        let target = backups.join(if number % 2 == 0 { "made.tar.zst" } else { "made" });
        let (customers, said) = round(&data, &target, killed, &mut random);
        let uses: u64 = customers.iter().map(|customer| customer.told.valid()).sum();
        println!("round {number}, {killed:?}: {uses} accepted uses, finished: {}", said.is_some());
        let there = |path: &Path| !path.file_name().unwrap().to_string_lossy().starts_with('.');
        let named =
            fs::read_dir(&backups).unwrap().map(|entry| entry.unwrap().path()).filter(|path| there(path));
        let named: Vec<_> = named.collect();
        assert!(named.len() <= 1 && (said.is_none() || named == [target.clone()]), "{named:?}");
        for backup in &named {
            finished += 1;
            compared += u32::from(is_explained(backup, &first, &restored, &customers));
        }
        // The next backup, of a server that was killed: it takes away what the last one left.
        named.iter().for_each(|path| fs::remove_file(path).or_else(|_| fs::remove_dir_all(path)).unwrap());
        let last = latchkey(&data, &["backup", backups.join("last").to_str().unwrap()]).output().unwrap();
        assert!(last.status.success(), "{last:?}");
        let left: Vec<_> = fs::read_dir(&backups).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["last"]);
        fs::remove_dir_all(backups.join("last")).unwrap();
        fs::remove_dir_all(&data).unwrap();
    }
    println!("{finished} backups were finished, {compared} of them compared with what was told");
    assert!(finished > 0 && compared * 2 >= finished, "{compared} of {finished}");
}

/// Restores it and compares it with the histories; returns whether they said enough.
fn is_explained(backup: &Path, first: &Path, restored: &Path, customers: &[Customer]) -> bool {
    let checked = latchkey(restored, &["check", backup.to_str().unwrap(), "--json"]).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    copy(first, restored, &["secrets.toml"]);
    let done = latchkey(restored, &["restore", backup.to_str().unwrap()]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let manifest = manifest(backup);
    let number = |name: &str| manifest[name].as_i64().unwrap();
    let (begin, still) = (number("moment_micros"), number("still_micros"));
    println!("the server made no change for {still} µs");
    let server = Server::start(restored);
    let mut all = true;
    for customer in customers {
        match told_at(&customer.history, begin, begin + still) {
            Some(mut told) => {
                told.check(&customer.name, &server, restored, Promise { uses: true, refusals: false });
            }
            None => all = false,
        }
    }
    all
}

fn manifest(backup: &Path) -> Value {
    if backup.is_dir() {
        return serde_json::from_slice(&fs::read(backup.join("backup.json")).unwrap()).unwrap();
    }
    let mut tar = tar::Archive::new(zstd::Decoder::new(fs::File::open(backup).unwrap()).unwrap());
    let first = tar.entries().unwrap().next().unwrap().unwrap();
    serde_json::from_reader(first).unwrap()
}

#[test]
fn a_disk_without_room_holds_no_backup_and_nothing_of_one() {
    let base = tempfile::tempdir().unwrap();
    let data = base.path().join("data");
    assert!(verb(&data, &["user", "add", "demo", "--password-stdin"], PASSWORD).status.success());
    let databases: u64 =
        ["latchkey.db", "usage.db"].map(|name| fs::metadata(data.join(name)).unwrap().len()).iter().sum();
    // Too small for the copies, and then for what is packed beside them.
    for (size, running) in [(databases / 2, false), (databases + 8192, false), (databases + 8192, true)] {
        let disk = SmallDisk::mount(&size.to_string());
        let server = running.then(|| Server::start(&data));
        let target = disk.data().with_file_name("a.tar.zst");
        let (_, refused) = verb_under(&disk.inside(), &data, &["backup", target.to_str().unwrap()], "");
        let said = refusal(&refused);
        assert!(said.contains("there is no room "), "{size}: {said}");
        let left: Vec<_> =
            fs::read_dir(disk.seen("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{size}: {left:?}");
        drop(server.map(Server::stop));
    }
}
