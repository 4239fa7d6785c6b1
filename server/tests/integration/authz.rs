//! `/authz/forward-auth`, `/authz/auth-request` and `/authz/ext-authz/*`

use crate::app::TestApp;
use axum::body::Body;
use http::{Method, Request, StatusCode};

const ENDPOINTS: [&str; 3] =
    ["/authz/forward-auth", "/authz/auth-request", "/authz/ext-authz/v1/pets/./a..b/%41"];

#[tokio::test]
async fn allow_is_an_empty_200_with_the_identity() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "cloud").await;
    let bearer = format!("Bearer {}", key.token);
    for path in ENDPOINTS {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PURGE"] {
            let request = Request::builder()
                .method(Method::from_bytes(method.as_bytes()).unwrap())
                .uri(format!("{path}?api_key=ignored&x=1"))
                .header("authorization", &bearer)
                .header("x-forwarded-for", "203.0.113.7")
                .body(Body::from("ignored"))
                .unwrap();
            let answer = app.send("127.0.0.1", request).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{method}");
            assert_eq!(answer.header("x-latchkey-key-id"), key.id);
            assert_eq!(answer.header("x-latchkey-username"), "demouser");
            assert_eq!(answer.header("x-latchkey-key-type"), "cloud");
            assert_eq!(answer.code(), "");
        }
    }
    assert_eq!(app.browser("demouser").await.row(&key.id).await[5], "24", "each method is one use");
}

#[tokio::test]
async fn a_refused_head_tells_of_a_body_and_sends_none() {
    let app = TestApp::start().await;
    for path in ENDPOINTS {
        let request =
            Request::builder().method(Method::HEAD).uri(path).header("x-forwarded-for", "203.0.113.7");
        let answer = app.send("127.0.0.1", request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "MISSING"), "{path}");
        assert_eq!(answer.body, "", "HTTP/2 would send it");
        let asked = Request::get(path).header("x-forwarded-for", "203.0.113.7").body(Body::empty()).unwrap();
        let whole = app.send("127.0.0.1", asked).await.body.len().to_string();
        assert_eq!(answer.header("content-length"), whole, "{path}");
    }
}

#[tokio::test]
async fn deny_names_its_code_and_no_identity() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    for path in ENDPOINTS {
        for (headers, status, code) in [
            (vec![], 401, "MISSING"),
            (vec![("x-api-key", "lkd_x")], 401, "MALFORMED"),
            (
                vec![("x-api-key", key.token.as_str()), ("x-forwarded-for", "203.0.113.8")],
                403,
                "IP_NOT_ALLOWED",
            ),
            (vec![("x-api-key", key.token.as_str())], 403, "NO_CLIENT_ADDRESS"),
        ] {
            let answer = app.authz_with(path, "127.0.0.1", &headers).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (status, code));
            assert_eq!(answer.header("x-latchkey-status"), status.to_string());
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.json()["status"], status);
            assert!(!answer.body.contains(code), "the client learns no code from the body");
            for name in ["x-latchkey-key-id", "x-latchkey-username", "x-latchkey-key-type"] {
                assert!(!answer.headers.contains_key(name));
            }
        }
    }
    browser.delete(&key.id).await;
    let answer = app.authz(&key.token, "203.0.113.7").await;
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "DELETED"));
}

#[tokio::test]
async fn a_request_with_more_than_one_key_or_an_over_long_one_is_malformed() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "cloud").await.token;
    let bearer = format!("Bearer {key}");
    let joined = format!("{bearer}, {bearer}");
    let basic = format!("Basic {}", base64(&format!("demouser:{key}")));
    let long = format!("Bearer {}", "a".repeat(1024));
    for path in ENDPOINTS {
        for headers in [
            [("authorization", bearer.as_str()), ("authorization", bearer.as_str())],
            [("authorization", &bearer), ("authorization", "Digest username=x")],
            [("authorization", &bearer), ("authorization", &basic)],
            [("authorization", &bearer), ("x-api-key", &key)],
            [("authorization", &basic), ("x-api-key", &key)],
            [("x-api-key", &key), ("x-api-key", &key)],
            [("authorization", &joined), ("accept", "*/*")],
            [("authorization", &long), ("accept", "*/*")],
            [("authorization", &long), ("x-api-key", &key)],
            [("x-api-key", &long[7..]), ("accept", "*/*")],
        ] {
            let headers: Vec<_> = headers.into_iter().chain([("x-forwarded-for", "203.0.113.7")]).collect();
            let answer = app.authz_with(path, "127.0.0.1", &headers).await;
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::UNAUTHORIZED, "MALFORMED"),
                "{headers:?}"
            );
        }
    }
    assert_eq!(app.authz(&key, "203.0.113.7").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nginx_never_sees_a_429() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    for guess in 0..60 {
        let basic = format!("Basic {}", base64(&format!("demouser:guess{guess:03}")));
        let headers = [("authorization", basic.as_str()), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(app.authz_with(ENDPOINTS[0], "127.0.0.1", &headers).await.code(), "NOT_FOUND");
    }
    let basic = format!("Basic {}", base64("demouser:guess999"));
    let headers = [("authorization", basic.as_str()), ("x-forwarded-for", "203.0.113.7")];
    for (path, status) in [(ENDPOINTS[0], 429), (ENDPOINTS[1], 403), (ENDPOINTS[2], 429)] {
        let answer = app.authz_with(path, "127.0.0.1", &headers).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, "THROTTLED"));
        assert_eq!(answer.header("x-latchkey-status"), "429");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn a_caller_that_is_no_trusted_proxy_gets_no_verdict() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    for peer in ["203.0.113.9", "127.0.0.2"] {
        for token in [key.token.as_str(), "lkd_x"] {
            let headers = [("x-api-key", token), ("x-forwarded-for", "203.0.113.7")];
            let answer = app.authz_with(ENDPOINTS[0], peer, &headers).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, ""));
        }
    }
    assert_eq!(app.browser("demouser").await.row(&key.id).await[5..7], ["0".to_owned(), String::new()]);
}

