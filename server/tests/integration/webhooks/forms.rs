//! The pages of webhooks: whose they are, and what their forms take.

use super::{LIST, add, press, try_add};
use crate::app::TestApp;
use crate::html;
use axum::body::Body;
use contract::{Cause, Role};
use http::{Method, StatusCode};
use insta::assert_snapshot;

const VERBS: [&str; 5] =
    ["change_webhook", "rotate_webhook_secret", "enable_webhook", "test_webhook", "resend_delivery"];

async fn app_with(users: &[&str]) -> TestApp {
    let app = TestApp::start().await;
    for user in users {
        app.add_user(user).await;
    }
    app
}

#[tokio::test]
async fn what_is_no_address_of_a_webhook_comes_back_filled_in() {
    let app = app_with(&["demo"]).await;
    let browser = app.browser("demo").await;
    let long = format!("https://example.com/{}", "a".repeat(2000));
    let mut said = Vec::new();
    for url in [
        "",
        "   ",
        "example.com",
        "https://",
        "https://exa mple.com/",
        "https://example.com/\u{0}",
        "https://example.com/\r\nhost: x",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user:pass@example.com/",
        "https://example.com/#a",
        long.as_str(),
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1:8443/",
    ] {
        let answer = try_add(&browser, url, &[Cause::Guessing]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url:?}");
        let page = answer.page();
        let beginning: String = url.chars().take(40).collect();
        said.push(format!("{beginning:?}: {}", answer.messages()));
        assert!(page.contains("aria-invalid=\"true\""), "{url:?}");
        assert_eq!(page.matches("checked").count(), 1, "{url:?}: the boxes are as they were");
    }
    assert_snapshot!(said.join("\n"), @r#"
    "": Enter the address that takes the messages.
    "   ": Enter the address that takes the messages.
    "example.com": This is not an address such as https://example.com/hooks/keys.
    "https://": This is not an address such as https://example.com/hooks/keys.
    "https://exa mple.com/": This is not an address such as https://example.com/hooks/keys.
    "https://example.com/\0": This is not an address such as https://example.com/hooks/keys.
    "https://example.com/\r\nhost: x": This is not an address such as https://example.com/hooks/keys.
    "http://example.com/": The address has to begin with https://.
    "ftp://example.com/": The address has to begin with https://.
    "file:///etc/passwd": The address has to begin with https://.
    "javascript:alert(1)": The address has to begin with https://.
    "https://user:pass@example.com/": The address must not hold a username or a password; a part of its path can be secret instead.
    "https://example.com/#a": The address must not hold a #.
    "https://example.com/aaaaaaaaaaaaaaaaaaaa": This is too long: use at most 2000 characters.
    "https://localhost/": This address leads to this server or into a private network. Enter one on the internet.
    "https://127.0.0.1/": This address leads to this server or into a private network. Enter one on the internet.
    "https://[::1]/": This address leads to this server or into a private network. Enter one on the internet.
    "https://10.1.2.3/": This address leads to this server or into a private network. Enter one on the internet.
    "https://169.254.169.254/latest/meta-data": This address leads to this server or into a private network. Enter one on the internet.
    "https://[::ffff:127.0.0.1]/": This address leads to this server or into a private network. Enter one on the internet.
    "https://[64:ff9b::127.0.0.1]/": This address leads to this server or into a private network. Enter one on the internet.
    "https://2130706433/": This address leads to this server or into a private network. Enter one on the internet.
    "https://0x7f.1/": This address leads to this server or into a private network. Enter one on the internet.
    "https://0177.0.0.1/": This address leads to this server or into a private network. Enter one on the internet.
    "https://127.1:8443/": This address leads to this server or into a private network. Enter one on the internet.
    "#);
    let kept = try_add(&browser, "http://example.com/a?b=\"<c>", &[Cause::Guessing]).await.page();
    assert!(kept.contains("http://example.com/a?b=&quot;&lt;c&gt;"), "{kept}");
    assert_eq!(browser.get(LIST).await.texts(".empty"), ["There is no webhook yet."]);
}

#[tokio::test]
async fn at_least_one_known_cause_is_chosen() {
    let app = app_with(&["demo"]).await;
    let browser = app.browser("demo").await;
    let none = try_add(&browser, "https://example.com/", &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(none.messages(), @"Choose at least one.");
    let fields = [("url", "https://example.com/"), ("cause_guessing", "on"), ("cause_rain", "on")];
    let unknown = browser.post(LIST, &fields).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(browser.post(LIST, &[]).await.messages(), @"
    Enter the address that takes the messages.
    Choose at least one.
    ");
    let twice = [("url", "https://a.example/"), ("url", "https://b.example/")];
    assert_eq!(browser.post(LIST, &twice).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(LIST).await.texts(".empty"), ["There is no webhook yet."]);
}

#[tokio::test]
async fn a_webhook_is_added_changed_and_removed_and_the_history_says_so() {
    let app = app_with(&["demo"]).await;
    let browser = app.browser("demo").await;
    let (path, secret) = add(&browser, "https://example.com/hooks/s3cret").await;
    assert!(secret.len() == 50 && secret.starts_with("whsec_"), "{secret}");
    assert!(!browser.get(LIST).await.page().contains("whsec_"), "the plain list never holds it");
    let page = browser.get(&path).await.page();
    assert_eq!(html::attributes(&page, "[name=url]", "value"), ["https://example.com/hooks/s3cret"]);
    assert_eq!(page.matches("checked").count(), Cause::ALL.len());
    let id = path.rsplit('/').next().unwrap();
    let fields = [("id", id), ("url", "https://example.org/"), ("cause_new_login", "on")];
    let answer = browser.post(&format!("{path}?do=change_webhook"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = browser.get(answer.header("location")).await.page();
    assert_snapshot!(html::messages(&page), @"The webhook was changed.");
    assert_eq!(html::attributes(&page, "[name=url]", "value"), ["https://example.org/"]);
    assert_eq!(page.matches("checked").count(), 1);
    let bad = [("id", id), ("url", "https://127.0.0.1/"), ("cause_new_login", "on")];
    let answer = browser.post(&format!("{path}?do=change_webhook"), &bad).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(html::attributes(&answer.body, "[name=url]", "value"), ["https://127.0.0.1/"]);

    let question = browser.get(&format!("{path}/remove")).await;
    assert_snapshot!(question.lines("main"), @"
    Remove a webhook
    Remove the webhook to https://example.org/?
    Messages that wait are not sent, and the list of its messages is removed with it.
    Remove
    Keep it
    ");
    let answer = browser.post(&format!("{path}/remove"), &[("id", id)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_snapshot!(browser.messages(answer.header("location")).await, @"The webhook was removed.");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    // Without the path, which may be a secret.
    assert_snapshot!(browser.history().await, @"
    2026-01-15 12:00:00 | Webhook removed https://example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Webhook changed https://example.org | demo | 192.0.2.10
    2026-01-15 12:00:00 | Webhook added https://example.com | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
}

#[tokio::test]
async fn an_account_has_five_at_most() {
    let app = app_with(&["demo", "other"]).await;
    let browser = app.browser("demo").await;
    for number in 0..5 {
        add(&browser, &format!("https://example.com/{number}")).await;
    }
    assert_eq!(browser.get(LIST).await.texts("main button"), [""; 0], "nothing adds another");
    let sixth = try_add(&browser, "https://example.com/6", &Cause::ALL).await;
    assert_eq!(sixth.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = app.browser("other").await;
    add(&other, "https://example.com/7").await;
}

#[tokio::test]
async fn webhooks_are_the_owner_s_alone() {
    let app = app_with(&["demo", "other"]).await;
    app.add_sub_user("sub", Some("demo")).await;
    let (path, _) = add(&app.browser("demo").await, "https://example.com/").await;
    let id = path.rsplit('/').next().unwrap();
    for name in ["sub", "other"] {
        let browser = app.browser(name).await;
        for page in [path.clone(), format!("{path}/remove")] {
            assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND, "{name} {page}");
        }
        for verb in VERBS {
            let answer = press(&browser, &path, verb).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name} {verb}");
        }
        let answer = browser.post(&format!("{path}/remove"), &[("id", id)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
    }
    let sub = app.browser("sub").await;
    let has_link = |page: String| page.contains("href=\"/account/webhooks\"");
    for page in ["/account/profile", "/account/notifications/choices"] {
        assert!(!has_link(sub.get(page).await.page()), "{page}");
        assert!(has_link(app.browser("demo").await.get(page).await.page()), "{page}");
    }
    assert_eq!(sub.get(LIST).await.status, StatusCode::NOT_FOUND);
    assert_eq!(try_add(&sub, "https://example.com/", &Cause::ALL).await.status, StatusCode::NOT_FOUND);
    let list = sub.request(Method::GET, "/portal/list_webhooks", &[], Body::empty()).await;
    assert_eq!(list.status, StatusCode::NOT_FOUND, "{}", list.body);
    let stranger = app.stranger();
    assert_eq!(stranger.get(LIST).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stranger.get(LIST).await.header("location"), "/login?next=%2Faccount%2Fwebhooks");
    let owner = app.browser("demo").await;
    assert!(owner.get(&path).await.status == StatusCode::OK, "it is still there");
}

#[tokio::test]
async fn ids_that_are_none_are_not_found() {
    let app = app_with(&["demo"]).await;
    let browser = app.browser("demo").await;
    let (path, _) = add(&browser, "https://example.com/").await;
    let id = path.rsplit('/').next().unwrap();
    for bad in ["0", "-1", "x", "1%2f", "99999999999999999999", "4294967295", "%00", "1e0"] {
        assert_eq!(browser.get(&format!("{LIST}/{bad}")).await.status, StatusCode::NOT_FOUND, "{bad}");
        let answer = browser.post(&format!("{path}?do=test_webhook"), &[("id", bad)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
        let fields = [("id", id), ("delivery", bad)];
        let answer = browser.post(&format!("{path}?do=resend_delivery"), &fields).await;
        assert!(answer.status.is_client_error(), "{bad}");
    }
    for verb in ["", "drop", "add_webhook"] {
        assert_eq!(press(&browser, &path, verb).await.status, StatusCode::NOT_FOUND, "{verb}");
    }
    assert_eq!(press(&browser, &path, "test_webhook").await.status, StatusCode::SEE_OTHER);
    let twice = press(&browser, &path, "test_webhook").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(twice.messages(), @"A test is on its way already. Load the page again to see how it went.");
}

#[tokio::test]
async fn who_may_only_look_is_refused_every_change() {
    let app = app_with(&["demo"]).await;
    app.add_sub_user("looks", Some("demo")).await;
    app.services.operator.set_role("looks", Role::ReadsOnly).await.unwrap();
    let (path, _) = add(&app.browser("demo").await, "https://example.com/").await;
    let browser = app.browser("looks").await;
    assert_eq!(try_add(&browser, "https://example.com/", &Cause::ALL).await.status, StatusCode::FORBIDDEN);
    for verb in VERBS {
        assert_eq!(press(&browser, &path, verb).await.status, StatusCode::FORBIDDEN, "{verb}");
        let answer = browser.post(&format!("/portal/{verb}"), &[("id", "1")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{verb}");
    }
    for remove in [format!("{path}/remove"), "/portal/remove_webhook".to_owned()] {
        assert_eq!(browser.post(&remove, &[("id", "1")]).await.status, StatusCode::FORBIDDEN, "{remove}");
    }
    assert_eq!(browser.get(LIST).await.status, StatusCode::NOT_FOUND);
}
