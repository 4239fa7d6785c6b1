//! Other ways in than plain TCP: Unix sockets, addresses of their own for gateways, PROXY headers, TLS.

mod proxied;
mod tls;

use crate::binary::{Server, latchkey};
use crate::patience::PATIENCE;
use crate::said::{refusal, without_dir};
use crate::scene::{Scene, curl, exchange};
use insta::assert_snapshot;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;

#[test]
fn a_unix_socket_serves_and_is_believed_only_where_the_operator_says_so() {
    for (trusted, expected) in [("127.0.0.1", "403 Forbidden"), ("127.0.0.1,unix", "200 OK")] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latchkey.sock");
        let listen = format!("127.0.0.1:0,unix:{}", path.display());
        let environment = [("LATCHKEY_TRUSTED_PROXIES", trusted)];
        let mut scene = Scene::set_with(&["--listen", &listen], &environment);
        assert_eq!(scene.server.next_line(), format!("It listens on unix:{} too", path.display()));
        let answer = exchange(UnixStream::connect(&path).unwrap(), &scene.last_request());
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
    assert_snapshot!(without_dir(&refusal(&second), dir.path()), @"latchkey: cannot listen on unix:[dir]/latchkey.sock: another program listens there; choose another address");
    UnixStream::connect(&path).unwrap();
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
        insta::allow_duplicates! { assert_snapshot!(word, @r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"This address answers pages only; gateways ask at an address of their own (setting listen_gateways)."}"#); }
    }
    assert_eq!(status(&format!("{apart}/authz/forward-auth"), &asked), "200");
    let socket = ["--unix-socket", path.to_str().unwrap()];
    assert_eq!(status("http://x/authz/auth-request", &[&socket[..], &asked[..]].concat()), "200");
    assert_eq!(status(&format!("{apart}/v1/verify"), &["-X", "POST"]), "401");
    assert_eq!(scene.times_used(), 2);
    for path in [
        "/",
        "/login",
        "/setup",
        "/account/api-keys",
        "/portal/log_in",
        "/metrics",
        "/oauth/token",
        "/nowhere",
    ] {
        let word = curl(&[&format!("{apart}{path}")]);
        insta::allow_duplicates! { assert_snapshot!(word, @r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"This address answers gateways only; pages are at the public address (settings listen, public_url)."}"#); }
    }
    assert_eq!(status(&format!("{public}/login"), &[]), "200");
    for place in [&public, &apart] {
        assert_eq!(status(&format!("{place}/healthz"), &[]), "200");
        assert_eq!(status(&format!("{place}/readyz"), &[]), "200");
    }
}
