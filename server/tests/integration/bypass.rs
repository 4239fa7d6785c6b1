//! Ways in which others were fooled about a client's address or identity, each of which must fail here.

use crate::app::{Answer, PASSWORD, TestApp};
use axum::body::Body;
use domain::address::Address;
use domain::proxy_protocol::ConnectionSource;
use http::{Request, StatusCode};
use serde_json::json;
use std::sync::atomic::Ordering;

const FORWARD_AUTH: &str = "/authz/forward-auth";
const VICTIM: &str = "203.0.113.7";
const ATTACKER: &str = "198.51.100.66";

/// A server with a Default key that is latched to the victim's address.
struct Latched {
    app: TestApp,
    token: String,
    key_id: String,
}

impl Latched {
    async fn with(flags: &[(&'static str, &str)]) -> Self {
        let app = TestApp::start_with(flags).await;
        app.add_user("demouser").await;
        let key = app.browser("demouser").await.generate("WEB", "default").await;
        assert_eq!(app.gateway("gw").await.code(&key.token, VICTIM).await, "VALID");
        Self { app, token: key.token, key_id: key.id }
    }

    async fn ask(&self, peer: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_on(peer, headers, None).await
    }

    /// Asks on a connection that began with a PROXY header.
    async fn ask_on(&self, peer: &str, headers: &[(&str, &str)], source: Option<ConnectionSource>) -> Answer {
        let mut request = Request::get(FORWARD_AUTH).header("x-api-key", &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        if let Some(source) = source {
            request.extensions_mut().insert(source);
        }
        self.app.send(peer, request).await
    }

    async fn code(&self, headers: &[(&str, &str)]) -> String {
        self.ask("127.0.0.1", headers).await.code().to_owned()
    }
}

/// Everything a client can say about the victim, in all families but one.
fn lies_without(family: &str) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("x-forwarded-for", VICTIM),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", VICTIM),
        ("true-client-ip", VICTIM),
        ("x-client-ip", VICTIM),
        ("x-envoy-external-address", VICTIM),
        ("x_forwarded_for", VICTIM),
        ("x_real_ip", VICTIM),
    ];
    all.into_iter().filter(|(name, _)| *name != family).collect()
}

#[tokio::test]
async fn the_leftmost_entry_of_x_forwarded_for_is_hearsay() {
    let latched = Latched::with(&[("trusted_proxies", "127.0.0.1,10.0.0.0/8")]).await;
    for line in
        ["203.0.113.7, 198.51.100.66", "203.0.113.7, 198.51.100.66, 10.0.0.1", "203.0.113.7,198.51.100.66"]
    {
        assert_eq!(latched.code(&[("x-forwarded-for", line)]).await, "IP_NOT_ALLOWED", "{line}");
    }
    let lines = [("x-forwarded-for", VICTIM), ("x-forwarded-for", ATTACKER)];
    assert_eq!(latched.code(&lines).await, "IP_NOT_ALLOWED", "two lines");
    assert_eq!(latched.code(&[("x-forwarded-for", "198.51.100.66, 203.0.113.7")]).await, "");
}

#[tokio::test]
async fn junk_in_x_forwarded_for_is_refused_and_never_skipped() {
    let latched = Latched::with(&[("trusted_proxies", "127.0.0.1,10.0.0.0/8")]).await;
    for junk in ["junk", "", "unknown", "_hidden", "203.0.113.7%1", "203.0.113.7/32", "\"203.0.113.7\""] {
        let line = format!("{VICTIM}, {junk}");
        assert_eq!(latched.code(&[("x-forwarded-for", &line)]).await, "NO_CLIENT_ADDRESS", "{junk}");
        let lines = [("x-forwarded-for", VICTIM), ("x-forwarded-for", junk)];
        assert_eq!(latched.code(&lines).await, "NO_CLIENT_ADDRESS", "{junk}");
        let line = format!("{junk}, {ATTACKER}");
        assert_eq!(latched.code(&[("x-forwarded-for", &line)]).await, "IP_NOT_ALLOWED", "{junk}");
    }
}

#[tokio::test]
async fn the_connection_header_takes_nothing_away() {
    let latched = Latched::with(&[]).await;
    let named = "close, X-Forwarded-For, X-Api-Key, Authorization, X-Latchkey-Key-Id";
    let answer = latched.ask("127.0.0.1", &[("connection", named), ("x-forwarded-for", ATTACKER)]).await;
    assert_eq!(answer.code(), "IP_NOT_ALLOWED");
    let answer = latched.ask("127.0.0.1", &[("connection", named), ("x-forwarded-for", VICTIM)]).await;
    assert_eq!(
        (answer.status, answer.header("x-latchkey-key-id")),
        (StatusCode::OK, latched.key_id.as_str())
    );
    assert_eq!(latched.code(&[("connection", named)]).await, "NO_CLIENT_ADDRESS");
}

#[tokio::test]
async fn forged_identity_headers_come_back_from_nobody() {
    let latched = Latched::with(&[]).await;
    let forged = [
        ("x-latchkey-key-id", "forged"),
        ("x-latchkey-key-id", "forged-too"),
        ("x_latchkey_key_id", "forged"),
        ("x-latchkey-username", "forged"),
        ("x_latchkey_username", "forged"),
        ("x-latchkey-key-type", "forged"),
        ("x_latchkey_key_type", "forged"),
    ];
    for client in [VICTIM, ATTACKER] {
        let headers: Vec<_> = forged.into_iter().chain([("x-forwarded-for", client)]).collect();
        let answer = latched.ask("127.0.0.1", &headers).await;
        let values: Vec<_> =
            answer.headers.iter().filter(|(name, _)| name.as_str().contains("latchkey")).collect();
        assert!(values.iter().all(|(_, value)| !value.to_str().unwrap().contains("forged")));
        assert!(answer.headers.keys().all(|name| !name.as_str().contains('_')));
        let ids = answer.headers.get_all("x-latchkey-key-id").iter().count();
        assert_eq!(ids, usize::from(client == VICTIM));
    }
    let alias = latched
        .app
        .authz_with(FORWARD_AUTH, "127.0.0.1", &[("x_api_key", &latched.token), ("x-forwarded-for", VICTIM)])
        .await;
    assert_eq!(alias.code(), "MISSING", "an alias of the key's header is not the key's header");
}

#[tokio::test]
async fn headers_of_other_families_are_not_looked_at() {
    for (family, attacker) in [
        ("x-forwarded-for", ATTACKER),
        ("forwarded", "for=\"198.51.100.66:4711\""),
        ("x-real-ip", ATTACKER),
        ("True-Client-IP", ATTACKER),
    ] {
        let latched = Latched::with(&[("client_address_header", family)]).await;
        let name = family.to_ascii_lowercase();
        let lies = lies_without(&name);
        assert_eq!(latched.code(&lies).await, "NO_CLIENT_ADDRESS", "{family}");
        let source = Some(ConnectionSource(Address::parse(VICTIM).ok()));
        assert_eq!(latched.ask_on("127.0.0.1", &lies, source).await.code(), "NO_CLIENT_ADDRESS", "{family}");
        let lies: Vec<_> = lies.into_iter().chain([(name.as_str(), attacker)]).collect();
        assert_eq!(latched.code(&lies).await, "IP_NOT_ALLOWED", "{family}");
        let honest = attacker.replace(ATTACKER, VICTIM);
        assert_eq!(latched.code(&[(name.as_str(), &honest)]).await, "", "{family}");
    }
}

#[tokio::test]
async fn a_header_of_one_address_with_two_lines_is_refused() {
    let latched = Latched::with(&[("client_address_header", "x-real-ip")]).await;
    for lines in [[VICTIM, ATTACKER], [ATTACKER, VICTIM], [VICTIM, VICTIM]] {
        let headers = lines.map(|line| ("x-real-ip", line));
        assert_eq!(latched.code(&headers).await, "NO_CLIENT_ADDRESS", "{lines:?}");
    }
    assert_eq!(latched.code(&[("x-real-ip", "198.51.100.66, 203.0.113.7")]).await, "NO_CLIENT_ADDRESS");
}

#[tokio::test]
async fn octal_and_other_old_spellings_are_no_addresses() {
    let latched = Latched::with(&[("trusted_proxies", "127.0.0.1,10.0.0.0/8")]).await;
    let gateway = latched.app.gateway("gw2").await;
    for text in ["0313.0.113.7", "203.0.113.07", "0xcb.0.113.7", "3405803783", "203.0.28935", "012.0.0.1"] {
        assert_eq!(latched.code(&[("x-forwarded-for", text)]).await, "NO_CLIENT_ADDRESS", "{text}");
        let line = format!("{VICTIM}, {text}");
        assert_eq!(latched.code(&[("x-forwarded-for", &line)]).await, "NO_CLIENT_ADDRESS", "{text}");
        let answer = gateway.verify(json!({"key": latched.token, "client_ip": text})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{text}");
    }
}

#[tokio::test]
async fn an_ipv4_mapped_address_is_the_ipv4_address() {
    let latched = Latched::with(&[("trusted_proxies", "127.0.0.1,10.0.0.0/8")]).await;
    let mapped = [
        "::ffff:203.0.113.7",
        "::FFFF:cb00:7107",
        "[::ffff:203.0.113.7]:80",
        "203.0.113.7, ::ffff:10.0.0.1",
        "0:0:0:0:0:ffff:cb00:7107",
    ];
    for line in mapped {
        assert_eq!(latched.code(&[("x-forwarded-for", line)]).await, "", "{line}");
    }
    let answer = latched.ask("[::ffff:127.0.0.1]", &[("x-forwarded-for", VICTIM)]).await;
    assert_eq!(answer.status, StatusCode::OK, "a trusted proxy on a dual-stack socket");
    let answer = latched.ask("[::ffff:198.51.100.66]", &[("x-forwarded-for", VICTIM)]).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, ""));
    // The forms that only look like it are addresses of their own.
    for line in ["::203.0.113.7", "64:ff9b::203.0.113.7", "2002:cb00:7107::"] {
        assert_eq!(latched.code(&[("x-forwarded-for", line)]).await, "IP_NOT_ALLOWED", "{line}");
    }
}

