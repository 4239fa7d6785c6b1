//! The second factor: codes come from oathtool, which knows nothing of this program.

mod enrolment;
mod login;

use crate::app::{Answer, Browser, PASSWORD, TestApp};
use crate::html;
use domain::time::{Clock, Micros};
use http::StatusCode;
use std::process::Command;

const PROFILE: &str = "/account/profile";
/// The part of the profile that is about the second factor.
const PANEL: &str = "#two-factor";

/// The code that an authenticator with this secret shows, some steps from now.
fn code_at(app: &TestApp, secret: &str, steps: i64) -> String {
    let seconds = app.clock.now().0 / Micros::SECOND + 30 * steps;
    let run = Command::new("oathtool").args(["--totp", "-b", "-N", &format!("@{seconds}"), secret]).output();
    let output = run.expect("oathtool is installed by scripts/setup-test");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn code(app: &TestApp, secret: &str) -> String {
    code_at(app, secret, 0)
}

/// A code that it shows neither now nor just before or after.
pub(crate) fn wrong_code(app: &TestApp, secret: &str) -> String {
    let right: Vec<_> = (-2..=2).map(|steps| code_at(app, secret, steps)).collect();
    let mut codes = (0..).map(|number| format!("{number:06}"));
    codes.find(|code| !right.contains(code)).unwrap()
}

/// What a page shows as code.
pub(crate) fn shown_codes(page: &str) -> Vec<String> {
    html::texts(page, "code")
}

async fn act(browser: &Browser<'_>, verb: &str, fields: &[(&str, &str)]) -> Answer {
    browser.post(&format!("{PROFILE}?do={verb}"), fields).await
}

/// Switches the second factor on; answers the secret and the recovery codes.
pub(crate) async fn enrol(browser: &Browser<'_>) -> (String, Vec<String>) {
    let begun = act(browser, "begin_two_factor", &[("password", PASSWORD)]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let page = browser.get(begun.header("location")).await.page();
    let secret = shown_codes(&page).remove(0).replace(' ', "");
    assert_eq!(secret.len(), 32, "{page}");
    let right = code(browser.app, &secret);
    let done = act(browser, "confirm_two_factor", &[("password", PASSWORD), ("code", &right)]).await;
    let landing = done.header("location");
    assert!(landing.starts_with("/account/profile?done=two_factor_on&made="), "{landing} {}", done.body);
    let page = browser.get(done.header("location")).await.page();
    insta::allow_duplicates! { insta::assert_snapshot!(html::messages(&page), @"Two-factor login is on, and your other sessions have ended."); }
    let codes = shown_codes(&page);
    assert_eq!(codes.len(), 10, "{page}");
    browser.app.clock.advance(30);
    (secret, codes)
}

/// Gives the password; the browser then owes the code.
pub(crate) async fn half_way<'a>(app: &'a TestApp, name: &str) -> Browser<'a> {
    let browser = app.stranger();
    let fields = [("username", name), ("password", PASSWORD), ("next", "/account/api-keys")];
    let answer = browser.post("/login", &fields).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/account/api-keys"));
    browser
}

pub(crate) async fn give(browser: &Browser<'_>, code: &str) -> Answer {
    browser
        .post("/login/code?next=%2Faccount%2Fapi-keys", &[("code", code), ("next", "/account/api-keys")])
        .await
}
