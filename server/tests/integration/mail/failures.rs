//! Mail servers that refuse, are slow, or are not there.

use super::smtp::Smtp;
use super::{start, start_at};
use crate::app::TestApp;
use crate::dead::Dead;
use crate::metrics::{ask, parse};
use crate::patience::PATIENCE;
use crate::ports::FreePort;
use app::Language;
use async_trait::async_trait;
use latchkey::dial::Resolve;
use latchkey::mail::{Mailer, MailerParts};
use rstest::rstest;
use serde_json::json;
use service::mail::Letter;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

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
    let smtp = Smtp::start_with(&json!({"text": "554 5.6.0 cannot be read"}));
    let app = start(&smtp, &[]).await;
    queue(&app, &["demo"]).await;
    app.send_due().await;
    assert_eq!((app.waiting().await, app.given_up()), (0, 1));
}

/// What real servers answer at the recipient's turn or later, when something else is wrong.
#[rstest]
#[case("rcpt", "504 5.5.2 <keys>: Helo command rejected: need fully-qualified hostname")]
#[case("rcpt", "553 5.7.1 <keys@example.com>: Sender address rejected: not owned by user")]
#[case("rcpt", "554 5.7.1 <demo@example.org>: Relay access denied")]
#[case("rcpt", "530 5.7.0 Must issue a STARTTLS command first")]
#[case("rcpt", "503 5.5.1 Error: nested MAIL command")]
#[case("rcpt", "550 rejected")]
#[case("data", "554 5.7.1 Service unavailable; Client host blocked")]
#[case("text", "550 5.7.26 Unauthenticated email is not accepted")]
#[case("text", "550 5.4.5 Daily sending quota exceeded")]
#[tokio::test]
async fn what_is_not_said_of_the_letter_loses_none(#[case] step: &str, #[case] answer: &str) {
    let port = FreePort::take();
    let mut options = serde_json::Map::from_iter([("port".to_owned(), port.number.into())]);
    options.insert(step.to_owned(), answer.into());
    let smtp = Smtp::start_with(&options.into());
    let app = start(&smtp, &[]).await;
    queue(&app, &["one", "two", "three"]).await;
    app.send_due().await;
    assert_eq!((app.waiting().await, app.given_up()), (3, 0), "{answer}");
    drop(smtp);
    let smtp = Smtp::start_at(&port);
    app.clock.advance(60);
    app.send_due().await;
    for name in ["one", "two", "three"] {
        assert_eq!(smtp.next()["to"][0], format!("{name}@example.org"));
    }
    assert_eq!((app.waiting().await, app.given_up()), (0, 0));
}

#[tokio::test]
async fn a_server_is_greeted_by_a_name_that_can_exist_or_by_our_address() {
    let smtp = Smtp::start();
    for (url, greeting) in [
        ("https://keys.example.com", "keys.example.com"),
        ("http://keys:3000", "[127.0.0.1]"),
        ("http://0.0.0.0:3000", "[127.0.0.1]"),
        ("http://[::]:3000", "[127.0.0.1]"),
    ] {
        let app = start(&smtp, &[("public_url", url)]).await;
        queue(&app, &["demo"]).await;
        app.send_due().await;
        assert_eq!(smtp.next()["greeting"], greeting, "{url}");
    }
}

/// Whatever is asked for, the first address is dead and the second is this machine's.
struct FirstIsDead(IpAddr);

#[async_trait]
impl Resolve for FirstIsDead {
    async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.0, Ipv4Addr::LOCALHOST.into()])
    }
}

#[tokio::test]
async fn a_name_whose_first_address_is_dead_is_reached_by_its_next() {
    let smtp = Smtp::start();
    let dead = Dead::at("127.0.0.31", smtp.port).await;
    let url = format!("smtp://mail.example.com:{}?tls=none", smtp.port);
    let app = start_at(&url, &[]).await;
    queue(&app, &["demo"]).await;
    let services = &app.services;
    let mailer = Mailer::new(MailerParts {
        store: services.store.clone(),
        clock: services.clock.clone(),
        sealing: services.use_cases.keys.sealing.clone().unwrap(),
        pepper: services.use_cases.keys.pepper.clone(),
        origin: "https://keys.example.com".to_owned(),
        smtp: services.settings.smtp.clone(),
        resolver: Arc::new(FirstIsDead(dead.ip)),
    });
    mailer.send_due(&CancellationToken::new()).await;
    assert_eq!(smtp.next()["to"][0], "demo@example.org");
    assert_eq!(app.waiting().await, 0);
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_set_aside_and_hold_nobody_up() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let database = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    for _ in 0..60 {
        let sql = "INSERT INTO mails (payload, created_at, due_at, attempts) VALUES (NULL, 0, 0, 0)";
        database.execute(sql, []).unwrap();
    }
    queue(&app, &["demo"]).await;
    app.send_due().await;
    assert_eq!(smtp.next()["to"][0], "demo@example.org");
    assert_eq!((app.waiting().await, app.given_up()), (0, 0));
    let kept: i64 = database.query_row("SELECT count(*) FROM mails", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 60, "for the operator to look at");
}

#[tokio::test]
async fn letters_wait_for_a_server_that_is_not_there() {
    let port = FreePort::take();
    let app = start_at(&format!("smtp://127.0.0.1:{}?tls=none", port.number), &[]).await;
    queue(&app, &["one", "two"]).await;
    app.send_due().await;
    assert_eq!(figures(&app).await, [2.0, 0.0, 0.0]);
    let smtp = Smtp::start_at(&port);
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
    let nobody = FreePort::take();
    let app = start_at(&format!("smtp://127.0.0.1:{}?tls=none", nobody.number), &[]).await;
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
    tokio::time::timeout(PATIENCE, app.send_due()).await.expect("the server would hang for an hour");
    // On a slow machine it may be given up before it has the first.
    assert!(smtp.all().len() <= 1, "the second is not tried at a server in this state");
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
