//! Receivers that do not behave.

use super::{add, app_with_owner, app_with_patience, log, test};
use crate::receiver::{Receiver, TAKEN};
use contract::Cause;
use http::StatusCode;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn problems_are_said_in_words() {
    let app = app_with_patience("2").await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("SSH-2.0-OpenSSH_9.2\r\n");
    let (path, _) = add(&browser, &receiver.url()).await;
    test(&browser, &path).await;
    receiver.answer("HTTP/1.1 200");
    test(&browser, &path).await;
    receiver.answer("");
    test(&browser, &path).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fields = [
        ("id", path.rsplit('/').next().unwrap()),
        ("url", &format!("http://{closed}/")),
        ("cause_guessing", "on"),
    ];
    let answer = browser.post(&format!("{path}?do=change_webhook"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(browser.get(answer.header("location")).await.text().contains("The webhook was changed."));
    test(&browser, &path).await;
    let outcomes: Vec<_> = log(&browser, &path).await.into_iter().map(|row| row[2].clone()).collect();
    let broken = "The receiver broke off, or its answer is not HTTP";
    assert_eq!(outcomes, ["No connection to the receiver", "No answer in time", broken, broken]);
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_holds_up_itself_alone() {
    let app = app_with_patience("4").await;
    let browser = app.browser("demo").await;
    let (silent, quick) = (Receiver::start(""), Receiver::start(TAKEN));
    let (slow_path, _) = add(&browser, &silent.url()).await;
    add(&browser, &quick.url()).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(app.services.deliverer.clone().run(stop.clone()));
    for _ in 0..3 {
        app.tell(app.user("demo").await.no, Cause::NewLogin, None, 1).await;
    }
    let begin = Instant::now();
    let mut arrived = 0;
    while arrived < 3 && begin.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        arrived += quick.take().len();
    }
    assert_eq!((arrived, silent.connections()), (3, 1), "one at a time waits for the silent one");
    assert!(begin.elapsed() < Duration::from_secs(4), "before that one's time was over");
    while log(&browser, &slow_path).await[2][2] != "No answer in time" {
        assert!(begin.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    running.await.unwrap();
    app.stop().await;
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let app = app_with_owner().await;
    let browser = app.browser("demo").await;
    let receiver = Receiver::start("endless");
    let (path, _) = add(&browser, &receiver.url()).await;
    let begin = Instant::now();
    test(&browser, &path).await;
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(log(&browser, &path).await[0][2], "Delivered (200)");
    let head = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "a".repeat(1 << 20));
    receiver.answer(&head);
    test(&browser, &path).await;
    assert_eq!(log(&browser, &path).await[0][2], "The receiver broke off, or its answer is not HTTP");
    app.stop().await;
}
