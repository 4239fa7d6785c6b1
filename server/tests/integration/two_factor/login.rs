//! Logins and proofs with a second factor.

use super::{PANEL, PROFILE, act, code, enrol, give, half_way, shown_codes, wrong_code};
use crate::app::{PASSWORD, TestApp};
use http::StatusCode;
use insta::assert_snapshot;

#[tokio::test]
async fn before_the_code_a_session_sees_one_page() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (first, elsewhere) = (app.browser("demo").await, app.browser("demo").await);
    enrol(&first).await;
    assert_eq!(first.get("/").await.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/").await.status, StatusCode::SEE_OTHER, "it was begun without a code");

    let browser = half_way(&app, "demo").await;
    for path in ["/", "/account/api-keys", PROFILE, "/account/profile/history", "/account/password"] {
        let answer = browser.get(path).await;
        assert!(answer.header("location").starts_with("/login/code?next="), "{path}: {answer:?}");
    }
    let refused = browser.get("/portal/list_keys").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "server functions know nobody");
    let refused = browser.post("/account/api-keys/new", &[("description", "x"), ("key_type", "cloud")]).await;
    assert!(refused.header("location").starts_with("/login/code"));
    let page = browser.get("/login/code?next=%2Faccount%2Fapi-keys").await;
    assert!(page.status == StatusCode::OK && page.body.contains("one-time-code"), "{}", page.body);
    assert!(!page.body.contains(".wasm") && !page.body.contains("style="));
}

