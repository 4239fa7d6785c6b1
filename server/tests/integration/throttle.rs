//! Guessing at keys is answered THROTTLED, and shuts nobody out.

use crate::app::{Answer, TestApp};
use contract::KeyType;
use domain::token::TokenFormat;
use http::StatusCode;
use serde_json::json;

const FORWARD_AUTH: &str = "/authz/forward-auth";
const AUTH_REQUEST: &str = "/authz/auth-request";
const SOURCE: &str = "203.0.113.7";
/// Wrong tokens that a source has free.
const FREE: usize = 60;

/// A token of the right shape that nobody has.
fn unknown() -> String {
    let format = TokenFormat::new("lk").unwrap();
    format.generate(KeyType::Default).unwrap().expose().to_owned()
}

async fn ask(app: &TestApp, path: &str, token: &str, client: &str) -> Answer {
    app.authz_with(path, "127.0.0.1", &[("x-api-key", token), ("x-forwarded-for", client)]).await
}

async fn code(app: &TestApp, token: &str, client: &str) -> String {
    let answer = ask(app, FORWARD_AUTH, token, client).await;
    if answer.status == StatusCode::OK { "VALID".to_owned() } else { answer.code().to_owned() }
}

#[tokio::test]
async fn a_source_of_unknown_tokens_is_throttled_and_its_valid_keys_pass() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let latched = browser.generate("WEB", "default").await;
    let elsewhere = browser.generate("ELSEWHERE", "default").await;
    let deleted = browser.generate("OLD", "cloud").await;
    browser.delete(&deleted.id).await;
    assert_eq!(code(&app, &latched.token, SOURCE).await, "VALID");
    assert_eq!(code(&app, &elsewhere.token, "203.0.113.8").await, "VALID");
    for guess in 0..FREE {
        assert_eq!(code(&app, &unknown(), SOURCE).await, "NOT_FOUND", "{guess}");
    }
    for (path, status) in [(FORWARD_AUTH, 429), (AUTH_REQUEST, 403)] {
        let answer = ask(&app, path, &unknown(), SOURCE).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, "THROTTLED"));
        assert_eq!(answer.header("x-latchkey-status"), "429");
        assert!((1..=3).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    }
    assert_eq!(code(&app, "lkd_short", SOURCE).await, "THROTTLED", "malformed or unknown, it is one count");
    assert_eq!(app.services.verifier.count_throttled(), 1);
    // What is known is answered as ever, from the very same source.
    assert_eq!(code(&app, &latched.token, SOURCE).await, "VALID");
    assert_eq!(code(&app, &elsewhere.token, SOURCE).await, "IP_NOT_ALLOWED");
    assert_eq!(code(&app, &deleted.token, SOURCE).await, "DELETED");
    let fresh = browser.generate("NEW", "default").await;
    assert_eq!(code(&app, &fresh.token, SOURCE).await, "VALID", "even its first use");
    assert_eq!(code(&app, &unknown(), "203.0.113.9").await, "NOT_FOUND", "others are not concerned");
    app.clock.advance(2);
    assert_eq!(code(&app, &unknown(), SOURCE).await, "NOT_FOUND", "nobody waits for good");
    assert_eq!(code(&app, &unknown(), SOURCE).await, "THROTTLED");
}

#[tokio::test]
async fn every_form_of_a_malformed_token_counts_at_its_source() {
    let app = TestApp::start().await;
    let long = "a".repeat(2000);
    let forms: [&[(&str, &str)]; 5] = [
        &[("x-api-key", "lkd_short")],
        &[("x-api-key", "a"), ("authorization", "Bearer b")],
        &[("authorization", "Bearer a"), ("authorization", "Bearer a")],
        &[("authorization", "Bearer a,b")],
        &[("x-api-key", &long)],
    ];
    for round in 0..FREE {
        let mut headers = forms[round % forms.len()].to_vec();
        headers.push(("x-forwarded-for", SOURCE));
        let answer = app.authz_with(FORWARD_AUTH, "127.0.0.1", &headers).await;
        assert_eq!(answer.code(), "MALFORMED", "{round}");
    }
    for form in forms {
        let mut headers = form.to_vec();
        let unnamed = app.authz_with(FORWARD_AUTH, "127.0.0.1", &headers).await;
        assert_eq!(unnamed.code(), "MALFORMED", "a proxy that names no client is no source");
        headers.push(("x-forwarded-for", SOURCE));
        assert_eq!(app.authz_with(FORWARD_AUTH, "127.0.0.1", &headers).await.code(), "THROTTLED", "{form:?}");
    }
    let nothing = app.authz_with(FORWARD_AUTH, "127.0.0.1", &[("x-forwarded-for", SOURCE)]).await;
    assert_eq!(nothing.code(), "MISSING", "no token is no guess");
}

