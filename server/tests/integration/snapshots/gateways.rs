//! Answers to gateways, backends and other programs: every header and the body.

use super::Album;
use crate::app::{Answer, Browser, Gateway, TestApp};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use serde_json::{Value, json};
use std::fmt::Write as _;

const HOOKS: [&str; 3] = ["/authz/forward-auth", "/authz/auth-request", "/authz/ext-authz/orders"];
const CLIENT: (&str, &str) = ("x-forwarded-for", "203.0.113.7");
const OTHER: (&str, &str) = ("x-forwarded-for", "203.0.113.8");

/// An answer with all of its headers, in the order of their names.
fn whole(answer: &Answer) -> String {
    let mut headers: Vec<_> =
        answer.headers.iter().map(|(n, v)| format!("{n}: {}\n", v.to_str().unwrap())).collect();
    headers.sort_unstable();
    let body = match serde_json::from_str::<Value>(&answer.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap(),
        Err(_) => answer.body.clone(),
    };
    format!("{}\n{}\n{body}\n", answer.status, headers.concat())
}

/// The same question to every hook; hooks whose answers are equal stand together.
async fn ask_hooks(app: &TestApp, peer: &str, headers: &[(&str, &str)]) -> String {
    let mut answers: Vec<(String, String)> = Vec::new();
    for hook in HOOKS {
        let answer = whole(&app.authz_with(hook, peer, headers).await);
        match answers.iter_mut().find(|(_, known)| *known == answer) {
            Some((hooks, _)) => _ = write!(hooks, ", {hook}"),
            None => answers.push((hook.to_owned(), answer)),
        }
    }
    answers.into_iter().map(|(hooks, answer)| format!("== {hooks} ==\n{answer}")).collect()
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// Tokens of keys in every state.
struct Tokens {
    good: String,
    latched: String,
    deleted: String,
    unknown: String,
    of_disabled: String,
    smpp: String,
}

impl Tokens {
    async fn make(app: &TestApp) -> Self {
        app.add_user("demouser").await;
        app.add_user("disabled").await;
        let browser = app.browser("demouser").await;
        let latched = browser.generate("WEB", "default").await.token;
        assert_eq!(app.authz(&latched, CLIENT.1).await.code(), "");
        let deleted = browser.generate("Old", "cloud").await;
        browser.delete(&deleted.id).await;
        let of_disabled = app.browser("disabled").await.generate("WEB", "cloud").await.token;
        app.services.operator.set_user_disabled("disabled", true).await.unwrap();
        let elsewhere = TestApp::start().await;
        elsewhere.add_user("demouser").await;
        Self {
            good: browser.generate("Cloud", "cloud").await.token,
            latched,
            deleted: deleted.token,
            unknown: elsewhere.browser("demouser").await.generate("WEB", "cloud").await.token,
            of_disabled,
            smpp: browser.generate("Bind", "smpp").await.token,
        }
    }
}

#[tokio::test]
async fn verdicts_of_the_hooks() {
    let album = Album::open("hooks");
    let app = TestApp::start().await;
    let tokens = Tokens::make(&app).await;
    let good = tokens.good.as_str();
    for (name, token, client) in [
        ("valid", good, Some(CLIENT)),
        ("missing", "", Some(CLIENT)),
        ("malformed", "lkd_x", Some(CLIENT)),
        ("not_found", &tokens.unknown, Some(CLIENT)),
        ("deleted", &tokens.deleted, Some(CLIENT)),
        ("owner_disabled", &tokens.of_disabled, Some(CLIENT)),
        ("ip_not_allowed", &tokens.latched, Some(OTHER)),
        ("no_client_address", good, None),
    ] {
        let headers: Vec<_> = [("x-api-key", token)].into_iter().chain(client).collect();
        album.holds(name, &ask_hooks(&app, "127.0.0.1", &headers).await);
    }
    let headers = [("x-api-key", good), CLIENT];
    album.holds("no_gateway", &ask_hooks(&app, "198.51.100.9", &headers).await);
    let climbing = app.authz_with("/authz/ext-authz/../x", "127.0.0.1", &headers).await;
    album.holds("climbing", &whole(&climbing));
    for guess in 0..60 {
        let guess = basic(&format!("demouser:guess{guess:03}"));
        app.authz_with(HOOKS[0], "127.0.0.1", &[("authorization", &guess), CLIENT]).await;
    }
    let guess = basic("demouser:guess999");
    album.holds("throttled", &ask_hooks(&app, "127.0.0.1", &[("authorization", &guess), CLIENT]).await);
    album.close();
}

#[tokio::test]
async fn hints_of_the_hooks() {
    let album = Album::open("hints");
    let app = TestApp::start().await;
    let tokens = Tokens::make(&app).await;
    let good = &tokens.good;
    let authorization = |value: String| vec![("authorization", value)];
    let bearer = || ("authorization", format!("Bearer {good}"));
    for (name, headers) in [
        ("basic_username", authorization(basic(&format!("{good}:")))),
        ("basic_plain", authorization(format!("Basic {good}"))),
        ("bearer_with_colon", authorization(format!("Bearer: {good}"))),
        ("no_bearer", authorization(good.clone())),
        ("dressed", authorization(format!("Bearer \"{good}\""))),
        ("dressed_alone", vec![("x-api-key", format!("\"{good}\""))]),
        ("several", vec![bearer(), bearer()]),
        ("both", vec![bearer(), ("x-api-key", good.clone())]),
        ("both_without", vec![("authorization", "Bearer x".to_owned()), ("x-api-key", "x".to_owned())]),
        ("no_key", authorization("Bearer x".to_owned())),
        ("not_basic", authorization("Basic %".to_owned())),
        ("under_username", authorization(basic(&format!("demouser:{}", tokens.unknown)))),
        ("no_username", vec![("x-api-key", tokens.smpp.clone())]),
    ] {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).chain([CLIENT]).collect();
        album.holds(name, &ask_hooks(&app, "127.0.0.1", &headers[..]).await);
    }
    let named = TestApp::start_with(&[("key_header", "x-my-key")]).await;
    let headers = [("x-api-key", good.as_str()), CLIENT];
    album.holds("elsewhere", &ask_hooks(&named, "127.0.0.1", &headers).await);
    album.close();
}