#[tokio::test]
async fn a_code_completes_a_login_once() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (secret, _) = enrol(&app.browser("demo").await).await;
    let browser = half_way(&app, "demo").await;
    let pending = browser.cookie.lock().clone();
    for wrong in ["", &wrong_code(&app, &secret), "abc"] {
        let answer = give(&browser, wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let right = code(&app, &secret);
    let done = give(&browser, &right).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/api-keys"),
        "{}",
        done.body
    );
    assert_ne!(*browser.cookie.lock(), pending, "the session has a token of its own");
    assert_eq!(browser.get("/account/api-keys").await.status, StatusCode::OK);
    let old = app.stranger();
    *old.cookie.lock() = pending;
    assert!(old.get("/").await.header("location").starts_with("/login?"), "the old token is worth nothing");

    let sessions = || async { browser.get("/account/profile").await.body.matches("<tr").count() };
    let complete = sessions().await;
    let again = half_way(&app, "demo").await;
    assert_eq!(sessions().await, complete, "who still owes the code is not listed as logged in");
    let refused = give(&again, &right).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a code works once");
    assert_snapshot!(refused.messages(), @"This code is wrong or was used already. Wait for the next one, then try again.");
    app.clock.advance(30);
    assert_eq!(give(&again, &code(&app, &secret)).await.status, StatusCode::SEE_OTHER);
    // A login is told of when it is complete: four of them.
    assert_snapshot!(again.history().await, @"
    2026-01-15 12:01:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Wrong code at login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Password accepted, code awaited | demo | 192.0.2.10
    2026-01-15 12:00:30 | Login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Wrong code at login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Wrong code at login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Password accepted, code awaited | demo | 192.0.2.10
    2026-01-15 12:00:00 | Two-factor login switched on | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
}

#[tokio::test]
async fn two_logins_with_one_code_have_one_winner() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (secret, codes) = enrol(&app.browser("demo").await).await;
    for right in [code(&app, &secret), codes[0].clone()] {
        let browsers =
            [half_way(&app, "demo").await, half_way(&app, "demo").await, half_way(&app, "demo").await];
        let answers = futures::future::join_all(browsers.iter().map(|browser| give(browser, &right))).await;
        let won = answers.iter().filter(|a| a.status == StatusCode::SEE_OTHER).count();
        let lost = answers.iter().filter(|a| a.status == StatusCode::UNPROCESSABLE_ENTITY).count();
        assert_eq!((won, lost), (1, 2), "{right}");
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_and_new_ones_replace_it() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let (secret, codes) = enrol(&browser).await;
    assert_eq!(shown_codes(&browser.get(PROFILE).await.page()).len(), 0, "the plain page never holds them");
    let typed = codes[3].to_uppercase().replace('-', " ");
    assert_eq!(give(&half_way(&app, "demo").await, &typed).await.status, StatusCode::SEE_OTHER);
    let used = give(&half_way(&app, "demo").await, &codes[3]).await;
    assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(browser.get(PROFILE).await.lines(PANEL), @"
    Two-factor login
    Two-factor login is on: after your password a code is asked for.
    Recovery codes left: 9
    Make new recovery codes
    The old ones count no more then.
    Current password
    Code
    Six digits of your authenticator app, or a recovery code
    Make new recovery codes
    Switch two-factor login off
    After that your password alone is enough, and has to be changed from time to time if this service asks for it.
    Current password
    Code
    Six digits of your authenticator app, or a recovery code
    Switch two-factor login off
    ");
    assert_snapshot!(browser.history().await, @"
    2026-01-15 12:00:30 | Wrong code at login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Password accepted, code awaited | demo | 192.0.2.10
    2026-01-15 12:00:30 | Login | demo | 192.0.2.10
    2026-01-15 12:00:30 | Recovery code used | demo | 192.0.2.10
    2026-01-15 12:00:30 | Password accepted, code awaited | demo | 192.0.2.10
    2026-01-15 12:00:00 | Two-factor login switched on | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");

    let wrong = act(&browser, "make_recovery_codes", &[("password", "wrong"), ("code", &codes[4])]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = code(&app, &secret);
    let made = act(&browser, "make_recovery_codes", &[("password", PASSWORD), ("code", &right)]).await;
    let landing = made.header("location");
    assert!(landing.starts_with("/account/profile?done=recovery_codes&made="), "{landing} {}", made.body);
    let new = shown_codes(&browser.get(landing).await.page());
    assert_eq!(new.len(), 10);
    assert_eq!(give(&half_way(&app, "demo").await, &codes[5]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(give(&half_way(&app, "demo").await, &new[5]).await.status, StatusCode::SEE_OTHER);
    app.stop().await;
    let bytes = std::fs::read(app.dir.path().join("latchkey.db")).unwrap();
    for text in [secret, new[0].clone(), new[0].replace('-', "")] {
        assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "nothing is stored as it is shown");
    }
}

#[tokio::test]
async fn a_login_waits_ten_minutes_for_its_code_and_can_be_left() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (secret, _) = enrol(&app.browser("demo").await).await;
    let late = half_way(&app, "demo").await;
    app.clock.advance(600);
    let answer = give(&late, &code(&app, &secret)).await;
    assert_eq!(answer.header("location"), "/login?next=%2Faccount%2Fapi-keys");
    let left = half_way(&app, "demo").await;
    let cookie = left.cookie.lock().clone();
    assert_eq!(left.post("/logout", &[]).await.header("location"), "/login");
    *left.cookie.lock() = cookie;
    assert!(left.get("/").await.header("location").starts_with("/login?"), "it has ended");
}

#[tokio::test]
async fn wrong_codes_are_slowed_down_and_nobody_is_locked_out() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (secret, _) = enrol(&app.browser("demo").await).await;
    let from = async |client: &str, path: &str, fields: &[(&str, &str)], cookie: Option<&str>| {
        let browser = app.stranger();
        *browser.cookie.lock() = cookie.map(str::to_owned);
        let answer = browser.post_from(client, path, fields).await;
        let cookie = browser.cookie.lock().clone();
        (answer.status, cookie.unwrap_or_default())
    };
    let fields = [("username", "demo"), ("password", PASSWORD)];
    for guess in 0..5 {
        let guesser = format!("203.0.113.{guess}");
        let (_, cookie) = from(&guesser, "/login", &fields, None).await;
        let (status, _) =
            from(&guesser, "/login/code", &[("code", wrong_code(&app, &secret).as_str())], Some(&cookie))
                .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = code(&app, &secret);
    let (_, cookie) = from("203.0.113.99", "/login", &fields, None).await;
    let (status, _) = from("203.0.113.99", "/login/code", &[("code", &right)], Some(&cookie)).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "an address that is new to this user waits");
    let known = half_way(&app, "demo").await;
    assert_eq!(give(&known, &right).await.status, StatusCode::SEE_OTHER, "one it knows does not");
    app.clock.advance(61);
    let right = code(&app, &secret);
    let (status, _) = from("203.0.113.99", "/login/code", &[("code", &right)], Some(&cookie)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "nobody waits for good");
}

#[tokio::test]
async fn a_proof_asks_for_the_code_too() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let (secret, codes) = enrol(&browser).await;
    let key = browser.generate("WEB", "cloud").await;
    app.clock.advance(601);
    let asked = browser.act(&key.id, "reveal_key", &[]).await;
    assert!(
        asked.status == StatusCode::UNPROCESSABLE_ENTITY && asked.body.contains("name=\"code\""),
        "{}",
        asked.body
    );
    let wrong = wrong_code(&app, &secret);
    let mut said = Vec::new();
    for fields in [
        vec![("password", PASSWORD)],
        vec![("password", PASSWORD), ("code", wrong.as_str())],
        vec![("password", "wrong"), ("code", codes[0].as_str())],
    ] {
        let refused = browser.act(&key.id, "reveal_key", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!refused.body.contains(&key.token), "{}", refused.page());
        said.push(refused.messages());
    }
    assert_snapshot!(said.join("\n--\n"), @"
    Enter the code.
    --
    This code is wrong or was used already. Wait for the next one, then try again.
    --
    This is not your password. Try again.
    ");
    let right = code(&app, &secret);
    let shown = browser.act(&key.id, "reveal_key", &[("password", PASSWORD), ("code", &right)]).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    assert!(browser.get(shown.header("location")).await.body.contains(&key.token));
}
