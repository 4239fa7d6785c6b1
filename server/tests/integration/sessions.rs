//! Logging in, staying logged in, and being slowed down.

use crate::app::{PASSWORD, TestApp};
use crate::once::hidden;
use http::StatusCode;
use insta::assert_snapshot;

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_alike() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let wrong = app.stranger().post("/login", &[("username", "demouser"), ("password", "x")]).await;
    let unknown = app.stranger().post("/login", &[("username", "nobody00"), ("password", "x")]).await;
    assert_eq!(
        (wrong.status, unknown.status),
        (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY)
    );
    // But for the number that every form has of its own.
    let said = |page: String, name: &str| page.replace(&hidden(&page, "once"), "").replace(name, "?");
    assert_eq!(said(wrong.page(), "demouser"), said(unknown.page(), "nobody00"));
    for (username, password) in [("", ""), ("demouser", ""), ("", PASSWORD), ("<script>", "x")] {
        let answer = app.stranger().post("/login", &[("username", username), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.body.contains("<script>\""));
    }
    assert!(!wrong.body.contains("value=\"x\""), "a password is not sent back");
}

#[tokio::test]
async fn cookies_are_strict_and_stored_hashed() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let fields = [("username", "demouser"), ("password", PASSWORD)];
    let cookie = app.stranger().post("/login", &fields).await.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("latchkey_3000=") && cookie.contains("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"));
    let token = cookie.split(['=', ';']).nth(1).unwrap();
    app.stop().await;
    for file in ["latchkey.db", "usage.db"] {
        let bytes = std::fs::read(app.dir.path().join(file)).unwrap();
        assert!(!bytes.windows(token.len()).any(|w| w == token.as_bytes()), "{file}");
    }
    let app = TestApp::start_with(&[("public_url", "https://keys.example.com")]).await;
    app.add_user("demouser").await;
    let answer = app.stranger().post("/login", &fields).await;
    assert!(answer.header("set-cookie").starts_with("__Host-latchkey="));
    assert!(answer.header("set-cookie").ends_with("; Secure"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn sessions_end_by_idleness_by_age_and_by_logout() {
    let app = TestApp::start_with(&[("session_idle_minutes", "30"), ("session_absolute_hours", "2")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let status = async || browser.get("/").await.status;
    for _ in 0..5 {
        app.clock.advance(20 * 60);
        assert_eq!(status().await, StatusCode::OK, "use keeps it alive");
    }
    app.clock.advance(21 * 60);
    assert_eq!(status().await, StatusCode::SEE_OTHER, "two hours are over");
    let browser = app.browser("demouser").await;
    app.clock.advance(30 * 60);
    let answer =
        browser.post("/account/api-keys/new", &[("description", "x"), ("key_type", "default")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.header("location").starts_with("/login"), "half an hour of idleness");
    let browser = app.browser("demouser").await;
    let old = browser.cookie.lock().clone();
    let answer = browser.post("/logout", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/login"));
    *browser.cookie.lock() = old;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "the cookie alone is worth nothing");
    assert_snapshot!(app.browser("demouser").await.record_line().await, @"Page 0 of 1, showing 0 records out of 0 total, starting on record 0, ending on 0");
}

#[tokio::test]
async fn the_operator_ends_sessions() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    app.reset_password("demouser", "another password").await;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    let fields = [("username", "demouser"), ("password", "another password")];
    let browser = app.stranger();
    assert_eq!(browser.post("/login", &fields).await.status, StatusCode::SEE_OTHER);
    app.services.operator.set_user_disabled("demouser", true).await.unwrap();
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.stranger().post("/login", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.services.operator.set_user_disabled("demouser", false).await.unwrap();
    assert_eq!(app.stranger().post("/login", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn failures_slow_down_their_source_and_not_the_user_elsewhere() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let attempt = async |client: &str, password: &str| {
        let fields = [("username", "demouser"), ("password", password)];
        app.stranger().post_from(client, "/login", &fields).await.status
    };
    assert_eq!(attempt("198.51.100.1", PASSWORD).await, StatusCode::SEE_OTHER);
    for attempts in 0..100 {
        let slowed =
            if attempts < 10 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(attempt("203.0.113.7", "wrong").await, slowed, "{attempts}");
    }
    assert_eq!(attempt("203.0.113.7", PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    // All at once they get no more tries than one after the other: a user has one turn at a time.
    let mut tried = 0;
    for _ in 0..10 {
        let at_once = futures::future::join_all((0..80).map(|_| attempt("203.0.113.9", "wrong"))).await;
        tried += at_once.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count();
    }
    assert_eq!(tried, 10);
    assert_eq!(attempt("203.0.113.8", PASSWORD).await, StatusCode::SEE_OTHER);
    // Guesses from everywhere slow down strangers at this username, not those who logged in before.
    for guesser in 0..30 {
        attempt(&format!("192.0.2.{guesser}"), "wrong").await;
    }
    assert_eq!(attempt("192.0.2.200", PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(attempt("198.51.100.1", PASSWORD).await, StatusCode::SEE_OTHER);
    app.clock.advance(600);
    assert_eq!(
        attempt("192.0.2.200", PASSWORD).await,
        StatusCode::SEE_OTHER,
        "nobody is locked out for good"
    );
    assert_eq!(attempt("203.0.113.7", PASSWORD).await, StatusCode::SEE_OTHER);
}
