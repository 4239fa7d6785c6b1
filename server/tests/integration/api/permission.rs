//! Which keys may manage keys: chosen in the pages, with the password, never passed on.

use super::{PROGRAMS, Program, assert_problem, generate_managing, request};
use crate::app::{PASSWORD, TestApp};
use crate::html;
use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn the_permission_takes_the_password() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    // The login is a proof for ten minutes.
    app.clock.advance(601);
    let fields = [("description", "program"), ("key_type", "cloud"), ("manages_keys", "true")];
    let asked = browser.post("/account/api-keys/new", &fields).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = [&fields[..], &[("password", "not the password")]].concat();
    assert_eq!(browser.post("/account/api-keys/new", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(crate::app::key_ids(&browser.get("/account/api-keys").await.page()).is_empty());
    let key = generate_managing(&browser, "cloud").await;
    assert_eq!(browser.row(&key.id).await[1], "program manages keys");
    let page = browser.get(&format!("/account/api-keys/{}", key.id)).await;
    assert!(page.text().contains("manages keys"));
    let smpp = [("description", "p"), ("key_type", "smpp"), ("manages_keys", "true"), ("password", PASSWORD)];
    let refused = browser.post("/account/api-keys/new", &smpp).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("An SMPP secret cannot manage keys."), "{}", refused.text());
}

#[tokio::test]
async fn rotating_a_key_that_manages_keys_takes_the_password_too() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = generate_managing(&browser, "cloud").await;
    app.clock.advance(601);
    let refused = browser.act(&key.id, "rotate_key", &[("overlap_seconds", "0")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let program = Program { app: &app, key };
    assert_eq!(program.get("/v1/account").await.status, StatusCode::OK, "its token still passes");
    let id = &program.key.id;
    let asked =
        html::attributes(&refused.page(), "form[action$=rotate_key] input:not([type=hidden])", "name");
    assert_eq!(asked, ["password"]);
    let wrong = [("overlap_seconds", "0"), ("password", "not this one")];
    assert_eq!(browser.act(id, "rotate_key", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = [("overlap_seconds", "0"), ("password", PASSWORD)];
    assert_eq!(browser.act(id, "rotate_key", &right).await.status, StatusCode::SEE_OTHER);
    assert_problem(&program.get("/v1/account").await, StatusCode::UNAUTHORIZED, "key-rotated");
    let plain = browser.generate("plain", "cloud").await;
    app.clock.advance(601);
    let rotated = browser.act(&plain.id, "rotate_key", &[("overlap_seconds", "0")]).await;
    assert_eq!(rotated.status, StatusCode::SEE_OTHER, "another key takes none");
}

#[tokio::test]
async fn a_key_without_the_permission_is_refused_and_not_used() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let plain = Program { app: &app, key: browser.generate("plain", "default").await };
    assert_problem(&plain.get("/v1/keys").await, StatusCode::FORBIDDEN, "not-permitted");
    let row = browser.row(&plain.key.id).await;
    assert_eq!((row[5].as_str(), row[6].as_str()), ("0", ""), "neither counted nor locked");
}

#[tokio::test]
async fn a_minted_key_cannot_mint() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    let wanted = json!({"description": "heir", "key_type": "cloud", "manages_keys": true});
    let refused = program.post("/v1/keys", wanted).await;
    assert_problem(&refused, StatusCode::BAD_REQUEST, "bad-input");
    assert_eq!(refused.json()["errors"][0]["pointer"], "#/manages_keys", "{}", refused.body);
    let minted = program.post("/v1/keys", json!({"description": "heir", "key_type": "cloud"})).await.json();
    let token = minted["token"].as_str().unwrap().to_owned();
    let heir = Program { app: &app, key: crate::app::Key { id: String::new(), token } };
    let refused = heir.post("/v1/keys", json!({"description": "x"})).await;
    assert_problem(&refused, StatusCode::FORBIDDEN, "not-permitted");
}

#[tokio::test]
async fn nobody_gets_in_without_a_key_that_passes() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    let ask = async |headers: &[(&str, String)]| {
        let mut request = request(Method::GET, "/v1/keys");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        app.send(PROGRAMS, request.body(Body::empty()).unwrap()).await
    };
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    for headers in [vec![], vec![("authorization", "Basic eDp5".to_owned())], vec![bearer("")]] {
        let answer = ask(&headers).await;
        assert_problem(&answer, StatusCode::UNAUTHORIZED, "key-missing");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let own = bearer(&program.key.token);
    assert_problem(&ask(&[own.clone(), own.clone()]).await, StatusCode::UNAUTHORIZED, "key-malformed");
    assert_problem(&ask(&[bearer("no such key")]).await, StatusCode::UNAUTHORIZED, "key-malformed");
    // A session is no key, and a key no session.
    let browser = app.browser("demouser").await;
    assert_eq!(browser.get("/v1/keys").await.status, StatusCode::UNAUTHORIZED);
    app.services.operator.set_user_disabled("demouser", true).await.unwrap();
    assert_problem(&ask(&[own]).await, StatusCode::FORBIDDEN, "key-owner-disabled");
}
