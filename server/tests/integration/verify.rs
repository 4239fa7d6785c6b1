//! `POST /v1/verify`

use crate::app::{START, TestApp};
use axum::body::Body;
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_valid_key_is_answered_with_this_use_counted() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let gateway = app.gateway("gw").await;
    for times_used in 1..=2 {
        let answer = gateway.verify(json!({"key": key.token, "client_ip": "203.0.113.7"})).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(
            answer.json(),
            json!({"valid": true, "code": "VALID", "key_id": key.id, "username": "demouser",
                   "key_type": "default", "description": "WEB", "locked_on_ip": "203.0.113.7",
                   "times_used": times_used, "last_used_at": "2026-01-15T12:00:00Z"})
        );
    }
    assert_eq!(START, 1_768_478_400);
}

#[tokio::test]
async fn every_refusal_has_its_code_and_consumes_nothing() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.add_sub_user("sub", Some("demouser")).await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    let of_sub = app.browser("sub").await.generate("S", "default").await;
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "VALID");
    assert_eq!(gateway.code(&key.token, "203.0.113.8").await, "IP_NOT_ALLOWED");
    assert_eq!(gateway.code("", "203.0.113.7").await, "MISSING");
    assert_eq!(
        gateway.code("nonsense", "203.0.113.7").await,
        "NOT_FOUND",
        "an SMPP secret without a username"
    );
    assert_eq!(gateway.code("lkd_x", "203.0.113.7").await, "MALFORMED");
    let unknown =
        domain::token::TokenFormat::new("lk").unwrap().generate(contract::KeyType::Default).unwrap();
    assert_eq!(gateway.code(unknown.expose(), "203.0.113.7").await, "NOT_FOUND");
    let refusal = gateway.verify(json!({"key": key.token, "client_ip": "203.0.113.8"})).await.json();
    assert_eq!(
        refusal,
        json!({"valid": false, "code": "IP_NOT_ALLOWED", "key_id": key.id, "username": "demouser"})
    );
    let other = json!({"key": key.token, "client_ip": "203.0.113.7", "username": "sub"});
    assert_eq!(gateway.verify(other).await.json(), json!({"valid": false, "code": "NOT_FOUND"}));
    app.services.operator.set_user_disabled("demouser", true).await.unwrap();
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "OWNER_DISABLED");
    assert_eq!(gateway.code(&of_sub.token, "203.0.113.7").await, "OWNER_DISABLED", "the account is disabled");
    app.services.operator.set_user_disabled("demouser", false).await.unwrap();
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "VALID");
    assert_eq!(app.browser("demouser").await.row(&key.id).await[5], "2");
    app.services.operator.set_user_disabled("sub", true).await.unwrap();
    assert_eq!(gateway.code(&of_sub.token, "203.0.113.7").await, "OWNER_DISABLED");
    let browser = app.browser("demouser").await;
    assert_eq!(browser.delete(&key.id).await.status, StatusCode::SEE_OTHER);
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "DELETED");
    let app = app.restart().await;
    let gateway = app.gateway("gw2").await;
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "DELETED", "the tombstone stays");
}

#[tokio::test]
async fn a_dry_run_decides_and_leaves_no_trace() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let gateway = app.gateway("gw").await;
    let ask = json!({"key": key.token, "client_ip": "203.0.113.7", "dry_run": true});
    let answer = gateway.verify(ask).await.json();
    assert_eq!((&answer["code"], &answer["times_used"]), (&"VALID".into(), &0.into()));
    assert_eq!(answer["locked_on_ip"], json!(null));
    assert_eq!(browser.row(&key.id).await[4..7], ["N/A".to_owned(), "0".to_owned(), String::new()]);
    assert_eq!(
        gateway.code(&key.token, "203.0.113.8").await,
        "VALID",
        "another address may still be the first"
    );
}

