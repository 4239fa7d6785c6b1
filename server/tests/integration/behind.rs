//! Behind programs that we did not write, by ways other than a plain address.

use crate::patience::wait_until;
use crate::ports::FreePort;
use crate::scene::{Scene, curl};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program that runs until it is dropped.
struct Running(Child);

impl Running {
    fn start(program: &str, arguments: &[&str], is_ready: impl Fn() -> bool) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Self(command.spawn().unwrap());
        wait_until(&format!("{program} is ready"), is_ready);
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn key_of(scene: &Scene) -> &str {
    scene.head.split("\r\n").find(|line| line.starts_with("x-api-key")).unwrap()
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

#[test]
fn haproxy_passes_connections_on_and_tells_who_the_client_is() {
    for option in ["send-proxy", "send-proxy-v2"] {
        let mut scene = Scene::set(&[
            ("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0"),
            ("LATCHKEY_CLIENT_ADDRESS_HEADER", "proxy-protocol"),
            ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1"),
        ]);
        let line = scene.server.next_line();
        let proxied = line.strip_prefix("It listens on ").unwrap().strip_suffix(" too").unwrap();
        let port = FreePort::take();
        let front = port.address();
        let config = path(scene.dir(), "haproxy.cfg");
        let text = format!(
            "defaults\n mode tcp\n timeout connect 2m\n timeout client 2m\n timeout server 2m\n\
             listen latchkey\n bind {front}\n server latchkey {proxied} {option}\n"
        );
        std::fs::write(&config, text).unwrap();
        let _haproxy =
            Running::start("haproxy", &["-db", "-f", &config], || TcpStream::connect(front).is_ok());
        let url = format!("http://{front}/authz/forward-auth");
        let status = |client: &str| {
            let asked =
                ["--interface", client, "-H", key_of(&scene), "-o", "/dev/null", "-w", "%{http_code}"];
            curl(&[&asked[..], &[url.as_str()]].concat())
        };
        assert_eq!(status("127.0.0.9"), "200", "{option}: the key latches to the client");
        assert_eq!(status("127.0.0.10"), "403", "{option}");
        assert_eq!(status("127.0.0.9"), "200", "{option}");
        let forged = ["--interface", "127.0.0.10", "-H", "x-forwarded-for: 127.0.0.9", "-H", key_of(&scene)];
        let forged = curl(&[&forged[..], &["-D", "-", "-o", "/dev/null", &url]].concat());
        assert!(forged.contains("x-latchkey-code: IP_NOT_ALLOWED"), "{option}: {forged}");
    }
}

#[test]
fn nginx_asks_over_a_unix_socket() {
    let sockets = tempfile::tempdir().unwrap();
    let (latchkey, front) = (path(sockets.path(), "latchkey.sock"), path(sockets.path(), "nginx.sock"));
    let listen = format!("127.0.0.1:0,unix:{latchkey}");
    let scene = Scene::set_with(&["--listen", &listen], &[("LATCHKEY_TRUSTED_PROXIES", "unix")]);
    let dir = scene.dir().display();
    let config = path(scene.dir(), "nginx.conf");
    let text = format!(
        "daemon off; user root; pid {dir}/nginx.pid; error_log {dir}/nginx.log; events {{}}\n\
         http {{ access_log off; client_body_temp_path {dir}/1; proxy_temp_path {dir}/2;\n\
         fastcgi_temp_path {dir}/3; uwsgi_temp_path {dir}/4; scgi_temp_path {dir}/5;\n\
         upstream latchkey {{ server unix:{latchkey}; keepalive 8; }}\n\
         server {{ listen unix:{front};\n\
         location / {{ auth_request /latchkey; root {dir}/www; }}\n\
         location = /latchkey {{ internal; proxy_pass_request_body off; proxy_set_header Content-Length \"\";\n\
         proxy_set_header X-Forwarded-For 203.0.113.7; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         proxy_pass http://latchkey/authz/auth-request; }} }} }}\n"
    );
    std::fs::write(&config, text).unwrap();
    std::fs::create_dir(scene.dir().join("www")).unwrap();
    std::fs::write(scene.dir().join("www/api"), "the API").unwrap();
    let _nginx = Running::start("nginx", &["-c", &config], || UnixStream::connect(&front).is_ok());
    let ask = |more: &[&str]| curl(&[&["--unix-socket", front.as_str(), "http://x/api"], more].concat());
    assert_eq!(ask(&["-H", key_of(&scene)]), "the API");
    assert_eq!(ask(&["-o", "/dev/null", "-w", "%{http_code}"]), "401");
    assert_eq!(scene.times_used(), 1);
}
