//! The time of day is set back and forth: limits neither lock people out nor forget who guessed.

use crate::app::TestApp;
use http::StatusCode;

const SOURCE: &str = "203.0.113.7";
const HOUR: i64 = 3600;

/// What a wrong token from [`SOURCE`] is answered, and how long it has to wait.
async fn guess(app: &TestApp) -> (String, Option<u32>) {
    let headers = [("x-api-key", "lkd_short"), ("x-forwarded-for", SOURCE)];
    let answer = app.authz_with("/authz/forward-auth", "127.0.0.1", &headers).await;
    (
        answer.code().to_owned(),
        answer.headers.get("retry-after").map(|h| h.to_str().unwrap().parse().unwrap()),
    )
}

#[tokio::test]
async fn guesses_at_keys_are_counted_by_a_clock_that_nobody_sets() {
    let app = TestApp::start().await;
    for _ in 0..60 {
        assert_eq!(guess(&app).await.0, "MALFORMED");
    }
    for set_by in [0, -5 * HOUR, 48 * HOUR, -365 * 24 * HOUR] {
        app.clock.set_by(set_by);
        let (code, wait) = guess(&app).await;
        assert_eq!(code, "THROTTLED", "set by {set_by}");
        assert!(wait.unwrap() <= 3, "set by {set_by}: {wait:?}");
        assert_eq!(app.services.verifier.count_throttled(), 1);
    }
    app.clock.advance(2);
    assert_eq!(guess(&app).await.0, "MALFORMED");
}

#[tokio::test]
async fn wrong_passwords_are_counted_by_a_clock_that_nobody_sets() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.stranger();
    let attempt = async || {
        let fields = [("username", "demouser"), ("password", "wrong horse battery")];
        let answer = browser.post("/login", &fields).await;
        (
            answer.status,
            answer.headers.get("retry-after").map(|h| h.to_str().unwrap().parse::<u32>().unwrap()),
        )
    };
    let mut tries = 0;
    let first = loop {
        tries += 1;
        assert!(tries < 100);
        if let (StatusCode::TOO_MANY_REQUESTS, wait) = attempt().await {
            break wait.unwrap();
        }
    };
    for set_by in [-5 * HOUR, 48 * HOUR, -365 * 24 * HOUR] {
        app.clock.set_by(set_by);
        let (status, wait) = attempt().await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "set by {set_by}");
        assert!(wait.unwrap() <= first, "set by {set_by}: {wait:?}");
    }
    app.clock.advance(i64::from(first));
    assert_ne!(attempt().await.0, StatusCode::TOO_MANY_REQUESTS);
}
