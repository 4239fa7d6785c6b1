//! What a request has begun when its session ends does not happen any more.

use crate::app::{PASSWORD, TestApp};
use crate::applications::Device;
use crate::standing::{NEW_PASSWORD, PROFILE, actor};
use crate::two_factor::{code, enrol, give, half_way, shown_codes};
use app::Language;
use contract::{Refusal, Role};
use domain::attempt::AskedFor;
use domain::credentials::Password;
use domain::ids::NoticeNumber;
use domain::time::Clock;
use http::StatusCode;
use insta::assert_snapshot;
use service::accounts::Invitee;
use service::keys::AskedKey;
use store::{Action, KeyScope, StoreError};

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
    let proved = services.use_cases.accounts.ask_proof(&actor, None, "", AskedFor::Login).await.unwrap();
    let audit = actor.audit(actor.session().unwrap().proved_at, Action::SessionEnded, "");
    services.store.delete_session(actor.session().unwrap().number, audit).await.unwrap();
    let password = || Password::attempt(PASSWORD.to_owned());
    let signed_out = |what: &str, answer: Result<(), Refusal>| {
        assert_eq!(answer, Err(Refusal::SignedOut), "{what}");
    };
    let accounts = &services.use_cases.accounts;
    signed_out("proof", accounts.prove(&actor, password(), "", AskedFor::Login).await);
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
        services.use_cases.keys.rotate_key(manager, &key.id, 0, None, &|_| Ok(None)).await.map(drop),
    );
    let applications = services.use_cases.applications.as_ref().unwrap();
    let device = Device::ask(&app, "Zapier").await;
    signed_out("approval", applications.approve(&proved, device.code(), None).await.map(drop));
    signed_out("denial", applications.refuse(manager, device.code()).await.map(drop));
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
    assert_snapshot!(browser.history().await, @"
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Session ended | demo | 127.0.0.1
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Cloud WEB … | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
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
    let proved = accounts.ask_proof(&actor, None, "", AskedFor::Login).await.unwrap();
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
        accounts.prove(&actor, password(), &codes[0], AskedFor::Login).await,
        accounts.make_recovery_codes(&actor, password(), &codes[0]).await.map(drop),
        accounts.switch_two_factor_off(&actor, password(), &codes[0]).await,
    ] {
        assert_eq!(answer, Err(Refusal::SignedOut));
    }
    let browser = half_way(&app, "demo").await;
    let done = give(&browser, &codes[0]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "the code is still good, and still needed");
}
