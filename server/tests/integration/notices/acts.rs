//! What is done to an account is told to whom it belongs; what users do themselves does not call them.

use super::{MAIL, add_webhook, rows, unread};
use crate::app::{PASSWORD, TestApp};
use contract::Cause;
use http::StatusCode;

#[tokio::test]
async fn own_acts_are_told_and_read_and_those_of_others_call() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    add_webhook(&app, "owner", &[Cause::KeyGenerated]).await;
    let sub = app.browser("sub").await;
    let key = sub.generate("WEB", "default").await;
    assert_eq!(sub.act(&key.id, "authorise_address", &[("address", "203.0.113.0/24")]).await.status, 303);
    let made = app.told("sub", Cause::KeyGenerated).await;
    assert_eq!((made.len(), made[0].actor.as_deref()), (1, None));
    let changed = app.told("sub", Cause::AddressesChanged).await;
    assert_eq!((changed.len(), changed[0].detail.as_str()), (1, "203.0.113.0/24"));
    assert_eq!(changed[0].action.as_deref(), Some("address_added"));
    assert_eq!(unread(&app, "sub").await, 0, "it knows what it did");
    assert_eq!(unread(&app, "owner").await, 0, "and what sub-users do is no trouble");
    assert_eq!(rows(&app, "SELECT no FROM webhook_deliveries").len(), 1);
    assert!(rows(&app, "SELECT no FROM mails").is_empty());

    let owner = app.browser("owner").await;
    assert_eq!(owner.delete(&key.id).await.status, 303);
    let deleted = app.told("sub", Cause::KeyDeleted).await;
    assert_eq!((deleted.len(), deleted[0].actor.as_deref()), (1, Some("owner")));
    assert_eq!(unread(&app, "sub").await, 1);
    assert!(app.told("owner", Cause::KeyDeleted).await.is_empty());

    app.reset_password("sub", "another horse battery").await;
    let reset = app.told("sub", Cause::AccountChanged).await;
    assert_eq!((reset.len(), reset[0].actor.as_deref()), (1, Some("operator")));
    assert_eq!(unread(&app, "sub").await, 2);
}

#[tokio::test]
async fn a_login_from_a_new_address_is_told_and_the_first_one_is_not() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    let fields = [("username", "demo"), ("password", PASSWORD)];
    let browser = app.stranger();
    for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
        assert_eq!(browser.post_from(address, "/login", &fields).await.status, StatusCode::SEE_OTHER);
    }
    let logins = app.told("demo", Cause::NewLogin).await;
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
    let status = browser.post_from("192.0.2.66", "/account/api-keys/new", &fields).await.status;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let made = app.told("demo", Cause::KeyGenerated).await;
    assert_eq!((made.len(), made[0].read_at), (1, None), "a session may be in other hands");
}
