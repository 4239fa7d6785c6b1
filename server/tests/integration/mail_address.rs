//! Mail addresses of users: entered, confirmed, replaced, removed.

use crate::app::{Answer, Browser, PASSWORD, TestApp};
use crate::profile::post;
use domain::time::Clock;
use http::{Method, StatusCode};
use latchkey::secrets::Secrets;
use service::mail::Letter;
use store::MailContent;

const SMTP: [(&str, &str); 2] =
    [("smtp_url", "smtp://127.0.0.1:1"), ("smtp_from", "Latchkey <keys@example.org>")];

/// The letters that wait, oldest first.
async fn letters(app: &TestApp) -> Vec<Letter> {
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
    let page = demo.get("/account/profile").await.text();
    assert!(page.contains("We sent a link to demo@example.org") && page.contains("2026-01-18 12:00:00"));
    assert_eq!(email_of(&demo).await, (String::new(), false));
    let (to, link) = last_link(&app).await;
    assert_eq!(to, "demo@example.org");
    // Opening alone changes nothing: programs that scan mails do it too.
    let asked = demo.get(&link).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.page().contains("demo@example.org") && asked.page().contains("Confirm</button>"));
    assert_eq!(email_of(&demo).await, (String::new(), false));
    let stranger = app.stranger().get(&link).await;
    let login = stranger.header("location");
    assert!(login.starts_with("/login?next=%2Faccount%2Fprofile%2Fconfirm%3Ftoken%3D"), "{login}");
    let done = confirm(&demo, &link).await;
    assert_eq!(done.header("location"), "/account/profile?done=email_confirmed", "{}", done.body);
    assert_eq!(email_of(&demo).await, ("demo@example.org".to_owned(), true));
    assert!(!demo.get("/account/profile").await.text().contains("We sent a link"));
    let again = confirm(&demo, &link).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "a link works once");
    assert!(again.page().contains("not valid any more") && !again.page().contains("Confirm</button>"));
    // The one that is replaced stays in force until then, and is told.
    post(&demo, "set_email", &[("email", "other@example.org")]).await;
    let page = demo.get("/account/profile").await.text();
    assert!(
        page.contains("demo@example.org confirmed") && page.contains("your present address stays in force")
    );
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
    let history = demo.get("/account/profile/history").await.text();
    for line in [
        "Mail address entered, to be confirmed demo@",
        "Mail address confirmed other@",
        "Mail address removed other@",
    ] {
        assert!(history.contains(line), "{line}: {history}");
    }
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
        let page = browser.get(link).await;
        assert!(
            page.page().contains("not valid any more") && !page.page().contains("@example.org"),
            "{link}"
        );
        assert_eq!(confirm(browser, link).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{link}");
    }
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let forged = demo.request(Method::POST, &second, &headers, "token=x".into()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    app.clock.advance(3 * 24 * 3600);
    let demo = app.browser("demo").await;
    assert_eq!(confirm(&demo, &second).await.status, StatusCode::UNPROCESSABLE_ENTITY, "three days are over");
    assert!(!demo.get("/account/profile").await.page().contains("We sent a link"));
    assert_eq!(email_of(&demo).await, (String::new(), false));
    app.stop().await;
    let token = second.split_once("token=").unwrap().1;
    for file in ["latchkey.db", "latchkey.db-wal"] {
        let bytes = std::fs::read(app.dir.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{file}");
    }
}

#[tokio::test]
async fn a_change_of_the_address_asks_for_the_password_and_is_limited() {
    let app = TestApp::start_with(&SMTP).await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let demo = app.browser("demo").await;
    for bad in ["", "demo", "a@b", "a b@example.org", "<script>@x.y", "a@example.org\r\nBcc: b@example.org"] {
        let refused = post(&demo, "set_email", &[("email", bad)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(!refused.page().contains("<script>"));
    }
    let refused = post(&demo, "set_email", &[("email", "demo@")]).await.page();
    assert!(refused.contains("not of the form") && refused.contains("value=\"demo@\""), "{refused}");
    let long = format!("a@{}.org", "b.".repeat(5000));
    assert_eq!(post(&demo, "set_email", &[("email", &long)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.clock.advance(600);
    assert!(demo.get("/account/profile").await.page().contains("id=\"set_email-password\""));
    for (password, text) in [("", "Enter a password."), ("wrong", "This is not your password.")] {
        for fields in [
            [("email", "x@example.org"), ("password", password)],
            [("remove", "true"), ("password", password)],
        ] {
            let refused = post(&demo, "set_email", &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused.page().contains(text) && !refused.page().contains("wrong\""),
                "{}",
                refused.page()
            );
        }
    }
    assert!(letters(&app).await.is_empty());
    let fields = [("email", "x@example.org"), ("password", PASSWORD)];
    assert_eq!(post(&demo, "set_email", &fields).await.status, StatusCode::SEE_OTHER);
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
    let page = demo.get("/account/profile?done=email").await.text();
    assert!(
        page.contains("Your mail address is saved.") && page.contains("demo@example.org not confirmed"),
        "{page}"
    );
    assert_eq!(email_of(&demo).await, ("demo@example.org".to_owned(), false));
    assert!(letters(&app).await.is_empty());
    let history = demo.get("/account/profile/history").await.text();
    assert!(history.contains("Mail address changed without confirmation demo@example.org"));
}
