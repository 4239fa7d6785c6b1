//! The profile: what users choose and enter for themselves.

use crate::app::{Answer, Browser, TestApp};
use crate::html;
use http::{Method, StatusCode};
use insta::assert_snapshot;

const VERBS: [&str; 5] = ["set_email", "set_language", "set_time_zone", "end_session", "end_other_sessions"];

/// Posts a form of the profile.
pub(crate) async fn post(browser: &Browser<'_>, verb: &str, fields: &[(&str, &str)]) -> Answer {
    browser.post(&format!("/account/profile?do={verb}"), fields).await
}

/// The language of a page that is asked for in a language.
async fn language(browser: &Browser<'_>, accepted: &str) -> String {
    html::attributes(&browser.get_in("/", accepted).await.body, "html", "lang").remove(0)
}

#[tokio::test]
async fn the_chosen_language_wins_over_cookie_and_browser() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    assert_eq!(language(&demo, "ro").await, "ro");
    let done = post(&demo, "set_language", &[("language", "en")]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/profile?done=language")
    );
    assert_eq!(language(&demo, "ro").await, "en");
    let session = demo.cookie.lock().clone().unwrap();
    *demo.cookie.lock() = Some(format!("{session}; latchkey_language_3000=ro"));
    assert_eq!(language(&demo, "ro").await, "en", "the cookie is another visitor's");
    // The foot of the page stores it for a user.
    *demo.cookie.lock() = Some(session.clone());
    let footer = demo.post("/language", &[("language", "ro"), ("next", "/account/profile")]).await;
    assert_eq!((footer.status, footer.header("location")), (StatusCode::SEE_OTHER, "/account/profile"));
    *demo.cookie.lock() = Some(session.clone());
    assert_eq!(language(&demo, "en").await, "ro");
    post(&demo, "set_language", &[("language", "")]).await;
    assert_eq!(language(&demo, "en").await, "en");
    for bad in ["de", "EN", "en ", &"x".repeat(10_000)] {
        let refused = post(&demo, "set_language", &[("language", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    assert_eq!(post(&demo, "nonsense", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.stranger().get("/account/profile").await.status, StatusCode::SEE_OTHER);
}

/// The accepted requests on the first page: of today, of 7 and of 30 days.
async fn figures(app: &TestApp) -> [String; 3] {
    let demo = app.browser("demo").await;
    let [week, month] = [demo.get("/?range=7d").await, demo.get("/?range=30d").await];
    let sum = |page: &Answer| page.texts(".figures .figure").remove(0);
    [week.texts(".figures .note").remove(0), sum(&week), sum(&month)]
}

/// The time zone that the profile shows as chosen.
async fn chosen_zone(browser: &Browser<'_>) -> Vec<String> {
    let page = browser.get("/account/profile").await.body;
    html::attributes(&page, "[name=time_zone] option[selected]", "value")
}

#[tokio::test]
async fn times_are_read_in_the_chosen_time_zone() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "cloud").await;
    app.authz(&key.token, "203.0.113.7").await;
    assert!(demo.row(&key.id).await[4].contains("2026-01-15 12:00:00"));
    let done = post(&demo, "set_time_zone", &[("time_zone", "Asia/Kathmandu")]).await;
    assert_eq!(done.header("location"), "/account/profile?done=time_zone");
    for path in ["/account/api-keys", &format!("/account/api-keys/{}", key.id), "/account/profile/history"] {
        let page = demo.get(path).await.page();
        let shown = "<time datetime=\"2026-01-15T12:00:00Z\">2026-01-15 17:45:00</time>";
        assert!(page.contains(shown), "{path}: {page}");
    }
    let titles = html::attributes(&demo.get("/").await.body, "time", "title");
    assert_eq!(titles, ["2026-01-15 17:45:00"; 2], "the first page says how long ago");
    assert_eq!(chosen_zone(&demo).await, ["Asia/Kathmandu"]);
    let page = demo.get("/account/profile").await.body;
    let offered =
        |name: &str| html::pieces(&page, &format!("optgroup[label=Europe] option[value=\"{name}\"]")).len();
    assert_eq!((offered("Europe/Bucharest"), offered("US/Eastern")), (1, 0));
    assert_eq!(chosen_zone(&app.browser("other").await).await, ["UTC"]);
    // A name that is not offered any more stays with who has it.
    assert_eq!(
        post(&demo, "set_time_zone", &[("time_zone", "US/Eastern")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(chosen_zone(&demo).await, ["US/Eastern"]);
    assert!(demo.row(&key.id).await[4].contains("2026-01-15 07:00:00"));
}

#[tokio::test]
async fn a_time_zone_that_does_not_exist_is_refused() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let huge = "x".repeat(10_000);
    for bad in ["", "europe/bucharest", "Mars/Olympus", "../../etc/passwd", "+02:00", "<script>", &huge] {
        let refused = post(&demo, "set_time_zone", &[("time_zone", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(!refused.page().contains("<script>"));
    }
    let refused = post(&demo, "set_time_zone", &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(chosen_zone(&demo).await, ["UTC"]);
}

#[tokio::test]
async fn today_begins_at_midnight_of_the_chosen_time_zone() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    post(&demo, "set_time_zone", &[("time_zone", "Europe/Bucharest")]).await;
    let key = demo.generate("WEB", "cloud").await;
    app.authz(&key.token, "203.0.113.7").await;
    app.clock.advance(10 * 3600 - 1);
    assert_eq!(figures(&app).await, ["1 today", "1", "1"], "it is 23:59:59 there");
    app.clock.advance(1);
    assert_eq!(figures(&app).await, ["none today", "1", "1"], "a new day there, the old one in UTC");
    app.authz(&key.token, "203.0.113.7").await;
    assert_eq!(figures(&app).await, ["1 today", "2", "2"]);
    let demo = app.browser("demo").await;
    let page = demo.get(&format!("/account/api-keys/{}", key.id)).await;
    assert_snapshot!(page.lines("dl.facts"), @"
    Created
    2026-01-15 14:00:00
    Expires
    never
    Last Used
    2026-01-16 00:00:00
    Times Used
    2
    Used today
    1
    Used in 30 days
    2
    Refused in 30 days
    0
    ");
    post(&demo, "set_time_zone", &[("time_zone", "UTC")]).await;
    assert_eq!(figures(&app).await, ["2 today", "2", "2"]);
    // Midnight is at 18:15 UTC there, and uses are counted by the hour: all of it is today's.
    post(&demo, "set_time_zone", &[("time_zone", "Asia/Kathmandu")]).await;
    app.clock.advance(20 * 3600 + 600);
    app.authz(&key.token, "203.0.113.7").await;
    assert_eq!(figures(&app).await, ["2 today", "3", "3"], "23:55 there");
    app.clock.advance(600);
    assert_eq!(figures(&app).await, ["1 today", "3", "3"], "0:05 there");
}

#[tokio::test]
async fn forms_of_the_profile_are_for_its_user_and_from_its_pages() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for verb in VERBS {
        let path = format!("/account/profile?do={verb}");
        let stranger = post(&app.stranger(), verb, &[]).await;
        assert!(stranger.header("location").starts_with("/login"), "{verb}");
        let headers = [form, ("sec-fetch-site", "cross-site")];
        let forged = demo.request(Method::POST, &path, &headers, axum::body::Body::empty()).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{verb}");
        let headers = [form, ("sec-fetch-site", "same-origin")];
        let large = "x=".to_owned() + &"y".repeat(1 << 20);
        let large = demo.request(Method::POST, &path, &headers, large.into()).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{verb}");
        let odd = demo.request(Method::POST, &path, &headers, vec![0xFF, b'='].into()).await;
        assert!(
            odd.status.is_client_error() || odd.status == StatusCode::SEE_OTHER,
            "{verb}: {}",
            odd.status
        );
    }
}