#[tokio::test]
async fn a_proxy_header_counts_from_trusted_peers_and_where_it_is_configured() {
    let settings = [("client_address_header", "proxy-protocol"), ("listen_proxy_protocol", "127.0.0.1:0")];
    let latched = Latched::with(&settings).await;
    let says = |address: &str| Some(ConnectionSource(Address::parse(address).ok()));
    let lies = lies_without("");
    assert_eq!(latched.ask_on("127.0.0.1", &lies, says(ATTACKER)).await.code(), "IP_NOT_ALLOWED");
    assert_eq!(latched.ask_on("127.0.0.1", &[], says(VICTIM)).await.status, StatusCode::OK);
    let local = Some(ConnectionSource(None));
    for source in [None, local, says("127.0.0.1")] {
        assert_eq!(
            latched.ask_on("127.0.0.1", &lies, source).await.code(),
            "NO_CLIENT_ADDRESS",
            "{source:?}"
        );
    }
    let answer = latched.ask_on(ATTACKER, &lies, says(VICTIM)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, ""), "anyone can send a PROXY header");
}

#[tokio::test]
async fn forged_headers_of_a_direct_client_escape_no_throttle() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let log_in = |password: &'static str, forged: String| {
        let app = &app;
        async move {
            let body = format!("username=demouser&password={}", password.replace(' ', "+"));
            let mut request = Request::post("/login")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin");
            for (name, _) in lies_without("") {
                request = request.header(name, &forged);
            }
            app.send(ATTACKER, request.body(Body::from(body)).unwrap()).await.status
        }
    };
    for guess in 0..10 {
        let status = log_in("wrong", format!("203.0.113.{guess}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{guess}");
    }
    assert_eq!(log_in(PASSWORD, "203.0.113.77".to_owned()).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(app.services.ignored_headers.load(Ordering::Relaxed), 11, "each ignored header is counted");
}

#[tokio::test]
async fn only_what_is_ignored_is_counted_as_ignored() {
    let latched = Latched::with(&[]).await;
    let count = || latched.app.services.ignored_headers.load(Ordering::Relaxed);
    latched.ask("127.0.0.1", &[("x-forwarded-for", VICTIM)]).await;
    latched.ask(ATTACKER, &[("x-real-ip", VICTIM)]).await;
    assert_eq!(count(), 0);
    latched.ask(ATTACKER, &[("x-forwarded-for", VICTIM)]).await;
    assert_eq!(count(), 1);
}
