//! Mail addresses of users: entered, confirmed, replaced, removed.

use crate::app::{Answer, Browser, PASSWORD, TestApp};
use crate::html;
use crate::profile::post;
use domain::time::Clock;
use http::{Method, StatusCode};
use insta::assert_snapshot;
use latchkey::secrets::Secrets;
use service::mail::Letter;
use store::MailContent;

const SMTP: [(&str, &str); 2] =
    [("smtp_url", "smtp://127.0.0.1:1"), ("smtp_from", "Latchkey <keys@example.org>")];

/// The part of the profile that is about the mail address.
const ADDRESS: &str = "section:has(form[action*=set_email])";

/// The letters that wait, oldest first.
pub(crate) async fn letters(app: &TestApp) -> Vec<Letter> {
    let later = app.clock.now().plus_seconds(10 * 365 * 24 * 3600);
    let rows = app.services.store.list_old_mails(later, 100).await.unwrap();
    let key = Secrets::load(&app.services.settings).unwrap().sealing;
    let mut rows: Vec<_> = rows.into_iter().map(|row| (row.number.0, row.content)).collect();
    rows.sort_by_key(|(number, _)| *number);
    let letter = |content| match content {
        MailContent::Letter(sealed) => Letter::open(&key, &sealed).ok(),
        MailContent::Notice(_) => None,
    };
    rows.into_iter().filter_map(|(_, content)| letter(content)).collect()
}

/// The path of the link in the last letter, and to whom it was sent.
async fn last_link(app: &TestApp) -> (String, String) {
    let letters = letters(app).await;
    let Some(Letter::ConfirmAddress { to, link, username, .. }) = letters.last() else { panic!("no link") };
    assert_eq!(username, "demo");
    (to.clone(), link.strip_prefix("http://127.0.0.1:3000").unwrap().to_owned())
}

async fn confirm(browser: &Browser<'_>, link: &str) -> Answer {
    let token = link.split_once("token=").unwrap().1;
    browser.post(link, &[("token", token)]).await
}

async fn email_of(browser: &Browser<'_>) -> (String, bool) {
    let user = browser.app.user("demo").await;
    (user.email.unwrap_or_default(), user.email_confirmed)
}

