//! The second factor: codes come from oathtool, which knows nothing of this program.

use crate::app::{Answer, Browser, PASSWORD, TestApp};
use crate::html;
use domain::time::{Clock, Micros};
use http::StatusCode;
use std::process::Command;

const PROFILE: &str = "/account/profile";

/// The code that an authenticator with this secret shows, some steps from now.
fn code_at(app: &TestApp, secret: &str, steps: i64) -> String {
    let seconds = app.clock.now().0 / Micros::SECOND + 30 * steps;
    let run = Command::new("oathtool").args(["--totp", "-b", "-N", &format!("@{seconds}"), secret]).output();
    let output = run.expect("oathtool is installed by scripts/setup-test");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn code(app: &TestApp, secret: &str) -> String {
    code_at(app, secret, 0)
}

/// What a page shows as code.
pub(crate) fn shown_codes(page: &str) -> Vec<String> {
    html::texts(page, "code")
}

async fn act(browser: &Browser<'_>, verb: &str, fields: &[(&str, &str)]) -> Answer {
    browser.post(&format!("{PROFILE}?do={verb}"), fields).await
}

/// Switches the second factor on; answers the secret and the recovery codes.
pub(crate) async fn enrol(browser: &Browser<'_>) -> (String, Vec<String>) {
    let begun = act(browser, "begin_two_factor", &[("password", PASSWORD)]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let page = browser.get(begun.header("location")).await.page();
    let secret = shown_codes(&page).remove(0).replace(' ', "");
    assert_eq!(secret.len(), 32, "{page}");
    let right = code(browser.app, &secret);
    let done = act(browser, "confirm_two_factor", &[("password", PASSWORD), ("code", &right)]).await;
    let landing = done.header("location");
    assert!(landing.starts_with("/account/profile?done=two_factor_on&made="), "{landing} {}", done.body);
    let page = browser.get(done.header("location")).await.page();
    assert!(page.contains("Two-factor login is on"), "{page}");
    let codes = shown_codes(&page);
    assert_eq!(codes.len(), 10, "{page}");
    browser.app.clock.advance(30);
    (secret, codes)
}

/// Gives the password; the browser then owes the code.
pub(crate) async fn half_way<'a>(app: &'a TestApp, name: &str) -> Browser<'a> {
    let browser = app.stranger();
    let fields = [("username", name), ("password", PASSWORD), ("next", "/account/api-keys")];
    let answer = browser.post("/login", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/account/api-keys"));
    browser
}

pub(crate) async fn give(browser: &Browser<'_>, code: &str) -> Answer {
    browser
        .post("/login/code?next=%2Faccount%2Fapi-keys", &[("code", code), ("next", "/account/api-keys")])
        .await
}

#[tokio::test]
async fn a_code_completes_a_login_once() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (first, elsewhere) = (app.browser("demo").await, app.browser("demo").await);
    let (secret, _) = enrol(&first).await;
    assert_eq!(first.get("/").await.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/").await.status, StatusCode::SEE_OTHER, "it was begun without a code");

    let browser = half_way(&app, "demo").await;
    let pending = browser.cookie.lock().clone();
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

    for wrong in ["", "000000", "abc"] {
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
    assert!(refused.page().contains("This code is wrong or was used already"));
    app.clock.advance(30);
    assert_eq!(give(&again, &code(&app, &secret)).await.status, StatusCode::SEE_OTHER);
    let history = again.get("/account/profile/history").await.page();
    assert_eq!(history.matches(">Login").count(), 4, "a login is told of when it is complete");
    assert!(history.contains("Two-factor login switched on") && history.contains("Failed login"));
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
    let page = browser.get(PROFILE).await.page();
    assert!(page.contains("Recovery codes left: 9"), "{page}");
    assert!(browser.get("/account/profile/history").await.page().contains("Recovery code used"));

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
async fn switching_off_asks_for_password_and_code() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let (secret, _) = enrol(&browser).await;
    let right = code(&app, &secret);
    for (password, code) in [(PASSWORD, ""), (PASSWORD, "000000"), ("wrong", right.as_str()), ("", "")] {
        let answer = act(&browser, "switch_two_factor_off", &[("password", password), ("code", code)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password} {code}");
        assert!(answer.body.contains("<details open"), "the form is seen");
    }
    let waiting = half_way(&app, "demo").await;
    let off = act(&browser, "switch_two_factor_off", &[("password", PASSWORD), ("code", &right)]).await;
    assert_eq!(off.header("location"), "/account/profile?done=two_factor_off", "{}", off.body);
    assert!(browser.get(PROFILE).await.page().contains("Set up two-factor login"));
    assert!(waiting.get("/").await.header("location").starts_with("/login?"));
    assert_eq!(app.browser("demo").await.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_enrolment_is_confirmed_in_time_with_password_and_code() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let begun = act(&browser, "begin_two_factor", &[]).await;
    let page = browser.get(begun.header("location")).await.page();
    let secret = shown_codes(&page).remove(0).replace(' ', "");
    let svg = html::pieces(&page, "svg").remove(0);
    assert!(svg.contains("fill=\"#000\"") && svg.contains("M0 0h7v1h-7z"), "{svg}");
    assert!(!page.contains("style="), "the policy forbids it");
    let right = code(&app, &secret);
    for (password, code) in [("wrong", right.as_str()), (PASSWORD, "000000"), (PASSWORD, "")] {
        let answer = act(&browser, "confirm_two_factor", &[("password", password), ("code", code)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password} {code}");
    }
    app.clock.advance(15 * 60);
    let late = code(&app, &secret);
    let answer = act(&browser, "confirm_two_factor", &[("password", PASSWORD), ("code", &late)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "the time for it is over");
    enrol(&browser).await;
    let twice = act(&browser, "begin_two_factor", &[]).await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cookie_alone_never_reads_the_secret_of_a_set_up() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (owner, thief) = (app.browser("demo").await, app.browser("demo").await);
    let begun = act(&owner, "begin_two_factor", &[]).await;
    let landing = begun.header("location").to_owned();
    let name = landing.split("made=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let page = owner.get(&landing).await.page();
    let groups = shown_codes(&page).remove(0);
    let secret = groups.replace(' ', "");
    let holds =
        |body: &str| body.contains(&secret) || body.contains(&groups) || body.contains("class=\"qr\"");
    assert!(secret.len() == 32 && holds(&owner.get(&landing).await.body), "as often as its reader likes");
    let asked = format!("/portal/security?made={name}");
    let other = format!("{PROFILE}?made={}", "x".repeat(32));
    for path in [PROFILE, "/portal/security", &asked, &other, "/account/profile?done=two_factor_on"] {
        for browser in [&owner, &thief] {
            let answer = browser.get(path).await;
            assert!(answer.status == StatusCode::OK && !holds(&answer.body), "{path}: {}", answer.body);
        }
    }
    let elsewhere = thief.get(&landing).await.page();
    assert!(!holds(&elsewhere) && elsewhere.contains("Set up two-factor login"), "{elsewhere}");
    let right = code(&app, &secret);
    let proof = [("password", PASSWORD), ("code", right.as_str())];
    let foreign = act(&thief, "confirm_two_factor", &proof).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "the session that it was shown to confirms it");
    act(&thief, "cancel_two_factor", &[]).await;
    for (language, words) in [
        ("en", ["is under way", "Begin again", "Cancel the set-up"]),
        ("ro", ["este în curs", "Începeți din nou", "Anulați configurarea"]),
    ] {
        let plain = owner.get_in(PROFILE, language).await.page();
        assert!(words.iter().all(|word| plain.contains(word)), "{language}: {plain}");
    }
    // A wrong code leads back to the secret, or says so where the secret is not shown.
    let wrong = [("password", PASSWORD), ("code", "000000")];
    let refused = act(&owner, &format!("confirm_two_factor&made={name}"), &wrong).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && holds(&refused.body), "{}", refused.body);
    let back = format!("?do=confirm_two_factor&amp;made={name}");
    assert!(refused.page().contains(&back) && refused.page().contains("This code is wrong"));
    let refused = act(&owner, "confirm_two_factor", &wrong).await;
    assert!(refused.page().contains("This code is wrong") && !holds(&refused.body), "{}", refused.body);
    let done = act(&owner, "confirm_two_factor", &proof).await;
    assert!(done.header("location").contains("done=two_factor_on"), "{}", done.body);
    assert!(!holds(&owner.get(&landing).await.body), "what was confirmed is shown no more");
}

#[tokio::test]
async fn a_set_up_can_be_begun_again_and_cancelled() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let begin = async || {
        let begun = act(&browser, "begin_two_factor", &[]).await;
        let landing = begun.header("location").to_owned();
        let secret = shown_codes(&browser.get(&landing).await.page()).remove(0).replace(' ', "");
        (landing, secret)
    };
    let confirm = async |secret: &str| {
        let right = code(&app, secret);
        act(&browser, "confirm_two_factor", &[("password", PASSWORD), ("code", &right)]).await.status
    };
    let (first, old) = begin().await;
    let (second, new) = begin().await;
    assert!(
        old != new && shown_codes(&browser.get(&first).await.page()).is_empty(),
        "another took its place"
    );
    assert_eq!(confirm(&old).await, StatusCode::UNPROCESSABLE_ENTITY);
    let left = act(&browser, "cancel_two_factor", &[]).await;
    let page = browser.get(left.header("location")).await.page();
    assert!(page.contains("is cancelled") && page.contains("Set up two-factor login"), "{page}");
    assert!(shown_codes(&browser.get(&second).await.page()).is_empty());
    assert_eq!(confirm(&new).await, StatusCode::NOT_FOUND);
    assert_eq!(act(&browser, "cancel_two_factor", &[]).await.status, StatusCode::SEE_OTHER, "said twice");
    // Another session's takes its place too, and what this one was shown is not shown any more.
    let (landing, dead) = begin().await;
    act(&app.browser("demo").await, "begin_two_factor", &[]).await;
    assert!(shown_codes(&browser.get(&landing).await.page()).is_empty());
    assert_eq!(confirm(&dead).await, StatusCode::NOT_FOUND);
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
        let (status, _) = from(&guesser, "/login/code", &[("code", "000000")], Some(&cookie)).await;
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
    for (fields, says) in [
        (vec![("password", PASSWORD)], "Enter the code."),
        (vec![("password", PASSWORD), ("code", "000000")], "This code is wrong"),
        (vec![("password", "wrong"), ("code", codes[0].as_str())], "This is not your password."),
    ] {
        let refused = browser.act(&key.id, "reveal_key", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.page().contains(says) && !refused.body.contains(&key.token), "{}", refused.page());
    }
    let right = code(&app, &secret);
    let shown = browser.act(&key.id, "reveal_key", &[("password", PASSWORD), ("code", &right)]).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    assert!(browser.get(shown.header("location")).await.body.contains(&key.token));
}

#[tokio::test]
async fn the_operator_resets_a_second_factor() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let off = app.services.operator.reset_two_factor("demo").await.unwrap_err();
    assert!(off.to_string().contains("is off, so there is nothing to reset"), "{off}");
    assert!(app.services.operator.reset_two_factor("nobody").await.is_err());
    enrol(&browser).await;
    let (codes, sessions) = app.services.operator.reset_two_factor("demo").await.unwrap();
    assert_eq!((codes, sessions), (10, 1));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "its sessions end");
    let history = app.browser("demo").await.get("/account/profile/history").await.page();
    assert!(history.contains("Two-factor login reset by the operator"), "{history}");
}
