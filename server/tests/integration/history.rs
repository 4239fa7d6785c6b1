//! The history of an account: what concerns the user, page by page, and nobody else's.

use crate::app::TestApp;
use crate::html;
use http::StatusCode;
use insta::assert_snapshot;

#[tokio::test]
async fn a_user_reads_what_happened_in_its_own_account() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let other = app.browser("other").await;
    other.generate("theirs", "cloud").await;
    let demo = app.browser("demo").await;
    for round in 0..60 {
        demo.generate(&format!("key {round}"), "cloud").await;
    }
    let first = demo.get("/account/profile/history").await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.body.matches("Key generated").count(), 50);
    let second = demo.get("/account/profile/history?page=2").await;
    assert_eq!(second.body.matches("Key generated").count(), 10);
    assert_eq!(html::rows(&first.body, "tbody tr").len(), 50, "nothing older");
    assert_snapshot!(html::rows(&second.body, "tbody tr").last().unwrap().join(" | "), @"2026-01-15 12:00:00 | Account created demo | The operator |");
    let past = demo.get("/account/profile/history?page=4294967295").await;
    assert_eq!(past.body.matches("Key generated").count(), 10, "a page past the end is the last one");
}

#[tokio::test]
async fn a_page_that_the_server_alone_knows_starts_no_program() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let plain = demo.get("/account/profile").await;
    assert_eq!(plain.status, StatusCode::OK);
    assert!(plain.body.contains("<h1") && !plain.body.contains(".wasm"), "{}", plain.body);
    assert!(demo.get("/account/api-keys").await.body.contains(".wasm"));
    assert_eq!(demo.get("/account/profilex").await.status, StatusCode::NOT_FOUND);
    let stranger = app.stranger().get("/account/profile").await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
}
