//! What is shown once: a token, a secret, a link, codes.

use super::{LIST, NUMBER, app, hidden, landing};
use crate::app::{Browser, PASSWORD, shown_token};
use crate::html;
use crate::two_factor::{code, enrol, give, half_way};
use axum::body::Body;
use http::{Method, StatusCode};
use insta::assert_snapshot;

/// Everything that makes a secret: the form, where it leads, the secret; and that of the second factor.
async fn secrets(browser: &Browser<'_>) -> (Vec<(&'static str, String, String)>, String) {
    browser.app.clock.advance(30);
    let (secret, _) = enrol(browser).await;
    let code = code(browser.app, &secret);
    let mut made = Vec::new();
    for (path, fields, begins) in [
        ("/account/api-keys/new", vec![("description", "WEB"), ("key_type", "default")], "lkd_"),
        ("/account/webhooks", vec![("url", "https://example.com/"), ("cause_new_login", "on")], "whsec_"),
        ("/account/sub-users?do=invite_sub_user", vec![("username", "guest")], "/invitation?token="),
        (
            "/account/profile?do=make_recovery_codes",
            vec![("password", PASSWORD), ("code", code.as_str())],
            "",
        ),
    ] {
        let landing = landing(browser, path, &fields).await;
        let page = browser.get(&landing).await.page();
        // The whole code, and not the part of it that a list may show.
        let shown = html::texts(&page, "code").into_iter().find(|code| code.contains(begins)).expect(path);
        made.push((path, landing, shown));
    }
    (made, secret)
}

#[tokio::test]
async fn a_secret_stays_at_an_address_of_its_own_until_its_reader_has_it() {
    let app = app().await;
    let browser = app.browser("demo").await;
    for (form, landing, secret) in secrets(&browser).await.0 {
        assert!(landing.contains("made="), "{form}: {landing}");
        let plain = landing.split('?').next().unwrap().to_owned();
        let shows = async |path: &str| browser.get(path).await.body.contains(&secret);
        // What eats nothing: HEAD, a prefetch, a click on another site, the plain page.
        browser.request(Method::HEAD, &landing, &[], Body::empty()).await;
        for lines in [
            [("sec-purpose", "prefetch"), ("sec-fetch-site", "none")],
            [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        ] {
            browser.request(Method::GET, &landing, &lines, Body::empty()).await;
            browser.request(Method::GET, &plain, &lines, Body::empty()).await;
        }
        assert!(!shows(&plain).await, "{form}: the plain page never holds it");
        assert!(shows(&landing).await && shows(&landing).await, "{form}");
        app.clock.advance(599);
        let page = browser.get(&landing).await.page();
        assert!(page.contains(&secret), "{form}: {page}");
        assert_eq!(html::texts(&page, "form[action*=have_it] button"), ["I have it"], "{form}");
        let (made, next) = (hidden(&page, "made"), hidden(&page, "next"));
        let done =
            super::landing(&browser, &format!("{next}?do=have_it"), &[("made", &made), ("next", &next)])
                .await;
        assert_eq!(done, plain, "{form}");
        assert!(!shows(&landing).await && !shows(&done).await, "{form}");
        app.clock.advance(-599);
    }
}

#[tokio::test]
async fn a_secret_is_shown_to_its_session_alone_and_ten_minutes_long() {
    let app = app().await;
    app.add_user("other").await;
    let browser = app.browser("demo").await;
    let (made, factor) = secrets(&browser).await;
    app.clock.advance(30);
    let same_user = half_way(&app, "demo").await;
    assert_eq!(give(&same_user, &code(&app, &factor)).await.status, StatusCode::SEE_OTHER);
    let others = [app.browser("other").await, same_user, app.stranger()];
    for (form, landing, secret) in &made {
        for other in &others {
            assert!(!other.get(landing).await.body.contains(secret), "{form}");
            let name = landing.split("made=").nth(1).unwrap();
            let path = landing.split('?').next().unwrap();
            other.post(&format!("{path}?do=have_it"), &[("made", name), ("next", path)]).await;
        }
        assert!(browser.get(landing).await.body.contains(secret), "{form}: others forget nothing");
    }
    app.clock.advance(600);
    for (form, landing, secret) in &made {
        let late = browser.get(landing).await;
        assert_eq!(late.status, StatusCode::OK);
        assert!(!late.body.contains(secret), "{form}");
    }
    for bad in ["", "x", "%00", "é", &"a".repeat(5000), "../../x", "\"><script>"] {
        let fields = [("made", bad), ("next", LIST)];
        assert_eq!(landing(&browser, &format!("{LIST}?do=have_it"), &fields).await, LIST);
        let page =
            browser.get(&format!("{LIST}?{}", serde_urlencoded::to_string([("made", bad)]).unwrap())).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<script>\""));
    }
    let away = [("made", "x"), ("next", "//evil.example")];
    assert_eq!(landing(&browser, &format!("{LIST}?do=have_it"), &away).await, "/");
}

