//! Probes of `latchkey doctor gateway`: always refused, never counted, and written down.

use crate::app::TestApp;
use http::StatusCode;

const ENDPOINTS: [&str; 3] = ["/authz/forward-auth", "/authz/auth-request", "/authz/ext-authz/x"];

#[tokio::test]
async fn a_probe_is_refused_without_a_verdict_and_written_down() {
    let app = TestApp::start().await;
    let token = app.gateway("edge").await.token;
    for path in ENDPOINTS {
        let marker = app.services.probes.open(app.services.clock.now()).unwrap();
        let bearer = format!("Bearer {marker}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-forwarded-for", "198.51.100.1, 203.0.113.7"),
            ("x_latchkey.key-id", "forged"),
            ("x-latchkey-gateway", token.as_str()),
            ("cookie", "secret"),
        ];
        let answer = app.authz_with(path, "127.0.0.1", &headers).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, ""));
        // From anywhere: who asks from the wrong address is to be told so.
        app.authz_with(path, "203.0.113.9", &[("x-api-key", &marker)]).await;
        let [first, second] = &app.services.probes.close(&marker).unwrap()[..] else {
            panic!("two arrivals")
        };
        assert_eq!((first.peer.as_str(), first.is_trusted), ("127.0.0.1", true));
        assert_eq!(first.client.as_deref(), Some("203.0.113.7"));
        assert!(first.has_gateway_token && !second.has_gateway_token);
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [
            line("x-forwarded-for", "198.51.100.1, 203.0.113.7"),
            line("x_latchkey.key-id", "forged"),
            line("x-latchkey-gateway", "(hidden)"),
        ];
        assert_eq!(first.lines, expected);
        assert_eq!((second.peer.as_str(), second.is_trusted, second.lines.len()), ("203.0.113.9", false, 0));
        let later = app.authz_with(path, "127.0.0.1", &headers).await;
        assert_eq!(later.code(), "MALFORMED", "a probe that is closed is a text like any other");
    }
}

#[tokio::test]
async fn while_a_probe_is_open_keys_are_answered_as_ever() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let marker = app.services.probes.open(app.services.clock.now()).unwrap();
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "IP_NOT_ALLOWED");
    assert_eq!(app.authz(&marker, "203.0.113.8").await.code(), "");
    app.clock.advance(61);
    assert_eq!(app.authz(&marker, "203.0.113.8").await.code(), "MALFORMED", "a minute is over");
    assert_eq!(browser.row(&key.id).await[5], "1");
    assert_eq!(app.services.probes.close(&marker), None);
}
