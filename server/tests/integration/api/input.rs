//! What cannot be understood, and what is too much.

use super::{PROGRAMS, Program, assert_problem, request};
use crate::app::{Answer, TestApp};
use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::json;

async fn send(program: &Program<'_>, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = request(Method::POST, "/v1/keys")
        .header("authorization", format!("Bearer {}", program.key.token))
        .header("content-type", content_type);
    program.app.send(PROGRAMS, request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn bad_bodies_are_answered_with_the_place_that_is_wrong() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    for (body, pointer) in [
        ("", "#"),
        ("null", "#"),
        ("[]", "#"),
        ("{", "#"),
        ("{}", "#"),
        ("{\"description\": \"x\"} {}", "#"),
        ("{\"description\": 7}", "#/description"),
        ("{\"description\": \"x\", \"key_type\": \"Default\"}", "#/key_type"),
        ("{\"description\": \"x\", \"descripton\": \"y\"}", "#/descripton"),
    ] {
        let refused = send(&program, "application/json", body).await;
        assert_problem(&refused, StatusCode::BAD_REQUEST, "bad-input");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}: {}", refused.body);
    }
    let form = send(&program, "application/x-www-form-urlencoded", "description=x").await;
    assert_problem(&form, StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type");
    let large = send(&program, "application/json", vec![b' '; 64 * 1024 + 1]).await;
    assert_problem(&large, StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    assert_eq!(program.get("/v1/account").await.json()["key_count"], 1, "nothing was generated");
}

#[tokio::test]
async fn every_wrong_member_is_named_at_once() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    let wanted = json!({"description": "x".repeat(101), "expires_at": "tomorrow", "username": "nobody"});
    let refused = program.post("/v1/keys", wanted).await;
    assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    let places: Vec<_> =
        errors.iter().map(|error| format!("{} {}", error["pointer"], error["code"])).collect();
    assert_eq!(
        places,
        [
            "\"#/username\" \"no_such_sub_user\"",
            "\"#/description\" \"too_long\"",
            "\"#/expires_at\" \"not_a_time\""
        ]
    );
}

#[tokio::test]
async fn paths_and_methods_that_are_none_are_problems_too() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    assert_problem(&program.get("/v1/nothing").await, StatusCode::NOT_FOUND, "no-such-path");
    let put = program.ask(Method::PUT, "/v1/keys", Some(json!({}))).await;
    assert_problem(&put, StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
    assert_eq!(put.header("allow"), "GET,HEAD,POST");
    for id in ["x", "0198c1f2-7a4e-7c3b-9d2e-5f6a7b8c9d0e", "%00", &"a".repeat(5000)] {
        assert_problem(&program.get(&format!("/v1/keys/{id}")).await, StatusCode::NOT_FOUND, "not-found");
    }
}

#[tokio::test]
async fn only_origins_that_the_operator_names_may_ask_from_pages() {
    let preflight = async |app: &TestApp| {
        let request = request(Method::OPTIONS, "/v1/keys")
            .header("origin", "https://console.example.com")
            .header("access-control-request-method", "POST");
        app.send(PROGRAMS, request.body(Body::empty()).unwrap()).await
    };
    let closed = TestApp::start().await;
    assert_eq!(preflight(&closed).await.header("access-control-allow-origin"), "");
    let open = TestApp::start_with(&[("api_allowed_origins", "https://console.example.com")]).await;
    let answer = preflight(&open).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "https://console.example.com");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type,idempotency-key");
}