#[tokio::test]
async fn what_gateways_ask_in_json_counts_at_the_client_they_name() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "cloud").await;
    let gateway = app.gateway("gw").await;
    for round in 0..FREE {
        let question = json!({"key": unknown(), "client_ip": SOURCE, "dry_run": round % 2 == 0});
        assert_eq!(gateway.verify(question).await.json()["code"], "NOT_FOUND", "{round}");
    }
    let answer = gateway.verify(json!({"key": unknown(), "client_ip": SOURCE})).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::OK, Some("THROTTLED")));
    assert_eq!(answer.json()["valid"], false);
    assert_eq!(answer.header("retry-after"), answer.json()["retry_after_seconds"].to_string());
    assert_eq!(code(&app, "lkd_short", SOURCE).await, "THROTTLED", "hooks and JSON count together");
    assert_eq!(gateway.code(&key.token, SOURCE).await, "VALID");
    assert_eq!(gateway.code("lkd_short", "203.0.113.8").await, "MALFORMED");
    let mismatch = json!({"key": key.token, "client_ip": SOURCE, "username": "other"});
    assert_eq!(gateway.verify(mismatch).await.json()["code"], "THROTTLED", "a known key of somebody else");
}

#[tokio::test]
async fn a_64_of_ipv6_is_one_source_and_a_48_is_throttled_as_a_whole() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "cloud").await.token;
    for host in 0..FREE {
        assert_eq!(code(&app, "lkd_short", &format!("2001:db8:1:1::{host:x}")).await, "MALFORMED");
    }
    assert_eq!(code(&app, "lkd_short", "2001:db8:1:1:ffff::1").await, "THROTTLED");
    assert_eq!(code(&app, "lkd_short", "2001:db8:1:2::1").await, "MALFORMED");
    for network in 3..=241 {
        assert_eq!(code(&app, "lkd_short", &format!("2001:db8:1:{network:x}::1")).await, "MALFORMED");
    }
    assert_eq!(code(&app, "lkd_short", "2001:db8:1:ffff::1").await, "THROTTLED", "300 came from its /48");
    assert_eq!(code(&app, "lkd_short", "2001:db8:2:1::1").await, "MALFORMED");
    assert_eq!(code(&app, &key, "2001:db8:1:1::1").await, "VALID");
}

#[tokio::test]
async fn guesses_at_smpp_secrets_are_throttled_by_source_and_by_username() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.add_user("other").await;
    let secret = app.browser("demouser").await.generate("bind", "smpp").await.token;
    let gateway = app.gateway("gw").await;
    let bind = async |username: &str, secret: &str, client: &str| {
        let answer = gateway.verify(json!({"key": secret, "client_ip": client, "username": username})).await;
        answer.json()["code"].as_str().unwrap().to_owned()
    };
    for guess in 0..FREE {
        assert_eq!(bind("demouser", &format!("guess{guess:03}"), SOURCE).await, "NOT_FOUND");
    }
    assert_eq!(bind("demouser", "guess999", SOURCE).await, "THROTTLED");
    assert_eq!(bind("other", "guess999", SOURCE).await, "THROTTLED");
    assert_eq!(bind("demouser", &secret, SOURCE).await, "VALID", "the customer behind the same address");
    for guess in FREE..100 {
        let client = format!("198.51.100.{guess}");
        assert_eq!(bind("DemoUser", &format!("guess{guess:03}"), &client).await, "NOT_FOUND", "{guess}");
    }
    assert_eq!(bind("demouser", "guess999", "192.0.2.1").await, "THROTTLED", "100 guesses at one name");
    assert_eq!(bind("other", "guess999", "192.0.2.1").await, "NOT_FOUND");
    assert_eq!(bind("demouser", &secret, "192.0.2.2").await, "VALID", "the customer is never shut out");
    assert_eq!(app.services.verifier.count_throttled(), 2, "a source and a username");
    app.clock.advance(37);
    assert_eq!(bind("demouser", "guess999", "192.0.2.3").await, "NOT_FOUND", "nobody waits for good");
}
