//! Passwords without a second factor end after 30 days: reminders before, one page after, keys all the while.

use crate::app::{PASSWORD, TestApp};
use crate::binary::{Client, Server, Start};
use crate::html;
use http::StatusCode;
use insta::assert_snapshot;
use std::path::Path;

const DAY: i64 = 24 * 3600;
const NEW: &str = "violet kettle on the roof";

/// The part of the profile that is about the password.
const VALIDITY: &str = "section:has(form[action*=change_password])";

async fn remind(app: &TestApp) -> u64 {
    app.services.use_cases.accounts.remind_of_passwords().await.unwrap()
}

/// How many notices about the end of a password there are in the database.
async fn count_notices(app: &TestApp) -> usize {
    app.told("demo", contract::Cause::PasswordExpiring).await.len()
}

#[tokio::test]
async fn days_23_27_and_29_remind_once_each() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.clock.advance(23 * DAY - 1);
    assert_eq!(remind(&app).await, 0);
    app.clock.advance(1);
    assert_eq!((remind(&app).await, remind(&app).await, count_notices(&app).await), (1, 0, 1), "day 23");
    let app = app.restart().await;
    assert_eq!(remind(&app).await, 0, "a restart repeats nothing");
    app.clock.advance(4 * DAY);
    assert_eq!((remind(&app).await, remind(&app).await, count_notices(&app).await), (1, 0, 2), "day 27");
    app.clock.advance(2 * DAY);
    assert_eq!((remind(&app).await, remind(&app).await, count_notices(&app).await), (1, 0, 3), "day 29");
    app.clock.advance(DAY);
    assert_eq!(remind(&app).await, 0, "it has ended");
    app.reset_password("demo", NEW).await;
    assert_eq!(remind(&app).await, 0, "a new password begins anew");
    // What the server missed while it was off is not made up for: only the nearest reminder counts.
    app.clock.advance(28 * DAY);
    assert_eq!((remind(&app).await, remind(&app).await, count_notices(&app).await), (1, 0, 4));
    app.services.operator.set_user_disabled("demo", true).await.unwrap();
    app.clock.advance(DAY);
    assert_eq!(remind(&app).await, 0, "who cannot log in is not asked to");
}

