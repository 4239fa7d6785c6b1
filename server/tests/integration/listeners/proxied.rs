//! PROXY headers: whose connection it is.

use crate::certificates::Authority;
use crate::patience::quick_round;
use crate::scene::{Scene, curl, exchange, expect_closed};
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A server that expects PROXY headers at a second address, believing 127.0.0.1 alone.
fn behind_a_tcp_proxy(environment: &[(&str, &str)]) -> (Scene, SocketAddr) {
    let mut all = vec![
        ("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0"),
        ("LATCHKEY_CLIENT_ADDRESS_HEADER", "proxy-protocol"),
        ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1"),
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
        exchange(stream, &[header, &scene.request(), &scene.last_request()].concat())
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
    let (scene, proxied) = behind_a_tcp_proxy(&[("LATCHKEY_HEAD_TIMEOUT_SECONDS", "1")]);
    for part in [&b""[..], b"PROXY TCP4 198.51.", b"\r\n\r\n\0\r\nQUIT\n\x21"] {
        let mut stream = TcpStream::connect(proxied).unwrap();
        stream.write_all(part).unwrap();
        expect_closed(&stream, &format!("after {part:?}"));
    }
    // Curl's own header names 127.0.0.1, a proxy: understood, and nobody's address.
    let url = format!("http://{proxied}/authz/forward-auth");
    let key = scene.head.split("\r\n").find(|line| line.starts_with("x-api-key")).unwrap();
    let again = ["--retry", "20", "--retry-delay", "1", "--retry-all-errors"];
    let code =
        curl(&[&again[..], &["--haproxy-protocol", "-H", key, "-o", "/dev/null", "-D", "-", &url]].concat());
    assert!(code.contains("x-latchkey-code: NO_CLIENT_ADDRESS"), "{code}");
}

/// A server behind a balancer that writes PROXY headers, and where the balancer connects to.
fn behind_a_balancer() -> (Scene, String) {
    let environment = [
        ("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0"),
        ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1,10.0.0.7"),
    ];
    let mut scene = Scene::set(&environment);
    let line = scene.server.next_line();
    let proxied = line.strip_prefix("It listens on ").unwrap().strip_suffix(" too").unwrap().to_owned();
    (scene, proxied)
}

/// By default headers name the client elsewhere; who connects here could write any.
#[test]
fn where_connections_begin_with_a_proxy_header_no_client_names_itself() {
    let (scene, proxied) = behind_a_balancer();
    let ask = |head: &str| {
        let stream = TcpStream::connect(&proxied).unwrap();
        exchange(stream, &[head.as_bytes(), &scene.last_request()].concat())
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
}

#[test]
fn on_the_pages_the_client_is_the_source_of_the_proxy_header_and_its_tries_are_its_own() {
    let (_scene, proxied) = behind_a_balancer();
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
    // One more try is free after half a minute; each round has a source of its own.
    let mut sources = (66..).map(|last| format!("198.51.100.{last}"));
    let mut guess_twelve_times = || {
        let source = sources.next().unwrap();
        (0..12).map(|guess| log_in(&source, &forged(guess))).collect::<Vec<_>>()
    };
    let answers = quick_round(Duration::from_secs(25), &mut guess_twelve_times);
    assert_eq!(answers.iter().filter(|status| *status == "422").count(), 10, "{answers:?}");
    assert_eq!(log_in("198.51.100.10", &forged(0)), "422");
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
