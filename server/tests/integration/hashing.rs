//! Turns of hashing: bounded, one a user, fair between sources, and not free for those who are right.

use crate::app::{Answer, PASSWORD, TestApp};
use crate::html;
use futures::future::join_all;
use http::StatusCode;
use insta::assert_snapshot;

async fn log_in(app: &TestApp, client: &str, username: &str) -> Answer {
    app.stranger().post_from(client, "/login", &[("username", username), ("password", PASSWORD)]).await
}

/// Four others log in at the same time.
async fn others_come_in(app: &TestApp) {
    let others = join_all((1..=4).map(async |n| {
        let client = format!("198.51.100.{n}");
        log_in(app, &client, "other").await.status
    }));
    assert_eq!(others.await, [StatusCode::SEE_OTHER; 4]);
}

#[tokio::test]
async fn a_flood_of_right_logins_is_told_to_wait_and_others_come_in() {
    let app = TestApp::start().await;
    for name in ["flood", "other"] {
        app.add_user(name).await;
    }
    let flood = join_all((0..64).map(|_| log_in(&app, "203.0.113.7", "flood")));
    let (flood, ()) = futures::join!(flood, others_come_in(&app));
    let count = |status| flood.iter().filter(|answer| answer.status == status).count();
    let (in_time, busy) = (count(StatusCode::SEE_OTHER), count(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(in_time + busy, 64);
    assert!(in_time >= 1 && busy >= 1, "{in_time} of 64 came in: one at a time, and few wait");
    let refused = flood.iter().find(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE).unwrap();
    assert_eq!(refused.header("retry-after"), "2");
    assert_snapshot!(refused.messages(), @"Many people are logging in at this moment. Nothing was changed; please try again in a few seconds.");
    assert_eq!(html::attributes(&refused.body, "[name=username]", "value"), ["flood"]);
}

/// Judging a new password takes as long as zxcvbn needs, and stands in the same queue.
#[tokio::test]
async fn a_flood_of_changed_passwords_is_told_to_wait_and_others_come_in() {
    let app = TestApp::start().await;
    for name in ["flood", "other"] {
        app.add_user(name).await;
    }
    let browser = app.browser("flood").await;
    // Long, and full of what a guesser would try.
    let hard = "password123qwerty2026".repeat(40);
    let change = async |n: usize| {
        let new = format!("{hard}{n}");
        let fields = [("password", PASSWORD), ("new_password", new.as_str())];
        browser.post("/account/profile?do=change_password", &fields).await.status
    };
    let flood = join_all((0..64).map(change));
    let (flood, ()) = futures::join!(flood, others_come_in(&app));
    let busy = flood.iter().filter(|status| **status == StatusCode::SERVICE_UNAVAILABLE).count();
    assert!(busy >= 1, "nobody was told to wait: {flood:?}");
}

#[tokio::test]
async fn logging_in_hundreds_of_times_slows_down_too() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    for login in 0..100 {
        assert_eq!(log_in(&app, "203.0.113.7", "demo").await.status, StatusCode::SEE_OTHER, "{login}");
    }
    let slowed = log_in(&app, "203.0.113.7", "demo").await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "7"));
    assert_eq!(log_in(&app, "203.0.113.7", "other").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(log_in(&app, "203.0.113.8", "other").await.status, StatusCode::SEE_OTHER);
    let elsewhere = log_in(&app, "203.0.113.8", "demo").await.status;
    assert_eq!(elsewhere, StatusCode::TOO_MANY_REQUESTS, "the user is slowed down too where it never was");
    app.clock.advance(7);
    assert_eq!(log_in(&app, "203.0.113.7", "demo").await.status, StatusCode::SEE_OTHER);
}
