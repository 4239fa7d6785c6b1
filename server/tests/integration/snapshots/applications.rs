//! The pages on which a customer decides about an application.

use super::Album;
use crate::app::{HOME, TestApp};
use crate::applications::Device;
use http::StatusCode;

const APPROVE: &str = "/account/applications/approve";

#[tokio::test]
async fn deciding_about_an_application() {
    let album = Album::open("applications");
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.add_sub_user("shop-cluj", Some("demouser")).await;
    let browser = app.browser("demouser").await;
    let enter = format!("{APPROVE}?do=give_user_code");
    for (name, code) in [("code_empty", ""), ("code_odd", "12345678"), ("code_unknown", "ZZZZ-ZZZZ")] {
        album.takes_refused(&browser, name, &enter, &[("user_code", code)]).await;
    }
    let [here, strange, denied] = [
        Device::ask_from(&app, HOME, "Zapier").await,
        Device::ask(&app, "Zapier <1>").await,
        Device::ask(&app, "Spam").await,
    ];
    app.clock.advance(61);
    for (name, device) in [("asked_from_here", &here), ("asked_from_elsewhere", &strange)] {
        album.takes(&browser, name, &device.is_entered(&browser).await).await;
    }
    let approved = strange.approve(&browser).await;
    album.takes(&browser, "approved", &approved).await;
    let landing = denied.is_entered(&browser).await;
    let answer = denied.decide(&browser, &landing, &[("answer", "deny")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    album.takes(&browser, "denied", answer.header("location")).await;
    album.takes(&browser, "gone", &landing).await;
    album.takes(&browser, "list", "/account/applications").await;
    app.clock.advance(700);
    let late = Device::ask(&app, "Late").await;
    let landing = late.is_entered(&browser).await;
    album.takes(&browser, "asked_for_password", &landing).await;
    album.close();
}
