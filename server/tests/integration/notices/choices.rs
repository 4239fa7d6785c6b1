//! How a user is told is its own choice.

use super::{MAIL, add_webhook, rows};
use crate::app::{Browser, TestApp};
use crate::html;
use contract::Cause;
use http::StatusCode;
use insta::assert_snapshot;

const PAGE: &str = "/account/notifications/choices";

async fn choose(browser: &Browser<'_>, ticked: &[&str]) {
    let fields: Vec<_> = ticked.iter().map(|name| (*name, "on")).collect();
    let done = browser.post(PAGE, &fields).await;
    let landing = "/account/notifications/choices?done=saved";
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, landing));
}

fn is_checked(page: &str, name: &str) -> bool {
    let found = |state: &str| html::attributes(page, &format!("input[name={name}]{state}"), "name").len();
    assert_eq!(found(""), 1, "{name}");
    found("[checked]") == 1
}

#[tokio::test]
async fn choices_are_kept_and_respected() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    add_webhook(&app, "demo", &Cause::ALL).await;
    let browser = app.browser("demo").await;
    let page = browser.get(PAGE).await.page();
    assert!(is_checked(&page, "mail_new_address") && !is_checked(&page, "mail_key_generated"), "{page}");
    assert!(is_checked(&page, "webhook_key_generated"), "{page}");
    assert_eq!(html::messages(&page), "", "nothing is in the way of mail");
    choose(&browser, &["mail_key_generated", "webhook_dead_key_in_use", "mail_unknown", "x"]).await;
    let page = browser.get(&format!("{PAGE}?done=saved")).await.page();
    assert_snapshot!(html::messages(&page), @"Saved.");
    assert!(!is_checked(&page, "mail_new_address") && is_checked(&page, "mail_key_generated"), "{page}");
    assert!(is_checked(&page, "webhook_dead_key_in_use") && !is_checked(&page, "webhook_new_address"));
    let key = browser.generate("WEB", "default").await;
    assert_eq!(
        rows(&app, "SELECT notice_no FROM mails").len(),
        2,
        "as was asked for, and of the choice itself"
    );
    app.authz(&key.token, "203.0.113.7").await;
    app.authz(&key.token, "203.0.113.8").await;
    assert_eq!(app.told("demo", Cause::NewAddress).await.len(), 1, "in the app always");
    browser.delete(&key.id).await;
    app.authz(&key.token, "203.0.113.8").await;
    assert_eq!(app.told("demo", Cause::DeadKeyInUse).await.len(), 1);
    assert_eq!(rows(&app, "SELECT notice_no FROM mails").len(), 2);
    assert_eq!(rows(&app, "SELECT cause FROM webhook_deliveries"), [i64::from(Cause::DeadKeyInUse as u8)]);
    assert_snapshot!(browser.history().await, @"
    2026-01-15 12:00:00 | Key deleted WEB Deleted … | demo | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Default Key WEB Deleted … | demo | 192.0.2.10
    2026-01-15 12:00:00 | Notifications chosen | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
}

#[tokio::test]
async fn the_page_says_why_no_mail_would_come() {
    let app = TestApp::start().await;
    app.add_user_with_mail("demo").await;
    let page = app.browser("demo").await.get(PAGE).await.page();
    assert_snapshot!(html::messages(&page), @"This service sends no mail at present. What you choose here counts as soon as it does.");
    assert!(page.contains("/account/webhooks"), "{page}");
    let app = TestApp::start_with(&MAIL).await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    let sub = app.browser("sub").await;
    let page = sub.get(PAGE).await.page();
    assert_snapshot!(html::messages(&page), @"You have no confirmed mail address, so no mail can be sent to you. Enter one in your profile.");
    assert!(!page.contains("/account/webhooks"), "{page}");
    assert_snapshot!(html::texts(&page, "form[action*=choices] > .hint").concat(), @"A webhook is a message to a program. The owner of your account sets webhooks up and chooses what they tell.");
    choose(&sub, &["mail_guessing"]).await;
    let choices = app.services.store.list_notice_choices(app.user("sub").await.number).await.unwrap();
    let by_mail: Vec<_> = choices.iter().filter(|choice| choice.by_mail).map(|choice| choice.cause).collect();
    assert_eq!(by_mail, [Cause::Guessing, Cause::AccountChanged], "letters of the last are always sent");
    assert!(choices.iter().all(|choice| choice.by_webhook), "the webhooks are the owner's");
    assert!(!page.contains("webhook_guessing"), "{page}");
    assert_eq!(app.stranger().post(PAGE, &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nothing_is_queued_where_mail_is_off() {
    let app = TestApp::start().await;
    app.add_user_with_mail("demo").await;
    let key = app.browser("demo").await.generate("WEB", "default").await;
    app.authz(&key.token, "203.0.113.7").await;
    app.authz(&key.token, "203.0.113.8").await;
    assert_eq!(app.told("demo", Cause::NewAddress).await.len(), 1);
    assert!(rows(&app, "SELECT no FROM mails").is_empty());
}
