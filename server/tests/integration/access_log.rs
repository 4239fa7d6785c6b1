//! The access log: what was asked and answered, and nothing secret.

use crate::binary::{Client, verb};
use crate::patience::wait_or_tell;
use crate::scene::Scene;

/// The log once it holds this often enough.
fn log_with(scene: &Scene, text: &str, times: usize) -> String {
    let too_few = || format!("{text} stands there fewer than {times} times:\n{}", scene.server.log());
    wait_or_tell(|| scene.server.log().matches(text).count() >= times, too_few);
    scene.server.log()
}

/// Asks for every kind of thing, each with a secret in a place where somebody may write one.
fn ask_with_secrets(scene: &Scene, token: &str, gateway: &str) {
    let status = |head: &str, body: &str| scene.ask(head, body).0;
    assert_eq!(status(&scene.head, ""), 200);
    assert_eq!(status(&scene.head.replace("113.7", "113.8"), ""), 403);
    let from = "x-forwarded-for: 203.0.113.7\r\n";
    for head in [
        format!("GET /authz/forward-auth HTTP/1.1\r\nx-forwarded-uri: /a?api_key={token}\r\n{from}"),
        format!(
            "DELETE /authz/ext-authz/orders/{token}?api_key={token}&colour=tellnobody HTTP/1.1\r\n{from}"
        ),
    ] {
        assert_eq!(status(&head, ""), 200, "{head}");
    }
    let verify = format!("POST /v1/verify?colour=tellnobody HTTP/1.1\r\nauthorization: Bearer {gateway}\r\n");
    let question = serde_json::json!({"key": token, "client_ip": "203.0.113.9"}).to_string();
    assert_eq!(status(&verify, &question), 200);
    assert_eq!(status("GET /login?next=%2Ftellnobody HTTP/1.1\r\n", ""), 200);
    assert_eq!(status(&format!("GET /{token} HTTP/1.1\r\n"), ""), 404);
    // An SMPP secret has 8 characters, and nothing to be told by.
    for path in ["/bind/Zq7Xw2Lp", "/Zq7Xw2Lp;x", "/a/%5Aq7Xw2Lp", "/account/api-keys/Zq7Xw2Lp/usage"] {
        status(&format!("GET {path} HTTP/1.1\r\n"), "");
    }
    assert_eq!(status("GET /setup?token=tellnobody HTTP/1.1\r\ncookie: session=tellnobody\r\n", ""), 200);
}

#[test]
fn every_request_has_a_line_and_no_line_a_secret() {
    let environment = [
        ("LATCHKEY_ACCESS_LOG", "all"),
        ("LATCHKEY_LOG_FORMAT", "json"),
        ("LATCHKEY_LOG_LEVEL", "warn"),
        ("LATCHKEY_KEY_IN_QUERY", "true"),
    ];
    let scene = Scene::set(&environment);
    let token = scene.head.split("x-api-key: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let gateway = String::from_utf8(verb(scene.dir(), &["gateway", "add", "gw"], "").stdout).unwrap();
    ask_with_secrets(&scene, &token, gateway.trim());
    let log = log_with(&scene, "\"target\":\"access\"", 14);
    for secret in
        [token.as_str(), &token[4..40], gateway.trim(), "tellnobody", "correct horse", "api_key", "q7Xw2Lp"]
    {
        assert!(!log.contains(secret), "{secret}:\n{log}");
    }
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["target"] == "access")
        .map(|line| line["fields"].clone())
        .collect();
    let line = |path: &str| lines.iter().filter(|l| l["path"] == path).collect::<Vec<_>>();
    let asked = line("/authz/forward-auth");
    assert_eq!(asked.len(), 3, "{log}");
    assert_eq!((&asked[0]["code"], &asked[0]["status"]), (&"VALID".into(), &200.into()));
    assert_eq!((&asked[0]["peer"], &asked[0]["client"]), (&"127.0.0.1".into(), &"203.0.113.7".into()));
    assert_eq!(asked[0]["key"], scene.id.as_str());
    assert_eq!((&asked[1]["code"], &asked[1]["client"]), (&"IP_NOT_ALLOWED".into(), &"203.0.113.8".into()));
    let envoy = line("/authz/ext-authz/*");
    assert_eq!((&envoy[0]["method"], &envoy[0]["code"]), (&"DELETE".into(), &"VALID".into()));
    assert_eq!(line("/v1/verify")[0]["code"], "IP_NOT_ALLOWED");
    assert_eq!(line("/login").last().unwrap()["status"], 200);
    assert!(lines.iter().all(|l| l["micros"].as_u64().is_some_and(|m| m > 0)), "{log}");
}

#[test]
fn a_part_of_the_requests_is_logged_where_that_is_asked_for_and_none_by_default() {
    for (setting, least, most) in [("1/10", 10, 11), ("off", 0, 0)] {
        let scene = Scene::set(&[("LATCHKEY_ACCESS_LOG", setting)]);
        let mut client = Client::connect(scene.address());
        for _ in 0..100 {
            assert_eq!(client.ask(&scene.head, "").unwrap().status, 200);
        }
        scene.server.signal("-TERM");
        let log = log_with(&scene, "event=\"stopping\"", 1);
        let lines = log.lines().filter(|line| line.contains(" access: ")).count();
        assert!((least..=most).contains(&lines), "{setting}: {lines}\n{log}");
    }
}
