//! A key is renamed, paused, resumed, and given an end.

use crate::app::TestApp;
use crate::html;
use contract::Cause;
use domain::time::Clock;
use domain::time_zone::TimeZone;
use http::StatusCode;
use insta::assert_snapshot;
use serde_json::json;

const HOME: &str = "203.0.113.7";
const DAY: i64 = 24 * 3600;

/// The time of the clocks of these tests, so many seconds on, as a form takes it.
fn ahead(app: &TestApp, seconds: i64) -> String {
    TimeZone::default().input_text(app.clock.now().plus_seconds(seconds))
}

#[tokio::test]
async fn a_paused_key_is_refused_at_the_next_request_until_it_is_resumed() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    for _ in 0..2 {
        assert_eq!(browser.act(&key.id, "pause_key", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(gateway.code(&key.token, HOME).await, "DISABLED");
    }
    assert_eq!(app.authz(&key.token, HOME).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.row(&key.id).await[1], "WEB Paused");
    let page = browser.get(&format!("/account/api-keys/{}", key.id)).await.page();
    assert!(page.contains("?do=resume_key") && !page.contains("?do=pause_key"), "{page}");
    drop((browser, gateway));
    let app = app.restart().await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw2").await);
    assert_eq!(gateway.code(&key.token, HOME).await, "DISABLED", "after a restart too");
    assert_eq!(browser.act(&key.id, "resume_key", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    let row = browser.row(&key.id).await;
    assert_eq!(
        (row[1].as_str(), row[5].as_str(), row[6].as_str()),
        ("WEB", "2", HOME),
        "lock and counts stay"
    );
    assert_eq!(app.told("demouser", Cause::KeyChanged).await.len(), 2, "paused once, resumed once");
}

#[tokio::test]
async fn a_renamed_key_is_called_so_everywhere() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "cloud").await;
    let described = async || {
        let answer = gateway.verify(json!({"key": key.token, "client_ip": HOME})).await;
        answer.json()["description"].clone()
    };
    for name in ["Web shop", "Magazin „Nord” 😀", "Web shop"] {
        let answer = browser.act(&key.id, "rename_key", &[("description", name)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(described().await, name);
        assert_eq!(browser.row(&key.id).await[1], name);
    }
    for bad in ["", "  ", "a\u{0}b", &"x".repeat(101)] {
        let answer = browser.act(&key.id, "rename_key", &[("description", bad)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
        let of_field = |name| html::attributes(&answer.body, "#rename_key-description", name);
        assert_eq!(of_field("aria-invalid"), ["true"]);
        if !bad.contains('\0') {
            assert_eq!(of_field("value"), [bad], "it comes back filled in");
        }
    }
    assert_eq!(described().await, "Web shop", "nothing was half done");
}

#[tokio::test]
async fn a_key_passes_until_its_second_and_can_be_given_a_later_one() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let end = ahead(&app, 60);
    let fields = [("description", "WEB"), ("key_type", "cloud"), ("expires_at", end.as_str())];
    let made = browser.post("/account/api-keys/new", &fields).await;
    let list = browser.get(made.header("location")).await.page();
    let (id, token) = (crate::browser::key_ids(&list).remove(0), crate::browser::shown_token(&list).unwrap());
    app.clock.advance(59);
    assert_eq!(gateway.code(&token, HOME).await, "VALID");
    app.clock.advance(1);
    assert_eq!(gateway.code(&token, HOME).await, "EXPIRED");
    let row = browser.row(&id).await;
    assert_eq!((row[1].as_str(), row[5].as_str()), ("WEB Expired", "1"));
    let mut said = Vec::new();
    for bad in [ahead(&app, 0), "tomorrow".to_owned(), "2500-01-01T00:00".to_owned()] {
        let answer = browser.act(&id, "set_key_expiry", &[("expires_at", &bad)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        said.push(format!("{bad}: {}", answer.messages()));
    }
    assert_snapshot!(said.join("\n"), @"
    2026-01-15T12:01: This time is over. Choose a later one.
    tomorrow: Enter a date with a time, such as 2027-01-31T18:00.
    2500-01-01T00:00: This is more than a hundred years ahead. Choose an earlier time.
    ");
    assert_eq!(gateway.code(&token, HOME).await, "EXPIRED");
    let later = ahead(&app, DAY);
    assert_eq!(
        browser.act(&id, "set_key_expiry", &[("expires_at", &later)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(gateway.code(&token, HOME).await, "VALID");
    assert_eq!(browser.act(&id, "set_key_expiry", &[("expires_at", "")]).await.status, StatusCode::SEE_OTHER);
    app.clock.advance(400 * DAY);
    assert_eq!(gateway.code(&token, HOME).await, "VALID", "it never ends now");
}

#[tokio::test]
async fn who_may_not_change_a_key_changes_nothing_of_it() {
    let app = TestApp::start().await;
    for name in ["demouser", "stranger"] {
        app.add_user(name).await;
    }
    let (owner, stranger) = (app.browser("demouser").await, app.browser("stranger").await);
    let gateway = app.gateway("gw").await;
    let key = owner.generate("WEB", "cloud").await;
    let end = ahead(&app, 60);
    for (verb, fields) in [
        ("pause_key", vec![]),
        ("resume_key", vec![]),
        ("rename_key", vec![("description", "mine")]),
        ("set_key_expiry", vec![("expires_at", end.as_str())]),
    ] {
        assert_eq!(stranger.act(&key.id, verb, &fields).await.status, StatusCode::NOT_FOUND, "{verb}");
    }
    app.clock.advance(120);
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    assert_eq!(owner.row(&key.id).await[1], "WEB");
    owner.delete(&key.id).await;
    for verb in ["pause_key", "resume_key"] {
        assert_eq!(owner.act(&key.id, verb, &[]).await.status, StatusCode::NOT_FOUND, "{verb}");
    }
    assert_eq!(gateway.code(&key.token, HOME).await, "DELETED");
}
