//! Requests that come again: one change, one answer.

use super::{Program, assert_problem};
use crate::app::TestApp;
use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};

const NAME: Option<&str> = Some("8e03978e-40d5-43dd-bc93-6894a57f9324");

async fn count_keys(program: &Program<'_>) -> u64 {
    program.get("/v1/account").await.json()["key_count"].as_u64().unwrap()
}

fn wanted() -> Option<Value> {
    Some(json!({"description": "web", "key_type": "cloud"}))
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_for_a_day() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    let first = program.named(Method::POST, "/v1/keys", wanted(), NAME).await;
    assert_eq!(first.status, StatusCode::CREATED);
    app.clock.advance(3600);
    let again =
        program.named(Method::POST, "/v1/keys", wanted(), Some(&format!("{:?}", NAME.unwrap()))).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body), "bare or quoted");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(count_keys(&program).await, 2);
    let other = Some(json!({"description": "shop", "key_type": "cloud"}));
    let refused = program.named(Method::POST, "/v1/keys", other, NAME).await;
    assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-used");
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let elsewhere = format!("/v1/keys/{id}/release-lock");
    let refused = program.named(Method::POST, &elsewhere, wanted(), NAME).await;
    assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-used");
    app.clock.advance(24 * 3600);
    app.services.use_cases.retries.sweep().await;
    let later = program.named(Method::POST, "/v1/keys", wanted(), NAME).await;
    assert_ne!(later.json()["id"], first.json()["id"]);
    assert_eq!(count_keys(&program).await, 3);
}

#[tokio::test]
async fn names_belong_to_the_key_that_asks() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (one, other) = (Program::of(&app, "demouser").await, Program::of(&app, "demouser").await);
    let first = one.named(Method::POST, "/v1/keys", wanted(), NAME).await.json();
    let second = other.named(Method::POST, "/v1/keys", wanted(), NAME).await.json();
    assert_ne!(first["token"], second["token"]);
}

#[tokio::test]
async fn twenty_at_once_make_one_key() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    let answers = join_all((0..20).map(|_| program.named(Method::POST, "/v1/keys", wanted(), NAME))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    assert!(!made.is_empty() && made.iter().all(|answer| answer.body == made[0].body));
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        assert_problem(answer, StatusCode::CONFLICT, "still-running");
    }
    assert_eq!(count_keys(&program).await, 2);
    let later = program.named(Method::POST, "/v1/keys", wanted(), NAME).await;
    assert_eq!(later.body, made[0].body);
}

#[tokio::test]
async fn what_was_refused_can_be_asked_again_in_better_words() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    let empty = Some(json!({"description": ""}));
    let refused = program.named(Method::POST, "/v1/keys", empty, NAME).await;
    assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    assert_eq!(
        program.named(Method::POST, "/v1/keys", wanted(), NAME).await.status,
        StatusCode::CREATED,
        "nothing was kept of what did nothing"
    );
}

#[tokio::test]
async fn every_post_can_come_again() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (program, gateway) = (Program::of(&app, "demouser").await, app.gateway("gw").await);
    let made = program.post("/v1/keys", json!({"description": "web"})).await.json();
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    let entry = Some(json!({"address": "203.0.113.7"}));
    for _ in 0..2 {
        let added =
            program.named(Method::POST, &format!("{path}/allowed-ips"), entry.clone(), Some("a")).await;
        assert_eq!((added.status, added.json()), (StatusCode::CREATED, json!({"address": "203.0.113.7"})));
    }
    program.ask(Method::DELETE, &format!("{path}/allowed-ips/203.0.113.7"), None).await;
    let release = format!("{path}/release-lock");
    assert_eq!(program.named(Method::POST, &release, None, Some("r")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(gateway.code(made["token"].as_str().unwrap(), "198.51.100.1").await, "VALID");
    assert_eq!(program.named(Method::POST, &release, None, Some("r")).await.status, StatusCode::NO_CONTENT);
    let key = program.get(&path).await.json();
    assert_eq!(key["locked_ip"], "198.51.100.1", "the release of before does not happen again");
}
