//! What the admin listener tells Prometheus, read by Prometheus' own client (scripts/setup-test).

use crate::app::TestApp;
use crate::binary::{Client, Server, latchkey};
use crate::said::{refusal, without};
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use insta::assert_snapshot;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tower::ServiceExt;

const HOME: &str = "203.0.113.7";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Families and samples of a text, by a parser that is not ours.
pub(crate) fn parse(text: &str) -> Value {
    let mut judge = Command::new("python3")
        .arg(root().join("server/tests/judges/metrics.py"))
        .env("PYTHONPATH", root().join(".tools/python"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    judge.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success(), "scripts/setup-test installs the parser");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) async fn ask(app: &TestApp, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = latchkey::http::admin(app.services.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|w| w.starts_with("latchkey_") || w.starts_with("process_")).map(str::to_owned).collect()
}

/// Asks about keys in every way: four accepted uses, five refusals, and one stranger who forges a header.
async fn verify_in_every_way(app: &TestApp) {
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = browser.generate("metrics", "default").await;
    let other = browser.generate("deleted", "cloud").await;
    browser.delete(&other.id).await;
    let gateway = app.gateway("gw").await;
    for _ in 0..3 {
        assert_eq!(app.authz(&key.token, HOME).await.status, StatusCode::OK);
    }
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    assert_eq!(gateway.code(&key.token, "203.0.113.8").await, "IP_NOT_ALLOWED");
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "IP_NOT_ALLOWED");
    assert_eq!(app.authz(&key.token[1..], HOME).await.code(), "MALFORMED");
    assert_eq!(app.authz("", HOME).await.code(), "MISSING");
    assert_eq!(app.authz(&other.token, HOME).await.code(), "DELETED");

    let forged = [("x-api-key", key.token.as_str()), ("x-forwarded-for", HOME)];
    let stranger = app.authz_with("/authz/forward-auth", "198.51.100.1", &forged).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn metrics_say_what_was_done() {
    let app = TestApp::start().await;
    verify_in_every_way(&app).await;
    let (status, text) = ask(&app, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let read = parse(&text);
    let sample = |name: &str| read["samples"][name].as_f64().unwrap_or_else(|| panic!("no {name} in {text}"));
    let of_code = |code: &str| sample(&format!("latchkey_verifications_total{{code={code}}}"));
    let codes =
        [("VALID", 4.0), ("IP_NOT_ALLOWED", 2.0), ("MALFORMED", 1.0), ("MISSING", 1.0), ("DELETED", 1.0)];
    for (code, count) in codes {
        assert_eq!(of_code(code), count, "{code}");
    }
    assert_eq!(of_code("THROTTLED"), 0.0, "a code that never came is there too");
    assert_eq!(sample("latchkey_verification_seconds_count"), 9.0);
    assert_eq!(sample("latchkey_verification_seconds_bucket{le=+Inf}"), 9.0);
    assert!(sample("latchkey_verification_seconds_sum") > 0.0);
    assert_eq!(sample("latchkey_batch_uses_sum"), 4.0, "accepted uses, and only those, are committed");
    assert_eq!(sample("latchkey_batch_uses_count"), sample("latchkey_commit_seconds_count"));
    assert_eq!(sample("latchkey_commit_failures_total"), 0.0);
    assert_eq!((sample("latchkey_keys"), sample("latchkey_sessions")), (1.0, 1.0));
    assert_eq!(sample("latchkey_throttled_sources"), 0.0);
    assert_eq!(sample("latchkey_requests_shed_total{kind=question}"), 0.0);
    assert_eq!(sample("latchkey_ignored_forwarded_headers_total"), 1.0);
    assert_eq!(sample("latchkey_journal_waiting_uses"), 0.0);
    assert_eq!(sample("latchkey_database_ready"), 1.0);
    for file in ["latchkey.db", "usage.db"] {
        assert!(sample(&format!("latchkey_database_bytes{{file={file}}}")) > 4096.0);
    }
    assert!(sample("process_resident_memory_bytes") > 1e6 && sample("process_open_fds") > 3.0);
    assert_eq!(sample(&format!("latchkey_build_info{{version={}}}", env!("CARGO_PKG_VERSION"))), 1.0);

    app.clock.advance(3 * 60 * 60);
    assert_eq!(
        parse(&ask(&app, "/metrics").await.1)["samples"]["latchkey_sessions"],
        0.0,
        "ended by its limit"
    );
    app.stop().await;
}

#[tokio::test]
async fn every_metric_is_described_and_documented_and_the_dashboard_asks_for_no_other() {
    let app = TestApp::start().await;
    let (_, text) = ask(&app, "/metrics").await;
    let read = parse(&text);
    let manual = names(&std::fs::read_to_string(root().join("docs/operating.md")).unwrap());
    for (name, family) in read["families"].as_object().unwrap() {
        let kind = family["type"].as_str().unwrap();
        assert!(["counter", "gauge", "histogram"].contains(&kind), "{name} is {kind}");
        assert!(!family["help"].as_str().unwrap().is_empty(), "{name} says what it is");
        // The parser leaves the ending of counters out.
        let written = if kind == "counter" { format!("{name}_total") } else { name.clone() };
        let is_named = manual.contains(&written) || written.starts_with("process_");
        assert!(is_named, "docs/operating.md names {written}");
    }
    let known: BTreeSet<_> = read["samples"].as_object().unwrap().keys().flat_map(|s| names(s)).collect();
    let dashboard = std::fs::read_to_string(root().join("docs/grafana/latchkey.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let queries = panels.iter().flat_map(|p| p["targets"].as_array().unwrap());
    let asked: BTreeSet<_> = queries.flat_map(|t| names(t["expr"].as_str().unwrap())).collect();
    assert!(asked.len() > 10, "{asked:?}");
    assert!(asked.is_subset(&known), "unknown: {:?}", asked.difference(&known));
    let rules = names(&std::fs::read_to_string(root().join("docs/monitoring/prometheus-rules.yml")).unwrap());
    assert!(rules.len() > 10, "{rules:?}");
    assert!(rules.is_subset(&known), "unknown: {:?}", rules.difference(&known));
    app.stop().await;
}

#[test]
fn metrics_have_a_listener_of_their_own_that_is_off_by_default() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut client = Client::connect(server.address);
    let on_the_public_one = client.ask("GET /metrics HTTP/1.1\r\n", "").unwrap();
    assert_eq!(on_the_public_one.status, 404);
    drop(server);

    let mut server = Server::start_with(dir.path(), &["--admin-listen", "127.0.0.1:0"], &[]);
    let line =
        std::iter::repeat_with(|| server.next_line()).find(|line| line.starts_with("Metrics")).unwrap();
    let address = line.trim_end_matches("/metrics").rsplit("http://").next().unwrap().parse().unwrap();
    let mut client = Client::connect(address);
    let health = client.ask("GET /healthz HTTP/1.1\r\n", "").unwrap();
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
    let metrics = client.ask("GET /metrics HTTP/1.1\r\n", "").unwrap();
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{}", metrics.head);
    let samples = &parse(&metrics.body)["samples"];
    assert!(samples["latchkey_uptime_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(samples["latchkey_connections_accepted_total"], 0.0, "nobody came to the public listener");
    assert_eq!(client.ask("GET /login HTTP/1.1\r\n", "").unwrap().status, 404, "it shows no pages");
}

#[test]
fn an_admin_address_in_use_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", &address];
    let output = latchkey(dir.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(without(&refusal(&output), &[(&address, "address")]), @"latchkey: cannot listen on [address]: Address already in use (os error 98); choose another address (--admin-listen)");
    let output = latchkey(dir.path(), &["serve", "--admin-listen", "nonsense"]).output().unwrap();
    assert_snapshot!(refusal(&output), @"latchkey: admin_listen (from --admin-listen): takes an address and a port, such as 127.0.0.1:3000; IPv6 in brackets: [::1]:3000; all: 0.0.0.0:3000 or [::]:3000; no host names");
}
