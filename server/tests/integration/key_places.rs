//! Where a key is looked for, and what is said when it stands elsewhere.

use crate::app::{Answer, TestApp};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::{HeaderValue, Request, StatusCode};
use insta::assert_snapshot;

const FORWARD_AUTH: &str = "/authz/forward-auth";
const AUTH_REQUEST: &str = "/authz/auth-request";
const SOURCE: &str = "203.0.113.7";
/// Wrong tokens that a source has free, and some more.
const MANY: usize = 70;

async fn ask(app: &TestApp, lines: &[(&str, &str)]) -> Answer {
    let lines: Vec<_> = lines.iter().copied().chain([("x-forwarded-for", SOURCE)]).collect();
    app.authz_with(FORWARD_AUTH, "127.0.0.1", &lines).await
}

/// A site with one Cloud key of `demouser`; answers the key's token.
async fn site(settings: &[(&'static str, &str)]) -> (TestApp, String) {
    let app = TestApp::start_with(settings).await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "cloud").await;
    (app, key.token)
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[tokio::test]
async fn a_named_header_leaves_all_others_to_the_api() {
    let (app, key) = site(&[("key_header", "x-api-key")]).await;
    let jwt = format!("Bearer eyJh.{}.x", "a".repeat(3000));
    for own in [jwt.as_str(), "Basic !", &basic("user:password"), "Bearer a,b", &format!("Bearer {key}")] {
        let lines = [("authorization", own), ("authorization", own), ("x-api-key", key.as_str())];
        assert_eq!(ask(&app, &lines).await.status, StatusCode::OK, "{own}");
        assert_eq!(ask(&app, &lines[..2]).await.code(), "MISSING", "{own}");
    }
    let (app, key) = site(&[("key_header", "authorization")]).await;
    let bearer = format!("Bearer {key}");
    let lines = [("authorization", bearer.as_str()), ("x-api-key", "own"), ("x-api-key", "own")];
    assert_eq!(ask(&app, &lines).await.status, StatusCode::OK);
    let (app, key) = site(&[("key_header", "api-token")]).await;
    let lines = [("authorization", "Bearer own"), ("x-api-key", "own"), ("api-token", key.as_str())];
    assert_eq!(ask(&app, &lines).await.status, StatusCode::OK);
}

/// Ways to send a key that no gateway takes: what each is called, and its headers.
fn wrong_ways(key: &str) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let own = ("x-api-key", key.to_owned());
    let authorization = |value: String| vec![("authorization", value)];
    vec![
        ("Basic KEY:, encoded", authorization(basic(&format!("{key}:")))),
        ("Basic KEY:x, encoded", authorization(basic(&format!("{key}:x")))),
        ("Basic other:KEY, encoded", authorization(basic(&format!("other:{key}")))),
        ("Basic no such name!:KEY, encoded", authorization(basic(&format!("no such name!:{key}")))),
        ("Basic KEY", authorization(format!("Basic {key}"))),
        ("KEY", authorization(key.to_owned())),
        ("Token KEY", authorization(format!("Token {key}"))),
        ("ApiKey KEY", authorization(format!("ApiKey {key}"))),
        ("Bearer: KEY", authorization(format!("Bearer: {key}"))),
        ("Bearer \"KEY\"", authorization(format!("Bearer \"{key}\""))),
        ("Bearer KEY in x-api-key", vec![("x-api-key", format!("Bearer {key}"))]),
        ("'KEY' in x-api-key", vec![("x-api-key", format!("'{key}'"))]),
        ("Bearer e.y.J beside a key", vec![("authorization", "Bearer e.y.J".to_owned()), own.clone()]),
        ("Basic user:password beside a key", vec![("authorization", basic("user:password")), own.clone()]),
        ("two keys", vec![own.clone(), own]),
    ]
}

#[tokio::test]
async fn a_key_that_is_sent_in_a_wrong_way_is_told_so_and_is_no_guess() {
    let (app, key) = site(&[]).await;
    let ways = wrong_ways(&key);
    let mut told = Vec::new();
    for (name, lines) in ways.iter().cycle().take(MANY) {
        let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = ask(&app, &lines).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(!answer.body.contains(&key[..12]), "nothing that was sent is sent back");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        told.push(format!("{name}: {}\n  {detail}", answer.code()));
    }
    let (first, later) = told.split_at(ways.len());
    assert!(later.iter().zip(first.iter().cycle()).all(|(later, first)| later == first), "{later:?}");
    assert_snapshot!(first.join("\n"), @r#"
    Basic KEY:, encoded: MISSING
      A valid API key is needed. A key was found as the username of Authorization: Basic; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Basic KEY:x, encoded: MALFORMED
      A valid API key is needed. A key was found as the username of Authorization: Basic; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Basic other:KEY, encoded: NOT_FOUND
      A valid API key is needed. No such key belongs to the username beside it.
    Basic no such name!:KEY, encoded: NOT_FOUND
      A valid API key is needed. No such key belongs to the username beside it.
    Basic KEY: MALFORMED
      A valid API key is needed. A key was found in Authorization: Basic without the encoding of it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    KEY: MISSING
      A valid API key is needed. A key was found in Authorization without the word Bearer before it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Token KEY: MISSING
      A valid API key is needed. A key was found in Authorization without the word Bearer before it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    ApiKey KEY: MISSING
      A valid API key is needed. A key was found in Authorization without the word Bearer before it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Bearer: KEY: MISSING
      A valid API key is needed. A key was found in Authorization behind Bearer with a colon; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Bearer "KEY": MALFORMED
      A valid API key is needed. A key was found in Authorization with other signs or words around it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Bearer KEY in x-api-key: MALFORMED
      A valid API key is needed. A key was found in its header with other signs or words around it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    'KEY' in x-api-key: MALFORMED
      A valid API key is needed. A key was found in its header with other signs or words around it; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Bearer e.y.J beside a key: MALFORMED
      A valid API key is needed. Authorization and X-API-Key are both there, and only one of them may be; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    Basic user:password beside a key: MALFORMED
      A valid API key is needed. Authorization and X-API-Key are both there, and only one of them may be; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    two keys: MALFORMED
      A valid API key is needed. More than one key was found in one header; send it once, as Authorization: Bearer KEY or X-API-Key: KEY.
    "#);
    assert_eq!(app.services.verifier.count_throttled(), 0);
    assert_eq!(
        ask(&app, &[("x-api-key", "lkd_short")]).await.code(),
        "MALFORMED",
        "and its source has tries left"
    );
}

#[tokio::test]
async fn padding_is_not_needed() {
    let (app, key) = site(&[]).await;
    for username in ["demouser", "DemoUser", ""] {
        let line = format!("Basic {}", STANDARD_NO_PAD.encode(format!("{username}:{key}")));
        assert_eq!(ask(&app, &[("authorization", &line)]).await.status, StatusCode::OK, "{username}");
    }
}

#[tokio::test]
async fn nginx_is_told_in_a_header() {
    let (app, key) = site(&[("key_header", "api-token")]).await;
    let lines = [("x-api-key", key.as_str()), ("x-forwarded-for", SOURCE)];
    let answer = app.authz_with(AUTH_REQUEST, "127.0.0.1", &lines).await;
    assert_eq!(answer.code(), "MISSING");
    let detail = answer.header("x-latchkey-detail");
    assert!(
        detail.ends_with("in a header that is not read; send it once and alone, as api-token: KEY."),
        "{detail}"
    );
    assert!(answer.json()["detail"].as_str().unwrap().ends_with(detail));
    let valid =
        app.authz_with(AUTH_REQUEST, "127.0.0.1", &[("api-token", &key), ("x-forwarded-for", SOURCE)]).await;
    assert_eq!((valid.status, valid.header("x-latchkey-detail")), (StatusCode::OK, ""));
}

#[tokio::test]
async fn what_stands_in_the_address_spoils_no_key() {
    let (app, key) = site(&[("key_in_query", "true")]).await;
    let long = format!("/api?text={}", "a".repeat(9 * 1024));
    let own: [&[u8]; 8] = [
        b"/sms?text=Bun\xc4\x83",
        b"/sms?text=Bun\xe3",
        b"/\xc4\x83/\xe3?",
        b"/api?password=own",
        b"/api?username=me&password=own&api_key=own",
        b"/api?api_key=a&api_key=b",
        b"/%zz?%=%f&f={\"a\":\"b\"}",
        long.as_bytes(),
    ];
    for round in 0..MANY {
        let uri = HeaderValue::from_bytes(own[round % own.len()]).unwrap();
        for name in ["x-forwarded-uri", "x-original-uri"] {
            let request = Request::get(FORWARD_AUTH).header("x-forwarded-for", SOURCE);
            let request =
                request.header(name, &uri).header("x-api-key", &key).body(axum::body::Body::empty());
            let answer = app.send("127.0.0.1", request.unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK, "{uri:?}");
        }
    }
    let texts: [&[u8]; 3] = [b"text=Bun\xc4\x83&", b"text=Bun\xe3&", &long.as_bytes()[5..]];
    for text in texts {
        let uri = [b"/sms?", text, b"&username=demouser&password=", key.as_bytes()].concat();
        let request = Request::get(FORWARD_AUTH).header("x-forwarded-for", SOURCE);
        let request = request.header("x-forwarded-uri", HeaderValue::from_bytes(&uri).unwrap());
        let answer = app.send("127.0.0.1", request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "with the key in the address too");
    }
}

#[tokio::test]
async fn envoy_may_ask_with_its_own_path_and_name_the_clients_in_a_header() {
    let (app, key) = site(&[("key_in_query", "true")]).await;
    let uri = format!("/x?f={{\"a\":\"b\"}}&api_key={key}");
    let lines = [("x-original-uri", uri.as_str()), ("x-forwarded-for", SOURCE)];
    assert_eq!(app.authz_with("/authz/ext-authz", "127.0.0.1", &lines).await.status, StatusCode::OK);
    // With the client's path behind its own, what a header says is the client's word.
    for path in ["/authz/ext-authz/", "/authz/ext-authz?x", "/authz/ext-authz/a?b"] {
        assert_eq!(app.authz_with(path, "127.0.0.1", &lines).await.code(), "MISSING", "{path}");
    }
}

#[tokio::test]
async fn a_known_key_under_a_wrong_username_is_no_guess_in_json_either() {
    let (app, key) = site(&[]).await;
    let gateway = app.gateway("gw").await;
    for _ in 0..MANY {
        let question = serde_json::json!({"key": key, "client_ip": SOURCE, "username": "other"});
        assert_eq!(gateway.verify(question).await.json()["code"], "NOT_FOUND");
    }
    assert_eq!(app.services.verifier.count_throttled(), 0);
    assert_eq!(gateway.code(&key, SOURCE).await, "VALID");
}
