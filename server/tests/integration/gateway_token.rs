//! `require_gateway_token`: the gateway endpoints answer only who carries the token of a gateway.

use crate::app::{Answer, TestApp};
use http::StatusCode;

const ENDPOINTS: [&str; 3] = ["/authz/forward-auth", "/authz/auth-request", "/authz/ext-authz/x"];
const CLIENT: (&str, &str) = ("x-forwarded-for", "203.0.113.7");

/// What a caller that is no trusted proxy is told.
async fn told_to_strangers(app: &TestApp, path: &str) -> Answer {
    app.authz_with(path, "203.0.113.9", &[CLIENT]).await
}

#[tokio::test]
async fn without_exactly_one_good_gateway_token_there_is_no_verdict_and_no_count() {
    let app = TestApp::start_with(&[("require_gateway_token", "true")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let good = app.gateway("edge").await.token;
    let removed = app.gateway("old").await.token;
    app.services.operator.remove_gateway("old").await.unwrap();
    let last = if good.ends_with('x') { "y" } else { "x" };
    let changed = good[..good.len() - 1].to_owned() + last;
    let long = "x".repeat(20_000);
    let both = format!("{good}, {good}");
    for path in ENDPOINTS {
        let stranger = told_to_strangers(&app, path).await;
        let wrong = [&removed, &changed, &long, &both, &key.token, ""].map(|token| vec![token]);
        for tokens in wrong.into_iter().chain([vec![], vec![&*good, &*good], vec![&*good, "x"]]) {
            for api_key in [key.token.as_str(), "lkd_x"] {
                let mut headers = vec![("x-api-key", api_key), CLIENT];
                headers.extend(tokens.iter().map(|token| ("x-latchkey-gateway", *token)));
                let answer = app.authz_with(path, "127.0.0.1", &headers).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN);
                assert_eq!((&answer.headers, &answer.body), (&stranger.headers, &stranger.body));
            }
        }
    }
    assert_eq!(
        browser.row(&key.id).await[5..7],
        ["0".to_owned(), String::new()],
        "neither bound nor counted"
    );
}

#[tokio::test]
async fn a_good_gateway_token_is_needed_beside_the_address_and_never_sent_back() {
    let app = TestApp::start_with(&[("require_gateway_token", "true")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let good = app.gateway("edge").await.token;
    for path in ENDPOINTS {
        for (api_key, status, code) in [(key.token.as_str(), 200, ""), ("lkd_x", 401, "MALFORMED")] {
            let headers = [("x-latchkey-gateway", good.as_str()), ("x-api-key", api_key), CLIENT];
            let answer = app.authz_with(path, "127.0.0.1", &headers).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (status, code));
            assert!(!format!("{answer:?}").contains(&good), "{answer:?}");
            // The token alone, from anywhere, is no proof.
            let elsewhere = app.authz_with(path, "203.0.113.9", &headers).await;
            assert_eq!(elsewhere.body, told_to_strangers(&app, path).await.body);
        }
    }
    assert_eq!(browser.row(&key.id).await[5], "3");
}

#[tokio::test]
async fn where_no_gateway_token_is_required_none_is_looked_at() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let headers = [("x-latchkey-gateway", "wrong"), ("x-api-key", key.token.as_str()), CLIENT];
    for path in ENDPOINTS {
        assert_eq!(app.authz_with(path, "127.0.0.1", &headers).await.status, StatusCode::OK);
    }
}
