//! A new password for who has forgotten theirs, by a link that comes by mail.

use crate::app::{Answer, Browser, PASSWORD, TestApp};
use crate::html;
use crate::mail_address::letters;
use crate::profile::post;
use http::StatusCode;
use insta::assert_snapshot;
use service::mail::Letter;

const SMTP: [(&str, &str); 2] =
    [("smtp_url", "smtp://127.0.0.1:1"), ("smtp_from", "Latchkey <keys@example.org>")];
const NEW: &str = "seven quiet herons";

async fn start() -> TestApp {
    let app = TestApp::start_with(&SMTP).await;
    app.add_user_with_mail("demo").await;
    app
}

async fn ask(app: &TestApp, client: &str, username: &str) -> Answer {
    app.stranger().post_from(client, "/login/forgot", &[("username", username)]).await
}

/// The path of the link in the last letter that brings one.
async fn link(app: &TestApp) -> String {
    let letters = letters(app).await;
    let link = letters.into_iter().rev().find_map(|letter| match letter {
        Letter::SetPassword { to, link, username, .. } => {
            assert_eq!((to.as_str(), username.as_str()), ("demo@example.org", "demo"));
            Some(link)
        }
        _ => None,
    });
    link.expect("a letter").strip_prefix("http://127.0.0.1:3000").expect("its origin").to_owned()
}

async fn count(app: &TestApp) -> usize {
    let letters = letters(app).await;
    letters.iter().filter(|letter| matches!(letter, Letter::SetPassword { .. })).count()
}

async fn choose(app: &TestApp, link: &str, password: &str) -> Answer {
    let token = link.split_once("token=").map_or("", |(_, token)| token);
    app.stranger().post(link, &[("token", token), ("new_password", password)]).await
}

async fn log_in(app: &TestApp, password: &str) -> StatusCode {
    app.stranger().post("/login", &[("username", "demo"), ("password", password)]).await.status
}

async fn is_closed(app: &TestApp, link: &str) {
    for answer in [app.stranger().get(link).await, choose(app, link, NEW).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{link}: {}", answer.body);
        assert_eq!(html::pieces(&answer.body, "input[type=password]"), [""; 0]);
    }
}

