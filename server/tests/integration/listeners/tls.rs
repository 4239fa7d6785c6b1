//! TLS of the server's own.

use crate::binary::latchkey;
use crate::certificates::Authority;
use crate::log_lines::{lines_of, message, tells_of};
use crate::patience::{PATIENCE, wait_or_tell};
use crate::said::without_dir;
use crate::scene::{exchange, expect_closed};
use insta::assert_snapshot;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

fn s_client(address: SocketAddr, more: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The name in the certificate that a server shows.
fn shown(address: SocketAddr) -> String {
    let output = s_client(address, &["-showcerts"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let subject = text.lines().find(|line| line.starts_with("subject=")).unwrap_or_default();
    subject.rsplit(' ').next().unwrap().to_owned()
}

fn wait_until_shown(address: SocketAddr, name: &str) {
    wait_or_tell(|| shown(address) == name, || format!("{} is shown", shown(address)));
}

#[test]
fn tls_is_spoken_with_both_versions_of_http_and_nothing_old() {
    let (authority, dir) = (Authority::found(), tempfile::tempdir().unwrap());
    authority.issue("first");
    let server = authority.serve(dir.path(), &[("LATCHKEY_HEAD_TIMEOUT_SECONDS", "600")]);
    assert!(server.setup.as_ref().unwrap().contains("https://127.0.0.1:"), "{:?}", server.setup);
    let url = format!("https://localhost:{}/login", server.address.port());
    let version = "%{http_version} %{http_code} %{ssl_verify_result}";
    for (protocol, expected) in [("--http2", "2 200 0"), ("--http1.1", "1.1 200 0")] {
        let answer = authority.curl(&[protocol, "-o", "/dev/null", "-w", version, &url]);
        assert_eq!(answer, expected);
    }
    let head = authority.curl(&["-D", "-", "-o", "/dev/null", &url]);
    assert!(head.contains("strict-transport-security: max-age=31536000"), "{head}");
    let agreed = |option: &str| {
        let ciphers = ["-cipher", "ALL:@SECLEVEL=0", option];
        let output = s_client(server.address, &ciphers).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.contains("Cipher is ") && !text.contains("(NONE)")
    };
    let seen: Vec<_> = ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"].map(agreed).to_vec();
    assert_eq!(seen, [false, false, true, true]);
    let plain = TcpStream::connect(server.address).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(!exchange(plain, b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP"));
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for() {
    let (authority, dir) = (Authority::found(), tempfile::tempdir().unwrap());
    authority.issue("first");
    let server = authority.serve(dir.path(), &[("LATCHKEY_HEAD_TIMEOUT_SECONDS", "1")]);
    expect_closed(&TcpStream::connect(server.address).unwrap(), "no handshake");
}

/// A TLS connection that is kept.
struct Kept {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Kept {
    fn open(address: SocketAddr) -> Self {
        let mut process = s_client(address, &["-quiet"]).stdin(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, answers }
    }

    fn ask(&mut self) -> String {
        let request = b"HEAD /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        self.process.stdin.as_mut().unwrap().write_all(request).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.answers.read_line(&mut head).unwrap() > 0, "closed after {head:?}");
        }
        head
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_new_certificate_is_taken_in_and_a_broken_one_is_not_without_closing_anything() {
    let (authority, dir) = (Authority::found(), tempfile::tempdir().unwrap());
    authority.issue("first");
    let server = authority.serve(dir.path(), &[]);
    assert_eq!(shown(server.address), "first");
    let mut kept = Kept::open(server.address);
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"));
    authority.issue("second");
    wait_until_shown(server.address, "second");
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"), "the old connection goes on");
    // A key that does not belong to the certificate, at once by the signal.
    authority.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    server.signal("-HUP");
    wait_or_tell(|| tells_of(&server.log(), "certificate_kept"), || server.log());
    let told = message(&lines_of(&server.log(), "certificate_kept")[0]);
    assert_snapshot!(without_dir(&told, authority.path("cert.pem").parent().unwrap()), @"the TLS certificate in force is kept: the private key does not belong to the certificate ([dir]/key.pem and [dir]/cert.pem): name those that were made for each other");
    assert_eq!(shown(server.address), "second");
    authority.issue("third");
    server.signal("-HUP");
    wait_until_shown(server.address, "third");
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn tls_files_that_cannot_be_used_stop_the_start_with_their_names() {
    let (authority, dir) = (Authority::found(), tempfile::tempdir().unwrap());
    authority.issue("first");
    let tried = |certificate: &str, key: &str| {
        let mut command = latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.env("LATCHKEY_TLS_CERTIFICATE", authority.path(certificate));
        let output = command.env("LATCHKEY_TLS_KEY", authority.path(key)).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said =
        [("missing", "key.pem"), ("key.pem", "key.pem"), ("cert.pem", "cert.pem"), ("cert.pem", "ca.key")]
            .map(|(certificate, key)| tried(certificate, key));
    let folder = authority.path("cert.pem");
    assert_snapshot!(without_dir(&said.concat(), folder.parent().unwrap()), @"
    latchkey: [dir]/missing: I/O error: No such file or directory (os error 2); it has to be a PEM file of the server's certificate and those that signed it
    latchkey: [dir]/key.pem: no items found; it has to be a PEM file of the server's certificate and those that signed it
    latchkey: [dir]/cert.pem: no items found; it has to be a PEM file of one private key
    latchkey: the private key does not belong to the certificate ([dir]/ca.key and [dir]/cert.pem): name those that were made for each other
    ");
}
