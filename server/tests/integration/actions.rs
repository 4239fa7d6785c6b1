//! sendSMS's actions at `/json`, asked as its client libraries ask.

mod applications;
mod commands;
mod imported;
mod many;
mod refused;
mod together;
mod written;

use crate::app::{Answer, Key, TestApp};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

/// Where programs run.
const PROGRAMS: &str = "203.0.113.50";
/// Where others do.
const ELSEWHERE: &str = "198.51.100.7";

const ON: (&str, &str) = ("sendsms_actions", "true");
const FORM: &str = "application/x-www-form-urlencoded";

/// How a request carries its parameters.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// All of them in the query of a GET.
    Get,
    /// The same in the query of a POST without a body.
    PostQuery,
    /// In a form.
    PostForm,
    /// In the parts that PHP's curl makes of an array.
    PostParts,
    /// The action and the credentials in the query, the rest in a form, as execute_multiple.
    PostBoth,
}

const WAYS: [Way; 5] = [Way::Get, Way::PostQuery, Way::PostForm, Way::PostParts, Way::PostBoth];

/// A program with the username and the key in its settings.
struct Program<'a> {
    app: &'a TestApp,
    username: &'a str,
    key: Key,
}

impl<'a> Program<'a> {
    /// A program of a user, with a key of this type.
    async fn of(app: &'a TestApp, username: &'a str, key_type: &str) -> Self {
        Self { app, username, key: app.browser(username).await.generate("program", key_type).await }
    }

    fn pairs<'b>(&'b self, action: &'b str, more: &[(&'b str, &'b str)]) -> Vec<(&'b str, &'b str)> {
        let own = [("action", action), ("username", self.username), ("password", self.key.token.as_str())];
        [&own, more].concat()
    }

    /// Asks with the key.
    async fn ask(&self, way: Way, action: &str, more: &[(&str, &str)]) -> Value {
        self.ask_from(PROGRAMS, way, action, more).await
    }

    async fn ask_from(&self, from: &str, way: Way, action: &str, more: &[(&str, &str)]) -> Value {
        told(&send(self.app, from, way, &self.pairs(action, more)).await)
    }

    async fn listed(&self) -> Value {
        details(&self.ask(Way::PostForm, "token_list_ips", &[]).await)
    }

    /// Times Used and Locked On IP.
    async fn uses(&self) -> (String, String) {
        let row = self.app.browser(self.username).await.row(&self.key.id).await;
        (row[5].clone(), row[6].clone())
    }

    /// Fails if its key was used, or is locked to an address.
    async fn is_unused(&self, why: &str) {
        assert_eq!(self.uses().await, ("0".to_owned(), String::new()), "{why}");
    }
}

/// Sends parameters, whatever they are.
async fn send(app: &TestApp, from: &str, way: Way, pairs: &[(&str, &str)]) -> Answer {
    let encoded = |pairs: &[(&str, &str)]| serde_urlencoded::to_string(pairs).unwrap();
    let query = |pairs: &[(&str, &str)]| format!("/json?{}", encoded(pairs));
    let built = match way {
        Way::Get => Request::get(query(pairs)).body(Body::empty()),
        Way::PostQuery => Request::post(query(pairs)).body(Body::empty()),
        Way::PostForm => Request::post("/json").header("content-type", FORM).body(Body::from(encoded(pairs))),
        Way::PostParts => {
            let part = |(name, value): &(&str, &str)| {
                format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let body: String = pairs.iter().map(part).collect();
            let parts = Request::post("/json").header("content-type", "multipart/form-data; boundary=x");
            parts.body(Body::from(format!("{body}--x--\r\n")))
        }
        Way::PostBoth => {
            let (first, rest) = pairs.split_at(pairs.len().min(3));
            Request::post(query(first)).header("content-type", FORM).body(Body::from(encoded(rest)))
        }
    };
    app.send(from, built.unwrap()).await
}

/// What a program is told, always with status 200 and never to be stored.
fn told(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

/// The details of an act that was carried out.
fn details(told: &Value) -> Value {
    assert_eq!((&told["status"], &told["message"]), (&json!(0), &json!("OK")), "{told}");
    told["details"].clone()
}

/// A refusal of that status and name.
fn assert_refused(told: &Value, status: i64, name: &str) {
    assert_eq!(
        (&told["status"], &told["details"]),
        (&json!(status), &json!({"ErrorMessages": name})),
        "{told}"
    );
}

/// A server with the actions, and a user.
async fn started() -> TestApp {
    let app = TestApp::start_with(&[ON]).await;
    app.add_user("demouser").await;
    app
}

fn bare(method: Method, uri: &str) -> Request<Body> {
    Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
}
