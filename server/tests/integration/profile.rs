//! The profile: what users choose and enter for themselves.

use crate::app::{Browser, TestApp};
use http::{Method, StatusCode};

/// Posts a form of the profile.
async fn post(browser: &Browser<'_>, verb: &str, fields: &[(&str, &str)]) -> crate::app::Answer {
    browser.post(&format!("/account/profile?do={verb}"), fields).await
}

async fn get_in(browser: &Browser<'_>, path: &str, accepted: &str) -> String {
    let headers = [("accept-language", accepted)];
    browser.request(Method::GET, path, &headers, axum::body::Body::empty()).await.body
}

#[tokio::test]
async fn the_chosen_language_wins_over_cookie_and_browser() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    assert!(get_in(&demo, "/", "ro").await.contains("<html lang=\"ro\""));
    let done = post(&demo, "set_language", &[("language", "en")]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/profile?done=language")
    );
    assert!(get_in(&demo, "/", "ro").await.contains("<html lang=\"en\""));
    let session = demo.cookie.lock().clone().unwrap();
    *demo.cookie.lock() = Some(format!("{session}; latchkey_language=ro"));
    assert!(get_in(&demo, "/", "ro").await.contains("<html lang=\"en\""), "the cookie is another visitor's");
    let page = demo.get("/account/profile?done=language").await;
    assert!(page.body.contains("Your language is saved."));
    // The foot of the page stores it for a user.
    *demo.cookie.lock() = Some(session.clone());
    let footer = demo.post("/language", &[("language", "ro"), ("next", "/account/profile")]).await;
    assert_eq!((footer.status, footer.header("location")), (StatusCode::SEE_OTHER, "/account/profile"));
    *demo.cookie.lock() = Some(session.clone());
    assert!(get_in(&demo, "/account/profile", "en").await.contains("<h1 tabindex=\"-1\">Profil</h1>"));
    post(&demo, "set_language", &[("language", "")]).await;
    assert!(get_in(&demo, "/", "en").await.contains("<html lang=\"en\""));
    for bad in ["de", "EN", "en ", &"x".repeat(10_000)] {
        let refused = post(&demo, "set_language", &[("language", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(refused.page().contains("Choose one of the list."));
    }
    assert_eq!(post(&demo, "nonsense", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.stranger().get("/account/profile").await.status, StatusCode::SEE_OTHER);
}
