//! What arrives, and what happens when it does not.

use super::{add, app_with_owner, log, press, seconds, test, to_the_present};
use crate::app::TestApp;
use crate::receiver::{Receiver, TAKEN};
use contract::Cause;
use domain::time::Clock;
use http::StatusCode;
use std::collections::BTreeSet;

const DAY: i64 = 24 * 3600;

async fn deliver(app: &TestApp) -> usize {
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
async fn what_fails_is_tried_for_three_days_and_then_the_webhook_is_off() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n");
    let (path, _) = add(&browser, &receiver.url()).await;
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 1);
    for wait in [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] {
        app.clock.advance(wait - 1);
        assert_eq!(deliver(&app).await, 0, "not before {wait} seconds");
        app.clock.advance(wait / 10 + 2);
        assert_eq!(deliver(&app).await, 1, "after {wait} seconds");
    }
    let messages = receiver.take();
    let distinct = |name: &str| messages.iter().map(|m| m.header(name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!((messages.len(), distinct("webhook-id").len()), (10, 1), "it is the same message");
    assert_eq!(distinct("webhook-timestamp").len(), 10, "each attempt has its own time");
    app.clock.advance(30 * DAY);
    assert_eq!(deliver(&app).await, 0);
    let browser = app.browser("demo").await;
    let page = browser.get(&path).await.page();
    assert!(page.contains("Off since") && !page.contains("Send a test"), "{page}");
    let row = &log(&browser, &path).await[0];
    assert_eq!((row[2].as_str(), row[3].as_str()), ("The receiver answered 500", "10"));
    let notices = app.services.store.list_notices(app.user("demo").await.number, 0, 10).await.unwrap();
    let off: Vec<_> = notices.iter().filter(|notice| notice.cause == Cause::WebhookOff).collect();
    assert_eq!(off.len(), 1);
    assert_eq!(off[0].detail, format!("http://{}", receiver.address), "not its path, which may be a secret");

    receiver.answer(TAKEN);
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 0, "nothing is queued while it is off");
    assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(press(&browser, &path, "enable_webhook").await.status, StatusCode::SEE_OTHER);
    let answer = resend(&browser, &path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(deliver(&app).await, 1);
    let again = receiver.take().remove(0);
    assert_eq!(again.header("webhook-id"), messages[0].header("webhook-id"));
    assert_eq!(resend(&browser, &path).await.status, StatusCode::UNPROCESSABLE_ENTITY, "it has arrived");
    let page = browser.get(&path).await.page();
    assert!(page.contains("Delivered (204)") && page.contains("Send a test"), "{page}");
    app.stop().await;
}

/// Sends the first delivery again.
async fn resend(browser: &crate::app::Browser<'_>, path: &str) -> crate::app::Answer {
    let id = path.rsplit('/').next().unwrap();
    browser.post(&format!("{path}?do=resend_delivery"), &[("id", id), ("delivery", "1")]).await
}

#[tokio::test]
async fn what_was_not_tried_for_days_did_not_fail_for_days() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
    let (path, _) = add(&browser, &receiver.url()).await;
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 1);
    // As if Latchkey, or the account, had been off.
    app.clock.advance(4 * DAY);
    assert_eq!(deliver(&app).await, 1);
    let browser = app.browser("demo").await;
    assert!(!browser.get(&path).await.page().contains("Off since"));
    app.stop().await;
}

#[tokio::test]
async fn a_success_in_between_ends_the_failing() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
    let (path, _) = add(&browser, &receiver.url()).await;
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 1);
    assert!(browser.get(&path).await.page().contains("Failing since"));
    receiver.answer(TAKEN);
    test(&browser, &path).await;
    assert!(!browser.get(&path).await.page().contains("Failing since"));
    receiver.answer("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
    app.clock.advance(4 * DAY);
    assert_eq!(deliver(&app).await, 1);
    let page = app.browser("demo").await.get(&path).await.page();
    assert!(page.contains("Failing since") && !page.contains("Off since"), "{page}");
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_may_ask_for_a_pause() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("HTTP/1.1 429 Slow\r\nretry-after: 1000\r\ncontent-length: 0\r\n\r\n");
    add(&browser, &receiver.url()).await;
    app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    assert_eq!(deliver(&app).await, 1);
    app.clock.advance(999);
    assert_eq!(deliver(&app).await, 0);
    receiver.answer("HTTP/1.1 503 Slow\r\nretry-after: 999999999\r\ncontent-length: 0\r\n\r\n");
    app.clock.advance(102);
    assert_eq!(deliver(&app).await, 1);
    app.clock.advance(DAY - 1);
    assert_eq!(deliver(&app).await, 0);
    app.clock.advance(DAY / 10 + 2);
    assert_eq!(deliver(&app).await, 1, "a day is the longest");
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_asked_again() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n");
    let (path, _) = add(&browser, &receiver.url()).await;
    let other = Receiver::start(TAKEN);
    assert_eq!(
        super::try_add(&browser, &other.url(), &[Cause::WebhookOff]).await.status,
        StatusCode::SEE_OTHER
    );
    for _ in 0..3 {
        app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    }
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(deliver(&app).await, 1, "the other webhook is told");
    assert_eq!(other.take().remove(0).json()["type"], "notice.webhook_off");
    assert_eq!(deliver(&app).await, 0);
    assert_eq!(receiver.connections(), 1);
    let rows = log(&browser, &path).await;
    assert_eq!(rows[2][2], "The receiver is gone (410)");
    assert_eq!(rows[0][2], "Ended, because the webhook was switched off");
    assert!(browser.get("/account/webhooks").await.page().contains("Off since"));
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
    assert!(browser.get(&path).await.page().contains("Nothing has been sent yet."));
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
