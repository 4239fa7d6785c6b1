//! Whose session it is, and whether it still is: tokens change with every proof, and what waits when a session ends
//! does not happen.

use crate::app::{Browser, PASSWORD, TestApp};
use crate::two_factor::{code, enrol, give, half_way, shown_codes};
use app::Language;
use contract::{Refusal, Role};
use domain::address::Address;
use domain::credentials::Password;
use domain::ids::NoticeNumber;
use domain::time::Clock;
use http::{Method, StatusCode};
use service::accounts::{Actor, Invitee, SessionToken, Visit, Visitor};
use service::keys::AskedKey;
use store::{Action, KeyScope, StoreError};

const PROFILE: &str = "/account/profile";
const NEW_PASSWORD: &str = "blue kettle on a hill";

fn token_of(browser: &Browser<'_>) -> SessionToken {
    let cookie = browser.cookie.lock().clone().expect("it has a cookie");
    SessionToken::parse(cookie.split_once('=').unwrap().1).unwrap()
}

/// The use cases' view of who sits at this browser.
async fn actor(browser: &Browser<'_>) -> Actor {
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

#[tokio::test]
async fn what_waited_when_a_session_ended_does_not_happen() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let key = app.browser("demo").await.generate("WEB", "cloud").await;
    let browser = app.browser("demo").await;
    let begun = browser.post(&format!("{PROFILE}?do=begin_two_factor"), &[]).await;
    let page = browser.get(begun.header("location")).await.page();
    let secret = shown_codes(&page).remove(0).replace(' ', "");
    let actor = actor(&browser).await;
    let services = &app.services;
    let digits = code(&app, &secret);
    // It all passed the door before; only what is asked in the transaction can still refuse it.
    let proved = services.use_cases.accounts.ask_proof(&actor, None, "").await.unwrap();
    let audit = actor.audit(actor.session().unwrap().proved_at, Action::SessionEnded, "");
    services.store.delete_session(actor.session().unwrap().number, audit).await.unwrap();
    let password = || Password::attempt(PASSWORD.to_owned());
    let signed_out = |what: &str, answer: Result<(), Refusal>| {
        assert_eq!(answer, Err(Refusal::SignedOut), "{what}");
    };
    let accounts = &services.use_cases.accounts;
    signed_out("proof", accounts.prove(&actor, password(), "").await);
    signed_out("enrolment", accounts.confirm_enrolment(&actor, password(), &digits).await.map(drop));
    signed_out("a new secret", accounts.begin_enrolment(&proved).await.map(drop));
    signed_out(
        "password",
        accounts.change_password(&actor, password(), NEW_PASSWORD.to_owned().into()).await,
    );
    signed_out("other sessions", accounts.end_other_sessions(&actor).await);
    let manager = actor.may_manage().unwrap();
    signed_out("reveal", services.use_cases.keys.reveal_key(manager, &key.id, None, "").await.map(drop));
    let asked = AskedKey::plain("x", "cloud");
    let generated = services.use_cases.keys.generate_key(manager, asked, &|_| Ok(None)).await;
    signed_out("a key", generated.map(drop));
    signed_out(
        "rotation",
        services.use_cases.keys.rotate_key(manager, &key.id, 0, &|_| Ok(None)).await.map(drop),
    );
    signed_out("deletion", services.use_cases.keys.delete_key(manager, &key.id).await);
    let invitee = Invitee { username: "sub".to_owned(), email: String::new(), role: Role::ReadsOnly };
    let invited = services.use_cases.sub_users.invite_sub_user(&proved, invitee, Language::En).await;
    signed_out("invitation", invited.map(drop));
    let causes = ["new_login".to_owned()];
    let added = services.use_cases.webhooks.add_webhook(&proved, "https://example.com/", &causes).await;
    signed_out("webhook", added.map(drop));
    signed_out("notices", services.use_cases.notices.choose(&proved, Vec::new()).await);
    let scope = KeyScope::Account(actor.user);
    let id = key.id.parse().unwrap();
    assert!(services.store.find_key(scope, id).await.unwrap().is_some(), "the key is still there");
    let browser = app.browser("demo").await;
    let history = browser.get("/account/profile/history").await.page();
    for word in ["Password changed", "Two-factor login switched on", "Token shown", "Key deleted"] {
        assert!(!history.contains(word), "{word}: {history}");
    }
}

/// What those acts change that write no line of the history.
fn unwritten(app: &TestApp) -> (i64, i64, String, String) {
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let sql = "SELECT (SELECT count(*) FROM notices WHERE read_at IS NULL),
               (SELECT count(*) FROM webhook_deliveries WHERE due_at IS NOT NULL), language, time_zone FROM users";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    connection.query_row(sql, [], row).unwrap()
}

#[tokio::test]
async fn what_writes_no_history_does_not_happen_either() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let actor = actor(&browser).await;
    let services = &app.services;
    let (accounts, webhooks, notices) =
        (&services.use_cases.accounts, &services.use_cases.webhooks, &services.use_cases.notices);
    let proved = accounts.ask_proof(&actor, None, "").await.unwrap();
    let causes = ["new_login".to_owned()];
    let (number, _) = webhooks.add_webhook(&proved, "https://example.com/", &causes).await.unwrap();
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let failed = "INSERT INTO webhook_deliveries (webhook_no, message_id, created_at, problem)
                  VALUES (?1, 'msg_1', 1, 'too_late')";
    connection.execute(failed, [number.0]).unwrap();
    connection.execute("UPDATE notices SET read_at = NULL", []).unwrap();
    let before = unwritten(&app);
    assert!(before.0 > 0, "there is a notice to read");
    let ended = actor.audit(actor.session().unwrap().proved_at, Action::SessionEnded, "");
    services.store.delete_session(actor.session().unwrap().number, ended).await.unwrap();
    let (webhook, delivery) = (number.0.to_string(), "1");
    for (what, answer) in [
        ("all read", notices.read_all(&proved).await),
        ("language", accounts.set_language(&actor, "ro").await),
        ("time zone", accounts.set_time_zone(&actor, "Europe/Bucharest").await),
        ("a test", webhooks.test_webhook(&actor, &webhook).await),
        ("a delivery", webhooks.resend_delivery(&actor, &webhook, delivery).await),
    ] {
        assert_eq!(answer, Err(Refusal::SignedOut), "{what}");
    }
    let (now, session) = (app.clock.now(), Some(actor.session().unwrap().number));
    let read = services.store.read_notices(actor.user, vec![NoticeNumber(1)], now, session).await;
    assert_eq!(read, Err(StoreError::SignedOut));
    assert_eq!(unwritten(&app), before);
}

#[tokio::test]
async fn codes_that_waited_when_a_session_ended_are_not_used_up() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let (_, codes) = enrol(&browser).await;
    let actor = actor(&browser).await;
    app.services.operator.set_user_disabled("demo", true).await.unwrap();
    app.services.operator.set_user_disabled("demo", false).await.unwrap();
    let password = || Password::attempt(PASSWORD.to_owned());
    let accounts = &app.services.use_cases.accounts;
    for answer in [
        accounts.prove(&actor, password(), &codes[0]).await,
        accounts.make_recovery_codes(&actor, password(), &codes[0]).await.map(drop),
        accounts.switch_two_factor_off(&actor, password(), &codes[0]).await,
    ] {
        assert_eq!(answer, Err(Refusal::SignedOut));
    }
    let browser = half_way(&app, "demo").await;
    let done = give(&browser, &codes[0]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "the code is still good, and still needed");
}