#[tokio::test]
async fn day_31_leads_to_one_page_and_keys_pass() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = browser.generate("WEB", "cloud").await;
    let passes = async || app.authz(&key.token, "203.0.113.7").await.status == StatusCode::OK;
    app.clock.advance(29 * DAY);
    let browser = app.browser("demo").await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_snapshot!(browser.get("/account/profile").await.lines(VALIDITY), @"
    Password
    It is valid until 2026-02-14 12:00:00. With two-factor login it does not end.
    Current password
    New password
    At least 10 characters. A few words in a row make a good password.
    Change password
    ");
    app.clock.advance(DAY - 60);
    let browser = app.browser("demo").await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    app.clock.advance(DAY);
    let fields = [("username", "demo"), ("password", PASSWORD), ("next", "/account/api-keys")];
    let browser = app.stranger();
    assert_eq!(browser.post("/login", &fields).await.header("location"), "/account/api-keys");
    for path in ["/", "/account/api-keys", "/account/profile", "/account/profile/history", "/login/code"] {
        let answer = browser.get(path).await;
        assert!(answer.header("location").starts_with("/account/password?next="), "{path}: {answer:?}");
    }
    assert_eq!(browser.get("/portal/list_keys").await.status, StatusCode::UNAUTHORIZED);
    let refused = browser.delete(&key.id).await;
    assert!(refused.header("location").starts_with("/account/password"), "{refused:?}");
    assert!(passes().await, "keys pass meanwhile");
    let page = browser.get("/account/password?next=%2Faccount%2Fapi-keys").await;
    assert_eq!(page.texts("h1"), ["Change your password"]);
    assert_eq!(html::pieces(&page.body, "form[action=\"/logout\"]").len(), 1);
    let renew = async |present: &str, new: &str| {
        let fields = [("password", present), ("new_password", new), ("next", "/account/api-keys")];
        browser.post("/account/password", &fields).await
    };
    for (present, new) in [("wrong", NEW), (PASSWORD, PASSWORD), (PASSWORD, "password123"), (PASSWORD, "")] {
        assert_eq!(renew(present, new).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{present} {new}");
    }
    assert_eq!(renew(PASSWORD, NEW).await.header("location"), "/account/api-keys");
    assert_eq!(browser.get("/account/api-keys").await.status, StatusCode::OK);
    assert!(passes().await);
    let other = app.stranger();
    other.post("/login", &[("username", "demo"), ("password", NEW)]).await;
    assert_eq!(other.get("/").await.status, StatusCode::OK);
    let left = app.stranger();
    app.clock.advance(31 * DAY);
    left.post("/login", &[("username", "demo"), ("password", NEW)]).await;
    assert_eq!(left.post("/logout", &[]).await.header("location"), "/login", "the way out is open");
}

#[tokio::test]
async fn zero_switches_it_off() {
    let app = TestApp::start_with(&[("password_max_age_days", "0")]).await;
    app.add_user("demo").await;
    app.clock.advance(400 * DAY);
    assert_eq!(remind(&app).await, 0);
    let browser = app.browser("demo").await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_snapshot!(browser.get("/account/profile").await.lines(VALIDITY), @"
    Password
    Current password
    New password
    At least 10 characters. A few words in a row make a good password.
    Change password
    ");
}

#[tokio::test]
async fn a_second_factor_lifts_it() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (secret, _) = crate::two_factor::enrol(&app.browser("demo").await).await;
    for _ in 0..5 {
        app.clock.advance(9 * DAY);
        assert_eq!(remind(&app).await, 0);
    }
    let browser = crate::two_factor::half_way(&app, "demo").await;
    let code = crate::two_factor::code(&app, &secret);
    assert_eq!(crate::two_factor::give(&browser, &code).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/account/api-keys").await.status, StatusCode::OK);
}

/// Starts the binary with the clock that far ahead.
fn start_ahead(dir: &Path, ahead: &str) -> Server {
    let libraries = std::fs::read_dir("/usr/lib").unwrap();
    let libraries = libraries.map(|entry| entry.unwrap().path().join("faketime/libfaketimeMT.so.1"));
    let library = libraries.into_iter().find(|path| path.exists()).expect("libfaketime is installed");
    // The library alone: a wrapper would take the signals. What waits by the monotonic clock shall wait as ever.
    let preload = format!("LD_PRELOAD={}", library.display());
    let under = vec!["env".into(), preload, format!("FAKETIME={ahead}"), "DONT_FAKE_MONOTONIC=1".into()];
    Start { under, ..Start::default() }.run(dir)
}

#[test]
fn the_binary_with_the_clock_31_days_ahead_leads_to_the_change_page() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    assert!(
        crate::binary::verb(dir.path(), &["user", "add", "demo", "--password-stdin"], PASSWORD)
            .status
            .success()
    );
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    let (_, token) = client.generate(&cookie, "cloud");
    assert_eq!(client.get(&cookie, "/account/api-keys").unwrap().status, 200);
    drop(client);
    server.stop();

    let server = start_ahead(dir.path(), "+29d");
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    assert_eq!(client.get(&cookie, "/account/api-keys").unwrap().status, 200);
    server.stop();

    let server = start_ahead(dir.path(), "+31d");
    let mut client = Client::connect(server.address);
    let cookie = client.log_in("demo");
    let led = client.get(&cookie, "/account/api-keys").unwrap();
    assert_eq!(
        (led.status, led.header("location")),
        (303, Some("/account/password?next=%2Faccount%2Fapi-keys"))
    );
    assert_eq!(client.get(&cookie, "/account/password").unwrap().status, 200);
    // A page has no length in its head, and what is left of it would stand before the next answer.
    let mut client = Client::connect(server.address);
    assert_eq!(client.verify(&token, "203.0.113.7").unwrap().status, 200, "keys pass");
    let body = serde_urlencoded::to_string([("password", PASSWORD), ("new_password", NEW)]).unwrap();
    let head =
        format!("POST /account/password HTTP/1.1\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n");
    let changed = client.ask(&head, &body).unwrap();
    assert_eq!(changed.status, 303);
    let renewed = changed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(client.get(&renewed, "/account/api-keys").unwrap().status, 200);
    server.stop();
}

#[tokio::test]
async fn a_longer_life_of_passwords_is_reminded_of_again() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.clock.advance(29 * DAY);
    assert_eq!(remind(&app).await, 1);
    let remind_of_90 = async || {
        let now = domain::time::Clock::now(app.clock.as_ref());
        let reminders = domain::reminder::Reminders::new(now, 90).unwrap();
        app.services.store.remind_of_passwords(reminders).await.unwrap()
    };
    assert_eq!(remind_of_90().await, 0);
    app.clock.advance(54 * DAY);
    assert_eq!((remind_of_90().await, remind_of_90().await), (1, 0), "day 83 of 90");
}
