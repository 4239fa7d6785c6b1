//! What is said of addresses: which one to open, why a form is refused, and what tools read in the log.

use crate::app::{Answer, PASSWORD, TestApp};
use crate::binary::{Server, latchkey};
use crate::patience::quick_round;
use crate::scene::curl;
use http::{Method, StatusCode};
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
    for (language, words) in [("en", "nobody can log in here"), ("ro", "nimeni nu se poate autentifica")] {
        let headers = [sent[0], sent[1], ("accept-language", language)];
        let plain = log_in(&app, "/login", &headers).await;
        assert_eq!(plain.status, StatusCode::FORBIDDEN);
        assert!(
            plain.body.contains(words) && plain.body.contains("https://keys.example.com"),
            "{}",
            plain.body
        );
    }
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
    assert!(log.contains("event=\"clear_text\"") && log.contains("travel in the clear"), "{log}");
}

#[test]
fn what_is_served_to_this_machine_or_behind_tls_warns_of_nothing() {
    for (listen, settings) in
        [("127.0.0.1:0", &[][..]), ("0.0.0.0:0", &[("LATCHKEY_PUBLIC_URL", "https://keys.example.com")][..])]
    {
        let dir = tempfile::tempdir().unwrap();
        let log = Server::start_with(dir.path(), &["--listen", listen], settings).stop();
        assert!(!log.contains("clear_text"), "{log}");
    }
    let dir = tempfile::tempdir().unwrap();
    let lan = [("LATCHKEY_PUBLIC_URL", "http://keys.lan")];
    let log = Server::start_with(dir.path(), &["--listen", "127.0.0.1:0"], &lan).stop();
    assert!(log.contains("logins at http://keys.lan travel in the clear"), "{log}");
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
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("client_address_header") && error.contains("listen_proxy_protocol"), "{error}");
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
    assert!(open.contains("event=\"open_hooks\"") && open.contains("require_gateway_token"), "{open}");
    for closed in [&[named, ("LATCHKEY_REQUIRE_GATEWAY_TOKEN", "true")][..], &[]] {
        assert!(!log(closed).contains("open_hooks"), "{closed:?}");
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
    (curl(&[&metrics]), server.stop())
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
        let told = log.lines().filter(|line| line.contains(&format!("event=\"{name}\""))).count();
        assert_eq!(told, lines, "{name}: {log}");
    }
    // What fail2ban reads.
    for line in ["login_throttled\" client=203.0.113.9 ", "login_failed\" client=203.0.113.8 "] {
        assert_eq!(log.matches(&format!("event=\"{line}")).count(), 1, "{log}");
    }
    assert_eq!(log.matches("event=\"stranger_refused\" client=127.0.0.2 ").count(), 1, "{log}");
    assert!(
        log.contains("form refused: Origin \"https://evil.example\", public_url http://127.0.0.1:0"),
        "{log}"
    );
    let unknown = log.lines().find(|line| line.contains("event=\"client_unknown\"")).unwrap();
    assert!(unknown.contains("Let it set x-forwarded-for to the address it sees"), "what to set: {unknown}");
    assert!(!log.contains("for nobody"), "what was typed as a name may be a password: {log}");
}

/// The lines of a log that the documented filter of fail2ban matches, with the address that each has banned.
fn banned(log: &str) -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md")).unwrap();
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

/// What `doctor pages` finds at the server's own address, where no proxy stands between.
#[test]
fn the_doctor_looks_at_the_pages_as_a_browser_does() {
    let report = |settings: &[(&str, &str)], public: Option<&str>| {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start_with(dir.path(), &[], settings);
        let url = public.map_or_else(|| format!("http://{}", server.address), str::to_owned);
        let output = latchkey(dir.path(), &["doctor", "pages", &url]).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, text) = report(&[], None);
    assert_eq!(code, Some(1), "{text}");
    for line in [
        "ok    The login page is reachable, and is this Latchkey's.",
        "OPEN  A visitor chooses its address: it wrote 198.51.100.1 into x-forwarded-for, and would pass for it.",
        "OPEN  What gateways ask is reachable from here: /authz/forward-auth, /authz/auth-request, /authz/ext-authz/x, /authz/ext-authz/../../x, /authz/ext-authz/%2e%2e/%2e%2e/x.",
        "was tried. Other ports and addresses of this machine (listen_gateways, admin_listen) were not",
        "OPEN  /v1/verify is reachable from here.",
        "ok    /metrics is not reachable from here.",
        "ok    A form with this address as its Origin is taken",
        "listen_gateways",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let apart = [("LATCHKEY_LISTEN_GATEWAYS", "127.0.0.1:0"), ("LATCHKEY_TRUSTED_PROXIES", "192.0.2.1")];
    let (_, text) = report(&apart, None);
    for line in [
        "ok    The visitor is 127.0.0.1, whatever it writes into x-forwarded-for.",
        "ok    What gateways ask (/authz/) is not reachable from here.",
        "ok    /v1/verify is not reachable from here.",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let (_, text) = report(&[("LATCHKEY_CLIENT_ADDRESS_HEADER", "true-client-ip")], None);
    let chosen = "OPEN  A visitor chooses its address: it wrote 198.51.100.4 into true-client-ip";
    assert!(text.contains(chosen), "{text}");
    let (code, text) = report(&[], Some("http://127.0.0.1:1"));
    assert!(code == Some(1) && text.contains("cannot reach http://127.0.0.1:1"), "{text}");
}