async fn ask_in_json(gateway: &Gateway<'_>, album: &Album, name: &str, question: Value) {
    album.holds(name, &whole(&gateway.verify(question).await));
}

#[tokio::test]
async fn answers_in_json() {
    let album = Album::open("verify");
    let app = TestApp::start().await;
    let tokens = Tokens::make(&app).await;
    let gateway = app.gateway("gw").await;
    let ask = |key: &str, client: &str| json!({"key": key, "client_ip": client});
    for (name, question) in [
        ("valid", ask(&tokens.good, CLIENT.1)),
        ("valid_locked", ask(&tokens.latched, CLIENT.1)),
        ("dry_run", json!({"key": tokens.good, "client_ip": CLIENT.1, "dry_run": true})),
        ("missing", ask("", CLIENT.1)),
        ("malformed", ask("lkd_x", CLIENT.1)),
        ("not_found", ask(&tokens.unknown, CLIENT.1)),
        ("deleted", ask(&tokens.deleted, CLIENT.1)),
        ("owner_disabled", ask(&tokens.of_disabled, CLIENT.1)),
        ("ip_not_allowed", ask(&tokens.latched, OTHER.1)),
        ("bad_address", ask(&tokens.good, "nowhere")),
        ("bad_body", json!({"key": tokens.good})),
        ("too_large", ask(&"x".repeat(9000), CLIENT.1)),
    ] {
        ask_in_json(&gateway, &album, name, question).await;
    }
    album.holds("no_gateway", &whole(&gateway.ask("Bearer wrong", Body::empty()).await));
    for guess in 0..60 {
        let guess = json!({"key": format!("guess{guess:03}"), "client_ip": OTHER.1, "username": "demouser"});
        gateway.verify(guess).await;
    }
    let guess = json!({"key": "guess999", "client_ip": OTHER.1, "username": "demouser"});
    ask_in_json(&gateway, &album, "throttled", guess).await;
    album.close();
}

/// An answer to a program that is no gateway.
async fn answer(
    browser: &Browser<'_>,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
) -> String {
    whole(&browser.request(method, path, headers, Body::empty()).await)
}

#[tokio::test]
async fn answers_to_other_programs() {
    let album = Album::open("programs");
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (visitor, user) = (app.stranger(), app.browser("demouser").await);
    let (foreign, english) = (("origin", "https://elsewhere.example"), ("accept-language", "en"));
    let romanian = ("accept-language", "ro");
    for (name, method, path, headers) in [
        ("healthz", Method::GET, "/healthz", &[][..]),
        ("readyz", Method::GET, "/readyz", &[]),
        ("verify_by_get", Method::GET, "/v1/verify", &[]),
        ("login", Method::HEAD, "/login", &[]),
        ("metrics_elsewhere", Method::HEAD, "/metrics", &[]),
        ("post_nowhere", Method::POST, "/nowhere", &[("sec-fetch-site", "same-origin")]),
        ("function_nowhere", Method::GET, "/portal/nowhere", &[]),
        ("function_by_get", Method::GET, "/portal/log_in", &[]),
        ("function_logged_out", Method::GET, "/portal/list_keys", &[]),
        ("function_from_elsewhere", Method::POST, "/portal/log_out", &[foreign]),
        ("form_from_elsewhere", Method::POST, "/login", &[foreign, english]),
        ("form_from_elsewhere_romanian", Method::POST, "/login", &[foreign, romanian]),
        ("unsubscribe_wrong", Method::POST, "/unsubscribe?token=wrong", &[]),
    ] {
        album.holds(name, &answer(&visitor, method, path, headers).await);
    }
    let login = [("username", "demouser"), ("password", crate::app::PASSWORD)];
    album.holds("logged_in", &whole(&app.stranger().post("/login", &login).await));
    album.holds("logged_out", &whole(&user.post("/logout", &[]).await));
    album.holds("language", &whole(&visitor.post("/language", &[("language", "ro"), ("next", "/")]).await));
    let large =
        Request::post("/login").header("sec-fetch-site", "same-origin").body("x".repeat(100_000).into());
    album.holds("form_too_large", &whole(&app.send("198.51.100.9", large.unwrap()).await));
    album.close();
}
