//! A disk that is soon full.

use crate::binary::{Server, Start, is_root};
use crate::said::refusal;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A small file system of its own in a mount namespace of its own, both gone with this.
pub(super) struct SmallDisk {
    holder: Child,
    base: TempDir,
}

impl SmallDisk {
    pub(super) fn mount(size: &str) -> Self {
        let base = tempfile::tempdir().unwrap();
        let script = format!("mount -t tmpfs -o size={size} tmpfs \"$0\" && echo mounted && exec sleep 600");
        // Without root a user namespace lends the right to mount.
        let namespaces: &[&str] = if is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
        let mut holder = Command::new("unshare")
            .args(namespaces)
            .args(["sh", "-c", &script])
            .arg(base.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "mounted\n", "unshare and mount have to work here");
        Self { holder, base }
    }

    /// Runs a program inside.
    pub(super) fn inside(&self) -> Vec<String> {
        let pid = self.holder.id().to_string();
        let user: &[&str] = if is_root() { &[] } else { &["--user", "--preserve-credentials"] };
        let words = ["nsenter", "--target", &pid, "--mount"];
        words.iter().chain(user).chain(&["--"]).map(ToString::to_string).collect()
    }

    /// The data directory, as the server names it.
    pub(super) fn data(&self) -> PathBuf {
        self.base.path().join("data")
    }

    /// The same, seen from here.
    pub(super) fn seen(&self, name: &str) -> PathBuf {
        let path = self.base.path().strip_prefix("/").unwrap();
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(path).join(name)
    }

    /// Takes all room that is left.
    pub(super) fn fill(&self) {
        let mut file = fs::File::create(self.seen("filler")).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    pub(super) fn start(&self) -> Server {
        Start { under: self.inside(), seen: Some(self.seen("data")), ..Start::default() }.run(&self.data())
    }

    /// Standard error of a server that does not start here.
    pub(super) fn refuses_to_start(&self) -> String {
        let inside = self.inside();
        let mut command = Command::new(&inside[0]);
        command.args(&inside[1..]).arg(env!("CARGO_BIN_EXE_latchkey"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(self.data());
        refusal(&command.output().unwrap())
    }

    pub(super) fn remount(&self, options: &str) {
        let inside = self.inside();
        let mut command = Command::new(&inside[0]);
        command.args(&inside[1..]).args(["mount", "-o", &format!("remount,{options}")]).arg(self.base.path());
        assert!(command.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
