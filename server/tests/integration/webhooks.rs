//! Webhooks: what their owner may do, what arrives, and where nothing is ever sent.

mod damaged;
mod delivery;
mod failing;
mod forms;
mod guard;
mod kept;
mod receivers;
mod restart;

use crate::app::{Answer, Browser, PASSWORD, START, TestApp, last_webhook};
use crate::html;
use ::contract::Cause;
use domain::time::Micros;
use http::StatusCode;

const LIST: &str = "/account/webhooks";
const ALLOW: (&str, &str) = ("webhook_allow_private", "true");

/// A server that may send to this machine, with an owner.
async fn app_with_owner() -> TestApp {
    app_with_patience("60").await
}

/// The same; receivers have so many seconds.
async fn app_with_patience(seconds: &str) -> TestApp {
    let app =
        TestApp::start_with(&[ALLOW, ("webhook_timeout_seconds", seconds), ("password_max_age_days", "0")])
            .await;
    app.add_user("demo").await;
    app
}

/// Moves the clock to the present, which the judge's library compares with.
fn to_the_present(app: &TestApp) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    app.clock.advance(i64::try_from(now).unwrap() - START);
}

/// What is written in `<code>` on a page.
fn shown_secret(page: &str) -> Option<String> {
    html::texts(page, "code").into_iter().find(|text| text.starts_with("whsec_"))
}

fn causes(causes: &[Cause]) -> Vec<String> {
    causes.iter().map(|cause| format!("cause_{}", cause.name())).collect()
}

async fn try_add(browser: &Browser<'_>, url: &str, chosen: &[Cause]) -> Answer {
    let names = causes(chosen);
    // The clock may have been moved since the login.
    let mut fields = vec![("url", url), ("password", PASSWORD)];
    fields.extend(names.iter().map(|name| (name.as_str(), "on")));
    browser.post(LIST, &fields).await
}

/// Adds a webhook for all causes; answers its page and its secret.
async fn add(browser: &Browser<'_>, url: &str) -> (String, String) {
    let answer = try_add(browser, url, &Cause::ALL).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(answer.header("location").starts_with(&format!("{LIST}?made=")), "{answer:?}");
    let page = browser.get(answer.header("location")).await.body;
    (last_webhook(&page), shown_secret(&page).expect("its secret is shown"))
}

/// Presses a button of a webhook's page.
async fn press(browser: &Browser<'_>, path: &str, verb: &str) -> Answer {
    let id = path.rsplit('/').next().unwrap();
    browser.post(&format!("{path}?do={verb}"), &[("id", id), ("password", PASSWORD)]).await
}

/// Sends a test and carries it out.
async fn test(browser: &Browser<'_>, path: &str) {
    let answer = press(browser, path, "test_webhook").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(browser.app.services.deliverer.deliver_due().await, 1);
}

/// The cells of the rows of a page's table.
async fn log(browser: &Browser<'_>, path: &str) -> Vec<Vec<String>> {
    html::rows(&browser.get(path).await.body, "tbody tr")
}

fn seconds(at: Micros) -> i64 {
    at.0 / Micros::SECOND
}
