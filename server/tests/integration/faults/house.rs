//! A data directory whose files are copied away and put back, and the customers of its server.

use crate::binary::{Client, PASSWORD, Server, latchkey, verb};
use crate::patience::PATIENCE;
use crate::said::{refusal, without_dir, without_times};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where keys are used.
pub(super) const CLIENT: &str = "198.51.100.5";

/// A data directory, and a place for copies.
pub(super) struct House {
    pub(super) dir: TempDir,
    pub(super) kept: TempDir,
}

impl House {
    pub(super) fn with_users(names: &[&str]) -> Self {
        let house = Self { dir: tempfile::tempdir().unwrap(), kept: tempfile::tempdir().unwrap() };
        for name in names {
            let added = verb(house.dir.path(), &["user", "add", name, "--password-stdin"], PASSWORD);
            assert!(added.status.success(), "{added:?}");
        }
        house
    }

    pub(super) fn start(&self) -> Server {
        Server::start(self.dir.path())
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Copies a file away.
    pub(super) fn keep(&self, name: &str) {
        fs::copy(self.file(name), self.kept.path().join(name)).unwrap();
    }

    /// Puts a copy back, over what is there.
    pub(super) fn put_back(&self, name: &str) {
        fs::copy(self.kept.path().join(name), self.file(name)).unwrap();
    }

    /// Takes the log of a killed server away.
    pub(super) fn remove_log(&self, file: &str) {
        for end in ["wal", "shm"] {
            let _ = fs::remove_file(self.file(&format!("{file}-{end}")));
        }
    }

    /// What a server says that does not start and changes nothing; `[dir]` stands for its directory, `[then]` for a time.
    pub(super) fn refuses(&self) -> String {
        let content = || {
            let names = ["latchkey.db", "latchkey.db-wal", "usage.db", "usage.db-wal"];
            names.map(|name| fs::read(self.file(name)).ok().filter(|bytes| !bytes.is_empty()))
        };
        let before = content();
        let mut serve = latchkey(self.dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let mut server = serve.stdout(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while server.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = server.kill();
        let said = refusal(&server.wait_with_output().unwrap());
        assert!(content() == before, "it changed a file: {said}");
        without_times(&without_dir(&said, self.dir.path()))
    }

    pub(super) fn accept(&self) {
        fs::write(self.file("accept-loss"), "").unwrap();
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.file("accept-loss").exists()
    }
}

/// A customer on a running server.
pub(super) struct Customer {
    client: Client,
    cookie: String,
}

pub(super) type Key = (String, String);

impl Customer {
    pub(super) fn of(server: &Server, name: &str) -> Self {
        let mut client = Client::connect(server.address);
        let cookie = client.log_in(name);
        Self { client, cookie }
    }

    pub(super) fn generate(&mut self, key_type: &str) -> Key {
        self.client.generate(&self.cookie, key_type)
    }

    pub(super) fn delete(&mut self, key: &Key) {
        assert_eq!(self.client.call(&self.cookie, "delete_key", &[("id", &key.0)]).status, 200);
    }

    pub(super) fn passes(&mut self, key: &Key, from: &str) -> bool {
        self.client.verify(&key.1, from).unwrap().status == 200
    }

    pub(super) fn use_times(&mut self, key: &Key, times: usize) {
        (0..times).for_each(|_| assert!(self.passes(key, CLIENT)));
    }

    pub(super) fn times_used(&mut self, key: &Key) -> u64 {
        self.client.times_used(&self.cookie, &key.0)
    }

    /// What its page of the use of a key holds.
    pub(super) fn usage(&mut self, key: &Key) -> String {
        let path = format!("/portal/find_usage?id={}", key.0);
        let reply = self.client.get(&self.cookie, &path).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    pub(super) fn dashboard(&mut self) -> String {
        self.client.get(&self.cookie, "/").unwrap().body
    }
}
