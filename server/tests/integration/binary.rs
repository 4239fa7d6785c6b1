//! The binary as a process: starting it, talking to it, stopping or killing it.

use crate::patience::PATIENCE;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
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

/// A kept connection that speaks as little HTTP as needed.
pub(crate) struct Client(BufReader<TcpStream>);

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The value of a header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap()
    }

    pub(crate) fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The port on this side.
    pub(crate) fn port(&self) -> u16 {
        self.0.get_ref().local_addr().unwrap().port()
    }

    pub(crate) fn send(&mut self, head: &str, body: &str) -> std::io::Result<()> {
        self.write(&format!("{head}host: x\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }

    /// Sends the head of a request, and waits until the server asks for its body.
    pub(crate) fn announce(&mut self, head: &str, length: usize) {
        let request = format!("{head}host: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n");
        self.write(&request).unwrap();
        let mut told = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        self.0.read_exact(&mut told).unwrap();
        assert!(told.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&told));
    }

    pub(crate) fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes())
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
        self.try_log_in(&body).unwrap()
    }

    /// Sends the form of the login; answers the cookie.
    pub(crate) fn try_log_in(&mut self, body: &str) -> std::io::Result<String> {
        let head = "POST /login HTTP/1.1\r\nsec-fetch-site: same-origin\r\n";
        let reply = self.ask(head, body)?;
        assert_eq!(reply.status, 303, "{}", reply.body);
        Ok(reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned())
    }

    /// Asks as a trusted gateway would.
    pub(crate) fn verify(&mut self, token: &str, address: &str) -> std::io::Result<Reply> {
        let head = format!(
            "GET /authz/forward-auth HTTP/1.1\r\nx-api-key: {token}\r\nx-forwarded-for: {address}\r\n"
        );
        self.ask(&head, "")
    }

    pub(crate) fn get(&mut self, cookie: &str, path: &str) -> std::io::Result<Reply> {
        self.ask(&format!("GET {path} HTTP/1.1\r\ncookie: {cookie}\r\n"), "")
    }

    /// Calls a server function with form fields, as the program in the browser does.
    pub(crate) fn call(&mut self, cookie: &str, name: &str, fields: &[(&str, &str)]) -> Reply {
        self.try_call(cookie, name, fields).unwrap()
    }

    pub(crate) fn try_call(
        &mut self,
        cookie: &str,
        name: &str,
        fields: &[(&str, &str)],
    ) -> std::io::Result<Reply> {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let head = format!(
            "POST /portal/{name} HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
             content-type: application/x-www-form-urlencoded\r\n"
        );
        self.ask(&head, &body)
    }

    /// Generates a key; answers id and token.
    pub(crate) fn generate(&mut self, cookie: &str, key_type: &str) -> (String, String) {
        self.try_generate(cookie, key_type).unwrap()
    }

    pub(crate) fn try_generate(&mut self, cookie: &str, key_type: &str) -> std::io::Result<(String, String)> {
        let fields = [("description", "load"), ("key_type", key_type)];
        let reply = self.try_call(cookie, "generate_key", &fields)?;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Ok((text("id"), text("token")))
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
