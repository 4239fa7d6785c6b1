//! Refusals and guesses are gathered: one notice a day for each key and cause.

use super::{DAY, MAIL, add_webhook, rows, unread};
use crate::app::{PASSWORD, START, TestApp};
use contract::Cause;
use domain::time::Micros;
use http::StatusCode;
use serde_json::json;

const SECOND: i64 = Micros::SECOND;

#[tokio::test]
async fn a_deleted_key_that_is_still_sent_is_one_notice_one_mail_and_one_delivery() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    add_webhook(&app, "demo", &[Cause::DeadKeyInUse, Cause::NewAddress]).await;
    let browser = app.browser("demo").await;
    let key = browser.generate("WEB", "default").await;
    assert_eq!(browser.delete(&key.id).await.status, StatusCode::SEE_OTHER);
    let before = unread(&app, "demo").await;
    for _ in 0..50 {
        assert_eq!(app.authz(&key.token, "203.0.113.7").await.code(), "DELETED");
        app.clock.advance(1);
        app.services.use_cases.notices.flush().await;
    }
    let notices = app.told("demo", Cause::DeadKeyInUse).await;
    assert_eq!(notices.len(), 1);
    let notice = &notices[0];
    assert_eq!((notice.count, notice.addresses.len(), notice.addresses[0].count), (50, 1, 50));
    assert_eq!(notice.addresses[0].address.to_string(), "203.0.113.7");
    assert_eq!((notice.last_at.0 - notice.first_at.0) / SECOND, 49);
    let about = notice.key.as_ref().unwrap();
    assert_eq!((about.description.as_str(), about.deleted_at.is_some()), ("WEB", true));
    assert_eq!(unread(&app, "demo").await, before + 1);
    // The mail and the delivery wait for a minute, so that they can tell a count.
    let due = (START + 60) * SECOND;
    assert_eq!(rows(&app, "SELECT due_at FROM mails"), [due]);
    assert_eq!(rows(&app, "SELECT due_at FROM webhook_deliveries"), [due]);
    app.clock.advance(DAY);
    app.authz(&key.token, "203.0.113.7").await;
    let notices = app.told("demo", Cause::DeadKeyInUse).await;
    assert_eq!(notices.iter().map(|n| n.count).collect::<Vec<_>>(), [1, 50], "the next day is another one");
    assert_eq!(rows(&app, "SELECT no FROM mails").len(), 2);
    assert_eq!(rows(&app, "SELECT no FROM webhook_deliveries").len(), 2);
}

#[tokio::test]
async fn a_flood_from_everywhere_is_one_notice_with_twenty_addresses() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    let key = app.browser("demo").await.generate("WEB", "default").await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.code(), "");
    for client in 0..5000 {
        let client = format!("10.{}.{}.9", client / 250, client % 250);
        assert_eq!(app.authz(&key.token, &client).await.code(), "IP_NOT_ALLOWED");
        if client.ends_with(".100.9") {
            app.services.use_cases.notices.flush().await;
        }
    }
    let notices = app.told("demo", Cause::NewAddress).await;
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].count, notices[0].addresses.len()), (5000, 20));
    assert_eq!(rows(&app, "SELECT no FROM mails").len(), 1);
}

#[tokio::test]
async fn two_keys_and_two_causes_are_notices_of_their_own_and_dry_runs_are_none() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let (one, two) = (browser.generate("ONE", "default").await, browser.generate("TWO", "default").await);
    let gateway = app.gateway("gw").await;
    for key in [&one, &two] {
        assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "VALID");
        let dry = json!({"key": key.token, "client_ip": "203.0.113.8", "dry_run": true});
        assert_eq!(gateway.verify(dry).await.json()["code"], "IP_NOT_ALLOWED");
    }
    assert!(app.told("demo", Cause::NewAddress).await.is_empty());
    for key in [&one, &two] {
        assert_eq!(gateway.code(&key.token, "203.0.113.8").await, "IP_NOT_ALLOWED");
    }
    assert_eq!(app.told("demo", Cause::NewAddress).await.len(), 2);
    browser.delete(&one.id).await;
    let dry = json!({"key": one.token, "client_ip": "203.0.113.8", "dry_run": true});
    assert_eq!(gateway.verify(dry).await.json()["code"], "DELETED");
    assert!(app.told("demo", Cause::DeadKeyInUse).await.is_empty());
    assert_eq!(gateway.code(&one.token, "203.0.113.8").await, "DELETED");
    assert_eq!(app.told("demo", Cause::DeadKeyInUse).await.len(), 1);
    // What a key type or an unknown token has to do with it: nothing.
    assert_eq!(gateway.code("lkd_short", "203.0.113.8").await, "MALFORMED");
    assert_eq!(app.told("demo", Cause::NewAddress).await.len(), 2);
}

