//! Headers of every answer, and the site's files.

use crate::app::{Answer, TestApp};
use axum::body::Body;
use domain::address::Address;
use domain::client_address::Peer;
use http::{Method, Request, StatusCode};
use latchkey::http::{ConnectionInfo, Door, Entrance, admin};

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
async fn the_door_needs_no_program() {
    let app = TestApp::start().await;
    for path in ["/login", "/login?next=%2Faccount%2Fapi-keys", "/setup?token=wrong"] {
        let page = app.stranger().get(path).await;
        assert!(page.body.contains("<h1") && !page.body.contains(".wasm"), "{path}: {}", page.body);
    }
}

/// Nothing may run in an answer, nobody may frame it, and no browser may take it for something else.
fn is_strict(what: &str, headers: &http::HeaderMap) {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{what}: {policy}"
    );
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
}

#[tokio::test]
async fn every_answer_is_strict() {
    let app = TestApp::start_with(&[("public_url", "https://keys.example.com")]).await;
    let send = async |method: Method, path: &str, peer: &str, body: Body| -> Answer {
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        app.send(peer, request).await
    };
    let (get, post) = (Method::GET, Method::POST);
    for (method, path, peer, status) in [
        (&get, "/healthz", "unix", 200),
        (&post, "/healthz", "127.0.0.1", 405),
        (&get, "/readyz", "127.0.0.1", 200),
        (&get, "/v1/verify", "127.0.0.1", 405),
        (&post, "/v1/verify", "127.0.0.1", 401),
        (&get, "/authz/forward-auth", "unix", 403),
        (&get, "/authz/forward-auth", "127.0.0.1", 401),
        (&get, "/authz/auth-request", "203.0.113.7", 403),
        (&get, "/authz/ext-authz/x", "127.0.0.1", 401),
        (&get, "/pkg/none.js", "127.0.0.1", 404),
        (&get, "/portal/none", "127.0.0.1", 404),
        (&get, "/portal/log_in", "127.0.0.1", 405),
        (&get, "/login", "127.0.0.1", 200),
        (&post, "/nowhere", "127.0.0.1", 404),
        (&get, "/account/profile", "127.0.0.1", 303),
        (&Method::DELETE, "/", "127.0.0.1", 405),
    ] {
        let answer = send(method.clone(), path, peer, Body::empty()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        is_strict(path, &answer.headers);
    }
    let large = send(post.clone(), "/login", "127.0.0.1", Body::from(vec![b'x'; 100_000])).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    is_strict("a large form", &large.headers);
}

#[tokio::test]
async fn what_gateways_are_answered_is_strict() {
    let app = TestApp::start_with(&[("public_url", "https://keys.example.com")]).await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    for question in [serde_json::json!({"key": key.token, "client_ip": "203.0.113.7"}), serde_json::json!({})]
    {
        is_strict("a verification", &gateway.verify(question).await.headers);
    }
    let passes = app.authz(&key.token, "203.0.113.7").await;
    assert!(passes.status == StatusCode::OK && passes.body.is_empty(), "nothing is there to be framed");
    for refused in [app.authz(&key.token, "203.0.113.8").await, app.authz("lkd_x", "203.0.113.8").await] {
        is_strict("a refusal", &refused.headers);
        assert_eq!(
            refused.header("strict-transport-security"),
            "",
            "the host of the API is not ours to decide on"
        );
    }
}

#[tokio::test]
async fn what_operators_are_answered_is_strict() {
    let app = TestApp::start().await;
    let operators = Entrance::from(admin(app.services.clone()));
    for path in ["/metrics", "/healthz", "/nowhere"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let peer = Peer::Address(Address::parse("127.0.0.1").unwrap());
        is_strict(
            path,
            operators.answer(request, ConnectionInfo { peer, source: None, door: Door::All }).await.headers(),
        );
    }
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

/// Where a page of the table is, for this key; there is no webhook.
fn with_key(page: &app::Page, key: &str) -> String {
    let of_a_key = page.path.starts_with("/account/api-keys/");
    page.path_with(|_| if of_a_key { key.to_owned() } else { "1".to_owned() })
}

/// Pages whose addresses name a secret or a user.
const NAMING: [&str; 4] = ["/account/sub-users/remove", "/invitation", "/login/password", "/unsubscribe"];

/// The addresses of this site that a page links to.
fn links(page: &str) -> Vec<String> {
    let targets = page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let own = targets.filter(|target| target.starts_with('/') && !target.contains('.'));
    own.map(|target| target.split(['?', '#']).next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_page_of_the_table_is_there_and_every_link_leads_to_one() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let nothing_there = "There is nothing at this address";
    let mut linked = Vec::new();
    for page in app::PAGES {
        let path = with_key(page, &key.id);
        assert_eq!(app::Page::find(&path).map(|found| found.path), Some(page.path));
        let answer = browser.get(&path).await;
        let expected = match page.seen_by {
            // Who is logged in owes nothing, and the first account exists.
            app::SeenBy::Unfinished | app::SeenBy::Setup => StatusCode::SEE_OTHER,
            _ if page.path.starts_with("/account/webhooks/:id") => StatusCode::NOT_FOUND,
            // Without what their addresses name.
            _ if NAMING.contains(&page.path) => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        assert_eq!(answer.status, expected, "{path}: {}", answer.body);
        assert!(expected == StatusCode::NOT_FOUND || !answer.body.contains(nothing_there), "{path}");
        if let (StatusCode::OK, Some(title)) = (expected, page.title()) {
            assert!(answer.body.contains(&format!("<title>{title} · Latchkey</title>")), "{path}");
        }
        let stranger = app.stranger().get(&path).await;
        let leads_to_the_login = stranger.status == StatusCode::SEE_OTHER;
        assert_eq!(leads_to_the_login, page.seen_by != app::SeenBy::Anybody, "{path}");
        linked.extend(links(&answer.body));
    }
    assert!(linked.len() > 50, "{linked:?}");
    for link in linked {
        let is_there = app::Page::find(&link).is_some() || link == app::HISTORY_EXPORT;
        assert!(is_there, "{link} is linked to and not in the table");
    }
}
