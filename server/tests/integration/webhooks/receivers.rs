//! Receivers that do not behave.

use super::{add, app_with_owner, app_with_patience, log, test};
use crate::patience::wait_beside;
use crate::ports::FreePort;
use crate::receiver::{Receiver, TAKEN};
use contract::Cause;
use http::StatusCode;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn problems_are_said_in_words() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("SSH-2.0-OpenSSH_9.2\r\n");
    let (path, _) = add(&browser, &receiver.url()).await;
    test(&browser, &path).await;
    receiver.answer("HTTP/1.1 200");
    test(&browser, &path).await;
    let nobody = FreePort::take();
    let fields = [
        ("id", path.rsplit('/').next().unwrap()),
        ("url", &format!("http://{}/", nobody.address())),
        ("cause_guessing", "on"),
    ];
    let answer = browser.post(&format!("{path}?do=change_webhook"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    insta::assert_snapshot!(browser.messages(answer.header("location")).await, @"The webhook was changed.");
    test(&browser, &path).await;
    let outcomes: Vec<_> = log(&browser, &path).await.into_iter().map(|row| row[2].clone()).collect();
    let broken = "The receiver broke off, or its answer is not HTTP";
    assert_eq!(outcomes, ["No connection to the receiver", broken, broken]);
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let app = app_with_patience("1").await;
    let browser = app.browser("demo").await;
    let (path, _) = add(&browser, &Receiver::start("").url()).await;
    test(&browser, &path).await;
    assert_eq!(log(&browser, &path).await[0][2], "No answer in time");
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_holds_up_itself_alone() {
    let app = app_with_patience("60").await;
    let browser = app.browser("demo").await;
    let (silent, quick) = (Receiver::start(""), Receiver::start(TAKEN));
    let (slow_path, _) = add(&browser, &silent.url()).await;
    add(&browser, &quick.url()).await;
    let running = tokio::spawn(app.services.deliverer.clone().run(CancellationToken::new()));
    for _ in 0..3 {
        app.tell(app.user("demo").await.number, Cause::NewLogin, None, 1).await;
    }
    let mut arrived = 0;
    let all_arrive = async || {
        arrived += quick.take().len();
        arrived == 3
    };
    wait_beside("all messages to the quick one", all_arrive).await;
    wait_beside("one message to the silent one", async || silent.connections() > 0).await;
    assert_eq!(silent.connections(), 1, "one at a time waits for it");
    assert_ne!(log(&browser, &slow_path).await[2][2], "No answer in time", "which nobody waited for");
    running.abort();
    app.stop().await;
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("endless");
    let (path, _) = add(&browser, &receiver.url()).await;
    // Read on, it would end as one that did not come in time.
    test(&browser, &path).await;
    assert_eq!(log(&browser, &path).await[0][2], "Delivered (200)");
    let head = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "a".repeat(1 << 20));
    receiver.answer(&head);
    test(&browser, &path).await;
    assert_eq!(log(&browser, &path).await[0][2], "The receiver broke off, or its answer is not HTTP");
    app.stop().await;
}
