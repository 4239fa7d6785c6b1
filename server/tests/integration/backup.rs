//! `latchkey backup`, `restore` and `check`: with a server that runs and without one, told wrongly, and on what is none.

mod checked;
mod hostile;
mod kept;
mod refused;
mod replaced;

use crate::binary::{Client, PASSWORD, Server, latchkey, verb};
use crate::said::{err, out};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

const CLIENT: &str = "203.0.113.7";

/// A data directory with one user, and a folder for backups beside it.
struct Place {
    base: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { base: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("backups")).unwrap();
        let added = verb(&place.data(), &["user", "add", "demo", "--password-stdin"], PASSWORD);
        assert!(added.status.success(), "{added:?}");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn backups(&self) -> Vec<String> {
        files(&self.path("backups"))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&self.data(), self.base.path(), arguments)
    }

    /// The JSON of a verb that works.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Code, standard output and standard error.
    fn said(&self, arguments: &[&str]) -> String {
        self.shown(&self.run(arguments))
    }

    fn shown(&self, output: &Output) -> String {
        let text = format!("{}\n{}{}", output.status.code().unwrap(), out(output), err(output));
        named(&text.replace(self.base.path().to_str().unwrap(), "[base]"))
    }
}

/// Runs a verb in a folder.
fn run(data: &Path, folder: &Path, arguments: &[&str]) -> Output {
    latchkey(data, arguments).current_dir(folder).output().unwrap()
}

/// Without times and sizes, which differ from run to run.
fn named(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n', '/']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', '/', ':', ',', ';', '.', ')']);
        let digits = bare.bytes().filter(u8::is_ascii_digit).count();
        let is_time = digits >= 6 && bare.contains(['T', ':', '-']) && !bare.contains("{time}");
        match (is_time, bare.parse::<f64>().is_ok() && bare.contains('.')) {
            (true, _) => {
                let begin = bare.find(|c: char| c.is_ascii_digit()).unwrap();
                let end = bare.rfind(|c: char| c.is_ascii_digit()).unwrap() + 1;
                let end = if bare[end..].starts_with('Z') { end + 1 } else { end };
                format!("{}[time]{}", &bare[..begin], &word[end..])
            }
            (_, true) => word.replace(bare, "[size]"),
            _ => word.to_owned(),
        }
    });
    words.collect()
}

/// The names in a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A logged-in client of a server.
fn log_in(server: &Server) -> (Client, String) {
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    (client, cookie)
}

fn use_times(client: &mut Client, token: &str, times: usize) {
    (0..times).for_each(|_| assert_eq!(client.verify(token, CLIENT).unwrap().status, 200));
}

#[test]
fn a_backup_holds_what_was_told_until_its_moment_and_nothing_else() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let (mut client, cookie) = log_in(&server);
    let key = client.generate(&cookie, "default");
    use_times(&mut client, &key.1, 3);
    let made = place.json(&["backup", "backups/running", "--with-secrets"]);
    let as_told = made["users"] == 1 && made["keys"] == 1 && made["uses"] == 3;
    assert!(as_told && made["with_secrets"] == true && made["kept"].is_null(), "{made}");
    let later = client.generate(&cookie, "default");
    use_times(&mut client, &key.1, 2);
    let packed = place.json(&["backup", "backups/running.tar.zst"]);
    assert!(packed["keys"] == 2 && packed["uses"] == 5, "{packed}");
    let log = server.stop();
    assert!(!log.contains("ERROR") && !log.contains("a verb could not"), "{log}");
    let before = files(&place.data());
    let stopped = place.json(&["backup", "backups/stopped.tar.zst"]);
    assert!(stopped["keys"] == 2 && stopped["uses"] == 5, "{stopped}");
    assert_eq!(files(&place.data()), before, "it leaves no trace");
    assert_eq!(place.backups(), ["running", "running.tar.zst", "stopped.tar.zst"]);
    let inside = place.path("backups/running");
    assert_eq!(files(&inside), ["backup.json", "latchkey.db", "secrets.toml", "usage.db"]);
    assert!(files(&inside).iter().all(|name| mode(&inside.join(name)) == 0o600));
    assert_eq!((mode(&inside), mode(&place.path("backups/running.tar.zst"))), (0o700, 0o600));
    for (backup, keys, uses) in [("running", 1, 3), ("running.tar.zst", 2, 5), ("stopped.tar.zst", 2, 5)] {
        let data = place.path(&format!("from-{backup}"));
        if backup != "running" {
            fs::create_dir(&data).unwrap();
            fs::copy(place.data().join("secrets.toml"), data.join("secrets.toml")).unwrap();
        }
        let restored = run(&data, place.base.path(), &["restore", &format!("backups/{backup}")]);
        assert!(restored.status.success(), "{restored:?}");
        assert_eq!(files(&data), ["latchkey.db", "lock", "secrets.toml", "usage.db"]);
        let server = Server::start(&data);
        let mut client = Client::connect(server.address);
        assert_eq!(client.times_used(&cookie, &key.0), uses, "{backup}");
        assert_eq!(client.verify(&later.1, CLIENT).unwrap().status == 200, keys == 2, "{backup}");
        assert!(!server.stop().contains("unclean_stop"), "it was copied at one moment, not killed");
    }
}

#[test]
fn a_restart_is_not_held_up_by_a_backup() {
    let place = Place::new();
    for round in 0..3 {
        let server = Server::start(&place.data());
        let (mut client, cookie) = log_in(&server);
        let key = client.generate(&cookie, "cloud");
        use_times(&mut client, &key.1, 20);
        let target = format!("backups/{round}");
        let backup = latchkey(&place.data(), &["backup", &target, "--json"])
            .current_dir(place.base.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 * round));
        drop(server.stop());
        let next = Server::start(&place.data());
        assert!(!next.log().contains("unclean_stop"), "{}", next.log());
        let made = backup.wait_with_output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        assert_eq!(made["uses"], (round + 1) * 20);
        drop(next.stop());
    }
}

#[test]
fn what_a_killed_server_left_is_backed_up_with_its_log() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let (mut client, cookie) = log_in(&server);
    let key = client.generate(&cookie, "cloud");
    use_times(&mut client, &key.1, 7);
    server.kill();
    let made = place.json(&["backup", "backups/killed"]);
    assert!(made["keys"] == 1 && made["uses"] == 7, "{made}");
    let checked = place.json(&["check"]);
    assert!(checked["keys"] == 1 && checked["uses"] == 7 && checked["sound"] == true, "{checked}");
    let server = Server::start(&place.data());
    assert_eq!(
        Client::connect(server.address).times_used(&cookie, &key.0),
        7,
        "and stays for the next start"
    );
}
