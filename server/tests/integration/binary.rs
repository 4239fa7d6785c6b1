//! The binary as a process: starting it, talking to it, stopping or killing it.

pub(crate) use crate::client::{Client, Reply};
use crate::patience::PATIENCE;
use std::io::{BufRead, BufReader, Lines, Write};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running `latchkey serve`; killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) setup: Option<String>,
    lines: Lines<BufReader<ChildStdout>>,
    log: NamedTempFile,
}

/// How a server is started.
#[derive(Default)]
pub(crate) struct Start<'a> {
    pub(crate) arguments: &'a [&'a str],
    /// Settings from the environment.
    pub(crate) settings: &'a [(&'a str, &'a str)],
    /// A program that runs the server as its own process (`strace -D …`).
    pub(crate) under: Vec<String>,
    /// Where its directory is seen from here, if that is another path.
    pub(crate) seen: Option<PathBuf>,
}

impl Start<'_> {
    /// Starts it; the set-up link is read where the database is empty.
    pub(crate) fn run(&self, dir: &Path) -> Server {
        self.try_run(dir).unwrap_or_else(|log| panic!("it does not start: {log}"))
    }

    /// The same where it may end before it serves; answers its log then.
    pub(crate) fn try_run(&self, dir: &Path) -> Result<Server, String> {
        let is_empty = !self.seen.as_deref().unwrap_or(dir).join("latchkey.db").exists();
        let log = NamedTempFile::new().unwrap();
        let mut process = under(&self.under, dir, &["serve"]);
        if !self.arguments.contains(&"--listen") {
            process.args(["--listen", "127.0.0.1:0"]);
        }
        process.args(self.arguments).envs(self.settings.iter().copied());
        process.stderr(log.reopen().unwrap());
        let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let Some(first) = lines.next() else {
            process.wait().unwrap();
            return Err(std::fs::read_to_string(log.path()).unwrap());
        };
        let first = first.unwrap();
        let listens = first.split(" listens on ").nth(1).and_then(|rest| rest.split(';').next());
        let address = listens.unwrap_or_else(|| panic!("{first}")).parse().unwrap();
        let setup = is_empty.then(|| lines.next().unwrap().unwrap());
        Ok(Server { process, address, setup, lines, log })
    }
}

impl Server {
    pub(crate) fn start(dir: &Path) -> Self {
        Start::default().run(dir)
    }

    /// Starts it with more arguments and settings.
    pub(crate) fn start_with(dir: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        Start { arguments, settings, ..Start::default() }.run(dir)
    }

    /// The next line that it prints.
    pub(crate) fn next_line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits until a signal has ended it; answers whether it left a core dump.
    pub(crate) fn dumped_core(mut self) -> bool {
        self.process.wait().unwrap().core_dumped()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> String {
        self.signal("-TERM");
        assert_eq!(self.wait(PATIENCE), Some(0));
        self.log()
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end; answers the exit code.
    pub(crate) fn wait(&mut self, most: Duration) -> Option<i32> {
        let end = Instant::now() + most;
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command of the binary on a data directory, with a clean environment.
pub(crate) fn latchkey(dir: &Path, arguments: &[&str]) -> Command {
    under(&[], dir, arguments)
}

/// The same, run by another program.
fn under(program: &[String], dir: &Path, arguments: &[&str]) -> Command {
    let mut words = program.iter().map(String::as_str).chain([env!("CARGO_BIN_EXE_latchkey")]);
    let mut command = Command::new(words.next().unwrap());
    command
        .env_clear()
        .args(words)
        .args(arguments)
        .arg("--data-dir")
        .arg(dir)
        .stderr(Stdio::piped())
        .stdin(Stdio::null());
    command
}

/// Whether the tests are run by root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Makes an installation, unless there is one: only a server does.
pub(crate) fn install(dir: &Path) {
    if !dir.join("latchkey.db").exists() {
        Server::start(dir).stop();
    }
}

/// Runs a verb to its end, with this on standard input, on an installation that is made where there is none.
pub(crate) fn verb(dir: &Path, arguments: &[&str], input: &str) -> Output {
    install(dir);
    verb_under(&[], dir, arguments, input).1
}

/// The same, run by another program; answers the process too.
pub(crate) fn verb_under(program: &[String], dir: &Path, arguments: &[&str], input: &str) -> (u32, Output) {
    let mut command = under(program, dir, arguments);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A verb that needs no input may end before it is written.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    (process.id(), process.wait_with_output().unwrap())
}