#[tokio::test]
async fn the_rightmost_untrusted_address_is_the_client() {
    let app = TestApp::start_with(&[("trusted_proxies", "127.0.0.1,10.0.0.0/8")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let ask = |peer: &'static str, lines: Vec<&'static str>| {
        let (app, token) = (&app, key.token.clone());
        async move {
            let mut headers = vec![("x-api-key", token.as_str())];
            headers.extend(lines.iter().map(|l| ("x-forwarded-for", *l)));
            // None of these counts, only the one configured header does.
            headers.extend([("x-real-ip", "203.0.113.7"), ("forwarded", "for=203.0.113.7")]);
            app.authz_with(ENDPOINTS[0], peer, &headers).await.code().to_owned()
        }
    };
    assert_eq!(ask("127.0.0.1", vec!["198.51.100.1, 203.0.113.7, 10.0.0.3"]).await, "");
    assert_eq!(browser.row(&key.id).await[6], "203.0.113.7");
    assert_eq!(ask("10.0.0.9", vec!["203.0.113.7", "10.0.0.3"]).await, "");
    assert_eq!(ask("127.0.0.1", vec!["203.0.113.7, 198.51.100.1"]).await, "IP_NOT_ALLOWED");
    assert_eq!(ask("127.0.0.1", vec!["203.0.113.7", "198.51.100.1, 10.1.1.1"]).await, "IP_NOT_ALLOWED");
    for junk in ["junk", "203.0.113.7, junk", "203.0.113.7,", "", "10.0.0.1", "203.0.113.7%eth0"] {
        assert_eq!(ask("127.0.0.1", vec![junk]).await, "NO_CLIENT_ADDRESS", "{junk}");
    }
    assert_eq!(ask("127.0.0.1", vec![]).await, "NO_CLIENT_ADDRESS");
    assert_eq!(browser.row(&key.id).await[5], "2");
}

#[tokio::test]
async fn the_query_counts_where_the_operator_allows_it() {
    for (allowed, code) in [("false", "MISSING"), ("true", "")] {
        let app = TestApp::start_with(&[("key_in_query", allowed)]).await;
        app.add_user("demouser").await;
        let key = app.browser("demouser").await.generate("WEB", "cloud").await;
        let uri = format!("/json?action=x&username=demouser&password={}", key.token);
        for (path, header) in [(ENDPOINTS[0], "x-forwarded-uri"), (ENDPOINTS[1], "x-original-uri")] {
            let headers = [(header, uri.as_str()), ("x-forwarded-for", "203.0.113.7")];
            assert_eq!(app.authz_with(path, "127.0.0.1", &headers).await.code(), code);
        }
        // Envoy asks with the client's own path and query; what headers say of them is then the client's.
        let headers = [("x-original-uri", "/?api_key=other"), ("x-forwarded-for", "203.0.113.7")];
        let path = format!("/authz/ext-authz{uri}");
        assert_eq!(app.authz_with(&path, "127.0.0.1", &headers).await.code(), code);
    }
}

#[tokio::test]
async fn envoy_may_ask_with_any_path_and_it_decides_nothing() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "cloud").await;
    let long = format!("/authz/ext-authz/{}", "a/".repeat(4000));
    let query = format!("/authz/ext-authz/?api_key={}", key.token);
    let paths = ["/authz/ext-authz", "/authz/ext-authz/", "/authz/ext-authz//", "/authz/ext-authz?x", &long];
    for path in paths.into_iter().chain([query.as_str(), "/authz/ext-authz/account/api-keys"]) {
        let client = ("x-forwarded-for", "203.0.113.7");
        let with = app.authz_with(path, "127.0.0.1", &[("x-api-key", &key.token), client]).await;
        assert_eq!((with.status, with.header("x-latchkey-key-id")), (StatusCode::OK, &*key.id), "{path}");
        let without = app.authz_with(path, "127.0.0.1", &[client]).await;
        assert_eq!((without.status, without.code()), (StatusCode::UNAUTHORIZED, "MISSING"), "{path}");
    }
    // A proxy before the pages may take these for other paths than it passes on, and let strangers in.
    for path in
        ["/authz/ext-authz/../../x", "/authz/ext-authz/%2E%2e/%2e%2e/x?y", "/authz/ext-authz/..%2f..%2Fx"]
    {
        let lines = [("x-api-key", key.token.as_str()), ("x-forwarded-for", "203.0.113.7")];
        let answer = app.authz_with(path, "127.0.0.1", &lines).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, ""), "{path}");
        assert_eq!(answer.header("x-latchkey-key-id"), "");
    }
    // No path of Envoy's beside the endpoint is one of ours that says yes.
    let other = app.authz_with("/authz/ext-authzother", "127.0.0.1", &[("x-api-key", &key.token)]).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}
