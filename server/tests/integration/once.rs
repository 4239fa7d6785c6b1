//! What is shown once is seen by the right person, and equal forms are one.

mod forms;
mod shown;

use crate::app::{Browser, TestApp};
use crate::html;
use http::StatusCode;

const LIST: &str = "/account/api-keys";
const NUMBER: (&str, &str) = ("once", "0123456789abcdefghijkl");

async fn app() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app
}

async fn landing(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.page());
    answer.header("location").to_owned()
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    html::attributes(page, &format!("input[name={name}]"), "value").remove(0)
}
