//! Headers of every answer, and the site's files.

use crate::app::TestApp;
use http::StatusCode;

#[tokio::test]
async fn pages_are_strict() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    browser.generate("WEB", "default").await;
    for path in ["/", "/login", "/setup?token=x", "/account/api-keys", "/account/api-keys/new", "/nowhere"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline"));
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        for script in answer.body.split("<script").skip(1) {
            assert!(
                script.split('>').next().unwrap().contains(&format!("nonce=\"{nonce}\"")),
                "{path}: {script}"
            );
        }
        assert!(!answer.body.contains(" style="), "{path}");
        assert!(!answer.body.contains("<style"), "{path}");
        assert!(!answer.body.contains(" onclick="), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
    assert_eq!(browser.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    let once = browser.get("/").await.header("content-security-policy").to_owned();
    assert_ne!(once, browser.get("/").await.header("content-security-policy"), "a nonce serves once");
}

#[tokio::test]
async fn health_is_told() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let health = stranger.get("/healthz").await;
    assert_eq!((health.status, health.body.as_str()), (StatusCode::OK, "ok"));
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::OK);
    app.stop().await;
    assert_eq!(app.stranger().get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(app.stranger().get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stopped_store_denies() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let gateway = app.gateway("gw").await;
    app.stop().await;
    let answer = app.authz(&key.token, "203.0.113.7").await;
    assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), "1");
    let ask = serde_json::json!({"key": key.token, "client_ip": "203.0.113.7"});
    let answer = gateway.verify(ask).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (answer.header("content-type"), answer.header("retry-after")),
        ("application/problem+json", "1")
    );
}