#[tokio::test]
async fn smpp_secrets_are_looked_up_with_their_username() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.add_user("other").await;
    let secret = app.browser("demouser").await.generate("bind", "smpp").await;
    let gateway = app.gateway("gw").await;
    let ask = |username: &'static str| {
        let (gateway, key) = (&gateway, secret.token.clone());
        async move {
            let ask = json!({"key": key, "client_ip": "203.0.113.7", "username": username});
            gateway.verify(ask).await.json()["code"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(ask("demouser").await, "VALID");
    assert_eq!(ask("DEMOUSER").await, "VALID");
    assert_eq!(ask("other").await, "NOT_FOUND");
    assert_eq!(ask("nobody").await, "NOT_FOUND");
    assert_eq!(gateway.code(&secret.token, "203.0.113.7").await, "NOT_FOUND");
}

#[tokio::test]
async fn a_body_with_more_than_one_key_or_an_over_long_one_is_refused() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await.token;
    let gateway = app.gateway("gw").await;
    let (joined, long) = (format!("{key},{key}"), "a".repeat(4096));
    for bad in
        [joined.as_str(), &format!("{key}, {key}"), &format!(" {key}"), &format!("Bearer {key}"), &long]
    {
        assert_eq!(gateway.code(bad, "203.0.113.7").await, "MALFORMED");
    }
    let bearer = format!("Bearer {}", gateway.token);
    let twice = format!(r#"{{"key": "{key}", "key": "{key}", "client_ip": "203.0.113.7"}}"#);
    assert_eq!(gateway.ask(&bearer, twice.into()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(gateway.code(&key, "203.0.113.7").await, "VALID");
}

#[tokio::test]
async fn only_a_gateway_may_ask() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let gateway = app.gateway("gw").await;
    let body = || Body::from(json!({"key": key.token, "client_ip": "203.0.113.7"}).to_string());
    let wrong = format!("Bearer {}x", gateway.token);
    let basic = format!("Basic {}", gateway.token);
    let of_key = format!("Bearer {}", key.token);
    for authorization in ["", "Bearer", "Bearer x", &wrong, &basic, &of_key] {
        let answer = gateway.ask(authorization, body()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["status"], 401);
    }
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "VALID");
    app.services.operator.remove_gateway("gw").await.unwrap();
    let answer = gateway.ask(&format!("Bearer {}", gateway.token), body()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_lock_can_be_widened_extended_and_released() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    assert_eq!(gateway.code(&key.token, "2001:db8::1").await, "VALID");
    assert_eq!(gateway.code(&key.token, "2001:db8::2").await, "IP_NOT_ALLOWED");
    browser.act(&key.id, "set_lock_width", &[("width", "net64")]).await;
    assert_eq!(gateway.code(&key.token, "2001:db8::2").await, "VALID");
    browser.act(&key.id, "set_lock_width", &[("width", "exact")]).await;
    assert_eq!(gateway.code(&key.token, "2001:db8::2").await, "IP_NOT_ALLOWED");
    browser.act(&key.id, "authorise_address", &[("address", "198.51.100.0/24")]).await;
    assert_eq!(gateway.code(&key.token, "198.51.100.77").await, "VALID");
    assert_eq!(gateway.code(&key.token, "::ffff:198.51.100.78").await, "VALID");
    browser.act(&key.id, "remove_address", &[("address", "198.51.100.0/24")]).await;
    assert_eq!(gateway.code(&key.token, "198.51.100.77").await, "IP_NOT_ALLOWED");
    assert_eq!(browser.act(&key.id, "release_lock", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(gateway.code(&key.token, "198.51.100.77").await, "VALID");
    assert_eq!(gateway.code(&key.token, "2001:db8::1").await, "IP_NOT_ALLOWED");
    assert_eq!(browser.row(&key.id).await[6], "198.51.100.77");
}

#[tokio::test]
async fn with_an_allow_list_only_its_addresses_can_be_the_first() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    browser.act(&key.id, "authorise_address", &[("address", "198.51.100.0/24")]).await;
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "IP_NOT_ALLOWED");
    assert_eq!(gateway.code(&key.token, "198.51.100.1").await, "VALID");
    assert_eq!(gateway.code(&key.token, "198.51.100.2").await, "VALID");
    assert_eq!(browser.row(&key.id).await[6], "198.51.100.1");
}
