//! Other ways in than plain TCP: Unix sockets, PROXY headers, TLS.

use crate::binary::{Server, latchkey};
use crate::connections::{Scene, curl, exchange, expect_closed};
use crate::patience::{PATIENCE, wait_or_tell};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The scene's question as the last one of its connection.
fn last_question(scene: &Scene) -> Vec<u8> {
    format!("{}connection: close\r\nhost: x\r\n\r\n", scene.head).into_bytes()
}

#[test]
fn a_unix_socket_serves_and_is_believed_only_where_the_operator_says_so() {
    for (trusted, expected) in [("127.0.0.1", "403 Forbidden"), ("127.0.0.1,unix", "200 OK")] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latchkey.sock");
        let listen = format!("127.0.0.1:0,unix:{}", path.display());
        let environment = [("LATCHKEY_TRUSTED_PROXIES", trusted)];
        let mut scene = Scene::set_with(&["--listen", &listen], &environment);
        assert_eq!(scene.server.next_line(), format!("It listens on unix:{} too", path.display()));
        let answer = exchange(UnixStream::connect(&path).unwrap(), &last_question(&scene));
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{trusted}: {answer}");
        let socket = path.to_str().unwrap();
        let version = "%{http_code}";
        let page = curl(&["--unix-socket", socket, "-o", "/dev/null", "-w", version, "http://x/login"]);
        assert_eq!(page, "200");
        scene.server.signal("-TERM");
        assert_eq!(scene.server.wait(PATIENCE), Some(0));
        assert!(!path.exists(), "it is removed at the end");
    }
}

#[test]
fn a_socket_of_a_killed_server_is_taken_over_and_one_in_use_is_not() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = dir.path().join("latchkey.sock");
    let listen = format!("127.0.0.1:0,unix:{}", path.display());
    Server::start_with(dir.path(), &["--listen", &listen], &[]).kill();
    assert!(path.exists());
    let _server = Server::start_with(dir.path(), &["--listen", &listen], &[]);
    let second = latchkey(other.path(), &["serve", "--listen", &listen]).output().unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(error.contains("another program listens there; choose another address"), "{error}");
    UnixStream::connect(&path).unwrap();
}

/// A server that expects PROXY headers at a second address, believing 127.0.0.1 alone.
fn behind_a_tcp_proxy(environment: &[(&str, &str)]) -> (Scene, SocketAddr) {
    let mut all = vec![
        ("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0"),
        ("LATCHKEY_CLIENT_ADDRESS_HEADER", "proxy-protocol"),
        ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1"),
        ("LATCHKEY_HEAD_TIMEOUT_SECONDS", "1"),
    ];
    all.extend(environment);
    let mut scene = Scene::set(&all);
    let line = scene.server.next_line();
    let address = line.strip_prefix("It listens on ").unwrap().strip_suffix(" too").unwrap();
    (scene, address.parse().unwrap())
}

#[test]
fn the_proxy_header_names_the_client_of_all_requests_of_its_connection() {
    let (scene, proxied) = behind_a_tcp_proxy(&[]);
    let ask = |header: &[u8], peer: &str| {
        let socket: SocketAddr = format!("{peer}:0").parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let from = tokio::net::TcpSocket::new_v4().unwrap();
            from.bind(socket).unwrap();
            from.connect(proxied).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        exchange(stream, &[header, &scene.request(), &last_question(&scene)].concat())
    };
    let v2 = |address: [u8; 4]| {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
        header.extend(address);
        header.extend([192, 0, 2, 1, 0, 1, 1, 187]);
        header
    };
    let passed = |answer: String| answer.matches("HTTP/1.1 200 OK").count();
    let first = ask(b"PROXY TCP4 198.51.100.1 192.0.2.1 4711 443\r\n", "127.0.0.1");
    assert_eq!(passed(first), 2, "the header x-forwarded-for that it also sends is not looked at");
    assert_eq!(passed(ask(&v2([198, 51, 100, 1]), "127.0.0.1")), 2);
    let other = ask(&v2([198, 51, 100, 2]), "127.0.0.1");
    assert_eq!(other.matches("x-latchkey-code: IP_NOT_ALLOWED").count(), 2, "{other}");
    let local = ask(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "127.0.0.1");
    assert_eq!(local.matches("x-latchkey-code: NO_CLIENT_ADDRESS").count(), 2, "{local}");
    assert_eq!(ask(b"", "127.0.0.1"), "", "the header is mandatory");
    assert_eq!(ask(b"PROXY TCP4 198.51.100.1 192.0.2.1 4711 443\r\n", "127.0.0.2"), "", "not from everybody");
    assert_eq!(scene.times_used(), 4);
}

