//! Bad input: a clear answer, nothing stored, the server stays up.

use crate::app::TestApp;
use crate::scene::{Scene, exchange};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use insta::assert_snapshot;
use serde_json::json;
use std::net::TcpStream;

#[tokio::test]
async fn bad_descriptions_and_types_come_back_filled_in() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let long = "a".repeat(101);
    for (description, key_type) in [
        ("", "default"),
        ("   ", "default"),
        (long.as_str(), "default"),
        ("a\u{0}b", "default"),
        ("a\r\nb", "default"),
        ("fine", "admin"),
        ("fine", ""),
        ("", "admin"),
    ] {
        let fields = [("description", description), ("key_type", key_type)];
        let answer = browser.post("/account/api-keys/new", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{description:?} {key_type:?}");
        let page = answer.page();
        assert!(page.contains("aria-invalid=\"true\""), "{description:?} {key_type:?}");
        if description == "fine" {
            assert!(page.contains("value=\"fine\""), "{page}");
        }
    }
    assert_eq!(browser.post("/account/api-keys/new", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(browser.record_line().await, @"Page 0 of 1, showing 0 records out of 0 total, starting on record 0, ending on 0");
}

#[tokio::test]
async fn html_is_text_wherever_it_is_shown() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let html = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'";
    let key = browser.generate(html, "default").await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    for path in [
        "/".to_owned(),
        "/account/api-keys".to_owned(),
        format!("/account/api-keys/{}", key.id),
        format!("/account/api-keys/{}/delete", key.id),
    ] {
        let body = browser.get(&path).await.body;
        for raw in ["<script>alert", "<img src=x"] {
            let around = body.find(raw).map(|at| &body[at.saturating_sub(200)..at + 50]);
            assert_eq!(around, None, "{path}");
        }
        assert!(body.contains("&lt;script&gt;alert"), "{path}");
    }
}

#[tokio::test]
async fn bad_addresses_are_refused_with_a_hint() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let add = |address: &'static str| {
        let (browser, id) = (&browser, key.id.clone());
        async move { browser.act(&id, "authorise_address", &[("address", address)]).await }
    };
    let mut hints = Vec::new();
    for address in [
        "10.0.0.5/8",
        "300.1.1.1",
        "fe80::1%eth0",
        "",
        "   ",
        "::ffff:0:0/96",
        "0.0.0.0/0",
        "example.org",
        "<b>",
    ] {
        let answer = add(address).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
        let page = answer.page();
        assert!(page.contains("aria-invalid=\"true\""), "{address}");
        assert!(!page.contains("<b>"));
        hints.push(format!("{address:?}: {}", answer.messages()));
    }
    assert_snapshot!(hints.join("\n"), @r#"
    "10.0.0.5/8": This network does not begin at that address. Did you mean 10.0.0.0/8?
    "300.1.1.1": This is neither an IP address nor a network. Write it like 203.0.113.7 or 198.51.100.0/24.
    "fe80::1%eth0": Leave out the part after %: it has a meaning on your machine only.
    "": Enter an address or a network.
    "   ": Enter an address or a network.
    "::ffff:0:0/96": This IPv6 network stands for IPv4 addresses. Write it as an IPv4 network.
    "0.0.0.0/0": This would let everybody in. Generate a Cloud key if any address shall pass.
    "example.org": This is neither an IP address nor a network. Write it like 203.0.113.7 or 198.51.100.0/24.
    "<b>": This is neither an IP address nor a network. Write it like 203.0.113.7 or 198.51.100.0/24.
    "#);
    let entries = || async {
        browser.get(&format!("/portal/find_key?id={}", key.id)).await.json()["key"]["allow_list"].clone()
    };
    assert_eq!(entries().await, json!([]));
    assert_eq!(add("203.0.113.9").await.status, StatusCode::SEE_OTHER);
    assert_eq!(add("203.0.113.9").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(add("::ffff:203.0.113.9").await.status, StatusCode::UNPROCESSABLE_ENTITY, "the same one");
    // An IPv4-mapped address is the IPv4 address (design.md, section 5).
    assert_eq!(add("::ffff:10.0.0.1").await.status, StatusCode::SEE_OTHER);
    assert_eq!(entries().await, json!(["10.0.0.1", "203.0.113.9"]));
}

#[tokio::test]
async fn the_allow_list_has_an_end() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    for last in 0..100 {
        let answer =
            browser.act(&key.id, "authorise_address", &[("address", &format!("203.0.113.{last}"))]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let answer = browser.act(&key.id, "authorise_address", &[("address", "203.0.113.200")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(answer.messages(), @"The list is full: 100 entries. Remove one, or authorise a network instead of single addresses.");
}

#[tokio::test]
async fn only_default_keys_take_addresses() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("DYN", "cloud").await;
    for (verb, field) in [
        ("authorise_address", ("address", "203.0.113.9")),
        ("set_lock_width", ("width", "net64")),
        ("release_lock", ("x", "")),
    ] {
        let answer = browser.act(&key.id, verb, &[field]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb}");
    }
}

#[tokio::test]
async fn large_and_odd_bodies_are_refused() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let gateway = app.gateway("gw").await;
    let megabyte = || "x".repeat(1 << 20);
    let own = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    for path in ["/account/api-keys/new", "/login", "/portal/generate_key", "/language"] {
        let body = Body::from(format!("description={}", megabyte()));
        let answer = browser.request(Method::POST, path, &own, body).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
    let bearer = format!("Bearer {}", gateway.token);
    let answer = gateway.ask(&bearer, megabyte().into()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"key\":\"x\"}",
        "{\"client_ip\":\"1.2.3.4\"}",
        "{\"key\":1,\"client_ip\":\"1.2.3.4\"}",
        "\u{0}",
    ] {
        let answer = gateway.ask(&bearer, body.to_owned().into()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    for ip in ["", "300.1.1.1", "1.2.3.4:80", "10.0.0.0/8", "fe80::1%eth0", "localhost"] {
        let answer = gateway.verify(json!({"key": "x", "client_ip": ip})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{ip}");
    }
    let nonsense =
        browser.request(Method::POST, "/account/api-keys/x?do=nonsense", &own, Body::empty()).await;
    assert_eq!(nonsense.status, StatusCode::NOT_FOUND);
    let odd = browser
        .request(Method::POST, "/account/api-keys/new", &own, Body::from(vec![0xFF, 0xFE, b'=']))
        .await;
    assert!(odd.status.is_client_error());
    assert_snapshot!(browser.record_line().await, @"Page 0 of 1, showing 0 records out of 0 total, starting on record 0, ending on 0");
}

#[tokio::test]
async fn huge_and_doubled_tokens_are_malformed() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    assert_eq!(app.authz(&"x".repeat(8 * 1024), "203.0.113.7").await.code(), "MALFORMED");
    let two = [
        vec![("x-api-key", key.token.as_str()), ("x-api-key", key.token.as_str())],
        vec![("x-api-key", key.token.as_str()), ("authorization", "Bearer lkd_x")],
    ];
    for mut headers in two {
        headers.push(("x-forwarded-for", "203.0.113.7"));
        for path in ["/authz/auth-request", "/authz/forward-auth"] {
            let answer = app.authz_with(path, "127.0.0.1", &headers).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "MALFORMED"));
        }
    }
    let row = app.browser("demouser").await.row(&key.id).await;
    assert_eq!(row[5..7], ["0".to_owned(), String::new()], "nothing was counted or locked");
}

#[tokio::test]
async fn a_page_that_fails_to_parse_its_form_says_so() {
    let app = TestApp::start().await;
    let request = Request::post("/login")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from("username=a&username=b"));
    let answer = app.send("127.0.0.1", request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[test]
fn what_http_cannot_read_is_answered_strictly() {
    let scene = Scene::set(&[]);
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(65_600));
    let second = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET / nonsense\r\n\r\n";
    for (request, status) in [
        ("nonsense\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "400 Bad Request"),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: none\r\n\r\n", "400 Bad Request"),
        (&large, "431 Request Header Fields Too Large"),
        (second, "400 Bad Request"),
    ] {
        let answer = exchange(TcpStream::connect(scene.address()).unwrap(), request.as_bytes());
        let last = &answer[answer.rfind("HTTP/1.1 ").unwrap()..];
        assert!(last.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        for line in [
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
        ] {
            assert!(last.contains(line), "{answer}");
        }
    }
    scene.serves();
}