#[tokio::test]
async fn a_shown_token_has_a_button_in_both_languages_and_in_the_page_of_its_key() {
    let app = app().await;
    let browser = app.browser("demo").await;
    let fields = [("description", "WEB"), ("key_type", "default")];
    let landing = landing(&browser, "/account/api-keys/new", &fields).await;
    let page = async |language: &str| browser.get_in(&landing, language).await.page();
    let (english, romanian) = (page("en").await, page("ro").await);
    let have_it = |page: &str| html::lines(page, ".have-it");
    assert_snapshot!(have_it(&english), @"
    It stays at this address until you say that you have it, for 10 minutes at most. Nobody but you can open it.
    I have it
    ");
    assert_snapshot!(have_it(&romanian), @"
    Rămâne afișat la această adresă până când confirmați că l-ați salvat, cel mult 10 minute. Numai dumneavoastră puteți deschide adresa.
    L-am salvat
    ");
    assert_eq!(english.matches("class=\"fresh\"").count(), 1, "the new row is marked");
    let token = shown_token(&english).unwrap();
    let asked = landing.replace(LIST, "/portal/list_keys");
    assert_eq!(browser.get(&asked).await.json()["fresh"]["token"], token.as_str(), "with scripts too");
    assert!(browser.get("/portal/list_keys?page=1").await.json()["fresh"].is_null());
    let id = crate::app::key_ids(&english).remove(0);
    let shown = browser.act(&id, "reveal_key", &[]).await;
    let page = browser.get(shown.header("location")).await.page();
    assert!(page.contains(&token), "{page}");
    assert_snapshot!(have_it(&page), @"
    It stays at this address until you say that you have it, for 10 minutes at most. Nobody but you can open it.
    I have it
    ");
    let other = browser.generate("OTHER", "cloud").await;
    let elsewhere = shown.header("location").replace(&id, &other.id);
    assert!(!browser.get(&elsewhere).await.body.contains(&token), "a key's page shows no other key");
}

#[tokio::test]
async fn an_answer_with_a_secret_is_given_again_only_while_its_session_has_not_put_it_away() {
    let app = app().await;
    let browser = app.browser("demo").await;
    let fields = [NUMBER, ("description", "WEB"), ("key_type", "default")];
    let ask = async || browser.post("/portal/generate_key", &fields).await;
    let first = ask().await.json();
    assert_eq!(ask().await.json(), first, "an equal form gets the same");
    let made = [("made", first["made"].as_str().unwrap()), ("next", LIST)];
    let other = app.browser("demo").await;
    other.post("/portal/have_it", &made).await;
    assert_eq!(ask().await.json(), first, "another session puts nothing away");
    browser.post("/portal/have_it", &made).await;
    let second = ask().await.json();
    assert_ne!(second["token"], first["token"]);
    // Whoever copied the cookie and the form gets nothing once the session has ended, here or from elsewhere.
    let copy = app.stranger();
    *copy.cookie.lock() = browser.cookie.lock().clone();
    other.post("/account/profile?do=end_other_sessions", &[]).await;
    let late = copy.post("/portal/generate_key", &fields).await;
    assert_eq!((late.status, late.body.as_str()), (StatusCode::UNAUTHORIZED, "\"SignedOut\""));
    let third = other.post("/portal/generate_key", &fields).await;
    *copy.cookie.lock() = other.cookie.lock().clone();
    other.post("/logout", &[]).await;
    let late = copy.post("/portal/generate_key", &fields).await;
    assert!(third.status == StatusCode::OK && late.status == StatusCode::UNAUTHORIZED, "{}", late.body);
}
