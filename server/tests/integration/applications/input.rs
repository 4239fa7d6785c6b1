//! What is sent to where applications ask, and is not as it should be.

use super::{DEVICE_CODE, THERE, error, refused, send, send_body, start};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;

const ASK: &str = "/oauth/device_authorization";
const TOKEN: &str = "/oauth/token";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn each_fault_has_the_error_that_the_standard_gives_it() {
    let app = start().await;
    let unknown = "A".repeat(43);
    for (path, fields, code) in [
        (ASK, &[][..], "invalid_request"),
        (ASK, &[("client_name", "")][..], "invalid_request"),
        (ASK, &[("client_name", "a"), ("client_name", "b")][..], "invalid_request"),
        (TOKEN, &[][..], "invalid_request"),
        (TOKEN, &[("grant_type", DEVICE_CODE)][..], "invalid_request"),
        (TOKEN, &[("grant_type", DEVICE_CODE), ("device_code", "")][..], "invalid_request"),
        (TOKEN, &[("device_code", "x")][..], "invalid_request"),
        (TOKEN, &[("grant_type", "password"), ("device_code", "x")][..], "unsupported_grant_type"),
        (TOKEN, &[("grant_type", "authorization_code")][..], "unsupported_grant_type"),
        (TOKEN, &[("grant_type", DEVICE_CODE), ("device_code", "x")][..], "invalid_grant"),
        (TOKEN, &[("grant_type", DEVICE_CODE), ("device_code", unknown.as_str())][..], "invalid_grant"),
        (TOKEN, &[("grant_type", DEVICE_CODE), ("device_code", "' OR 1=1 --")][..], "invalid_grant"),
    ] {
        assert_eq!(error(&send(&app, THERE, path, fields).await), refused(code), "{path} {fields:?}");
    }
}

#[tokio::test]
async fn an_error_says_to_people_what_is_wrong() {
    let app = start().await;
    for (fields, says) in [
        (&[][..], "client_name is missing."),
        (
            &[("client_name", "a\u{202e}b")][..],
            "It cannot be shown: the name holds a character that cannot be seen.",
        ),
        (
            &[("client_name", &*"x".repeat(65))][..],
            "It cannot be shown: the name is longer than 64 characters.",
        ),
        (&[("client_name", " \t")][..], "It cannot be shown: the name is empty."),
        (
            &[("client_name", "a"), ("return_url", "javascript:alert(1)")][..],
            "It cannot be shown: the address to return to is no address that begins with https:// or http://.",
        ),
        (
            &[("client_name", "a"), ("icon_url", "https://bank.example@evil.example/")][..],
            "It cannot be shown: the address of the icon holds a username or a password.",
        ),
        (&[("client_name", "a"), ("client_name", "a")][..], "client_name is there twice."),
    ] {
        let answer = send(&app, THERE, ASK, fields).await;
        assert_eq!(answer.json(), json!({"error": "invalid_request", "error_description": says}));
    }
}

#[tokio::test]
async fn other_bodies_and_methods_are_refused() {
    let app = start().await;
    for path in [ASK, TOKEN] {
        for (kind, body) in [
            ("application/json", r#"{"client_name": "Zapier"}"#),
            ("text/plain", "client_name=Zapier"),
            ("multipart/form-data; boundary=x", "--x--"),
        ] {
            let answer = send_body(&app, THERE, path, kind, body.to_owned()).await;
            assert_eq!(error(&answer), refused("invalid_request"), "{path} {kind}");
        }
        for body in ["%", "%zz=%zz", "\0\0", "&&&=&==", "client_name"] {
            let answer = send_body(&app, THERE, path, FORM, body.to_owned()).await;
            assert_eq!(error(&answer), refused("invalid_request"), "{path} {body:?}");
        }
        let huge = format!("client_name={}", "x".repeat(70_000));
        let answer = send_body(&app, THERE, path, FORM, huge).await;
        assert_eq!(error(&answer), (413, "invalid_request".to_owned()), "{path}");
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).unwrap();
            let answer = app.send(THERE, request).await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (StatusCode::METHOD_NOT_ALLOWED, "POST"),
                "{method}"
            );
        }
    }
    let token = send(&app, THERE, "/oauth/authorize", &[("client_name", "Zapier")]).await;
    assert_eq!(token.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_are_text_wherever_they_are_shown() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let name = "<img src=x> & {name} “x”";
    let device = super::Device::ask(&app, name).await;
    let landing = device.is_entered(&browser).await;
    let page = browser.get(&landing).await;
    assert_eq!(page.texts("h1"), [format!("Let “{name}” use your account?")]);
    assert!(!page.body.contains("<img"), "{}", page.body);
    let done = device.decide(&browser, &landing, &[("answer", "approve")]).await;
    for path in [done.header("location"), super::LIST, "/account/notifications", "/account/profile/history"] {
        let page = browser.get(path).await;
        assert!(page.text().contains(name) && !page.body.contains("<img"), "{path}: {}", page.text());
    }
}
