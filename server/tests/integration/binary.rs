//! The binary as a process: starting it, talking to it, stopping or killing it.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running `latchkey serve`; killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) setup: Option<String>,
    lines: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Server {
    /// Starts it; the set-up link is read where the database is empty.
    pub(crate) fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[], &[])
    }

    /// Starts it with more arguments and settings.
    pub(crate) fn start_with(dir: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let is_empty = !dir.join("latchkey.db").exists();
        let mut process = latchkey(dir, &["serve"]);
        if !arguments.contains(&"--listen") {
            process.args(["--listen", "127.0.0.1:0"]);
        }
        process.args(arguments).envs(environment.iter().copied());
        let log = dir.join("latchkey.log");
        process.stderr(File::options().append(true).create(true).open(&log).unwrap());
        let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the server says where it listens").unwrap();
        let address = first.rsplit("://").next().unwrap().parse().unwrap();
        let setup = is_empty.then(|| lines.next().unwrap().unwrap());
        Self { process, address, setup, lines, log }
    }

    /// The next line that it prints.
    pub(crate) fn next_line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .env_clear()
        .args(arguments)
        .arg("--data-dir")
        .arg(dir)
        .stderr(Stdio::piped())
        .stdin(Stdio::null());
    command
}

/// Runs a verb to its end, with this on standard input.
pub(crate) fn verb(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut process = latchkey(dir, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A verb that needs no input may end before it is written.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

/// A kept connection that speaks as little HTTP as needed.
pub(crate) struct Client(BufReader<TcpStream>);

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, head: &str, body: &str) -> std::io::Result<()> {
        let request = format!("{head}host: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes())
    }

    pub(crate) fn receive(&mut self) -> std::io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Reply { status, head, body: String::from_utf8(body).unwrap() })
    }

    pub(crate) fn ask(&mut self, head: &str, body: &str) -> std::io::Result<Reply> {
        self.send(head, body)?;
        self.receive()
    }

    /// Logs in; answers the cookie.
    pub(crate) fn log_in(&mut self, username: &str) -> String {
        let body = serde_urlencoded::to_string([("username", username), ("password", PASSWORD)]).unwrap();
        let head = "POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n";
        let reply = self.ask(head, &body).unwrap();
        assert_eq!(reply.status, 303, "{}", reply.body);
        reply.head.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned()
    }

    /// Calls a server function with form fields, as the program in the browser does.
    pub(crate) fn call(&mut self, cookie: &str, name: &str, fields: &[(&str, &str)]) -> Reply {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let head = format!(
            "POST /portal/{name} HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
             content-type: application/x-www-form-urlencoded\r\n"
        );
        self.ask(&head, &body).unwrap()
    }

    /// Generates a key; answers id and token.
    pub(crate) fn generate(&mut self, cookie: &str, key_type: &str) -> (String, String) {
        let reply = self.call(cookie, "generate_key", &[("description", "load"), ("key_type", key_type)]);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        (text("id"), text("token"))
    }

    /// A key's Times Used, as its page shows it.
    pub(crate) fn times_used(&mut self, cookie: &str, id: &str) -> u64 {
        let reply =
            self.ask(&format!("GET /portal/find_key?id={id} HTTP/1.1\r\ncookie: {cookie}\r\n"), "").unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        json["row"]["times_used"].as_u64().unwrap()
    }
}
