//! What browsers ask before they send a request with a key to another site.

use crate::app::{Answer, TestApp};
use axum::body::Body;
use http::{Method, Request, StatusCode};

const ORIGIN: (&str, &str) = ("origin", "https://app.example");
const ASKS: (&str, &str) = ("access-control-request-method", "POST");
/// Each dialect's path, its gateway's own method, and where it names the client's.
const DIALECTS: [(&str, Method, Option<&str>); 3] = [
    ("/authz/forward-auth", Method::GET, Some("x-forwarded-method")),
    ("/authz/auth-request", Method::GET, Some("x-original-method")),
    ("/authz/ext-authz/x", Method::OPTIONS, None),
];

async fn ask(app: &TestApp, path: &str, method: Method, lines: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("x-forwarded-for", "203.0.113.7");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    app.send("127.0.0.1", request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_preflight_passes_only_where_the_operator_lets_it_and_counts_nothing() {
    for (setting, status) in [("ask", 401), ("pass", 200)] {
        let app = TestApp::start_with(&[("cors_preflights", setting)]).await;
        app.add_user("demouser").await;
        let key = app.browser("demouser").await.generate("WEB", "default").await;
        for (path, method, place) in DIALECTS {
            let told = place.map(|name| (name, "OPTIONS"));
            let lines: Vec<_> = [ORIGIN, ASKS].into_iter().chain(told).collect();
            let answer = ask(&app, path, method.clone(), &lines).await;
            assert_eq!(answer.status.as_u16(), status, "{path}");
            assert_eq!(answer.code(), if status == 200 { "" } else { "MISSING" });
            for name in ["x-latchkey-key-id", "x-latchkey-username", "x-latchkey-key-type"] {
                assert!(!answer.headers.contains_key(name), "nobody is named");
            }
            // With a key it is a use like any other.
            let with_key: Vec<_> = lines.iter().copied().chain([("x-api-key", key.token.as_str())]).collect();
            assert_eq!(ask(&app, path, method, &with_key).await.header("x-latchkey-key-id"), key.id);
        }
        let row = app.browser("demouser").await.row(&key.id).await;
        assert_eq!(row[5..7], ["3".to_owned(), "203.0.113.7".to_owned()]);
    }
}

#[tokio::test]
async fn nobody_passes_for_a_preflight_by_another_dialects_header() {
    let app = TestApp::start_with(&[("cors_preflights", "pass")]).await;
    let forged = [
        ("x-forwarded-method", "OPTIONS"),
        ("x-original-method", "OPTIONS"),
        ("x-http-method-override", "OPTIONS"),
        ("x-envoy-original-method", "OPTIONS"),
    ];
    for (path, method, place) in DIALECTS {
        let method = if place.is_none() { Method::POST } else { method };
        let own = place.map(|name| (name, "POST"));
        let others = forged.into_iter().filter(|(name, _)| Some(*name) != place);
        let lines: Vec<_> = [ORIGIN, ASKS].into_iter().chain(others.clone()).chain(own).collect();
        assert_eq!(ask(&app, path, method.clone(), &lines).await.code(), "MISSING", "{path}");
        let unsaid: Vec<_> = [ORIGIN, ASKS].into_iter().chain(others).collect();
        assert_eq!(ask(&app, path, method.clone(), &unsaid).await.code(), "MISSING", "{path}");
        if let Some(place) = place {
            let twice: Vec<_> = unsaid.into_iter().chain([(place, "OPTIONS"), (place, "POST")]).collect();
            assert_eq!(ask(&app, path, Method::OPTIONS, &twice).await.code(), "MISSING", "{path}");
        }
    }
    let strange = [ORIGIN, ASKS, ("x-forwarded-method", "OPTIONS"), ("x-forwarded-for", "203.0.113.7")];
    let answer = app.authz_with("/authz/forward-auth", "203.0.113.9", &strange).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "who is no gateway is not believed here either");
}

#[tokio::test]
async fn pages_may_read_why_they_were_refused_where_preflights_pass() {
    for (setting, allowed) in [("ask", ""), ("pass", "*")] {
        let app = TestApp::start_with(&[("cors_preflights", setting)]).await;
        for (path, _, _) in DIALECTS {
            let answer = ask(&app, path, Method::GET, &[ORIGIN, ("x-api-key", "lkd_x")]).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "MALFORMED"));
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path}");
            assert_eq!(
                answer.header("access-control-expose-headers").contains("x-latchkey-code"),
                !allowed.is_empty()
            );
        }
    }
}
