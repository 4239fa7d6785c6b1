//! A code is decided once, whoever comes second.

use super::{APPROVE, Device, LIST, enter, refused, start};
use crate::app::{Browser, TestApp, key_ids};
use crate::html;
use http::StatusCode;

const APPROVED: &[(&str, &str)] = &[("answer", "approve")];
const DENIED: &[(&str, &str)] = &[("answer", "deny")];

async fn keys(browser: &Browser<'_>) -> usize {
    key_ids(&browser.get("/account/api-keys").await.body).len()
}

#[tokio::test]
async fn a_code_that_was_used_is_worth_nothing() {
    let app = start().await;
    app.add_user("other").await;
    let (browser, other) = (app.browser("demouser").await, app.browser("other").await);
    for first in [APPROVED, DENIED] {
        let device = Device::ask(&app, "Zapier").await;
        let landing = device.is_entered(&browser).await;
        let others = device.is_entered(&other).await;
        assert_eq!(device.decide(&browser, &landing, first).await.status, StatusCode::SEE_OTHER);
        assert_eq!(enter(&other, device.code()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(other.get(&others).await.texts("h1"), ["This code no longer counts"]);
        for (who, landing) in [(&browser, &landing), (&other, &others)] {
            for second in [APPROVED, DENIED] {
                let answer = device.decide(who, landing, second).await;
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.messages());
            }
        }
    }
    assert_eq!((keys(&browser).await, keys(&other).await), (1, 0));
}

#[tokio::test]
async fn of_customers_who_race_for_one_code_one_gets_it() {
    let app = start().await;
    app.add_user("other").await;
    let (one, other) = (app.browser("demouser").await, app.browser("other").await);
    for round in 1..=8 {
        let device = Device::ask(&app, "Zapier").await;
        let (here, there) = (device.is_entered(&one).await, device.is_entered(&other).await);
        let answers = futures::join!(
            device.decide(&one, &here, APPROVED),
            device.decide(&other, &there, APPROVED),
            device.decide(&one, &here, DENIED),
        );
        let statuses = [answers.0.status, answers.1.status, answers.2.status];
        let won = statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count();
        let lost = statuses.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count();
        assert_eq!((won, lost), (1, 2), "{statuses:?}");
        let is_denied = answers.2.status == StatusCode::SEE_OTHER;
        let polled = device.polled().await;
        assert_eq!(polled == refused("access_denied"), is_denied, "{polled:?}");
        let listed =
            async |browser: &Browser<'_>| html::rows(&browser.get(LIST).await.body, "tbody tr").len();
        assert_eq!(keys(&one).await, listed(&one).await);
        assert_eq!(keys(&other).await, listed(&other).await);
        assert!(keys(&one).await + keys(&other).await <= round);
        app.clock.advance(60);
    }
}

#[tokio::test]
async fn of_many_polls_at_once_one_gets_the_token() {
    let app = start().await;
    let device = Device::ask(&app, "Zapier").await;
    device.approve(&app.browser("demouser").await).await;
    let answers = futures::future::join_all((0..20).map(|_| device.poll())).await;
    let tokens = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let used = answers.iter().filter(|answer| answer.body.contains("\"invalid_grant\"")).count();
    assert_eq!((tokens, used), (1, 19));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_approval() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&browser).await;
    let once =
        html::attributes(&browser.get(&landing).await.body, "main input[name=once]", "value").remove(0);
    let fields = [("answer", "approve"), ("once", once.as_str())];
    let first = device.decide(&browser, &landing, &fields).await;
    let second = device.decide(&browser, &landing, &fields).await;
    assert_eq!((first.status, first.header("location")), (second.status, second.header("location")));
    assert_eq!((first.status, keys(&browser).await), (StatusCode::SEE_OTHER, 1));
}

#[tokio::test]
async fn a_decision_that_is_neither_changes_nothing() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&browser).await;
    for odd in [&[("answer", "")][..], &[("answer", "Approve")], &[]] {
        let answer = device.decide(&browser, &landing, odd).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{odd:?}");
    }
    let decide = format!("{APPROVE}?do=decide_application");
    let bare = browser.post(&decide, APPROVED).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bare.texts("h1"), ["Enter the code of an application"]);
    assert_eq!(bare.messages(), "Enter the code that the application shows.");
    assert_eq!(device.polled().await, refused("authorization_pending"));
}

#[tokio::test]
async fn a_full_account_and_a_deleted_key_give_nothing_away() {
    let app = TestApp::start_with(&[("max_keys", "1")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let [first, second] = [Device::ask(&app, "First").await, Device::ask(&app, "Second").await];
    first.approve(&browser).await;
    let landing = second.is_entered(&browser).await;
    let full = second.decide(&browser, &landing, APPROVED).await;
    assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY);
    let says =
        "The account has 1 keys, which is the most it may have. Delete keys that are not needed any more.";
    assert_eq!(
        (full.messages(), full.texts(".user-code output")),
        (says.to_owned(), vec![second.code().to_owned()])
    );
    let id = key_ids(&browser.get("/account/api-keys").await.body).remove(0);
    browser.delete(&id).await;
    assert_eq!(first.polled().await, refused("access_denied"), "its key was deleted before it came");
    assert_eq!(second.decide(&browser, &landing, APPROVED).await.status, StatusCode::SEE_OTHER);
    assert_eq!(html::rows(&browser.get(LIST).await.body, "tbody tr").len(), 1);
    second.token().await;
}

#[tokio::test]
async fn a_restart_forgets_no_request_and_no_guess() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    let (code, device_code) = (device.code().to_owned(), device.device_code().to_owned());
    for _ in 0..10 {
        assert_eq!(enter(&browser, "BBBB-BBBB").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let cookie = browser.cookie.lock().clone();
    drop(browser);
    let app = app.restart().await;
    let browser = app.stranger();
    *browser.cookie.lock() = cookie;
    assert_eq!(enter(&browser, &code).await.status, StatusCode::TOO_MANY_REQUESTS);
    let answer = serde_json::json!({"user_code": code, "device_code": device_code});
    let device = Device { app: &app, answer };
    device.approve(&app.browser("demouser").await).await;
    device.token().await;
}
