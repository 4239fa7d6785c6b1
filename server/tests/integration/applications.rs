//! Applications that ask a customer for a key (RFC 8628).

mod crash;
mod decided;
mod flow;
mod guesses;
mod input;
mod owners;
mod shown;

use crate::app::{Answer, Browser, PASSWORD, TestApp};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::Value;

/// Where applications run.
pub(crate) const THERE: &str = "198.51.100.24";
const APPROVE: &str = "/account/applications/approve";
const LIST: &str = "/account/applications";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An application that asked.
pub(crate) struct Device<'a> {
    app: &'a TestApp,
    answer: Value,
}

/// Sends a form to where applications ask.
async fn send(app: &TestApp, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(fields).unwrap();
    send_body(app, from, path, "application/x-www-form-urlencoded", body).await
}

async fn send_body(app: &TestApp, from: &str, path: &str, kind: &str, body: String) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", kind);
    app.send(from, request.body(Body::from(body)).unwrap()).await
}

/// Asks for a key.
async fn ask(app: &TestApp, from: &str, name: &str) -> Answer {
    send(app, from, "/oauth/device_authorization", &[("client_name", name)]).await
}

/// The status of an answer, and the code of its error; nothing for none.
fn error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let code = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), code)
}

fn refused(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

impl<'a> Device<'a> {
    pub(crate) async fn ask(app: &'a TestApp, name: &str) -> Self {
        Self::ask_from(app, THERE, name).await
    }

    pub(crate) async fn ask_from(app: &'a TestApp, from: &str, name: &str) -> Self {
        let answer = ask(app, from, name).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        Self { app, answer: answer.json() }
    }

    pub(crate) fn code(&self) -> &str {
        self.answer["user_code"].as_str().unwrap()
    }

    fn device_code(&self) -> &str {
        self.answer["device_code"].as_str().unwrap()
    }

    /// Asks for the key.
    async fn poll(&self) -> Answer {
        let fields = [("grant_type", DEVICE_CODE), ("device_code", self.device_code())];
        send(self.app, THERE, "/oauth/token", &fields).await
    }

    /// The same; answers the status and the code of the error.
    async fn polled(&self) -> (u16, String) {
        error(&self.poll().await)
    }

    /// The token that it gets.
    async fn token(&self) -> String {
        let answer = self.poll().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Has its code entered; answers where that leads.
    pub(crate) async fn is_entered(&self, browser: &Browser<'_>) -> String {
        let answer = enter(browser, self.code()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.messages());
        answer.header("location").to_owned()
    }

    /// Sends a decision about it from the page where its code was entered.
    pub(crate) async fn decide(&self, browser: &Browser<'_>, landing: &str, more: &[(&str, &str)]) -> Answer {
        let made = landing.split_once('?').unwrap().1;
        let fields: Vec<_> = [("user_code", self.code())].into_iter().chain(more.iter().copied()).collect();
        browser.post(&format!("{APPROVE}?do=decide_application&{made}"), &fields).await
    }

    /// Lets it in; answers where that leads.
    pub(crate) async fn approve(&self, browser: &Browser<'_>) -> String {
        let landing = self.is_entered(browser).await;
        let answer = self.decide(browser, &landing, &[("answer", "approve"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.messages());
        answer.header("location").to_owned()
    }
}

async fn enter(browser: &Browser<'_>, code: &str) -> Answer {
    browser.post(&format!("{APPROVE}?do=give_user_code"), &[("user_code", code)]).await
}

async fn start() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app
}
