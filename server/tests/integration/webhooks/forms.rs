//! The pages of webhooks: whose they are, and what their forms take.

use super::{LIST, add, press, try_add};
use crate::app::TestApp;
use axum::body::Body;
use contract::{Cause, Role};
use http::{Method, StatusCode};

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
    let private = "This address leads to this server or into a private network";
    for (url, says) in [
        ("", "Enter the address"),
        ("   ", "Enter the address"),
        ("example.com", "This is not an address"),
        ("https://", "This is not an address"),
        ("https://exa mple.com/", "This is not an address"),
        ("https://example.com/\u{0}", "This is not an address"),
        ("https://example.com/\r\nhost: x", "This is not an address"),
        ("http://example.com/", "has to begin with https://"),
        ("ftp://example.com/", "has to begin with https://"),
        ("file:///etc/passwd", "has to begin with https://"),
        ("javascript:alert(1)", "has to begin with https://"),
        ("https://user:pass@example.com/", "must not hold a username"),
        ("https://example.com/#a", "must not hold a #"),
        (&long, "at most 2000 characters"),
        ("https://localhost/", private),
        ("https://127.0.0.1/", private),
        ("https://[::1]/", private),
        ("https://10.1.2.3/", private),
        ("https://169.254.169.254/latest/meta-data/", private),
        ("https://[::ffff:127.0.0.1]/", private),
        ("https://[64:ff9b::127.0.0.1]/", private),
        ("https://2130706433/", private),
        ("https://0x7f.1/", private),
        ("https://0177.0.0.1/", private),
        ("https://127.1:8443/", private),
    ] {
        let answer = try_add(&browser, url, &[Cause::Guessing]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url:?}");
        let page = answer.page();
        assert!(page.contains(says), "{url:?}: {page}");
        assert!(page.contains("aria-invalid=\"true\""), "{url:?}");
        assert_eq!(page.matches("checked").count(), 1, "{url:?}: the boxes are as they were");
    }
    let kept = try_add(&browser, "http://example.com/a?b=\"<c>", &[Cause::Guessing]).await.page();
    assert!(kept.contains("http://example.com/a?b=&quot;&lt;c&gt;"), "{kept}");
    assert!(browser.get(LIST).await.page().contains("There is no webhook yet."));
}

#[tokio::test]
async fn at_least_one_known_cause_is_chosen() {
    let app = app_with(&["demo"]).await;
    let browser = app.browser("demo").await;
    let none = try_add(&browser, "https://example.com/", &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.page().contains("Choose at least one."));
    let fields = [("url", "https://example.com/"), ("cause_guessing", "on"), ("cause_rain", "on")];
    let unknown = browser.post(LIST, &fields).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let both = browser.post(LIST, &[]).await.page();
    assert!(both.contains("Enter the address") && both.contains("Choose at least one."), "{both}");
    let twice = [("url", "https://a.example/"), ("url", "https://b.example/")];
    assert_eq!(browser.post(LIST, &twice).await.status, StatusCode::BAD_REQUEST);
    assert!(browser.get(LIST).await.page().contains("There is no webhook yet."));
}

#[tokio::test]
async fn a_webhook_is_added_changed_and_removed_and_the_history_says_so() {
    let app = app_with(&["demo"]).await;
    let browser = app.browser("demo").await;
    let (path, secret) = add(&browser, "https://example.com/hooks/s3cret").await;
    assert!(secret.len() == 50 && secret.starts_with("whsec_"), "{secret}");
    assert!(!browser.get(LIST).await.page().contains("whsec_"), "the plain list never holds it");
    let page = browser.get(&path).await.page();
    assert!(page.contains("value=\"https://example.com/hooks/s3cret\""), "{page}");
    assert_eq!(page.matches("checked").count(), Cause::ALL.len());
    let id = path.rsplit('/').next().unwrap();
    let fields = [("id", id), ("url", "https://example.org/"), ("cause_new_login", "on")];
    let answer = browser.post(&format!("{path}?do=change_webhook"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = browser.get(answer.header("location")).await.page();
    assert!(page.contains("The webhook was changed.") && page.contains("https://example.org/"), "{page}");
    assert_eq!(page.matches("checked").count(), 1);
    let bad = [("id", id), ("url", "https://127.0.0.1/"), ("cause_new_login", "on")];
    let answer = browser.post(&format!("{path}?do=change_webhook"), &bad).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.page().contains("value=\"https://127.0.0.1/\""), "{}", answer.body);

    let question = browser.get(&format!("{path}/remove")).await.page();
    assert!(question.contains("Remove the webhook to https://example.org/?"), "{question}");
    let answer = browser.post(&format!("{path}/remove"), &[("id", id)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(browser.get(answer.header("location")).await.page().contains("The webhook was removed."));
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    let history = browser.get("/account/profile/history").await.page();
    for text in ["Webhook added", "Webhook changed", "Webhook removed", "https://example.org"] {
        assert!(history.contains(text), "{text}");
    }
    assert!(!history.contains("s3cret"), "a path may be a secret");
}

#[tokio::test]
async fn an_account_has_five_at_most() {
    let app = app_with(&["demo", "other"]).await;
    let browser = app.browser("demo").await;
    for number in 0..5 {
        add(&browser, &format!("https://example.com/{number}")).await;
    }
    assert!(!browser.get(LIST).await.page().contains("Add webhook"));
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
    assert!(twice.page().contains("A test is on its way already."));
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
