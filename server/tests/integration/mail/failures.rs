//! Mail servers that refuse, are slow, or are not there.

use super::smtp::{Smtp, free_port};
use super::{start, start_at};
use crate::app::TestApp;
use crate::metrics::{ask, parse};
use app::Language;
use latchkey::mail::Letter;
use serde_json::json;

const HOUR: i64 = 3600;

fn letter(to: &str) -> Letter {
    Letter::AddressReplaced { to: to.to_owned(), language: Language::En, username: "demo".to_owned() }
}

async fn queue(app: &TestApp, names: &[&str]) {
    for name in names {
        app.queue(&letter(&format!("{name}@example.org"))).await;
    }
}

#[tokio::test]
async fn a_letter_that_is_put_off_is_tried_again_with_growing_pauses() {
    let smtp = Smtp::start_with(&json!({"defer": 3}));
    let app = start(&smtp, &[]).await;
    queue(&app, &["demo"]).await;
    app.send_due().await;
    assert_eq!(smtp.next()["deferred"], 1);
    for (pause, deferred) in [(60, json!(2)), (120, json!(3)), (300, json!(null))] {
        app.clock.advance(pause - 1);
        app.send_due().await;
        assert!(smtp.all().is_empty(), "{pause}");
        app.clock.advance(1);
        app.send_due().await;
        let came = smtp.next();
        assert_eq!(came["deferred"], deferred);
        assert_eq!(came["to"].is_array(), deferred.is_null());
    }
    assert_eq!((app.waiting().await, app.given_up()), (0, 0));
}

#[tokio::test]
async fn a_letter_that_is_put_off_for_three_days_is_given_up() {
    let smtp = Smtp::start_with(&json!({"defer": 1000}));
    let app = start(&smtp, &[]).await;
    queue(&app, &["demo"]).await;
    let mut attempts = 0;
    for hour in 0..72 {
        app.send_due().await;
        assert_eq!((app.waiting().await, app.given_up()), (1, 0), "after {hour} hours");
        attempts += smtp.all().len();
        app.clock.advance(HOUR);
    }
    assert!((30..75).contains(&attempts), "{attempts}");
    app.clock.advance(HOUR);
    app.send_due().await;
    assert_eq!((app.waiting().await, app.given_up()), (0, 1));
}

#[tokio::test]
async fn a_refused_recipient_is_given_up_at_once_and_the_others_get_theirs() {
    let smtp = Smtp::start_with(&json!({"refuse": "gone@example.org"}));
    let app = start(&smtp, &[]).await;
    queue(&app, &["first", "gone", "not an address", "last"]).await;
    app.send_due().await;
    assert_eq!(smtp.next()["to"], json!(["first@example.org"]));
    assert_eq!(smtp.next()["to"], json!(["last@example.org"]));
    assert_eq!((app.waiting().await, app.given_up()), (0, 2));
    assert_eq!(figures(&app).await, [0.0, 2.0, 2.0]);
}

/// What the operator watches: letters that wait, were sent, were given up.
async fn figures(app: &TestApp) -> [f64; 3] {
    let told = parse(&ask(app, "/metrics").await.1);
    ["waiting", "sent_total", "given_up_total"]
        .map(|figure| told["samples"][format!("latchkey_mails_{figure}")].as_f64().unwrap())
}

#[tokio::test]
async fn a_refused_letter_is_given_up_at_once() {
    let smtp = Smtp::start_with(&json!({"reject": true}));
    let app = start(&smtp, &[]).await;
    queue(&app, &["demo"]).await;
    app.send_due().await;
    assert_eq!((app.waiting().await, app.given_up()), (0, 1));
}

#[tokio::test]
async fn letters_wait_for_a_server_that_is_not_there() {
    let port = free_port();
    let app = start_at(&format!("smtp://127.0.0.1:{port}?tls=none"), &[]).await;
    queue(&app, &["one", "two"]).await;
    app.send_due().await;
    assert_eq!(figures(&app).await, [2.0, 0.0, 0.0]);
    let smtp = Smtp::start_at(port);
    app.clock.advance(59);
    app.send_due().await;
    assert!(smtp.all().is_empty(), "it is left alone for a minute");
    app.clock.advance(1);
    app.send_due().await;
    let to = [smtp.next()["to"][0].clone(), smtp.next()["to"][0].clone()];
    assert_eq!(to, ["one@example.org", "two@example.org"]);
    assert_eq!((app.waiting().await, app.given_up()), (0, 0));
}

#[tokio::test]
async fn nothing_is_kept_longer_for_a_server_that_never_comes() {
    let app = start_at(&format!("smtp://127.0.0.1:{}?tls=none", free_port()), &[]).await;
    let names: Vec<String> = (0..60).map(|n| format!("user{n}")).collect();
    queue(&app, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    app.send_due().await;
    app.clock.advance(71 * HOUR);
    queue(&app, &["later"]).await;
    app.send_due().await;
    assert_eq!((app.waiting().await, app.given_up()), (61, 0));
    app.clock.advance(2 * HOUR);
    app.send_due().await;
    assert_eq!((app.waiting().await, app.given_up()), (1, 60));
}

#[tokio::test]
async fn a_server_that_hangs_holds_nothing_up_for_long() {
    let smtp = Smtp::start_with(&json!({"hang": true}));
    let app = start(&smtp, &[("smtp_timeout_seconds", "1")]).await;
    queue(&app, &["one", "two"]).await;
    let began = std::time::Instant::now();
    app.send_due().await;
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert_eq!(smtp.all().len(), 1, "the second is not tried at a server in this state");
    assert_eq!((app.waiting().await, app.given_up()), (2, 0));
}

#[tokio::test]
async fn a_wrong_password_loses_no_letter() {
    let smtp = Smtp::start_with(&json!({"login": ["keys", "right"]}));
    let url = format!("smtp://keys@127.0.0.1:{}?tls=none", smtp.port);
    let wrong = start_at(&url, &[("smtp_password", "wrong")]).await;
    queue(&wrong, &["demo"]).await;
    wrong.send_due().await;
    assert_eq!((wrong.waiting().await, wrong.given_up()), (1, 0));
    let right = start_at(&url, &[("smtp_password", "right")]).await;
    queue(&right, &["demo"]).await;
    right.send_due().await;
    assert_eq!(smtp.next()["user"], "keys");
}

#[tokio::test]
async fn nothing_crosses_the_network_in_the_clear_unless_the_operator_says_so() {
    let smtp = Smtp::start();
    let app = start_at(&format!("smtp://127.0.0.1:{}", smtp.port), &[]).await;
    queue(&app, &["demo"]).await;
    app.send_due().await;
    assert!(smtp.all().is_empty(), "this server offers no STARTTLS");
    assert_eq!((app.waiting().await, app.given_up()), (1, 0));
}
