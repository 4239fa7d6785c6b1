//! What becomes of messages and webhooks whose receiver does not take them.

use super::delivery::{DAY, deliver};
use super::{add, app_with_owner, log, press, test};
use crate::app::{Answer, Browser};
use crate::receiver::{Receiver, TAKEN};
use crate::said::without_times;
use contract::Cause;
use http::StatusCode;
use insta::assert_snapshot;
use std::collections::BTreeSet;

/// The part of a webhook's page that is about its state.
const STATE: &str = "section:has(dl.facts)";

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
    assert_snapshot!(without_times(&browser.get(&path).await.lines(STATE)), @"
    State
    State
    Off since [time] [time]
    Added
    [time] [time]
    It was switched off, because the receiver said that it is gone or nothing arrived for three days. Messages that waited have ended.
    Switch on again
    ");
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
    assert_eq!(log(&browser, &path).await[0][2], "Delivered (204)");
    assert_snapshot!(browser.get(&path).await.lines(STATE), @"
    State
    State
    On
    Added
    2026-01-15 12:00:00
    How it went is shown below after a moment; load the page again.
    Send a test
    ");
    app.stop().await;
}

/// Sends the first delivery again.
async fn resend(browser: &Browser<'_>, path: &str) -> Answer {
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
    assert_snapshot!(browser.get(&path).await.lines(STATE), @"
    State
    State
    Failing since 2026-01-19 12:00:00
    Added
    2026-01-15 12:00:00
    How it went is shown below after a moment; load the page again.
    Send a test
    ");
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
    assert_snapshot!(browser.get(&path).await.lines(STATE), @"
    State
    State
    Failing since 2026-01-15 12:00:00
    Added
    2026-01-15 12:00:00
    How it went is shown below after a moment; load the page again.
    Send a test
    ");
    receiver.answer(TAKEN);
    test(&browser, &path).await;
    assert_snapshot!(browser.get(&path).await.lines(STATE), @"
    State
    State
    On
    Added
    2026-01-15 12:00:00
    How it went is shown below after a moment; load the page again.
    Send a test
    ");
    receiver.answer("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
    app.clock.advance(4 * DAY);
    assert_eq!(deliver(&app).await, 1);
    assert_snapshot!(app.browser("demo").await.get(&path).await.lines(STATE), @"
    State
    State
    Failing since 2026-01-19 12:00:00
    Added
    2026-01-15 12:00:00
    How it went is shown below after a moment; load the page again.
    Send a test
    ");
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
    assert_eq!(browser.get("/account/webhooks").await.texts(".bad-state"), ["Off since"]);
    app.stop().await;
}
