//! Codes that are guessed, and strangers who ask without end.

use super::{Device, THERE, ask, enter, error, refused, send, start};
use crate::app::{Browser, HOME, TestApp};
use domain::address::Address;
use domain::application::UserCodeHash;
use domain::client_address::ClientAddress;
use domain::ids::SessionNumber;
use domain::time::Clock;
use http::StatusCode;
use store::{Guesser, Tried};

/// Enters so many wrong codes; answers how many were looked up.
async fn guess(browser: &Browser<'_>, from: &str, times: u32) -> u32 {
    let mut looked_up = 0;
    for number in 0..times {
        // One letter after the other, of those that codes are made of.
        let letters: String = (0..8)
            .map(|place| b"BCDFGHJKLMNPQRSTVWXZ"[(number / 20_u32.pow(place) % 20) as usize] as char)
            .collect();
        let path = "/account/applications/approve?do=give_user_code";
        let answer = browser.post_from(from, path, &[("user_code", &letters)]).await;
        match answer.status {
            StatusCode::UNPROCESSABLE_ENTITY => looked_up += 1,
            StatusCode::TOO_MANY_REQUESTS => {}
            other => panic!("{other}"),
        }
    }
    looked_up
}

#[tokio::test]
async fn a_code_that_is_guessed_a_thousand_times_is_looked_up_ten_times() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    let mut looked_up = 0;
    for _ in 0..4 {
        looked_up += guess(&browser, HOME, 250).await;
    }
    assert_eq!(looked_up, 10);
    let right = enter(&browser, device.code()).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the right one is not looked up either");
    // Changes are counted too, and these were many.
    app.clock.advance(300);
    let right = enter(&browser, device.code()).await;
    assert_eq!((right.status, right.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "300"));
    assert_eq!(right.messages(), "Too many attempts or changes. Wait 5 minutes, then try again.");
    assert_eq!(device.polled().await, refused("authorization_pending"));
    app.clock.advance(300);
    let device = Device::ask(&app, "Zapier").await;
    device.approve(&browser).await;
}

#[tokio::test]
async fn an_address_has_a_limit_whatever_sessions_it_uses() {
    let app = start().await;
    for (name, expected) in [("a", 10), ("b", 10), ("c", 10), ("d", 0)] {
        app.add_user(name).await;
        assert_eq!(guess(&app.browser(name).await, "203.0.113.50", 11).await, expected, "{name}");
    }
    assert_eq!(guess(&app.browser("demouser").await, "203.0.113.51", 3).await, 3, "others are not held up");
}

#[tokio::test]
async fn all_who_guess_have_a_limit_together() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    for number in 0..1_000_u32 {
        let address = Address::parse(&format!("10.1.{}.{}", number / 100, number % 100 + 1)).unwrap();
        let guesser = Guesser {
            session: SessionNumber(10_000 + i64::from(number)),
            address: ClientAddress::Known(address),
            at: app.clock.now(),
        };
        let tried = app.services.store.try_user_code(UserCodeHash([7; 32]), guesser).await.unwrap();
        assert!(tried == Tried::Unknown, "{number}");
    }
    assert_eq!(enter(&browser, device.code()).await.status, StatusCode::TOO_MANY_REQUESTS);
    app.clock.advance(600);
    let device = Device::ask(&app, "Zapier").await;
    device.approve(&browser).await;
}

#[tokio::test]
async fn what_is_no_code_is_not_counted() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    for (typed, says) in [
        ("", "Enter the code that the application shows."),
        ("  ", "Enter the code that the application shows."),
        ("BCDF-GHJ", "A code has eight letters, such as BCDF-GHJK."),
        ("ABCD-EFGH", "A code has eight letters, such as BCDF-GHJK."),
        ("12345678", "A code has eight letters, such as BCDF-GHJK."),
    ] {
        for _ in 0..4 {
            let answer = enter(&browser, typed).await;
            assert_eq!(
                (answer.status, answer.messages()),
                (StatusCode::UNPROCESSABLE_ENTITY, says.to_owned()),
                "{typed}"
            );
        }
    }
    let device = Device::ask(&app, "Zapier").await;
    let typed = format!(" {} ", device.code().to_lowercase().replace('-', " "));
    assert_eq!(enter(&browser, &typed).await.status, StatusCode::SEE_OTHER);
}

/// Asks until that is refused; answers how often it was not, and the refusal.
async fn flood(app: &TestApp, from: &str, most: usize) -> (usize, Option<(u16, String)>) {
    for number in 0..most {
        let answer = ask(app, from, "Zapier").await;
        if answer.status != StatusCode::OK {
            let wait: u32 = answer.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
            return (number, Some(error(&answer)));
        }
    }
    (most, None)
}

#[tokio::test]
async fn a_stranger_has_so_many_open_requests_and_no_more() {
    let app = start().await;
    let refusal = || Some((429, "temporarily_unavailable".to_owned()));
    assert_eq!(flood(&app, THERE, 50).await, (20, refusal()), "by the throttle");
    app.clock.advance(300);
    assert_eq!(flood(&app, THERE, 50).await, (0, refusal()), "those are still open");
    assert_eq!(flood(&app, "198.51.100.25", 3).await, (3, None), "others are not held up");
    app.clock.advance(331);
    assert_eq!(flood(&app, THERE, 50).await.0, 20);
}

#[tokio::test]
async fn a_flood_of_polls_is_slowed_down_without_asking_the_store() {
    let app = start().await;
    let device = Device::ask(&app, "Zapier").await;
    let code = "A".repeat(43);
    let fields = [("grant_type", super::DEVICE_CODE), ("device_code", code.as_str())];
    let mut seen = [0, 0];
    for _ in 0..910 {
        let answer = error(&send(&app, THERE, "/oauth/token", &fields).await);
        if answer == refused("invalid_grant") {
            seen[0] += 1;
        } else {
            assert_eq!(answer, refused("slow_down"));
            seen[1] += 1;
        }
    }
    assert_eq!(seen, [900, 10]);
    assert_eq!(device.polled().await, refused("slow_down"), "whatever its code");
    app.clock.advance(5);
    assert_eq!(device.polled().await, refused("authorization_pending"));
}