#[tokio::test]
async fn a_link_by_mail_sets_a_password_once() {
    let app = start().await;
    let before: Browser<'_> = app.browser("demo").await;
    let login = app.stranger().get("/login").await;
    assert!(html::attributes(&login.body, "main a", "href").contains(&"/login/forgot".to_owned()));
    let asked = ask(&app, "198.51.100.1", " Demo ").await;
    assert_eq!(asked.header("location"), "/login/forgot?done=sent", "{}", asked.body);
    assert_snapshot!(app.stranger().get("/login/forgot?done=sent").await.lines("main"), @"
    Forgot your password?
    If this user has a confirmed mail address, a letter is on its way. Its link works once, within an hour. Look in the junk folder too.
    Enter your username. A link to choose a new password goes to the confirmed mail address of that user.
    Username
    Send the link
    Login
    ");
    let link = link(&app).await;
    // Programs that scan mails open links: that changes nothing.
    assert_eq!(app.stranger().get(&link).await.status, StatusCode::OK);
    let page = app.stranger().get(&link).await;
    assert_snapshot!(page.lines("main"), @"
    Choose a new password
    Username
    demo
    All your sessions end. Your API keys go on working. If two-factor login is on, the next login asks for the code as before.
    New password
    At least 10 characters. A few words in a row make a good password.
    Save the new password
    ");
    for bad in ["", "short", "password123", PASSWORD] {
        assert_eq!(choose(&app, &link, bad).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    assert_eq!(before.get("/account/profile").await.status, StatusCode::OK);
    let done = choose(&app, &link, NEW).await;
    assert_eq!(done.header("location"), "/login?done=password", "{}", done.body);
    assert!(done.headers.get("set-cookie").is_none(), "nobody is logged in by a letter");
    assert_eq!(before.get("/account/profile").await.status, StatusCode::SEE_OTHER, "sessions have ended");
    is_closed(&app, &link).await;
    assert_ne!(log_in(&app, PASSWORD).await, StatusCode::SEE_OTHER);
    assert_eq!(log_in(&app, NEW).await, StatusCode::SEE_OTHER);
    let lines = app.history_of("demo").await;
    let acts: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.actor.as_str())).collect();
    assert!(acts.contains(&("password_link_sent", "demo")), "{acts:?}");
    assert!(acts.contains(&("password_set_by_link", "demo")), "{acts:?}");
    assert_eq!(app.told("demo", contract::Cause::AccountChanged).await.len(), 1);
}

#[tokio::test]
async fn the_answer_says_nothing_of_who_exists() {
    let app = start().await;
    app.add_user("nomail").await;
    app.add_user_with_mail("gone").await;
    app.services.operator.set_user_disabled("gone", true).await.unwrap();
    let huge = "a".repeat(5000);
    for (number, name) in
        ["demo", "nobody", "nomail", "gone", "two words", "demo@example.org", &huge].iter().enumerate()
    {
        let answer = ask(&app, &format!("198.51.100.{number}"), name).await;
        assert_eq!(answer.header("location"), "/login/forgot?done=sent", "{name}: {}", answer.body);
    }
    assert_eq!(count(&app).await, 1, "the one user who may log in and has a confirmed address");
    assert_eq!(ask(&app, "198.51.100.9", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn links_are_limited_by_name_and_by_source() {
    let app = start().await;
    for name in ["demo", "nobody"] {
        for client in 1..=3 {
            ask(&app, &format!("198.51.100.{client}"), name).await;
        }
        let refused = ask(&app, "198.51.100.4", name).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
    }
    assert_eq!(count(&app).await, 3);
    for number in 0..10 {
        ask(&app, "203.0.113.1", &format!("name{number}")).await;
    }
    assert_eq!(ask(&app, "203.0.113.1", "another").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn only_the_last_link_opens_and_only_within_an_hour() {
    let app = start().await;
    ask(&app, "198.51.100.1", "demo").await;
    let first = link(&app).await;
    ask(&app, "198.51.100.1", "demo").await;
    let second = link(&app).await;
    assert_ne!(first, second);
    is_closed(&app, &first).await;
    app.clock.advance(3599);
    assert_eq!(app.stranger().get(&second).await.status, StatusCode::OK);
    app.clock.advance(1);
    is_closed(&app, &second).await;
    for foreign in ["/login/password", "/login/password?token=", "/login/password?token=%00"] {
        is_closed(&app, foreign).await;
    }
    is_closed(&app, &format!("/login/password?token={}", "a".repeat(43))).await;
    is_closed(&app, &format!("/login/password?token={}", "a".repeat(5000))).await;
}

#[tokio::test]
async fn a_changed_address_and_a_disabled_user_close_the_link() {
    let app = start().await;
    ask(&app, "198.51.100.1", "demo").await;
    let before = link(&app).await;
    app.services.operator.set_user_disabled("demo", true).await.unwrap();
    is_closed(&app, &before).await;
    app.services.operator.set_user_disabled("demo", false).await.unwrap();
    assert_eq!(app.stranger().get(&before).await.status, StatusCode::OK);
    let demo = app.browser("demo").await;
    post(&demo, "set_email", &[("remove", "true")]).await;
    is_closed(&app, &before).await;
}

#[tokio::test]
async fn of_two_who_use_a_link_at_once_one_succeeds() {
    let app = start().await;
    ask(&app, "198.51.100.1", "demo").await;
    let link = link(&app).await;
    let (one, other) = tokio::join!(choose(&app, &link, NEW), choose(&app, &link, "nine slow rivers"));
    let mut answers = [one.status, other.status];
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND]);
}

#[tokio::test]
async fn the_second_factor_stays() {
    let app = start().await;
    crate::two_factor::enrol(&app.browser("demo").await).await;
    ask(&app, "198.51.100.1", "demo").await;
    choose(&app, &link(&app).await, NEW).await;
    let browser = app.stranger();
    browser.post("/login", &[("username", "demo"), ("password", NEW)]).await;
    let asked = browser.get("/").await;
    assert!(asked.header("location").starts_with("/login/code"), "{}", asked.header("location"));
}

#[tokio::test]
async fn without_mail_the_page_says_whom_to_ask() {
    let app = TestApp::start().await;
    app.add_user_with_mail("demo").await;
    assert_snapshot!(app.stranger().get("/login/forgot").await.lines("main"), @"
    Forgot your password?
    This service sends no mail. Ask the owner of your account, or whoever runs the service, for a new password.
    Login
    ");
    assert_eq!(ask(&app, "198.51.100.1", "demo").await.status, StatusCode::FORBIDDEN);
}
