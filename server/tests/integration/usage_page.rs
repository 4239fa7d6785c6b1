//! The page that tells from where a key is used and why it is refused.

use crate::app::TestApp;
use crate::html;
use crate::patience::wait_beside;
use http::StatusCode;
use insta::assert_snapshot;

/// The rows of a page's tables, as text.
fn rows(page: &str) -> Vec<String> {
    html::rows(page, "tbody tr").iter().map(|cells| cells.join(" | ")).collect()
}

#[tokio::test]
async fn a_customer_sees_addresses_and_causes_at_once() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "default").await;
    let path = format!("/account/api-keys/{}/usage", key.id);
    let unused = demo.get(&path).await;
    assert_snapshot!(unused.lines("main"), @"
    WEB
    Use of WEB
    Addresses
    From where the key was used, the latest first. The last 1,000 addresses are kept.
    The key has not been used yet.
    Refused requests
    Requests with this key that were refused, by cause. They do not count as uses.
    No request was refused in the last 30 days.
    History of this key
    ");
    for _ in 0..3 {
        app.authz(&key.token, "203.0.113.7").await;
    }
    app.clock.advance(60);
    demo.act(&key.id, "authorise_address", &[("address", "198.51.100.0/24")]).await;
    app.authz(&key.token, "198.51.100.9").await;
    for _ in 0..2 {
        app.authz(&key.token, "192.0.2.1").await;
    }
    // Long before anything is folded.
    let page = demo.get(&path).await.page();
    let rows = rows(&page);
    let row = |start: &str| rows.iter().find(|row| row.starts_with(start)).cloned().unwrap_or_default();
    assert!(row("198.51.100.9 | 1").contains("2026-01-15 12:01:00"), "{rows:?}");
    assert!(row("203.0.113.7 | 3").contains("2026-01-15 12:00:00"), "{rows:?}");
    assert!(
        rows.iter().position(|r| r.starts_with("198.")) < rows.iter().position(|r| r.starts_with("203."))
    );
    assert!(!page.contains("192.0.2.1"), "a refused address is none that the key was used from");
    let app = app.restart().await;
    let demo = app.browser("demo").await;
    let page = demo.get(&path).await.page();
    let rows = self::rows(&page);
    assert!(rows.iter().any(|row| row.starts_with("203.0.113.7 | 3")), "folded: {rows:?}");
    assert!(rows.iter().any(|row| row.contains("IP_NOT_ALLOWED | 2 | 2 | 2")), "{rows:?}");
}

#[tokio::test]
async fn a_key_has_a_chart_of_its_own_uses_and_refusals() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let [key, other] = [demo.generate("WEB", "default").await, demo.generate("Other", "cloud").await];
    let path = format!("/account/api-keys/{}/usage", key.id);
    assert_eq!(demo.get(&path).await.texts(".chart").len(), 0, "there is nothing to show yet");
    for address in ["203.0.113.7", "203.0.113.7", "192.0.2.1"] {
        app.authz(&key.token, address).await;
        app.authz(&other.token, address).await;
    }
    let today = async |query: &str| {
        let page = demo.get(&format!("{path}{query}")).await;
        (
            page.texts(".ranges [aria-current]").concat(),
            html::rows(&page.body, ".figures-table tbody tr").remove(0),
        )
    };
    let counted = async || today("").await.1 == ["2", "1"];
    wait_beside("the refusal", counted).await;
    assert_eq!(today("").await.0, "30 days");
    assert_eq!(today("?range=24h").await, ("24 hours".to_owned(), vec!["2".to_owned(), "1".to_owned()]));
    let links = html::attributes(&demo.get(&path).await.body, ".ranges a", "href");
    assert_eq!(links[1], format!("{path}?range=7d"));
}

#[tokio::test]
async fn many_addresses_stand_on_pages() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("everywhere", "cloud").await;
    for last in 1..=120 {
        app.authz(&key.token, &format!("198.18.0.{last}")).await;
    }
    let path = format!("/account/api-keys/{}/usage", key.id);
    let count = |body: &str| body.matches("198.18.0.").count();
    assert_eq!(count(&demo.get(&path).await.page()), 50);
    assert_eq!(count(&demo.get(&format!("{path}?page=3")).await.page()), 20);
    assert_eq!(count(&demo.get(&format!("{path}?page=99")).await.page()), 20);
}

#[tokio::test]
async fn the_use_of_somebody_elses_key_is_not_found() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let key = app.browser("demo").await.generate("WEB", "default").await;
    let other = app.browser("other").await;
    for path in [format!("/account/api-keys/{}/usage", key.id), "/account/api-keys/x/usage".to_owned()] {
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let call = other.get(&format!("/portal/find_usage?id={}", key.id)).await;
    assert_eq!(call.status, StatusCode::NOT_FOUND);
}
