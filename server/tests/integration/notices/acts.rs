//! What is done to an account is told to whom it belongs; what users do themselves does not call them.

use super::{MAIL, add_user_with_mail, add_webhook, rows, told, unread};
use crate::app::{Browser, PASSWORD, TestApp};
use contract::Cause;
use http::{Method, StatusCode};
use service::accounts::operator::InitialPassword;

async fn post_from(browser: &Browser<'_>, address: &str, path: &str, fields: &[(&str, &str)]) -> StatusCode {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", address),
    ];
    browser.request(Method::POST, path, &headers, body.into()).await.status
}

#[tokio::test]
async fn own_acts_are_told_and_read_and_those_of_others_call() {
    let app = TestApp::start_with(&MAIL).await;
    add_user_with_mail(&app, "owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    add_webhook(&app, "owner", &[Cause::KeyGenerated]).await;
    let sub = app.browser("sub").await;
    let key = sub.generate("WEB", "default").await;
    assert_eq!(sub.act(&key.id, "authorise_address", &[("address", "203.0.113.0/24")]).await.status, 303);
    let made = told(&app, "sub", Cause::KeyGenerated).await;
    assert_eq!((made.len(), made[0].actor.as_deref()), (1, None));
    let changed = told(&app, "sub", Cause::AddressesChanged).await;
    assert_eq!((changed.len(), changed[0].detail.as_str()), (1, "203.0.113.0/24"));
    assert_eq!(changed[0].action.as_deref(), Some("address_added"));
    assert_eq!(unread(&app, "sub").await, 0, "it knows what it did");
    assert_eq!(unread(&app, "owner").await, 0, "and what sub-users do is no trouble");
    assert_eq!(rows(&app, "SELECT no FROM webhook_deliveries").len(), 1);
    assert!(rows(&app, "SELECT no FROM mails").is_empty());

    let owner = app.browser("owner").await;
    assert_eq!(owner.delete(&key.id).await.status, 303);
    let deleted = told(&app, "sub", Cause::KeyDeleted).await;
    assert_eq!((deleted.len(), deleted[0].actor.as_deref()), (1, Some("owner")));
    assert_eq!(unread(&app, "sub").await, 1);
    assert!(told(&app, "owner", Cause::KeyDeleted).await.is_empty());

    let password = InitialPassword { given: Some("another horse battery".to_owned()) };
    app.services.operator.reset_password("sub", password).await.unwrap();
    let reset = told(&app, "sub", Cause::AccountChanged).await;
    assert_eq!((reset.len(), reset[0].actor.as_deref()), (1, Some("operator")));
    assert_eq!(unread(&app, "sub").await, 2);
}

#[tokio::test]
async fn a_login_from_a_new_address_is_told_and_the_first_one_is_not() {
    let app = TestApp::start_with(&MAIL).await;
    add_user_with_mail(&app, "demo").await;
    let fields = [("username", "demo"), ("password", PASSWORD)];
    let browser = app.stranger();
    for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        assert_eq!(post_from(&browser, address, "/login", &fields).await, StatusCode::SEE_OTHER);
    }
    let logins = told(&app, "demo", Cause::NewLogin).await;
    assert_eq!(logins.len(), 1);
    assert_eq!(logins[0].addresses[0].address.to_string(), "192.0.2.2");
    assert_eq!(unread(&app, "demo").await, 1, "it calls, whoever it was");
    assert_eq!(rows(&app, "SELECT no FROM mails").len(), 1);
}

#[tokio::test]
async fn an_act_from_where_the_user_never_logged_in_calls() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let fields = [("description", "STOLEN"), ("key_type", "cloud")];
    let status = post_from(&browser, "192.0.2.66", "/account/api-keys/new", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let made = told(&app, "demo", Cause::KeyGenerated).await;
    assert_eq!((made.len(), made[0].read_at), (1, None), "a session may be in other hands");
}