#[test]
fn a_proxy_header_that_does_not_come_is_not_waited_for() {
    let (scene, proxied) = behind_a_tcp_proxy(&[]);
    for part in [&b""[..], b"PROXY TCP4 198.51.", b"\r\n\r\n\0\r\nQUIT\n\x21"] {
        let mut stream = TcpStream::connect(proxied).unwrap();
        stream.write_all(part).unwrap();
        expect_closed(&stream, &format!("after {part:?}"));
    }
    // Curl's own header names 127.0.0.1, a proxy: understood, and nobody's address.
    let url = format!("http://{proxied}/authz/forward-auth");
    let key = scene.head.split("\r\n").find(|line| line.starts_with("x-api-key")).unwrap();
    let code = curl(&["--haproxy-protocol", "-H", key, "-o", "/dev/null", "-D", "-", &url]);
    assert!(code.contains("x-latchkey-code: NO_CLIENT_ADDRESS"), "{code}");
}

/// By default headers name the client elsewhere; who connects here could write any.
#[test]
fn where_connections_begin_with_a_proxy_header_no_client_names_itself() {
    let environment = [
        ("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0"),
        ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1,10.0.0.7"),
    ];
    let mut scene = Scene::set(&environment);
    let line = scene.server.next_line();
    let proxied = line.strip_prefix("It listens on ").unwrap().strip_suffix(" too").unwrap().to_owned();
    let ask = |head: &str| {
        let stream = TcpStream::connect(&proxied).unwrap();
        exchange(stream, &[head.as_bytes(), &last_question(&scene)].concat())
    };
    // The scene's question says `x-forwarded-for: 203.0.113.7`.
    assert!(scene.head.contains("x-forwarded-for"));
    let client = ask("PROXY TCP4 198.51.100.66 192.0.2.1 4711 443\r\n");
    assert!(
        client.starts_with("HTTP/1.1 403") && !client.contains("x-latchkey-code"),
        "no gateway: {client}"
    );
    for unknown in ["PROXY UNKNOWN\r\n", "PROXY TCP4 127.0.0.1 192.0.2.1 4711 443\r\n"] {
        let answer = ask(unknown);
        let passes = answer.starts_with("HTTP/1.1 200");
        assert_eq!(
            passes,
            unknown.contains("TCP4"),
            "a proxy behind a proxy is asked for its header: {answer}"
        );
    }
    assert!(ask("PROXY TCP4 10.0.0.7 192.0.2.1 4711 443\r\n").starts_with("HTTP/1.1 200"));
    assert_eq!(scene.times_used(), 2);
    // On the pages the client is who connects, and its tries are its own.
    let log_in = |source: &str, forged: &str| {
        let body = "username=nobody&password=wrong";
        let request = format!(
            "PROXY TCP4 {source} 192.0.2.1 1 443\r\nPOST /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             x-forwarded-for: {forged}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(TcpStream::connect(&proxied).unwrap(), request.as_bytes())[9..12].to_owned()
    };
    let forged = |guess: usize| format!("203.0.113.{guess}");
    let answers: Vec<_> = (0..12).map(|guess| log_in("198.51.100.66", &forged(guess))).collect();
    assert_eq!(answers.iter().filter(|status| *status == "422").count(), 10, "{answers:?}");
    assert_eq!(log_in("198.51.100.67", &forged(0)), "422");
}

#[test]
fn gateways_may_have_listeners_of_their_own() {
    let sockets = tempfile::tempdir().unwrap();
    let path = sockets.path().join("gateways.sock");
    let listen = format!("127.0.0.1:0,unix:{}", path.display());
    let environment =
        [("LATCHKEY_LISTEN_GATEWAYS", listen.as_str()), ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1,unix")];
    let mut scene = Scene::set(&environment);
    let line = scene.server.next_line();
    let apart: SocketAddr = line.strip_prefix("Gateways ask at ").unwrap().parse().unwrap();
    assert_eq!(scene.server.next_line(), format!("Gateways ask at unix:{}", path.display()));
    let (public, apart) = (format!("http://{}", scene.server.address), format!("http://{apart}"));
    let status =
        |url: &str, more: &[&str]| curl(&[&["-o", "/dev/null", "-w", "%{http_code}", url], more].concat());
    let key = scene.head.split("\r\n").find(|line| line.starts_with("x-api-key")).unwrap();
    let asked = ["-H", key, "-H", "x-forwarded-for: 203.0.113.7"];
    for path in ["/authz/forward-auth", "/authz/auth-request", "/authz/ext-authz/orders", "/v1/verify"] {
        let url = format!("{public}{path}");
        for more in [&asked[..], &["-X", "POST"]] {
            assert_eq!(status(&url, more), "404", "{path}");
        }
        let word = curl(&[&[url.as_str()], &asked[..]].concat());
        assert!(word.contains("pages only") && word.contains("listen_gateways"), "{path}: {word}");
    }
    assert_eq!(status(&format!("{apart}/authz/forward-auth"), &asked), "200");
    let socket = ["--unix-socket", path.to_str().unwrap()];
    assert_eq!(status("http://x/authz/auth-request", &[&socket[..], &asked[..]].concat()), "200");
    assert_eq!(status(&format!("{apart}/v1/verify"), &["-X", "POST"]), "401");
    assert_eq!(scene.times_used(), 2);
    for path in ["/", "/login", "/setup", "/account/api-keys", "/portal/log_in", "/metrics", "/nowhere"] {
        let word = curl(&[&format!("{apart}{path}")]);
        assert!(word.contains("gateways only"), "{path}: {word}");
    }
    assert_eq!(status(&format!("{public}/login"), &[]), "200");
    for place in [&public, &apart] {
        assert_eq!(status(&format!("{place}/healthz"), &[]), "200");
        assert_eq!(status(&format!("{place}/readyz"), &[]), "200");
    }
}

/// Makes certificates with the openssl command.
pub(crate) struct Authority {
    dir: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn found() -> Self {
        let authority = Self { dir: tempfile::tempdir().unwrap() };
        authority.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem");
        authority
    }

    fn openssl(&self, arguments: &str) {
        let output =
            Command::new("openssl").args(arguments.split(' ')).current_dir(&self.dir).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Issues a certificate for localhost and hooks.example as `cert.pem` and `key.pem`, each put in its place at once.
    pub(crate) fn issue(&self, name: &str) {
        self.openssl(&format!("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout new.key -out new.csr"));
        std::fs::write(self.path("san"), "subjectAltName=DNS:localhost,DNS:hooks.example,IP:127.0.0.1\n")
            .unwrap();
        self.openssl("x509 -req -in new.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile san -out new.pem");
        std::fs::rename(self.path("new.key"), self.path("key.pem")).unwrap();
        std::fs::rename(self.path("new.pem"), self.path("cert.pem")).unwrap();
    }

    /// A server with the certificate; its address.
    pub(crate) fn serve(&self, dir: &Path, more: &[(&str, &str)]) -> Server {
        let (certificate, key) = (self.path("cert.pem"), self.path("key.pem"));
        let mut environment = vec![
            ("LATCHKEY_TLS_CERTIFICATE", certificate.to_str().unwrap()),
            ("LATCHKEY_TLS_KEY", key.to_str().unwrap()),
        ];
        environment.extend(more);
        Server::start_with(dir, &[], &environment)
    }

    fn curl(&self, arguments: &[&str]) -> String {
        let ca = self.path("ca.pem");
        curl(&[&["--cacert", ca.to_str().unwrap()], arguments].concat())
    }

    /// The name in the certificate that the server shows.
    fn shown(&self, address: SocketAddr) -> String {
        let output = s_client(address, &["-showcerts"]).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let subject = text.lines().find(|line| line.starts_with("subject=")).unwrap_or_default();
        subject.rsplit(' ').next().unwrap().to_owned()
    }

    fn waits_until_shown(&self, address: SocketAddr, name: &str) {
        wait_or_tell(|| self.shown(address) == name, || format!("{} is shown", self.shown(address)));
    }
}

fn s_client(address: SocketAddr, more: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn tls_is_spoken_with_both_versions_of_http_and_nothing_old() {
    let (authority, dir) = (Authority::found(), tempfile::tempdir().unwrap());
    authority.issue("first");
    let server = authority.serve(dir.path(), &[("LATCHKEY_HEAD_TIMEOUT_SECONDS", "1")]);
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
    // Silence, and what is not TLS.
    expect_closed(&TcpStream::connect(server.address).unwrap(), "no handshake");
    let plain = TcpStream::connect(server.address).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(!exchange(plain, b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP"));
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
    assert_eq!(authority.shown(server.address), "first");
    let mut kept = Kept::open(server.address);
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"));
    authority.issue("second");
    authority.waits_until_shown(server.address, "second");
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"), "the old connection goes on");
    // A key that does not belong to the certificate, at once by the signal.
    authority.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    server.signal("-HUP");
    wait_or_tell(|| server.log().contains("the TLS certificate in force is kept"), || server.log());
    let log = server.log();
    assert!(log.contains("the private key does not belong to the certificate"), "{log}");
    assert_eq!(authority.shown(server.address), "second");
    authority.issue("third");
    server.signal("-HUP");
    authority.waits_until_shown(server.address, "third");
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
    for (certificate, key, says) in [
        ("missing", "key.pem", "missing: "),
        ("key.pem", "key.pem", "it has to be a PEM file of the server's certificate"),
        ("cert.pem", "cert.pem", "it has to be a PEM file of one private key"),
        ("cert.pem", "ca.key", "the private key does not belong to the certificate"),
    ] {
        let error = tried(certificate, key);
        assert!(error.starts_with("latchkey: ") && error.contains(says), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn tls_begins_behind_the_proxy_header() {
    let (authority, dir) = (Authority::found(), tempfile::tempdir().unwrap());
    authority.issue("first");
    let environment = [("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0")];
    let mut server = authority.serve(dir.path(), &environment);
    let line = server.next_line();
    let port = line.strip_suffix(" too").unwrap().rsplit(':').next().unwrap();
    let url = format!("https://localhost:{port}/healthz");
    assert_eq!(authority.curl(&["--haproxy-protocol", "--http2", &url]), "ok");
    let bare = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let _ = bare.shutdown(Shutdown::Write);
    expect_closed(&bare, "no header, no handshake");
}
