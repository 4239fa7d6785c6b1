//! What arrives, and what happens when it does not.

use super::{add, app_with_owner, log, press, seconds, test, to_the_present};
use crate::app::TestApp;
use crate::receiver::{Receiver, TAKEN};
use contract::Cause;
use domain::time::Clock;
use http::StatusCode;
use insta::assert_snapshot;

pub(super) const DAY: i64 = 24 * 3600;

pub(super) async fn deliver(app: &TestApp) -> usize {
    app.services.deliverer.deliver_due().await
}

#[tokio::test]
async fn a_test_is_signed_as_the_standard_says() {
    let app = app_with_owner().await;
    to_the_present(&app);
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let (path, secret) = add(&browser, &receiver.url()).await;
    test(&browser, &path).await;
    let message = receiver.take().remove(0);
    assert_eq!(message.line(), "POST /hook HTTP/1.1");
    assert_eq!(message.header("content-type"), "application/json");
    assert_eq!(message.header("host"), receiver.address.to_string());
    assert!(message.header("webhook-id").starts_with("msg_"));
    assert_eq!(message.header("webhook-timestamp"), seconds(app.clock.now()).to_string());
    let read = message.judged(&secret).unwrap();
    assert_eq!(read["type"], "test");
    assert!(read["timestamp"].as_str().unwrap().ends_with('Z'), "{read}");

    let mut changed = message.clone();
    changed.body = changed.body.replace("test", "tset");
    assert!(changed.judged(&secret).unwrap_err().contains("No matching signature"));
    let row = &log(&browser, &path).await[0];
    assert_eq!((row[1].as_str(), row[2].as_str(), row[3].as_str()), ("Test", "Delivered (204)", "1"));

    let answer = press(&browser, &path, "rotate_webhook_secret").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = browser.get(answer.header("location")).await.page();
    let new_secret = super::shown_secret(&page).unwrap();
    assert_ne!(new_secret, secret);
    assert!(!browser.get(&path).await.body.contains("whsec_"), "the plain page never holds one");
    test(&browser, &path).await;
    let message = receiver.take().remove(0);
    assert!(message.judged(&new_secret).is_ok() && message.judged(&secret).is_err());
    app.stop().await;
}

#[tokio::test]
async fn a_notice_is_told_as_it_stands_when_it_is_sent() {
    let app = app_with_owner().await;
    to_the_present(&app);
    app.add_sub_user("sub", Some("demo")).await;
    let browser = app.browser("demo").await;
    let key = browser.generate("Web shop", "default").await;
    let receiver = Receiver::start(TAKEN);
    let (_, secret) = add(&browser, &receiver.url()).await;
    let about = Some(key.id.parse().unwrap());
    app.tell(app.user("demo").await.number, Cause::DeadKeyInUse, about, 2).await;
    assert_eq!(deliver(&app).await, 0, "it is held back, so that it can tell a count");
    app.clock.advance(30);
    app.tell(app.user("demo").await.number, Cause::DeadKeyInUse, about, 48).await;
    app.clock.advance(30);
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(deliver(&app).await, 0);
    let message = receiver.take().remove(0);
    let read = message.judged(&secret).unwrap();
    assert_eq!(read["type"], "notice.dead_key_in_use");
    let data = &read["data"];
    assert_eq!((&data["username"], &data["count"]), (&"demo".into(), &50.into()));
    assert_eq!(data["addresses"][0]["address"], "203.0.113.8");
    assert_eq!(data["addresses"][0]["count"], 50);
    assert_eq!(data["key"]["id"], key.id.as_str());
    assert_eq!((&data["key"]["description"], &data["key"]["type"]), (&"Web shop".into(), &"default".into()));
    assert_ne!(data["first_at"], data["last_at"]);
    assert!(!message.body.contains(&key.token), "{}", message.body);

    app.tell(app.user("sub").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 1, "what concerns sub-users is told to the account");
    assert_eq!(receiver.take().remove(0).json()["data"]["username"], "sub");
    app.stop().await;
}

#[tokio::test]
async fn only_what_was_chosen_is_told() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let answer = super::try_add(&browser, &receiver.url(), &[Cause::NewLogin]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    app.tell(app.user("demo").await.number, Cause::KeyShown, None, 1).await;
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(deliver(&app).await, 0);
    assert_eq!(receiver.take().remove(0).json()["type"], "notice.new_login");
    app.stop().await;
}

#[tokio::test]
async fn a_disabled_account_hears_nothing_and_old_deliveries_are_forgotten() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start(TAKEN);
    let (path, _) = add(&browser, &receiver.url()).await;
    test(&browser, &path).await;
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    app.services.operator.set_user_disabled("demo", true).await.unwrap();
    assert_eq!(deliver(&app).await, 0);
    app.services.operator.set_user_disabled("demo", false).await.unwrap();
    assert_eq!(deliver(&app).await, 1);
    app.clock.advance(29 * DAY);
    app.services.use_cases.webhooks.sweep_deliveries().await;
    let browser = app.browser("demo").await;
    assert_eq!(log(&browser, &path).await.len(), 2);
    app.clock.advance(2 * DAY);
    app.services.use_cases.webhooks.sweep_deliveries().await;
    let browser = app.browser("demo").await;
    assert_snapshot!(browser.get(&path).await.lines("section.wide:last-of-type"), @"
    Messages
    Nothing has been sent yet.
    ");
    app.stop().await;
}

#[tokio::test]
async fn a_deleted_key_that_is_still_sent_is_told_once_with_its_count() {
    let app = app_with_owner().await;
    to_the_present(&app);
    let browser = app.browser("demo").await;
    let key = browser.generate("Web shop", "default").await;
    browser.delete(&key.id).await;
    let receiver = Receiver::start(TAKEN);
    let answer = super::try_add(&browser, &receiver.url(), &[Cause::DeadKeyInUse]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = browser.get(answer.header("location")).await.page();
    let secret = super::shown_secret(&page).unwrap();
    for _ in 0..50 {
        assert_eq!(app.authz(&key.token, "203.0.113.7").await.code(), "DELETED");
    }
    app.services.use_cases.notices.flush().await;
    app.clock.advance(60);
    assert_eq!(deliver(&app).await, 1);
    app.clock.advance(DAY / 2);
    assert_eq!(deliver(&app).await, 0);
    let messages = receiver.take();
    assert_eq!(messages.len(), 1);
    app.clock.advance(-DAY / 2);
    let read = messages[0].judged(&secret).unwrap();
    assert_eq!((&read["type"], &read["data"]["count"]), (&"notice.dead_key_in_use".into(), &50.into()));
    assert_eq!(read["data"]["addresses"][0]["address"], "203.0.113.7");
    assert_eq!(read["data"]["key"]["description"], "Web shop");
    assert!(!messages[0].body.contains(&key.token), "never a token");
    app.stop().await;
}
