//! Whose session it is, and whether it still is: tokens change with every proof, and what waits when a session ends
//! does not happen.

use crate::app::{Browser, PASSWORD, TestApp};
use crate::two_factor::{code, enrol, give};
use domain::address::Address;
use http::{Method, StatusCode};
use service::accounts::{Actor, SessionToken, Visit, Visitor};

pub(crate) const PROFILE: &str = "/account/profile";
pub(crate) const NEW_PASSWORD: &str = "blue kettle on a hill";

fn token_of(browser: &Browser<'_>) -> SessionToken {
    let cookie = browser.cookie.lock().clone().expect("it has a cookie");
    SessionToken::parse(cookie.split_once('=').unwrap().1).unwrap()
}

/// The use cases' view of who sits at this browser.
pub(crate) async fn actor(browser: &Browser<'_>) -> Actor {
    let address = Address::parse("127.0.0.1").unwrap().into();
    let visit = Visit { address, user_agent: String::new(), session: None };
    match browser.app.services.use_cases.accounts.find_visitor(&token_of(browser), &visit).await.unwrap().0 {
        Visitor::Complete(actor, _) => actor,
        _ => panic!("it is not logged in"),
    }
}

/// Whether a copy of this cookie opens a page from another address.
async fn opens_elsewhere(app: &TestApp, cookie: &str) -> bool {
    let headers = [("cookie", cookie), ("x-forwarded-for", "203.0.113.66")];
    let answer = app.stranger().request(Method::GET, PROFILE, &headers, axum::body::Body::empty()).await;
    answer.status == StatusCode::OK
}

#[tokio::test]
async fn every_proof_of_identity_changes_the_token() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = browser.generate("WEB", "cloud").await;
    let cookie = || browser.cookie.lock().clone().unwrap();
    let mut copy = cookie();
    let changed = async |what: &str, copy: &mut String| {
        assert_ne!(cookie(), *copy, "{what}");
        assert_eq!(browser.get(PROFILE).await.status, StatusCode::OK, "{what}");
        assert!(!opens_elsewhere(&app, copy).await, "{what}: a copy of the old cookie is worth nothing");
        *copy = cookie();
    };
    assert!(opens_elsewhere(&app, &copy).await);
    let shown = browser.act(&key.id, "reveal_key", &[("password", PASSWORD)]).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.body);
    changed("a password that was proved", &mut copy).await;
    let shown = browser.get(shown.header("location")).await.page();
    assert!(shown.contains(&key.token), "the token waits for the session, whatever its cookie");
    browser.post(&format!("{PROFILE}?do=end_other_sessions"), &[]).await;
    changed("ending the other sessions", &mut copy).await;
    let fields = [("password", PASSWORD), ("new_password", NEW_PASSWORD)];
    browser.post(&format!("{PROFILE}?do=change_password"), &fields).await;
    changed("a changed password", &mut copy).await;
    let fields = [("password", NEW_PASSWORD), ("new_password", PASSWORD)];
    browser.post(&format!("{PROFILE}?do=change_password"), &fields).await;
    changed("a changed password", &mut copy).await;
    let (secret, _) = enrol(&browser).await;
    changed("a second factor", &mut copy).await;
    for verb in ["make_recovery_codes", "switch_two_factor_off"] {
        let code = code(&app, &secret);
        let fields = [("password", PASSWORD), ("code", code.as_str())];
        let done = browser.post(&format!("{PROFILE}?do={verb}"), &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{verb}: {}", done.body);
        changed(verb, &mut copy).await;
        app.clock.advance(30);
    }
}

#[tokio::test]
async fn a_password_that_is_renewed_changes_the_token_too() {
    let app = TestApp::start_with(&[("password_max_age_days", "90")]).await;
    app.add_user("demo").await;
    app.clock.advance(91 * 24 * 3600);
    let browser = app.browser("demo").await;
    let copy = browser.cookie.lock().clone().unwrap();
    let fields = [("password", PASSWORD), ("new_password", NEW_PASSWORD)];
    let renewed = browser.post("/account/password", &fields).await;
    assert_eq!(renewed.status, StatusCode::SEE_OTHER, "{}", renewed.body);
    assert_ne!(browser.cookie.lock().clone().unwrap(), copy);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert!(!opens_elsewhere(&app, &copy).await);
}

#[tokio::test]
async fn a_second_click_with_the_old_token_gets_the_answer_of_the_first() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = browser.generate("WEB", "cloud").await;
    let second = app.stranger();
    *second.cookie.lock() = browser.cookie.lock().clone();
    let late = app.stranger();
    *late.cookie.lock() = browser.cookie.lock().clone();
    let fields = [("password", PASSWORD)];
    let both = futures::join!(
        browser.act(&key.id, "reveal_key", &fields),
        second.act(&key.id, "reveal_key", &fields)
    );
    for answer in [both.0, both.1] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert!(!answer.header("location").starts_with("/login"));
    }
    let cookie = browser.cookie.lock().clone();
    assert_eq!(*second.cookie.lock(), cookie, "both have the same token");
    let reading = late.get(PROFILE).await;
    assert_eq!(reading.status, StatusCode::OK, "what was on its way is not thrown out");
    assert_eq!(*late.cookie.lock(), cookie, "and gets the token too");
}

#[tokio::test]
async fn a_new_login_ends_the_session_that_it_replaces() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let (browser, apart) = (app.browser("demo").await, app.browser("demo").await);
    let old = browser.cookie.lock().clone().unwrap();
    let fields = [("username", "other"), ("password", PASSWORD)];
    assert_eq!(browser.post("/login", &fields).await.status, StatusCode::SEE_OTHER);
    assert!(!opens_elsewhere(&app, &old).await, "nobody would ever end it");
    assert_eq!(apart.get("/").await.status, StatusCode::OK);
    let wrong = apart.post("/login", &[("username", "demo"), ("password", "x")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(apart.get("/").await.status, StatusCode::OK, "a login that failed replaces nothing");
    // Where a code is owed, the cookie is replaced already by the half that is done.
    let (secret, _) = enrol(&apart).await;
    let old = apart.cookie.lock().clone().unwrap();
    assert_eq!(
        apart.post("/login", &[("username", "demo"), ("password", PASSWORD)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(!opens_elsewhere(&app, &old).await);
    assert_eq!(give(&apart, &code(&app, &secret)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(apart.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_login_ends_the_session_it_replaces_whatever_its_token_is_by_now() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = browser.generate("WEB", "cloud").await;
    let old = browser.cookie.lock().clone();
    browser.act(&key.id, "reveal_key", &[("password", PASSWORD)]).await;
    let newer = browser.cookie.lock().clone().unwrap();
    assert!(old.as_ref() != Some(&newer) && opens_elsewhere(&app, &newer).await);
    // A page that was loaded before, and sent its form with the token of then.
    *browser.cookie.lock() = old;
    let fields = [("username", "demo"), ("password", PASSWORD)];
    assert_eq!(browser.post("/login", &fields).await.status, StatusCode::SEE_OTHER);
    assert!(!opens_elsewhere(&app, &newer).await, "nobody would ever end it");
}

#[tokio::test]
async fn sessions_of_sub_users_end_with_their_owner_for_good() {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    let sub = app.browser("sub").await;
    app.services.operator.set_user_disabled("owner", true).await.unwrap();
    app.services.operator.set_user_disabled("owner", false).await.unwrap();
    assert_eq!(sub.get("/").await.status, StatusCode::SEE_OTHER, "it does not come back to life");
    assert_eq!(app.browser("sub").await.get("/").await.status, StatusCode::OK);
}
