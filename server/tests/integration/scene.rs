//! A running server with one key, and those who connect to it.

use crate::binary::{Client, PASSWORD, Server, verb};
use crate::patience::{PATIENCE, wait_or_tell};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Long limits, unless a test sets its own: a machine that stands still is not to cut what is not under test.
const LONG: [(&str, &str); 3] = [
    ("LATCHKEY_HEAD_TIMEOUT_SECONDS", "600"),
    ("LATCHKEY_IDLE_TIMEOUT_SECONDS", "600"),
    ("LATCHKEY_BODY_TIMEOUT_SECONDS", "600"),
];

/// A key of a running server, and a page to see its count on.
pub(crate) struct Scene {
    pub(crate) server: Server,
    cookie: String,
    pub(crate) id: String,
    pub(crate) head: String,
    dir: tempfile::TempDir,
    /// Sockets that are open while nobody is connected.
    at_rest: usize,
}

impl Scene {
    pub(crate) fn set(environment: &[(&str, &str)]) -> Self {
        Self::set_with(&[], environment)
    }

    pub(crate) fn set_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let added = verb(dir.path(), &["user", "add", "demouser", "--password-stdin"], PASSWORD);
        assert!(added.status.success(), "{added:?}");
        let server = Server::start_with(dir.path(), arguments, &[&LONG, environment].concat());
        let at_rest = sockets(&server);
        let (cookie, id, token) = patiently(|| {
            let mut client = Client::connect(server.address);
            let body = serde_urlencoded::to_string([("username", "demouser"), ("password", PASSWORD)]);
            let cookie = client.try_log_in(&body.unwrap())?;
            let (id, token) = client.try_generate(&cookie, "default")?;
            Ok((cookie, id, token))
        });
        let head = format!(
            "GET /authz/forward-auth HTTP/1.1\r\nx-api-key: {token}\r\nx-forwarded-for: 203.0.113.7\r\n"
        );
        let scene = Self { server, cookie, id, head, dir, at_rest };
        scene.connections_fall_to(0);
        scene
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Asks on a connection of its own; answers status, head and body.
    pub(crate) fn ask(&self, head: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let request = format!("{head}host: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        let answer = exchange(TcpStream::connect(self.address()).unwrap(), request.as_bytes());
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    pub(crate) fn request(&self) -> Vec<u8> {
        format!("{}host: x\r\n\r\n", self.head).into_bytes()
    }

    /// The question as the last one of its connection.
    pub(crate) fn last_request(&self) -> Vec<u8> {
        format!("{}connection: close\r\nhost: x\r\n\r\n", self.head).into_bytes()
    }

    /// Fails unless a use is accepted on a connection of its own; it may be cut by a short limit of time before it asks.
    pub(crate) fn serves(&self) {
        let status = patiently(|| Ok(Client::try_connect(self.address())?.ask(&self.head, "")?.status));
        assert_eq!(status, 200);
    }

    pub(crate) fn times_used(&self) -> u64 {
        Client::connect(self.address()).times_used(&self.cookie, &self.id)
    }

    /// Waits until the server knows of no more connections than these: one that it has not yet seen the end of takes a
    /// place that a test counts on.
    pub(crate) fn connections_fall_to(&self, most: usize) {
        let open = || sockets(&self.server).saturating_sub(self.at_rest);
        // The place is given back right after the socket is closed, before that thread sleeps again.
        let have_ended = || open() <= most && is_asleep(&self.server);
        wait_or_tell(have_ended, || format!("{} connections are open, and not {most}", open()));
    }
}

/// Does this until no connection is cut meanwhile: where limits of time are short, a machine that stands still for a
/// moment is late.
pub(crate) fn patiently<T>(mut act: impl FnMut() -> std::io::Result<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match act() {
            Ok(done) => return done,
            Err(error) => assert!(Instant::now() < end, "each connection is cut: {error}"),
        }
    }
}

/// How many sockets a server has open.
fn sockets(server: &Server) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    let targets = files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Whether the thread of a server sleeps that attends to all connections.
fn is_asleep(server: &Server) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    state.rsplit(')').next().is_some_and(|rest| rest.starts_with(" S "))
}

/// Sends these bytes and reads to the end; the answer of a server that closes then.
pub(crate) fn exchange(mut stream: impl Read + Write, bytes: &[u8]) -> String {
    // A server may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until the server closes a connection; fails with what came or what was met in place of that.
pub(crate) fn expect_closed(mut stream: &TcpStream, why: &str) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = [0; 512];
    let met = loop {
        match stream.read(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            met => break met,
        }
    };
    match met {
        Ok(0) => {}
        Ok(length) => panic!("{why}: {:?} came", String::from_utf8_lossy(&bytes[..length])),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{why}: {error}"),
    }
}

/// Runs curl; answers what it printed.
pub(crate) fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["-sS", "--max-time", "120"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
