//! What is said of addresses: which one to open, why a form is refused, and what tools read in the log.

use crate::app::{Answer, PASSWORD, TestApp};
use crate::binary::{Server, latchkey};
use crate::log_lines::{lines_of, message, tells_of};
use crate::patience::quick_round;
use crate::said::{refusal, without};
use crate::scene::curl;
use http::{Method, StatusCode};
use insta::assert_snapshot;
use service::events::Event;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn log_in(app: &TestApp, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string([("username", "demo"), ("password", PASSWORD)]).unwrap();
    let headers: Vec<_> = [FORM].iter().chain(headers).copied().collect();
    app.stranger().request(Method::POST, path, &headers, body.into()).await
}

#[tokio::test]
async fn in_a_lan_the_pages_are_opened_by_whatever_name_the_machine_has() {
    let app = TestApp::start_with(&[("listen", "0.0.0.0:3000")]).await;
    app.add_user("demo").await;
    for place in ["keys.lan:3000", "192.168.7.20:3000", "[fd00::14]:3000"] {
        let origin = format!("http://{place}");
        for path in ["/login", "/portal/log_in"] {
            let answer = log_in(&app, path, &[("origin", &origin), ("host", place)]).await;
            let done = if path == "/login" { StatusCode::SEE_OTHER } else { StatusCode::OK };
            assert_eq!(answer.status, done, "{place} {path}: {}", answer.body);
        }
        let foreign = log_in(&app, "/login", &[("origin", "http://evil.example"), ("host", place)]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(app.services.events.total(Event::OriginRefused), 3);
}

#[tokio::test]
async fn pages_opened_over_http_say_why_nobody_can_log_in() {
    let app = TestApp::start_with(&[("public_url", "https://keys.example.com")]).await;
    app.add_user("demo").await;
    let sent = [("origin", "http://keys.example.com"), ("host", "keys.example.com")];
    let mut said = Vec::new();
    for language in ["en", "ro"] {
        let headers = [sent[0], sent[1], ("accept-language", language)];
        let plain = log_in(&app, "/login", &headers).await;
        assert_eq!(plain.status, StatusCode::FORBIDDEN);
        said.push(plain.text());
    }
    assert_snapshot!(said.join("\n--\n"), @"
    Nothing was sent, and nobody can log in here, because this page was opened over http. Open https://keys.example.com.
    --
    Nu s-a trimis nimic și nimeni nu se poate autentifica aici, pentru că pagina a fost deschisă prin http. Deschideți https://keys.example.com.
    ");
    let scripted = log_in(&app, "/portal/log_in", &sent).await;
    let told = serde_json::json!({"WrongAddress": {"address": "https://keys.example.com", "plain": true}});
    assert_eq!((scripted.status, scripted.json()), (StatusCode::FORBIDDEN, told));
    let elsewhere = [("origin", "https://other.example"), ("host", "127.0.0.1:3000")];
    let scripted = log_in(&app, "/portal/log_in", &elsewhere).await;
    assert_eq!(scripted.json()["WrongAddress"]["plain"], false);
    assert_eq!(app.services.events.total(Event::OriginRefused), 4);
}

#[test]
fn a_server_on_every_address_prints_links_that_can_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(dir.path(), &["--listen", "0.0.0.0:0"], &[]);
    let mut lines = vec![server.setup.clone().unwrap()];
    while !lines.last().unwrap().starts_with("0.0.0.0 is no address to open: set public_url") {
        lines.push(server.next_line());
    }
    lines.pop();
    let links: Vec<_> =
        lines.iter().map(|line| line.strip_prefix("Create the first account: ").unwrap()).collect();
    let port = server.address.port();
    assert!(links.last().unwrap().starts_with(&format!("http://127.0.0.1:{port}/setup?token=")), "{links:?}");
    for link in &links {
        assert_eq!(curl(&["-o", "/dev/null", "-w", "%{http_code}", link]), "200", "{link}");
    }
    let log = server.stop();
    assert_eq!(lines_of(&log, "clear_text").len(), 1, "{log}");
}

#[test]
fn what_is_served_to_this_machine_or_behind_tls_warns_of_nothing() {
    for (listen, settings) in
        [("127.0.0.1:0", &[][..]), ("0.0.0.0:0", &[("LATCHKEY_PUBLIC_URL", "https://keys.example.com")][..])]
    {
        let dir = tempfile::tempdir().unwrap();
        let log = Server::start_with(dir.path(), &["--listen", listen], settings).stop();
        assert!(!tells_of(&log, "clear_text"), "{log}");
    }
    let dir = tempfile::tempdir().unwrap();
    let lan = [("LATCHKEY_PUBLIC_URL", "http://keys.lan")];
    let log = Server::start_with(dir.path(), &["--listen", "127.0.0.1:0"], &lan).stop();
    assert_snapshot!(message(&lines_of(&log, "clear_text").concat()), @"logins at http://keys.lan travel in the clear: whoever is on the way reads passwords and session cookies. Set tls_certificate and tls_key, or let a proxy speak TLS and set public_url to its https address (docs/pages.md)");
}

#[test]
fn the_start_says_where_it_listens_and_where_customers_go() {
    let dir = tempfile::tempdir().unwrap();
    let mut command =
        latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--public-url", "https://k.example"]);
    let mut process = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(process.stdout.take().unwrap()), &mut first)
        .unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    let rest = first
        .trim_end()
        .strip_prefix(concat!("Latchkey ", env!("CARGO_PKG_VERSION"), " listens on 127.0.0.1:"))
        .unwrap();
    let (port, rest) = rest.split_once("; customers reach it at ").unwrap();
    assert!(port.parse::<u16>().is_ok_and(|port| port != 0), "{first}");
    assert_eq!(rest, format!("https://k.example; data in {}", dir.path().display()));
}

#[test]
fn a_contradiction_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = latchkey(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let output = command.env("LATCHKEY_CLIENT_ADDRESS_HEADER", "proxy-protocol").output().unwrap();
    assert_snapshot!(refusal(&output), @"latchkey: client_address_header (from LATCHKEY_CLIENT_ADDRESS_HEADER): proxy-protocol takes the client from PROXY headers, which come at the address in listen_proxy_protocol only; set that too");
    assert!(!dir.path().join("latchkey.db").exists(), "nothing was made");
}

#[test]
fn hooks_that_strangers_reach_through_a_balancer_are_warned_of() {
    let log = |more: &[(&str, &str)]| {
        let dir = tempfile::tempdir().unwrap();
        let proxied = [("LATCHKEY_LISTEN_PROXY_PROTOCOL", "127.0.0.1:0")];
        Server::start_with(dir.path(), &[], &[&proxied, more].concat()).stop()
    };
    let named = ("LATCHKEY_CLIENT_ADDRESS_HEADER", "proxy-protocol");
    let open = log(&[named]);
    assert_snapshot!(message(&lines_of(&open, "open_hooks").concat()), @r#"with client_address_header = "proxy-protocol" whoever connects through the balancer to listen_proxy_protocol may ask as gateways do (/authz/) and is told whose key it holds. Set require_gateway_token, or leave client_address_header at x-forwarded-for and set listen_gateways (docs/operating.md)"#);
    for closed in [&[named, ("LATCHKEY_REQUIRE_GATEWAY_TOKEN", "true")][..], &[]] {
        assert!(!tells_of(&log(closed), "open_hooks"), "{closed:?}");
    }
}

/// What the metrics and the log say of what strangers did: three times of each kind, and thirteen wrong logins.
fn strangers_come() -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let settings = [("LATCHKEY_TRUSTED_PROXIES", "127.0.0.1"), ("LATCHKEY_ADMIN_LISTEN", "127.0.0.1:0")];
    let mut server = Server::start_with(dir.path(), &[], &settings);
    let metrics = server.next_line();
    let metrics = metrics.strip_prefix("Metrics for the operator: ").unwrap().to_owned();
    let url = |path: &str| format!("http://{}{path}", server.address);
    let (hook, verify, login) = (url("/authz/forward-auth"), url("/v1/verify"), url("/login"));
    let token = format!("x-api-key: lkd_{}", "0".repeat(42));
    let data = "username=nobody&password=wrong";
    let from = |client: &'static str| ["-H", client, "--data", data];
    let asked: [Vec<&str>; 6] = [
        vec!["-X", "POST", &verify],
        vec!["--interface", "127.0.0.2", &hook],
        vec!["-H", &token, &hook],
        vec![&login],
        [&["-H", "origin: https://evil.example", &login], &from("x-forwarded-for: 203.0.113.7")[..]].concat(),
        [&[login.as_str()], &from("x-forwarded-for: 203.0.113.8")[..]].concat(),
    ];
    for arguments in &asked {
        (0..3).for_each(|_| drop(curl(&[&["-o", "/dev/null"], arguments.as_slice()].concat())));
    }
    let throttled = from("x-forwarded-for: 203.0.113.9");
    (0..13).for_each(|_| drop(curl(&[&["-o", "/dev/null", login.as_str()], &throttled[..]].concat())));
    let (counted, address) = (curl(&[&metrics]), server.address.to_string());
    (counted, without(&server.stop(), &[(&address, "address")]))
}

/// A line a source and minute, a counter that counts all.
#[test]
fn what_strangers_do_stands_in_the_log_and_in_the_metrics() {
    // One more login is free after half a minute.
    let (counted, log) = quick_round(Duration::from_secs(25), strangers_come);
    for (name, times, lines) in [
        ("gateway_token_wrong", 3, 1),
        ("stranger_refused", 3, 1),
        ("no_client_address", 3, 1),
        ("client_unknown", 3, 1),
        ("origin_refused", 3, 1),
        ("login_failed", 3 + 10, 2),
        ("login_throttled", 3, 1),
    ] {
        let sample = format!("latchkey_events_total{{event=\"{name}\"}} {times}");
        assert!(counted.contains(&sample), "{sample}: {counted}");
        assert_eq!(lines_of(&log, name).len(), lines, "{name}: {log}");
    }
    // What fail2ban reads.
    for line in ["login_throttled\" client=203.0.113.9 ", "login_failed\" client=203.0.113.8 "] {
        assert_eq!(log.matches(&format!("event=\"{line}")).count(), 1, "{log}");
    }
    assert_eq!(log.matches("event=\"stranger_refused\" client=127.0.0.2 ").count(), 1, "{log}");
    let told = ["origin_refused", "client_unknown"].map(|name| message(&lines_of(&log, name).concat()));
    assert_snapshot!(told.join("\n"), @r#"
    form refused: Origin "https://evil.example", public_url http://127.0.0.1:0; Host "[address]", Sec-Fetch-Site (none): if these are your own pages, set public_url to the address that customers open, or let the proxy pass Host on
    a visitor of the pages has no address that can be told: 127.0.0.1, one of trusted_proxies, names no client. Let it set x-forwarded-for to the address it sees, or set client_address_header to the header that it does set; take it out of trusted_proxies if it is no proxy (docs/pages.md). Such visitors share one limit on wrong passwords, and each of their logins is told as one from elsewhere. If only people at this very machine open the pages so, nothing is amiss.
    "#);
    assert!(!log.contains("for nobody"), "what was typed as a name may be a password: {log}");
}

/// The lines of a log that the documented filter of fail2ban matches, with the address that each has banned.
fn banned(log: &str) -> Vec<String> {
    let page = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/monitoring/fail2ban-filter.conf"
    ))
    .unwrap();
    let rule = page.lines().find_map(|line| line.trim().strip_prefix("failregex = ")).unwrap().to_owned();
    let rule = rule.replace("<HOST>", r"\K[0-9a-fA-F.:]+(?=") + ")";
    let mut grep = Command::new("grep")
        .args(["-oP", &rule])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    grep.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let found = String::from_utf8(grep.wait_with_output().unwrap().stdout).unwrap();
    found.lines().map(str::to_owned).collect()
}

#[test]
fn nobody_has_others_banned_by_what_it_writes_into_headers() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &[], &[]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let forged = r#"event="login_failed" client=203.0.113.9 times=1"#;
    let data = ["-o", "/dev/null", "--data", "username=nobody&password=wrong"];
    for (client, name) in
        [("198.51.100.1", "origin"), ("198.51.100.2", "host"), ("198.51.100.3", "sec-fetch-site")]
    {
        let client = format!("x-forwarded-for: {client}");
        let lines = ["-H", &client, "-H", "origin: https://evil.example", "-H", &format!("{name}: {forged}")];
        curl(&[&data[..], &lines, &[&url("/login")]].concat());
    }
    curl(&[&data[..], &["-H", "x-forwarded-for: 198.51.100.4", &url("/login")]].concat());
    let log = server.stop();
    assert_eq!(log.matches("event=\"origin_refused\"").count(), 3, "{log}");
    assert!(log.contains("203.0.113.9"), "what was written is told: {log}");
    assert_eq!(banned(&log), ["198.51.100.4"], "{log}");
}
