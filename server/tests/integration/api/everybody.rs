//! Every operation of the document, asked by everybody who may not: a new operation cannot be left out.

use super::document::document;
use super::{PROGRAMS, Program, assert_problem, generate_managing, request};
use crate::app::{Key, TestApp};
use axum::body::Body;
use contract::Role;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// Method and path of every operation, for a key of that id.
async fn operations(app: &TestApp, id: &str) -> Vec<(Method, String)> {
    let document = document(app).await;
    let paths = document["paths"].as_object().unwrap();
    let mut all = Vec::new();
    for (path, methods) in paths.iter().filter(|(path, _)| path.as_str() != "/v1/verify") {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            all.push((method, path.replace("{id}", id).replace("{network}", "203.0.113.7")));
        }
    }
    assert!(all.len() >= 12, "{all:?}");
    all
}

/// A body that the operation would take.
fn body(method: &Method, path: &str) -> Option<Value> {
    match (method.as_str(), path.rsplit('/').next().unwrap()) {
        ("POST", "keys") => Some(json!({"description": "x"})),
        ("POST", "allowed-ips") => Some(json!({"address": "203.0.113.7"})),
        ("POST", "rotate") => Some(json!({"overlap_seconds": 0})),
        ("PATCH", _) => Some(json!({"description": "x"})),
        _ => None,
    }
}

struct Scene {
    app: TestApp,
    /// A key of `demouser`.
    key: Key,
}

impl Scene {
    async fn start() -> Self {
        let app = TestApp::start().await;
        for name in ["demouser", "foreign"] {
            app.add_user(name).await;
        }
        app.add_sub_user("sub", Some("demouser")).await;
        app.add_sub_user("sibling", Some("demouser")).await;
        let key = app.browser("demouser").await.generate("victim", "default").await;
        Self { app, key }
    }

    async fn unchanged(&self) {
        let row = self.app.browser("demouser").await.row(&self.key.id).await;
        assert_eq!((row[1].as_str(), row[5].as_str()), ("victim", "0"));
    }
}

#[tokio::test]
async fn nobody_is_let_in() {
    let scene = Scene::start().await;
    for (method, path) in operations(&scene.app, &scene.key.id).await {
        let asked = request(method.clone(), &path).body(Body::empty()).unwrap();
        let answer = scene.app.send(PROGRAMS, asked).await;
        assert_problem(&answer, StatusCode::UNAUTHORIZED, "key-missing");
    }
    scene.unchanged().await;
}

#[tokio::test]
async fn a_key_without_the_permission_is_let_in_nowhere() {
    let scene = Scene::start().await;
    let plain =
        Program { app: &scene.app, key: scene.app.browser("demouser").await.generate("p", "cloud").await };
    for (method, path) in operations(&scene.app, &scene.key.id).await {
        let answer = plain.ask(method.clone(), &path, body(&method, &path)).await;
        assert_problem(&answer, StatusCode::FORBIDDEN, "not-permitted");
    }
    scene.unchanged().await;
}

#[tokio::test]
async fn keys_of_others_are_not_there_for_a_stranger_nor_for_a_sub_user() {
    let scene = Scene::start().await;
    for name in ["foreign", "sub"] {
        let program = Program::of(&scene.app, name).await;
        for (method, path) in operations(&scene.app, &scene.key.id).await {
            if !path.starts_with("/v1/keys/") {
                continue;
            }
            let answer = program.ask(method.clone(), &path, body(&method, &path)).await;
            assert_problem(&answer, StatusCode::NOT_FOUND, "not-found");
        }
        let list = program.get("/v1/keys").await.json();
        assert_eq!(list["data"].as_array().unwrap().len(), 1, "only its own: {list}");
    }
    scene.unchanged().await;
}

#[tokio::test]
async fn who_only_reads_changes_nothing() {
    let scene = Scene::start().await;
    let app = &scene.app;
    let browser = app.browser("sub").await;
    let own = browser.generate("victim", "default").await;
    let program = Program { app, key: generate_managing(&browser, "cloud").await };
    let owner = app.browser("demouser").await;
    let role = [("username", "sub"), ("role", Role::ReadsOnly.field_value())];
    owner.post("/account/sub-users?do=set_sub_user_role", &role).await;
    for (method, path) in operations(app, &own.id).await {
        let answer = program.ask(method.clone(), &path, body(&method, &path)).await;
        if method == Method::GET {
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        } else {
            assert_problem(&answer, StatusCode::FORBIDDEN, "forbidden");
        }
    }
    assert_eq!(owner.row(&own.id).await[1], "victim");
}
