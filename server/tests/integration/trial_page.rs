//! The page that explains what a gateway would be told of a request with a key.

use crate::app::TestApp;
use crate::browser::Browser;
use http::StatusCode;
use insta::assert_snapshot;

/// What the page says of a request from an address.
async fn said(browser: &Browser<'_>, id: &str, address: &str) -> (String, Vec<String>) {
    let page = browser.get(&format!("/account/api-keys/{id}/try?address={address}")).await;
    assert_eq!(page.status, StatusCode::OK, "{address}");
    (page.texts("#verdict").concat(), page.texts(".check"))
}

#[tokio::test]
async fn a_dry_run_says_what_a_gateway_is_told_then_and_changes_nothing() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "default").await;
    let (verdict, checks) = said(&demo, &key.id, "203.0.113.7").await;
    assert_eq!(verdict, "A request from 203.0.113.7 passes.");
    assert_snapshot!(checks.join("\n"), @"
    User demo may use keys.
    Pause The key is not paused.
    End The key has no end.
    Address The key is not locked yet. A real request would lock it on this address.
    ");
    // It was neither locked nor counted, and no refusal was.
    assert_eq!(app.authz(&key.token, "198.51.100.9").await.status, StatusCode::OK);
    let (verdict, checks) = said(&demo, &key.id, "203.0.113.7").await;
    assert_eq!(verdict, "A request from 203.0.113.7 is refused: IP_NOT_ALLOWED");
    assert_eq!(checks[3], "Address The key is locked on 198.51.100.9, and this address is not authorised.");
    assert_eq!(said(&demo, &key.id, "%20::ffff:198.51.100.9").await.0, "A request from 198.51.100.9 passes.");
    let found = demo.get(&format!("/portal/find_key?id={}", key.id)).await.json();
    assert_eq!(found["key"]["row"]["times_used"], 1);
    demo.act(&key.id, "authorise_address", &[("address", "203.0.113.0/24")]).await;
    let (_, checks) = said(&demo, &key.id, "203.0.113.7").await;
    assert_eq!(checks[3], "Address The authorised entry 203.0.113.0/24 holds this address.");
    demo.act(&key.id, "pause_key", &[]).await;
    let (verdict, checks) = said(&demo, &key.id, "192.0.2.1").await;
    assert_eq!(verdict, "A request from 192.0.2.1 is refused: DISABLED");
    assert_snapshot!(checks.join("\n"), @"
    User demo may use keys.
    Pause The key is paused. It passes again once it is resumed on its page.
    End Not asked, because a check before it refuses.
    Address Not asked, because a check before it refuses.
    ");
}

#[tokio::test]
async fn what_is_no_address_is_said_at_the_field_and_comes_back() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "cloud").await;
    let path = format!("/account/api-keys/{}/try", key.id);
    let fresh = demo.get(&path).await;
    assert_eq!(fresh.texts("#verdict").len(), 0, "nothing was asked yet");
    let long = "9".repeat(5_000);
    for address in ["", "300.1.1.1", "10.0.0.0/8", "fe80::1%25eth0", "%3Cb%3E", long.as_str()] {
        let page = demo.get(&format!("{path}?address={address}")).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        assert_eq!(page.texts("#verdict").len(), 0, "{address}");
        assert_eq!(page.texts("[role=alert]").len(), 1, "{address}");
    }
    let page = demo.get(&format!("{path}?address=%3Cb%3E")).await;
    assert_eq!(crate::html::attributes(&page.body, "#address", "value"), ["<b>"]);
}

#[tokio::test]
async fn a_key_of_somebody_else_cannot_be_tried() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let key = app.browser("demo").await.generate("WEB", "default").await;
    let other = app.browser("other").await;
    for id in [key.id.as_str(), "x", "%00"] {
        let path = format!("/account/api-keys/{id}/try?address=192.0.2.1");
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND, "{id}");
    }
    let path = format!("/account/api-keys/{}/try?address=192.0.2.1", key.id);
    assert_eq!(app.stranger().get(&path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_token_stands_in_lines_for_a_shell_as_often_as_it_is_shown() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let shown = |page: &str, token: &str| {
        let lines = crate::html::texts(page, ".ways .line");
        assert!(lines.iter().all(|line| line.contains(token)), "{lines:?}");
        lines.len()
    };
    for (key_type, ways) in [("default", 3), ("smpp", 1)] {
        let key = demo.generate(key_type, key_type).await;
        let made = demo.get("/account/api-keys").await;
        assert_eq!(shown(&made.body, &key.token), 0, "the plain list tells no token");
        let fields = [("description", "X"), ("key_type", key_type)];
        let sent = demo.post("/account/api-keys/new", &fields).await;
        let page = demo.get(sent.header("location")).await;
        let token = crate::browser::shown_token(&page.body).unwrap();
        assert_eq!(shown(&page.body, &token), ways, "{key_type}");
    }
}
