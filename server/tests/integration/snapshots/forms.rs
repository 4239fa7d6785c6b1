//! Forms that come back, and what a page shows this once.

use super::Album;
use super::account::Account;
use crate::app::{Browser, PASSWORD, TestApp};
use crate::two_factor::{code, shown_codes, wrong_code};
use http::StatusCode;

const PROFILE: &str = "/account/profile";

#[tokio::test]
async fn forms_of_keys_come_back() {
    let album = Album::open("refused_keys");
    let app = TestApp::start().await;
    app.add_user("a.long.username.").await;
    let browser = app.browser("a.long.username.").await;
    let long = "x".repeat(300);
    for (name, description, key_type) in
        [("empty", "", ""), ("too_long", &*long, "default"), ("smpp_username", "Bind", "smpp")]
    {
        let fields = [("description", description), ("key_type", key_type)];
        album.takes_refused(&browser, name, "/account/api-keys/new", &fields).await;
    }
    let key = browser.generate("WEB", "default").await.id;
    let page = |verb: &str| format!("/account/api-keys/{key}?do={verb}");
    for (name, verb, address) in [
        ("address_empty", "authorise_address", ""),
        ("address_odd", "authorise_address", "here"),
        ("address_of_everybody", "authorise_address", "0.0.0.0/0"),
    ] {
        let fields = [("id", key.as_str()), ("address", address)];
        album.takes_refused(&browser, name, &page(verb), &fields).await;
    }
    app.clock.advance(601);
    for (name, password) in [("reveal_needs_password", ""), ("reveal_wrong_password", "wrong")] {
        let fields = [("id", key.as_str()), ("password", password)];
        album.takes_refused(&browser, name, &page("reveal_key"), &fields).await;
    }
    album.close();
}

#[tokio::test]
async fn forms_of_the_account_come_back() {
    let album = Album::open("refused_account");
    let app = Account::start().await;
    let account = Account::fill(&app).await;
    let owner = &account.owner;
    app.clock.advance(601);
    let webhook_id = account.webhook.rsplit('/').next().unwrap();
    let test = format!("{}?do=change_webhook", account.webhook);
    let profile = |verb: &str| format!("{PROFILE}?do={verb}");
    let invite = "/account/sub-users?do=invite_sub_user".to_owned();
    let wrong = wrong_code(&app, &account.second_factor);
    let token = account.invitation.split("token=").nth(1).unwrap();
    for (name, path, fields) in [
        ("password", profile("change_password"), &[("password", "wrong"), ("new_password", "short")][..]),
        ("password_empty", profile("change_password"), &[]),
        ("email", profile("set_email"), &[("email", "nonsense"), ("password", PASSWORD)]),
        ("email_needs_password", profile("set_email"), &[("email", "x@example.org")]),
        ("language", profile("set_language"), &[("language", "de")]),
        ("time_zone", profile("set_time_zone"), &[("time_zone", "Nowhere")]),
        ("two_factor_off", profile("switch_two_factor_off"), &[("password", PASSWORD), ("code", &wrong)]),
        ("invite_empty", invite.clone(), &[]),
        ("invite_taken", invite.clone(), &[("username", "reader"), ("email", "x"), ("role", "reads_only")]),
        ("choices", "/account/notifications/choices".to_owned(), &[]),
        ("webhook_new", "/account/webhooks".to_owned(), &[("url", "ftp://x")]),
        ("webhook", test, &[("id", webhook_id), ("url", ""), ("password", PASSWORD)]),
    ] {
        album.takes_refused(owner, name, &path, fields).await;
    }
    let visitor = app.stranger();
    let fields = [("token", token), ("password", "short")];
    album.takes_refused(&visitor, "invitation", &account.invitation, &fields).await;
    album.close();
}

/// Posts a form, and takes the page that it leads to.
async fn takes_made(
    album: &Album,
    browser: &Browser<'_>,
    name: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> String {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
    let landing = answer.header("location").to_owned();
    album.takes(browser, name, &landing).await;
    landing
}

#[tokio::test]
async fn what_is_shown_once() {
    let album = Album::open("shown_once");
    let app = Account::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let fields = [("description", "WEB"), ("key_type", "default")];
    takes_made(&album, &browser, "key", "/account/api-keys/new", &fields).await;
    let key = browser.generate("Cloud", "cloud").await.id;
    let reveal = format!("/account/api-keys/{key}?do=reveal_key");
    takes_made(&album, &browser, "key_again", &reveal, &[("id", &key)]).await;
    let fields = [("url", "https://hooks.example"), ("cause_guessing", "on")];
    takes_made(&album, &browser, "webhook", "/account/webhooks", &fields).await;
    let fields = [("username", "guest"), ("email", ""), ("role", "manages_keys")];
    takes_made(&album, &browser, "invitation", "/account/sub-users?do=invite_sub_user", &fields).await;
    let begin = format!("{PROFILE}?do=begin_two_factor");
    let landing = takes_made(&album, &browser, "second_factor", &begin, &[]).await;
    let secret = shown_codes(&browser.get(&landing).await.page()).remove(0).replace(' ', "");
    let confirm = format!("{PROFILE}?do=confirm_two_factor");
    let wrong = wrong_code(&app, &secret);
    let fields = |code| [("password", PASSWORD), ("code", code)];
    album.takes_refused(&browser, "second_factor_refused", &confirm, &fields(&wrong)).await;
    let right = code(&app, &secret);
    takes_made(&album, &browser, "recovery_codes", &confirm, &fields(&right)).await;
    album.close();
}