#[tokio::test]
async fn a_read_notice_calls_again_only_with_an_address_that_it_did_not_name() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let key = app.browser("demo").await.generate("WEB", "default").await;
    app.authz(&key.token, "203.0.113.7").await;
    app.authz(&key.token, "203.0.113.8").await;
    assert_eq!(unread(&app, "demo").await, 1);
    let user = app.user("demo").await.number;
    app.services.store.read_all_notices(user, Micros(1), None).await.unwrap();
    app.authz(&key.token, "203.0.113.8").await;
    assert_eq!(unread(&app, "demo").await, 0, "it only counts on");
    app.authz(&key.token, "203.0.113.9").await;
    assert_eq!(unread(&app, "demo").await, 1);
    let notices = app.told("demo", Cause::NewAddress).await;
    assert_eq!((notices.len(), notices[0].count, notices[0].addresses.len()), (1, 3, 2));
    let app = app.restart().await;
    assert_eq!(unread(&app, "demo").await, 1, "a restart keeps it");
    app.authz(&key.token, "203.0.113.9").await;
    assert_eq!(app.told("demo", Cause::NewAddress).await[0].count, 4);
}

#[tokio::test]
async fn the_owner_of_a_sub_user_hears_of_trouble_too_and_its_webhooks_hear_once() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    app.add_user("other").await;
    add_webhook(&app, "owner", &Cause::ALL).await;
    add_webhook(&app, "other", &Cause::ALL).await;
    let key = app.browser("sub").await.generate("WEB", "default").await;
    app.authz(&key.token, "203.0.113.7").await;
    app.authz(&key.token, "203.0.113.8").await;
    for name in ["owner", "sub"] {
        let notices = app.told(name, Cause::NewAddress).await;
        assert_eq!((notices.len(), notices[0].count), (1, 1), "{name}");
        assert_eq!(notices[0].key.as_ref().unwrap().username.as_str(), "sub");
    }
    assert!(app.told("other", Cause::NewAddress).await.is_empty());
    assert_eq!(rows(&app, "SELECT no FROM mails").len(), 1, "the sub-user has no mail address");
    let deliveries = format!("SELECT no FROM webhook_deliveries WHERE cause = {}", Cause::NewAddress as u8);
    assert_eq!(rows(&app, &deliveries).len(), 1);
}

#[tokio::test]
async fn guesses_at_a_username_are_told_to_who_has_it() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let gateway = app.gateway("gw").await;
    let guess = async |name: &str, number: u32, dry_run: bool| {
        let client = format!("198.51.{}.{}", number / 250, number % 250);
        let secret = format!("{number:08}");
        let question = json!({"key": secret, "client_ip": client, "username": name, "dry_run": dry_run});
        gateway.verify(question).await.json()["code"].as_str().unwrap().to_owned()
    };
    for number in 0..100 {
        assert_eq!(guess("Demo", number, false).await, "NOT_FOUND");
        assert_eq!(guess("nobody", number, false).await, "NOT_FOUND");
    }
    assert!(app.told("demo", Cause::Guessing).await.is_empty(), "mistakes are no guesses");
    for number in 100..130 {
        assert_eq!(guess("demo", number, false).await, "THROTTLED");
        assert_eq!(guess("nobody", number, false).await, "THROTTLED");
        assert_eq!(guess("demo", number, true).await, "THROTTLED");
    }
    let notices = app.told("demo", Cause::Guessing).await;
    assert_eq!((notices.len(), notices[0].count, notices[0].addresses.len()), (1, 30, 20));
    assert!(notices[0].key.is_none());
}

#[tokio::test]
async fn guesses_at_a_password_are_told_and_what_the_user_types_at_home_is_not() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.browser("demo").await;
    let browser = app.stranger();
    for source in 0..4 {
        for _ in 0..10 {
            let fields = [("username", "demo"), ("password", "guess")];
            browser.post_from(&format!("198.51.100.{source}"), "/login", &fields).await;
        }
    }
    let notices = app.told("demo", Cause::Guessing).await;
    assert_eq!((notices.len(), notices[0].count), (1, 10));
    assert_eq!(notices[0].addresses[0].address.to_string(), "198.51.100.3");
    browser.post("/login", &[("username", "demo"), ("password", "typo")]).await;
    assert_eq!(app.told("demo", Cause::Guessing).await[0].count, 10);
    let fields = [("username", "demo"), ("password", PASSWORD)];
    assert_eq!(browser.post("/login", &fields).await.status, StatusCode::SEE_OTHER);
}