#[tokio::test]
async fn an_address_is_in_force_once_its_link_was_opened() {
    let app = TestApp::start_with(&SMTP).await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let done = post(&demo, "set_email", &[("email", " demo@example.org ")]).await;
    assert_eq!(done.header("location"), "/account/profile?done=email", "{}", done.body);
    assert_snapshot!(demo.get("/account/profile").await.lines(ADDRESS), @"
    Mail address
    You have not entered a mail address.
    We sent a link to demo@example.org. Open it to confirm the address; it works once, until 2026-01-18 12:00:00.
    New mail address
    Send confirmation link
    Remove
    ");
    assert_eq!(email_of(&demo).await, (String::new(), false));
    let (to, link) = last_link(&app).await;
    assert_eq!(to, "demo@example.org");
    // Opening alone changes nothing: programs that scan mails do it too.
    let asked = demo.get(&link).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_snapshot!(asked.lines("main"), @"
    Confirm your mail address
    Shall messages for you be sent to this address? demo@example.org
    Confirm
    Back to the profile
    ");
    assert_eq!(email_of(&demo).await, (String::new(), false));
    let stranger = app.stranger().get(&link).await;
    let login = stranger.header("location");
    assert!(login.starts_with("/login?next=%2Faccount%2Fprofile%2Fconfirm%3Ftoken%3D"), "{login}");
    let done = confirm(&demo, &link).await;
    assert_eq!(done.header("location"), "/account/profile?done=email_confirmed", "{}", done.body);
    assert_eq!(email_of(&demo).await, ("demo@example.org".to_owned(), true));
    assert_snapshot!(demo.get("/account/profile").await.lines(ADDRESS), @"
    Mail address
    demo@example.org confirmed
    New mail address
    Send confirmation link
    Remove
    ");
    let again = confirm(&demo, &link).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "a link works once");
    assert_snapshot!(again.lines("main"), @"
    Confirm your mail address
    This link is not valid any more: it was used, replaced by a later one or is older than 3 days, or it belongs to another user. Enter your mail address once more to get a new one.
    Profile
    ");
    // The one that is replaced stays in force until then, and is told.
    post(&demo, "set_email", &[("email", "other@example.org")]).await;
    assert_snapshot!(demo.get("/account/profile").await.lines(ADDRESS), @"
    Mail address
    demo@example.org confirmed
    We sent a link to other@example.org. Open it to confirm the address; it works once, until 2026-01-18 12:00:00. Until then, your present address stays in force.
    New mail address
    Send confirmation link
    Remove
    ");
    assert_eq!(email_of(&demo).await, ("demo@example.org".to_owned(), true));
    confirm(&demo, &last_link(&app).await.1).await;
    assert_eq!(email_of(&demo).await, ("other@example.org".to_owned(), true));
    let told = letters(&app).await;
    let Some(Letter::AddressReplaced { to, username, .. }) = told.last() else { panic!("nobody was told") };
    assert_eq!((to.as_str(), username.as_str()), ("demo@example.org", "demo"));
    let done = post(&demo, "set_email", &[("remove", "true")]).await;
    assert_eq!(done.header("location"), "/account/profile?done=email_removed");
    assert_eq!(email_of(&demo).await, (String::new(), false));
    assert!(
        matches!(letters(&app).await.last(), Some(Letter::AddressReplaced { to, .. }) if to == "other@example.org")
    );
    assert_snapshot!(demo.history().await, @"
    2026-01-15 12:00:00 | Mail address removed other@example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Mail address confirmed other@example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Mail address entered, to be confirmed other@example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Mail address confirmed demo@example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Mail address entered, to be confirmed demo@example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
    assert_eq!(post(&demo, "set_email", &[("remove", "true")]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_is_for_one_user_for_three_days_and_until_the_next() {
    let app = TestApp::start_with(&SMTP).await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let (demo, other) = (app.browser("demo").await, app.browser("other").await);
    post(&demo, "set_email", &[("email", "first@example.org")]).await;
    let (_, first) = last_link(&app).await;
    post(&demo, "set_email", &[("email", "second@example.org")]).await;
    let (_, second) = last_link(&app).await;
    let huge = format!("/account/profile/confirm?token={}", "x".repeat(5000));
    for (browser, link) in [(&demo, first.as_str()), (&other, &second), (&demo, &second[..second.len() - 1])]
        .into_iter()
        .chain([(&demo, huge.as_str()), (&demo, "/account/profile/confirm?token=")])
    {
        let main = browser.get(link).await.lines("main");
        insta::allow_duplicates! { assert_snapshot!(main, @"
        Confirm your mail address
        This link is not valid any more: it was used, replaced by a later one or is older than 3 days, or it belongs to another user. Enter your mail address once more to get a new one.
        Profile
        "); }
        assert_eq!(confirm(browser, link).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{link}");
    }
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let forged = demo.request(Method::POST, &second, &headers, "token=x".into()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    app.clock.advance(3 * 24 * 3600);
    let demo = app.browser("demo").await;
    assert_eq!(confirm(&demo, &second).await.status, StatusCode::UNPROCESSABLE_ENTITY, "three days are over");
    assert_snapshot!(demo.get("/account/profile").await.lines(ADDRESS), @"
    Mail address
    You have not entered a mail address.
    New mail address
    Send confirmation link
    ");
    assert_eq!(email_of(&demo).await, (String::new(), false));
    app.stop().await;
    let token = second.split_once("token=").unwrap().1;
    for file in ["latchkey.db", "latchkey.db-wal"] {
        let bytes = std::fs::read(app.dir.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{file}");
    }
}

#[tokio::test]
async fn a_change_of_the_address_asks_for_the_password() {
    let app = TestApp::start_with(&SMTP).await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    for bad in ["", "demo", "a@b", "a b@example.org", "<script>@x.y", "a@example.org\r\nBcc: b@example.org"] {
        let refused = post(&demo, "set_email", &[("email", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(!refused.page().contains("<script>"));
    }
    let refused = post(&demo, "set_email", &[("email", "demo@")]).await;
    assert_snapshot!(refused.messages(), @"This is not of the form name@example.org. Check it and try again.");
    assert_eq!(html::attributes(&refused.body, "[name=email]", "value"), ["demo@"]);
    let long = format!("a@{}.org", "b.".repeat(5000));
    assert_eq!(post(&demo, "set_email", &[("email", &long)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.clock.advance(600);
    assert!(demo.get("/account/profile").await.page().contains("id=\"set_email-password\""));
    for (password, text) in [("", "Enter a password."), ("wrong", "This is not your password. Try again.")] {
        for fields in [
            [("email", "x@example.org"), ("password", password)],
            [("remove", "true"), ("password", password)],
        ] {
            let refused = post(&demo, "set_email", &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(refused.messages(), text);
            assert!(!refused.page().contains("wrong\""), "{}", refused.page());
        }
    }
    assert!(letters(&app).await.is_empty());
    let fields = [("email", "x@example.org"), ("password", PASSWORD)];
    assert_eq!(post(&demo, "set_email", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn links_to_confirm_are_limited_for_each_user_and_each_address() {
    let app = TestApp::start_with(&SMTP).await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let demo = app.browser("demo").await;
    assert_eq!(post(&demo, "set_email", &[("email", "x@example.org")]).await.status, StatusCode::SEE_OTHER);
    for round in 1..5 {
        let answer = post(&demo, "set_email", &[("email", &format!("x{round}@example.org"))]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let answer = post(&demo, "set_email", &[("email", "y@example.org")]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "five an hour for a user");
    assert_eq!(letters(&app).await.len(), 5);
    // Several users together do not flood one inbox either.
    for name in ["u1", "u2", "u3", "u4"] {
        app.add_user(name).await;
        let user = app.browser(name).await;
        assert_eq!(
            post(&user, "set_email", &[("email", "X@example.org")]).await.status,
            StatusCode::SEE_OTHER
        );
    }
    let other = app.browser("other").await;
    let answer = post(&other, "set_email", &[("email", "x@example.org")]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "five an hour for an address");
}

#[tokio::test]
async fn without_mail_an_address_is_taken_unconfirmed() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let page = demo.get("/account/profile").await.page();
    assert_eq!(page.matches("sends no mail at present").count(), 1);
    let done = post(&demo, "set_email", &[("email", "demo@example.org")]).await;
    assert_eq!(done.header("location"), "/account/profile?done=email");
    assert_snapshot!(demo.messages("/account/profile?done=email").await, @"Your mail address is saved.");
    assert_snapshot!(demo.get("/account/profile").await.lines(ADDRESS), @"
    Mail address
    demo@example.org not confirmed
    This service sends no mail at present. Your address is kept as you enter it, stays unconfirmed, and is not written to.
    New mail address
    Save
    Remove
    ");
    assert_eq!(email_of(&demo).await, ("demo@example.org".to_owned(), false));
    assert!(letters(&app).await.is_empty());
    assert_snapshot!(demo.history().await, @"
    2026-01-15 12:00:00 | Mail address changed without confirmation demo@example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
}
