//! The management API: a program that shows a key which manages keys.

mod document;
mod everybody;
mod input;
mod keys;
mod permission;
mod retries;

use crate::app::{Answer, Browser, Key, PASSWORD, TestApp, key_ids, shown_token};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::Value;

/// Where programs run.
const PROGRAMS: &str = "203.0.113.50";

/// A program with a key.
struct Program<'a> {
    app: &'a TestApp,
    key: Key,
}

impl<'a> Program<'a> {
    /// A program of a user who lets it manage keys.
    async fn of(app: &'a TestApp, username: &str) -> Self {
        let key = generate_managing(&app.browser(username).await, "cloud").await;
        Self { app, key }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.named(method, path, body, None).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// With an Idempotency-Key.
    async fn named(&self, method: Method, path: &str, body: Option<Value>, name: Option<&str>) -> Answer {
        let mut request = request(method, path).header("authorization", format!("Bearer {}", self.key.token));
        if let Some(name) = name {
            request = request.header("idempotency-key", name);
        }
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.app.send(PROGRAMS, request.body(body).unwrap()).await
    }
}

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path)
}

/// Generates a key that manages keys, in the pages.
pub(crate) async fn generate_managing(browser: &Browser<'_>, key_type: &str) -> Key {
    let fields = [
        ("description", "program"),
        ("key_type", key_type),
        ("manages_keys", "true"),
        ("password", PASSWORD),
    ];
    let answer = browser.post("/account/api-keys/new", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.page());
    let list = browser.get(answer.header("location")).await.page();
    Key { id: key_ids(&list).remove(0), token: shown_token(&list).unwrap() }
}

/// Checks that an answer is problem details of a type.
fn assert_problem(answer: &Answer, status: StatusCode, name: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let json = answer.json();
    assert_eq!(json["type"], format!("urn:problem-type:latchkey:{name}"), "{json}");
    assert_eq!(json["status"], status.as_u16());
}
